"""The pet shop on its own: every page whole, every link alive, buying works."""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from shopwindow.examples.petshop.app import SITE, create_app
from shopwindow.examples.petshop.colours import COLOURS
from shopwindow.examples.petshop.seed import Seed, events
from shopwindow.examples.petshop.shop import MOST, Article, Catalogue, Category, Product
from shopwindow.examples.petshop.strip import personas_of
from shopwindow.examples.petshop.wares import WARES
from shopwindow.middleware.site import read_site

CATALOGUE = Catalogue(SITE / "catalog")
NOW = 1_795_255_200.0  # 2026-11-21 10:00 UTC
VOID = {"br", "hr", "img", "input", "link", "meta"}
THINGS: tuple[Category | Product | Article, ...] = (
    *CATALOGUE.categories.values(),
    *CATALOGUE.products.values(),
    *CATALOGUE.articles.values(),
)
PAGES = (
    *(
        "/",
        "/advice",
        "/cart",
        "/login",
        "/search",
        "/search?q=hay",
        "/search?q=unicorn",
    ),
    *(thing.url for thing in THINGS),
)
PICTURES = (
    "/picture/logo.svg",
    "/picture/meadow.svg",
    *(thing.image for thing in THINGS),
)


def shop() -> TestClient:
    return TestClient(create_app(personalized=False), base_url="http://shop")


@pytest.fixture
def client() -> TestClient:
    return shop()


@cache
def text(path: str) -> str:
    """A page as a stranger gets it; asked for once in all tests."""
    response = visitor().get(path)
    assert response.status_code == 200, path
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return response.text


@cache
def visitor() -> TestClient:
    return shop()


class Page(HTMLParser):
    """A page's elements with their attributes; complains about tags that do not match."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.inside: list[tuple[str, ...]] = []  # the open tags around each element
        self.words: dict[int, str] = {}
        self.feed(page)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.inside.append(tuple(self.open))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, (tag, self.getpos())

    def all(self, *tags: str) -> Iterator[dict[str, str]]:
        return (attributes for tag, attributes in self.elements if tag in tags)

    @property
    def links(self) -> set[str]:
        found = {each["href"] for each in self.all("a", "link")}
        return found | {each["src"] for each in self.all("img")}


# -- the catalogue ---------------------------------------------------------------------


def test_the_catalogue_is_a_whole_small_shop() -> None:
    assert len(CATALOGUE.products) >= 84
    assert len(CATALOGUE.articles) >= 14
    assert len(CATALOGUE.categories) >= 11
    sizes = Counter(product.category for product in CATALOGUE.products.values())
    assert min(sizes[id] for id in CATALOGUE.categories) >= 7
    assert {article.category for article in CATALOGUE.articles.values()} == set(
        CATALOGUE.categories
    )


def test_addresses_speak_the_words_of_the_catalogue() -> None:
    assert all(re.fullmatch("[a-z]+", id) for id in CATALOGUE.categories)
    for folder, things in (
        ("/c/", CATALOGUE.categories),
        ("/p/", CATALOGUE.products),
        ("/advice/", CATALOGUE.articles),
    ):
        for id, thing in things.items():
            assert thing.url == folder + id


def test_every_thing_can_be_drawn() -> None:
    assert set(COLOURS) == set(CATALOGUE.categories)
    kinds = {product.kind for product in CATALOGUE.products.values()}
    assert kinds | {article.kind for article in CATALOGUE.articles.values()} <= set(
        WARES
    )


def test_dog_food_is_bought_again_and_again() -> None:
    with (SITE / "catalog/products.csv").open(encoding="utf-8", newline="") as file:
        food = [row for row in csv.DictReader(file) if row["category"] == "dogfood"]
    assert food and all(7 <= int(row["repurchase-days"]) <= 60 for row in food)


# -- pages and pictures ----------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_well_formed_and_can_be_used_by_everybody(path: str) -> None:
    page = Page(text(path))
    assert sum(1 for _ in page.all("h1")) == 1
    assert all("alt" in image for image in page.all("img"))
    assert all(image["width"] and image["height"] for image in page.all("img"))
    ids = [each["id"] for _, each in page.elements if "id" in each]
    assert len(ids) == len(set(ids))
    for reference in ("for", "aria-labelledby", "aria-describedby"):
        named = {each[reference] for _, each in page.elements if reference in each}
        assert named <= set(ids), reference
    labelled = {each.get("for") for each in page.all("label")}
    for (tag, each), around in zip(page.elements, page.inside, strict=True):
        if tag in ("input", "select", "textarea") and each.get("type") != "hidden":
            assert each.get("id") in labelled or "label" in around, each


@pytest.mark.parametrize("path", PAGES)
def test_a_page_needs_no_script(path: str) -> None:
    page = Page(text(path))
    assert not list(page.all("script", "style"))
    for _, attributes in page.elements:
        assert not [
            name for name in attributes if name.startswith("on") or name == "style"
        ]


def test_every_link_on_every_page_leads_somewhere() -> None:
    client = visitor()
    known, waiting = set[str](), ["/"]
    while waiting:
        path = waiting.pop()
        if path in known:
            continue
        known.add(path)
        response = client.get(path)
        assert response.status_code == 200, path
        if not response.headers["content-type"].startswith("text/html"):
            continue
        for link in Page(response.text).links:
            parts = urlsplit(link)
            assert not parts.scheme and not parts.netloc, link
            if parts.path:
                waiting.append(parts.path + (f"?{parts.query}" if parts.query else ""))
    missing = {thing.url for thing in THINGS} - known
    assert not missing, "nobody finds these"


def test_every_picture_is_valid_and_may_be_kept() -> None:
    for path in PICTURES:
        response = visitor().get(path)
        assert response.status_code == 200, path
        assert response.headers["content-type"] == "image/svg+xml"
        assert "max-age" in response.headers["cache-control"]
        root = ElementTree.fromstring(response.text)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert len(list(root.iter())) > 5, path
        assert "None" not in response.text and "nan" not in response.text


def test_products_of_one_category_do_not_all_look_alike() -> None:
    drawn = {
        visitor().get(product.image).text for product in CATALOGUE.products.values()
    }
    assert len(drawn) == len(CATALOGUE.products)


@pytest.mark.parametrize(
    "path", ["/nowhere", "/c/unicorn", "/p/unicorn", "/advice/unicorn", "/order/PF-0", "/picture/unicorn.svg",
             "/picture/category/unicorn.svg", "/picture/elsewhere/dog.svg", "/static/unicorn.css", "/demo/persona"]
)  # fmt: skip
def test_what_is_not_there_gets_a_friendly_404(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert "buried in the garden" in response.text
    Page(response.text)


def test_the_start_page_names_every_category_by_its_key() -> None:
    keys = [
        each["data-key"] for each in Page(text("/")).all("li") if "data-key" in each
    ]
    assert keys == list(CATALOGUE.categories)


def test_without_shopwindow_nothing_of_it_is_on_the_page() -> None:
    for path in ("/", "/c/dog", "/cart"):
        assert "shopwindow" not in text(path)
        assert "slot" not in text(path)


def test_the_style_sheet_knows_dark_and_calm() -> None:
    sheet = visitor().get("/static/shop.css").text
    for words in (
        "prefers-color-scheme: dark",
        "prefers-reduced-motion",
        ":focus-visible",
        ".skip",
    ):
        assert words in sheet
    for id in CATALOGUE.categories:
        assert f".hue-{id} " in sheet


# -- search ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("hay", "rabbit-hay-1kg"),
        ("HAY bale", "rabbit-hay-5kg"),
        ("dog fleas", "dog-flea-drops"),
        ("hedgerow nest", "garden-nestbox-tit"),
    ],
)
def test_search_finds(query: str, found: str) -> None:
    assert found in [product.id for product in CATALOGUE.search(query)]


def test_search_shows_what_was_typed_as_text(client: TestClient) -> None:
    page = client.get("/search", params={"q": '"><script>alert(1)</script>'}).text
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_words_in_titles_come_first() -> None:
    first = CATALOGUE.search("hay")[0]
    assert "hay" in first.title.lower()


# -- buying ----------------------------------------------------------------------------


def put(client: TestClient, product: str, quantity: str = "1") -> str:
    return client.post(
        "/cart/add", data={"product": product, "quantity": quantity}
    ).text


def test_a_product_goes_into_the_cart_and_out_again(client: TestClient) -> None:
    response = client.post(
        "/cart/add",
        data={"product": "cat-mouse-wool", "quantity": "2"},
        follow_redirects=False,
    )
    assert (response.status_code, response.headers["location"]) == (303, "/cart")
    page = client.get("/cart").text
    assert "The very good wool mouse is in your cart." in page
    assert "€11.80" in page and "€16.70" in page  # goods, and with shipping
    assert "is in your cart." not in client.get("/cart").text, "said once"
    Page(page)
    response = client.post("/cart/remove", data={"product": "cat-mouse-wool"})
    assert "Your cart is empty" in response.text


def test_an_order_empties_the_cart_and_is_confirmed(client: TestClient) -> None:
    put(client, "dogfood-chicken-12kg")
    put(client, "dog-ball-bouncy", "3")
    checkout = client.get("/checkout").text
    Page(checkout)
    assert "Order for €81.60" in checkout, "free shipping from 39 euros"
    response = client.post("/checkout", data={"doorstep": "front"})
    assert [each.status_code for each in response.history] == [303]
    assert re.fullmatch("/order/PF-[0-9A-F]{8}", response.url.path)
    assert "Thank you" in response.text and "€81.60" in response.text
    Page(response.text)
    assert client.get(response.url.path).status_code == 200, "can be reloaded"
    assert "Your cart is empty" in client.get("/cart").text
    assert client.get("/checkout").url.path == "/cart", "nothing to order"
    assert client.post("/checkout").url.path == "/cart", "nothing is ordered twice"
    assert shop().get(response.url.path).status_code == 404, "and nobody else sees it"


def test_one_line_of_the_cart_has_its_limit(client: TestClient) -> None:
    put(client, "dog-ball-bouncy", str(MOST - 1))
    put(client, "dog-ball-bouncy", "5")
    assert f"<td>{MOST}</td>" in client.get("/cart").text
    assert f"There are {MOST} of these" in put(client, "dog-ball-bouncy")


@pytest.mark.parametrize(
    "quantity", ["0", "-1", "21", "many", "", "1e3", "9" * 5000, "²"]
)
def test_a_wrong_quantity_is_explained(client: TestClient, quantity: str) -> None:
    page = put(client, "dog-ball-bouncy", quantity)
    if quantity:
        assert f"Please choose a number from 1 to {MOST}." in page
    else:
        assert "is in your cart" in page, "an empty field is one piece"


def test_what_is_sold_out_cannot_be_bought(client: TestClient) -> None:
    assert 'action="/cart/add"' not in text("/p/tortoise-winter-box")
    assert "is sold out" in put(client, "tortoise-winter-box")
    assert "Your cart is empty" in client.get("/cart").text


def test_unknown_products_and_strange_forms_are_refused(client: TestClient) -> None:
    assert client.post("/cart/add", data={"product": "unicorn"}).status_code == 404
    assert client.post("/cart/add", content=b"\xff\xfe").status_code == 400
    assert client.post("/cart/add", content="&".join(["a=b"] * 99)).status_code == 400
    assert client.post("/cart/remove", data={"product": "unicorn"}).status_code == 200


def test_products_that_are_gone_leave_the_cart(client: TestClient) -> None:
    put(client, "dog-ball-bouncy")
    put(client, "cat-mouse-wool")
    del client.app.state.catalogue.products["dog-ball-bouncy"]  # type: ignore[attr-defined]
    page = client.get("/cart").text
    assert "wool mouse" in page and "comes back" not in page


# -- who it is -------------------------------------------------------------------------


def test_a_made_up_name_logs_in_and_out(client: TestClient) -> None:
    assert client.get("/account").url.path == "/login"
    page = client.post("/login", data={"name": " Anna "})
    assert page.url.path == "/" and "Welcome, Anna!" in page.text
    put(client, "cat-mouse-wool")
    order = client.post("/checkout").url.path
    account = client.get("/account").text
    assert "Hello, Anna" in account and order in account
    Page(account)
    assert "You are logged out" in client.post("/logout").text
    assert client.get("/account").url.path == "/login"
    assert client.get(order).status_code == 404, "the next one at this computer"


@pytest.mark.parametrize("name", ["", "  ", "A" * 31, "<b>", "R2D2"])
def test_what_is_no_first_name_is_asked_for_again(
    client: TestClient, name: str
) -> None:
    response = client.post("/login", data={"name": name})
    assert response.status_code == 422
    assert "letters only" in response.text
    assert "<b>" not in response.text
    Page(response.text)


# -- the week --------------------------------------------------------------------------


@cache
def week() -> list[Seed]:
    return list(events(CATALOGUE, NOW))


def test_the_week_is_always_the_same_one() -> None:
    assert week() == list(events(CATALOGUE, NOW))
    assert week() != list(events(CATALOGUE, NOW, seed=8))


def test_the_week_lies_in_order_before_now() -> None:
    times = [event.time for event in week()]
    assert times == sorted(times)
    assert NOW - 8 * 86_400 < times[0] and times[-1] < NOW
    assert len({int(time // 86_400) for time in times}) >= 7


def test_the_week_is_believable() -> None:
    names = Counter(event.name for event in week())
    assert len({event.visitor for event in week()}) > 250
    assert (
        names["Product Viewed"] > names["Product Added"] > names["Order Completed"] > 50
    )
    carts: dict[str, Counter[str]] = {}
    for event in week():
        properties, cart = event.properties, carts.setdefault(event.visitor, Counter())
        if event.name in ("Product Viewed", "Product Added"):
            assert properties["product_id"] in CATALOGUE.products
        if event.name == "Product Added":
            cart[properties["product_id"]] += properties["quantity"]
        elif event.name == "Product Removed":
            assert cart.pop(properties["product_id"]) == properties["quantity"]
        elif event.name == "Order Completed":
            bought = {
                each["product_id"]: each["quantity"] for each in properties["products"]
            }
            assert bought == dict(cart), "an order holds what is in the cart"
            value = sum(
                CATALOGUE.products[id].price * number for id, number in bought.items()
            )
            assert Decimal(str(properties["revenue"])) == value
            cart.clear()


# -- the personas, without the middleware that they are played to -----------------------


def test_every_persona_has_a_history_that_the_demo_can_play() -> None:
    found = personas_of(read_site(SITE))
    assert len(found.personas) >= 6
    for name, persona in found.personas.items():
        for event in persona.events:
            properties = event.properties
            sold = [properties, *properties.get("products", ())]
            ids = {each["product_id"] for each in sold if "product_id" in each}
            assert ids <= set(CATALOGUE.products), name
            assert event.time <= found.now
            json.dumps(properties)


def test_the_shop_is_written_without_other_peoples_pictures() -> None:
    folder = Path(SITE).parent
    assert {path.suffix for path in (folder / "static").iterdir()} == {".css"}

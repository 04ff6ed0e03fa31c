"""The fasteners shop without shopwindow around it, its CRM, and what its editors wrote."""

import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree

import httpx
import msgspec
import pytest
from starlette.testclient import TestClient

from shopwindow.examples.fasteners.app import SITE, create_app, own_address
from shopwindow.examples.fasteners.crm import RECORDS, Crm, surroundings
from shopwindow.examples.fasteners.customers import CUSTOMERS
from shopwindow.examples.fasteners.markup import Html, euros, tag
from shopwindow.examples.fasteners.stock import Stock
from shopwindow.middleware.site import check_site, read_files
from shopwindow.rules.attributes import Traffic, facts
from shopwindow.rules.decide import decide
from shopwindow.rules.facts import Context
from shopwindow.rules.personas import read_personas

STOCK = Stock.read(SITE / "catalog")
VOID = {"area", "br", "hr", "img", "input", "link", "meta"}


@pytest.fixture
def shop() -> Iterator[TestClient]:
    with TestClient(create_app(personalized=False)) as client:
        yield client


class Page(HTMLParser):
    """What the checks ask of a page; ``faults`` holds what a browser would have to mend."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.links: set[str] = set()
        self.pictures: set[str] = set()
        self.ids: Counter[str] = Counter()
        self.levels: list[int] = []
        self.labelled: set[str] = set()
        self.fields: list[str] = []
        self.named: set[str] = set()
        self.slots: list[str] = []
        self.feed(text)
        self.close()
        self.faults += [f"<{name}> stays open" for name in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self.open.append(tag)
        if tag == "a":
            self.links.add(facts["href"])
        if tag in ("img", "link"):
            self.pictures.add(facts.get("src") or facts["href"])
        if tag == "img" and "alt" not in facts:
            self.faults.append(f"no alt: {facts}")
        if tag == "input" and facts.get("type") != "hidden":
            self.fields.append(facts.get("id", ""))
        if tag == "label":
            self.labelled.add(facts["for"])
        if tag in ("h1", "h2", "h3"):
            self.levels.append(int(tag[1]))
        if "id" in facts:
            self.ids[facts["id"]] += 1
        if "aria-labelledby" in facts:
            self.named.add(facts["aria-labelledby"])
        if "data-shopwindow" in facts:
            self.slots.append(facts["data-shopwindow"])

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> inside {self.open[-3:]}")
        else:
            self.open.pop()

    def handle_comment(self, data: str) -> None:
        if data.strip().startswith("shopwindow:"):
            self.slots.append(data.strip().removeprefix("shopwindow:"))


def addresses() -> list[str]:
    things = (STOCK.categories, STOCK.products, STOCK.articles)
    own = ["/", "/ratgeber", "/suche", "/suche?q=8x120", "/anmelden", "/warenkorb"]
    return (
        own + ["/geschaeftskonto"] + [t.url for kind in things for t in kind.values()]
    )


def test_the_shop_is_large_enough_to_look_around_in() -> None:
    assert len(STOCK.products) >= 30
    assert len(STOCK.categories) == 6
    assert len(STOCK.articles) >= 6
    assert all(len(STOCK.of_category(id)) >= 5 for id in STOCK.categories)
    assert all(STOCK.advice_on(id) for id in STOCK.categories)


def test_every_page_is_well_formed_and_can_be_used_by_everybody(
    shop: TestClient,
) -> None:
    for address in addresses():
        answer = shop.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        page = Page(answer.text)
        assert page.faults == [], address
        assert [id for id, count in page.ids.items() if count > 1] == [], address
        assert page.levels.count(1) == 1, address
        assert all(low - high <= 1 for high, low in pairwise(page.levels)), address
        assert set(page.fields) <= page.labelled <= set(page.ids), address
        assert page.named <= set(page.ids), address


def test_every_link_and_picture_leads_somewhere(shop: TestClient) -> None:
    seen: set[str] = set()
    ahead = {"/"}
    while ahead:
        address = ahead.pop()
        seen.add(address)
        answer = shop.get(address)
        assert answer.status_code == 200, address
        if "text/html" in answer.headers["content-type"]:
            page = Page(answer.text)
            found = {link for link in page.links | page.pictures if link[0] == "/"}
            ahead |= found - seen
    assert {product.url for product in STOCK.products.values()} <= seen
    assert {article.url for article in STOCK.articles.values()} <= seen


def test_pictures_are_drawings_and_may_be_cached(shop: TestClient) -> None:
    things = (STOCK.products, STOCK.categories, STOCK.articles)
    drawings = [t.image for kind in things for t in kind.values()] + ["/bild/start.svg"]
    bodies = set()
    for address in drawings:
        answer = shop.get(address)
        assert answer.headers["content-type"] == "image/svg+xml", address
        assert "max-age" in answer.headers["cache-control"]
        root = ElementTree.fromstring(answer.text)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert len(list(root.iter())) > 6, f"{address} is nearly empty"
        bodies.add(answer.text)
    assert len(bodies) == len(drawings)


@pytest.mark.parametrize(
    "address",
    [
        "/k/nichts",
        "/p/nichts",
        "/ratgeber/nichts",
        "/bild/p/nichts.svg",
        "/bild/x/anker.svg",
    ],
)
def test_what_is_not_there_is_a_page_that_says_so(
    shop: TestClient, address: str
) -> None:
    answer = shop.get(address)
    assert answer.status_code == 404
    assert "Seite nicht gefunden" in answer.text
    assert Page(answer.text).faults == []


def test_the_start_page_offers_every_slot_once_and_each_has_something_to_say(
    shop: TestClient,
) -> None:
    settings = check_site(SITE, read_files(SITE)[0])[0].settings
    page = Page(shop.get("/").text)
    assert sorted(page.slots) == sorted(settings.slots)
    # Where nothing is personalised, nobody is asked whether they like it.
    assert "/-/shopwindow/" not in shop.get("/").text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("8x120", {"schraube-8x120"}),
        ("DÜBEL rahmen", {"rahmenduebel-10x160"}),
        ("HV-2080", {"balkenschuh-80x120"}),
        ("holzverbinder", {p.id for p in STOCK.of_category("holzverbinder")}),
        ("schlagbohrkopfdings", set()),
        ("  ", set()),
    ],
)
def test_search_finds_measures_numbers_and_words(query: str, found: set[str]) -> None:
    assert {product.id for product in STOCK.search(query)} == found


def test_what_visitors_type_is_printed_as_text(shop: TestClient) -> None:
    query = "\"><script>alert(1)</script>'$x"
    answer = shop.get("/suche", params={"q": query})
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text
    wrong = shop.post("/anmelden", data={"number": query})
    assert wrong.status_code == 422
    assert "<script" not in wrong.text and "kennen wir nicht" in wrong.text


def test_only_html_is_filled_in_unescaped() -> None:
    assert tag("<p>$a$b</p>", a="<", b=Html("<br>")) == "<p>&lt;<br></p>"


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0.5", "0,50 €"), ("12.9", "12,90 €"), ("1234.5", "1.234,50 €")],
)
def test_money_is_written_the_german_way(amount: str, text: str) -> None:
    assert euros(Decimal(amount)) == text.replace(" ", "\N{NO-BREAK SPACE}")


def test_who_buys_for_a_business_sees_net_prices_first(shop: TestClient) -> None:
    product = STOCK.products["schraube-8x120"]
    assert (product.price, product.net) == (Decimal("24.90"), Decimal("20.92"))
    assert f"<strong>{euros(product.price)} brutto" in shop.get(product.url).text
    declared = shop.post("/gewerblich", data={"gewerblich": "ja", "next": product.url})
    assert declared.url.path == product.url
    assert f"<strong>{euros(product.net)} netto" in declared.text
    assert 'aria-pressed="true"' in declared.text
    assert "Preis, netto" in shop.get("/k/schrauben").text
    back = shop.post("/gewerblich", data={"gewerblich": "nein", "next": product.url})
    assert f"<strong>{euros(product.price)} brutto" in back.text


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("/k/anker", "/k/anker"),
        ("/suche?q=d%C3%BCbel", "/suche?q=d%C3%BCbel"),
        ("//example.com", "/"),
        ("/\\example.com", "/"),
        ("https://example.com", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
        ("", "/"),
    ],
)
def test_a_form_only_leads_back_into_the_shop(address: str, where: str) -> None:
    assert own_address(address) == where


def test_companies_log_in_with_their_number_and_out_again(shop: TestClient) -> None:
    assert shop.get("/konto").url.path == "/anmelden"
    assert (
        "Zimmerei Musterdach" in shop.post("/anmelden", data={"number": " 20417 "}).text
    )
    assert "Kundennummer 20417" in shop.get("/konto").text
    assert "Zimmerei Musterdach" not in shop.post("/abmelden").text


def test_an_order_takes_the_cart_with_it(shop: TestClient) -> None:
    shop.post("/anmelden", data={"number": "20417"})
    shop.post("/warenkorb", data={"product": "schraube-8x120", "quantity": "2"})
    shop.post("/warenkorb", data={"product": "schraube-8x120", "quantity": "1"})
    cart = shop.post("/warenkorb", data={"product": "bit-satz-32", "quantity": "1"})
    assert euros(3 * Decimal("24.90") + Decimal("28.90")) in cart.text
    rest = shop.post("/warenkorb/entfernen", data={"product": "bit-satz-32"})
    assert "Bitsatz" not in rest.text
    done = shop.post("/bestellen")
    assert done.url.path == "/danke" and "SK-" in done.text
    assert "Ihr Warenkorb ist leer" in shop.get("/warenkorb").text
    assert euros(3 * Decimal("24.90")) in shop.get("/konto").text
    assert shop.post("/bestellen").url.path == "/warenkorb"


@pytest.mark.parametrize(
    "fields",
    [
        {"product": "nichts", "quantity": "1"},
        {"product": "schraube-8x120", "quantity": "-1"},
        {"product": "schraube-8x120", "quantity": "viele"},
        {"product": "daemmstoffduebel-120", "quantity": "1"},
        {f"x{n}": "" for n in range(60)},
    ],
)
def test_what_cannot_be_sold_is_refused(
    shop: TestClient, fields: dict[str, str]
) -> None:
    assert shop.post("/warenkorb", data=fields).status_code == 422
    assert "Ihr Warenkorb ist leer" in shop.get("/warenkorb").text


# -- the CRM ------------------------------------------------------------------------------


def test_the_crm_knows_every_customer_of_the_shop_and_names_no_person() -> None:
    assert set(RECORDS) == set(CUSTOMERS)
    for record in RECORDS.values():
        contact = record["contact"]
        assert contact is None or contact["name"].startswith("Fachberatung ")


def test_the_crm_answers_over_http_slowly_or_not_at_all_as_its_switches_say() -> None:
    crm = Crm()
    with crm.serving() as url, httpx.Client(trust_env=False) as client:

        def ask(number: str) -> httpx.Response:
            return client.get(url.replace("{customer}", number))

        assert ask("20417").json() == RECORDS["20417"]
        assert ask("999").status_code == 404
        crm.delay = 0.15
        started = time.monotonic()
        assert ask("20688").json()["account"] is False
        assert time.monotonic() - started >= 0.15
        crm.delay, crm.broken = 0.0, True
        assert ask("20417").status_code == 500
        assert crm.asked == ["20417", "999", "20688", "20417"]
        assert (
            httpx.URL(surroundings(url)["SHOPWINDOW_SOURCE_CRM_URL"]).host
            == "127.0.0.1"
        )
    with pytest.raises(httpx.ConnectError):
        httpx.get(url.replace("{customer}", "20417"), trust_env=False)


# -- what the editors wrote ---------------------------------------------------------------


def test_the_site_has_no_findings() -> None:
    files, unread = read_files(SITE)
    assert unread == []
    site, findings = check_site(SITE, files)
    assert [str(finding) for finding in findings] == []
    assert {slot for slot, rules in site.rules.by_slot.items() if rules} == set(
        site.settings.slots
    )


HERO, GUIDE = "holzverbinder-hero", "holzverbinder-ratgeber"
PROMPT, DESK = "geschaeftskonto-anlegen", "fachberatung-holzbau"


@pytest.mark.parametrize(
    ("persona", "shown"),
    [
        ("newcomer", {}),
        ("passer-by", {}),
        ("carpenter", {"home.hero": HERO, "home.guide": f"{GUIDE}-balkenschuh"}),
        ("carpenter-without-consent", {}),
        ("business-visitor-without-account", {"home.prompt": PROMPT}),
        ("customer-with-account", {"home.contact": DESK}),
        ("customer-without-account", {"home.prompt": PROMPT}),
        ("customer-while-the-crm-is-down", {}),
    ],
)
def test_each_persona_finds_the_start_page_made_for_it(
    persona: str, shown: dict[str, str]
) -> None:
    files, _ = read_files(SITE)
    site, _ = check_site(SITE, files)
    name = "rules/tests/personas.yaml"
    relatives = site.catalog.relatives
    read, findings = read_personas(name, files[name], site.vocabulary, relatives, 0.0)
    assert findings == []
    one = read.personas[persona]
    day = int(read.now + 3600) // 86_400  # Berlin in November
    context = msgspec.structs.replace(Context(read.now, day), **one.context)
    known = facts(site.rules, one.profile, context, one.consent, one.given, Traffic({}))
    outcome = {slot: decide(site.rules, known, slot) for slot in site.settings.slots}
    won = {slot: decision.rule for slot, decision in outcome.items() if decision.shown}
    won.pop("home.rows", None)  # shows whatever the shelf has, also nothing
    assert won == shown

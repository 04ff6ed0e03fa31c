"""Pawfields as its visitors walk through it, in this process and behind a real server."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from shopwindow.examples.petshop.app import SITE, create_app
from shopwindow.middleware.stores.sqlite.store import ERASURE
from tests.ownpages import filled_in
from tests.walks.street import KINDS, Shop, Street, Walker, opened

pytestmark = pytest.mark.anyio

PLACES = {
    "site.logo": r'width="44" height="44"><span>(.*?)</span></a>\s*<form class="search"',
    "home.notice": r'<div class="notice-place">(.*?)</div>',
    "home.hero": r'<div class="notice-place">.*?</div>(.*?)<section aria-labelledby="tiles-title"',
    "home.categories": r'<ul class="tiles">(.*?)</ul>',
    "home.recommendations": r'<ul class="tiles">.*?</ul>\s*</section>(.*?)<section class="teaser',
    "home.advice": r'(<section class="teaser.*?)<section class="shelf" aria-labelledby="new-title"',
}
RABBITS = ("/c/rabbit", "/p/rabbit-hutch-oak", "/p/rabbit-tunnel-felt")
PUPPIES = ("/c/puppy", "/p/puppy-bed-nest", "/p/puppy-starter-box", "/p/puppy-food-2kg")
PREFERENCES = "/-/shopwindow/preferences"
FLEAS = "Fleas? Stay calm"
SPLIT = re.compile(
    r"    split:\n(?:      .*\n)*?"
    r"        - {name: .*? show: ([a-z-]+), with: ({.*})}\n(?:        - .*\n)*"
)
MORE_PERSONAS = """
  dog-owner-well-stocked:
    visits: 5
    consent: [personalization, statistics]
    events:
      - {bought: {product: dogfood-chicken-12kg, price: 54.9}, at: 10 days ago}

  fresh-cart:
    visits: 2
    consent: [personalization, statistics]
    events:
      - {added-to-cart: {product: cat-cave-felt, price: 54}, at: 1 hour ago}
"""


def without_experiments(site: Path) -> None:
    """Every visitor of the copied ``site`` sees the first variant of each experiment."""
    for file in (site / "site.toml", *site.glob("rules/*.yaml")):
        text = re.sub(r'holdout = "\d+%"', 'holdout = "0%"', file.read_text())
        file.write_text(SPLIT.sub(r"    show: \1\n    with: \2\n", text))


@pytest.fixture(scope="module", params=KINDS)
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("pawfields")
    site = shutil.copytree(SITE, folder / "site")
    without_experiments(site)
    with (site / "rules/tests/personas.yaml").open("a") as personas:
        personas.write(MORE_PERSONAS)
    with opened(request.param, "petshop", folder, PLACES, {"SITE": str(site)}) as shop:
        yield shop


@pytest.fixture
async def street(shop: Shop) -> AsyncIterator[Street]:
    async with shop.street() as street:
        yield street


async def buy(walker: Walker, *products: str) -> None:
    for product in products:
        await walker.send("/cart/add", product=product)
    page = await walker.send("/checkout")
    assert "Thank you" in page.text and page.path.startswith("/order/PF-")


async def become(walker: Walker, persona: str) -> dict[str, str]:
    page = await walker.send("/demo/persona", name=persona)
    assert page.path == "/"
    return page.slots


def cards(shelf: str) -> list[str]:
    """The ids of the products on a shelf, in order."""
    return re.findall(r'src="/picture/([a-z0-9-]+)\.svg"', shelf)


def reasons(shelf: str) -> list[str]:
    return re.findall(r'<span class="card-why">(.*?)</span>', shelf)


def tiles(slot: str) -> list[str]:
    return re.findall(r'data-key="([a-z]+)"', slot)


# -- a rabbit friend -------------------------------------------------------------------


async def test_three_looks_at_rabbits_bring_rabbits_to_the_start_page(
    street: Street,
) -> None:
    walker = await street.visitor()
    before = await walker.open("/")
    await walker.look_at(*RABBITS[:2])
    two = await walker.open("/")
    await walker.look_at(RABBITS[2])
    three = await walker.open("/")

    for page in (before, two):
        assert "Good things for good animals" in page.slot("home.hero")
        assert FLEAS in page.slot("home.advice")
        assert "/picture/article/dog-fleas.svg" in page.text
    assert "Everything for long ears" in three.slot("home.hero")
    assert "/picture/category/rabbit.svg" in three.slot("home.hero")
    assert "Good things for good animals" not in three.text
    assert "Two rabbits, one friendship" in three.slot("home.advice")
    assert FLEAS not in three.text and "dog-fleas" not in three.text


async def test_who_says_never_sees_no_more_rabbits_from_the_next_page_on(
    street: Street,
) -> None:
    walker = await street.visitor()
    await walker.look_at(*RABBITS)
    assert "Everything for long ears" in (await walker.open("/")).slot("home.hero")
    form = filled_in((await walker.open(PREFERENCES)).text)
    for wish, rabbits in (("never", False), ("", True)):
        await walker.send(PREFERENCES, **form | {"category:rabbit": wish})
        page = await walker.open("/")
        assert ("Everything for long ears" in page.slot("home.hero")) is rabbits
        assert ("For long ears" in page.slot("home.advice")) is rabbits
    assert FLEAS not in page.text


async def test_the_button_of_the_hero_leads_to_the_rabbits(street: Street) -> None:
    walker = await street.visitor()
    await walker.look_at(*RABBITS)
    hero = (await walker.open("/")).slot("home.hero")
    (link,) = re.findall('class="button" href="(.*?)"', hero)
    assert (await walker.open(link)).path == "/c/rabbit"


async def test_rabbits_are_still_there_at_the_next_visit(street: Street) -> None:
    walker = await street.visitor()
    await walker.look_at(*RABBITS)
    page = await (await street.next_visit(walker)).open("/")
    assert "Everything for long ears" in page.slot("home.hero")


async def test_whoever_has_read_the_rabbit_advice_gets_the_next_one(
    street: Street,
) -> None:
    walker = await street.visitor()
    await walker.look_at(*RABBITS, "/advice/bonding-rabbits")
    advice = (await walker.open("/")).slot("home.advice")
    assert "toothbrush" in advice and "Two rabbits" not in advice


# -- dogs ------------------------------------------------------------------------------


async def test_who_often_looks_at_puppies_and_has_no_dog_gets_puppy_advice(
    street: Street,
) -> None:
    walker = await street.visitor()
    await walker.look_at(*PUPPIES[:3])
    assert "Getting a puppy" not in (await walker.open("/")).slot("home.advice")
    await walker.look_at(PUPPIES[3])
    page = await walker.open("/")
    assert "Getting a puppy: ten questions" in page.slot("home.advice")
    assert "Small paws, big plans" in page.slot("home.hero")


async def test_who_has_bought_dog_food_has_a_dog_and_needs_no_puppy_advice(
    street: Street,
) -> None:
    walker = await street.visitor()
    await buy(walker, "dogfood-senior-3kg")
    await walker.look_at(*PUPPIES)
    page = await walker.open("/")
    assert "Getting a puppy" not in page.slot("home.advice")
    assert "Small paws" not in page.slot("home.hero")


async def test_a_dog_owner_is_reminded_when_the_food_runs_out_and_not_before(
    street: Street,
) -> None:
    low = await become(await street.stranger(), "dog-owner-running-low")
    stocked = await become(await street.stranger(), "dog-owner-well-stocked")
    assert "The bag must be nearly empty." in low["home.notice"]
    assert "/picture/category/dogfood.svg" in low["home.notice"]
    assert "nearly empty" not in stocked["home.notice"]


async def test_filling_up_ends_the_reminder(street: Street) -> None:
    walker = await street.stranger()
    await become(walker, "dog-owner-running-low")
    await buy(walker, "dogfood-chicken-12kg")
    assert "nearly empty" not in (await walker.open("/")).slot("home.notice")


# -- bought ----------------------------------------------------------------------------


async def test_what_was_bought_is_not_advertised_any_more(street: Street) -> None:
    walker = await street.visitor()
    await walker.look_at(*RABBITS, "/p/rabbit-hay-1kg")
    before = await walker.open("/")
    assert "Everything for long ears" in before.slot("home.hero")
    assert cards(before.slot("home.recommendations"))[0] == "rabbit-hay-1kg"

    await buy(walker, "rabbit-hay-1kg", "rabbit-hutch-oak")
    after = await walker.open("/")  # the very next page
    assert "Good things for good animals" in after.slot("home.hero")
    shelf = cards(after.slot("home.recommendations"))
    assert shelf[0] == "rabbit-tunnel-felt" and len(shelf) == 6
    assert not {"rabbit-hay-1kg", "rabbit-hutch-oak"} & set(shelf)


# -- the line at the top ---------------------------------------------------------------


async def test_a_cart_that_waits_is_remembered_until_it_is_bought(
    street: Street,
) -> None:
    walker = await street.stranger()
    notice = (await become(walker, "abandoned-cart"))["home.notice"]
    assert "Your cart has been waiting for you." in notice
    (link,) = re.findall('href="(.*?)"', notice)
    cart = await walker.open(link)
    assert cart.path == "/cart" and "Felt cave" in cart.text
    await buy(walker)
    assert "has been waiting" not in (await walker.open("/")).slot("home.notice")


async def test_a_cart_of_the_last_hours_does_not_wait_yet(street: Street) -> None:
    slots = await become(await street.stranger(), "fresh-cart")
    assert "has been waiting" not in slots["home.notice"]


async def test_a_cart_is_mentioned_three_times_a_day_at_most(street: Street) -> None:
    walker = await street.stranger()
    seen = [(await become(walker, "abandoned-cart"))["home.notice"]]
    seen += [(await walker.open("/")).slot("home.notice") for _ in range(4)]
    assert ["has been waiting" in notice for notice in seen] == [True] * 3 + [False] * 2


async def test_a_little_more_in_the_cart_and_shipping_is_free(street: Street) -> None:
    walker = await street.visitor()
    notices = []
    for product in ("cat-mouse-wool", "dog-leash-hemp", "rabbit-hay-5kg"):  # 6, 31, 56
        await walker.send("/cart/add", product=product)
        notices.append((await walker.open("/")).slot("home.notice"))
    assert ["the parcel travels free" in each for each in notices] == [
        False,
        True,
        False,
    ]


async def test_newcomers_and_regulars_are_greeted_differently(street: Street) -> None:
    new = (await (await street.visitor()).open("/")).slot("home.notice")
    old = (await become(await street.stranger(), "regular-customer"))["home.notice"]
    assert "New here?" in new and "Good to have you, again" not in new
    assert "Good to have you, again and again." in old and "New here?" not in old


async def test_the_name_stands_in_the_logo_only_while_logged_in(street: Street) -> None:
    walker = await street.visitor()
    assert (await walker.open("/")).slot("site.logo") == "Pawfields"
    page = await walker.send("/login", name="Zoë")
    assert page.path == "/"
    for path in ("/", "/p/rabbit-hay-1kg", "/cart"):
        logo = (await walker.open(path)).slot("site.logo")
        assert logo == 'Pawfields <span class="for">· for Zoë</span>', path
    assert (await walker.send("/logout")).slot("site.logo") == "Pawfields"
    assert "Zoë" not in (await walker.open("/")).text


async def test_who_logs_in_again_elsewhere_finds_their_own_page(street: Street) -> None:
    at_home, at_work = await street.visitor(), await street.visitor()
    await at_home.look_at(*RABBITS)
    name = f"Anna-{'B' if street.shop.kind == 'uvicorn' else 'A'}"
    await at_home.send("/login", name=name)
    assert "long ears" not in (await at_work.open("/")).slot("home.hero")
    page = await at_work.send("/login", name=name)
    assert "Everything for long ears" in page.slot("home.hero")
    page = await at_work.send("/logout")
    assert "long ears" not in page.slot("home.hero"), "the next one at this computer"


# -- the shelf and the tiles -----------------------------------------------------------


async def test_the_shelf_goes_from_seen_to_similar_to_popular(street: Street) -> None:
    walker = await street.visitor()
    await walker.look_at("/p/puppy-bed-nest", "/p/puppy-food-2kg")
    await buy(
        walker,
        "puppy-starter-box",
        "puppy-pads-40",
        "puppy-collar-first",
        "puppy-book-weeks",
    )
    shelf = (await walker.open("/")).slot("home.recommendations")
    found = cards(shelf)
    assert found[:2] == ["puppy-food-2kg", "puppy-bed-nest"], "the latest first"
    assert set(found[2:5]) == {
        "puppy-teething-ring",
        "puppy-blanket-moon",
        "puppy-bowls-pair",
    }
    assert not found[5].startswith("puppy-"), "nothing else is left for puppies"
    assert len(set(found)) == len(found) == 6
    assert reasons(shelf) == [
        "You looked at this recently",
        "You looked at this recently",
        *["Because you viewed First dinners, 2 kg"] * 3,
        "Popular in this shop",
    ]


async def test_own_animals_come_first_and_no_tile_is_lost(street: Street) -> None:
    walker = await street.visitor()
    usual = tiles((await walker.open("/")).slot("home.categories"))
    await walker.look_at("/c/horse", "/c/fish", "/p/fish-tank-20", "/p/fish-net-fine")
    own = tiles((await walker.open("/")).slot("home.categories"))
    assert own[:2] == ["fish", "horse"]
    assert own[2:] == [each for each in usual if each not in ("fish", "horse")]
    assert len(own) == 12 and sorted(own) == sorted(usual)


# -- those who did not agree -----------------------------------------------------------

AGREED_TO_NOTHING = {
    "has not answered": {},
    "refused": {},
    "objects with Sec-GPC": {"sec_gpc": "1"},
    "is a bot": {"user_agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
}
# What the page says about consent, and the demo's strip.
ASIDE = re.compile(
    r'<section class="consent".*?</section>\n| *<form class="choice".*?</form>\n'
    r'| *<a href="/-/shopwindow/">[^\n]*\n'
    r'|<aside class="strip".*?</aside>\s*(?=</body>)',
    re.DOTALL,
)


async def bare(path: str) -> str:
    """The page of the shop without any personalisation."""
    transport = httpx.ASGITransport(create_app(personalized=False))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        return (await client.get(path)).text


@pytest.mark.parametrize("who", AGREED_TO_NOTHING)
async def test_without_consent_the_pages_are_plain_and_leave_no_trace(
    street: Street, who: str
) -> None:
    before = await street.rows()
    walker = await street.stranger(**AGREED_TO_NOTHING[who])
    if who == "refused":
        await walker.answer("denied")
    if who == "is a bot":
        await walker.answer("granted")  # nobody agrees by following every form
    for path in (*RABBITS, *RABBITS, "/search?q=hay", "/advice/dog-fleas", "/"):
        page = await walker.open(path)
        assert ASIDE.sub("", page.text) == await bare(path), path
        assert page.response.headers.get_list("set-cookie") == []
    asked = "May we remember what you look at?" in page.text
    assert asked == (who in ("has not answered", "is a bot"))
    refused = {"shopwindow-consent": "denied"} if who == "refused" else {}
    assert walker.cookies == refused
    if who != "is a bot":
        await walker.send("/cart/add", product="rabbit-hay-1kg")
        await buy(walker)
        assert walker.cookies.keys() == {"pawfields", *refused}
    assert await street.rows() == before


async def test_who_agrees_on_this_site_has_agreed_whatever_the_browser_says(
    street: Street,
) -> None:
    walker = await street.stranger(sec_gpc="1")
    assert "We remember nothing about you." in (await walker.open("/")).text
    await walker.answer("granted")
    await walker.look_at(*RABBITS)
    assert "Everything for long ears" in (await walker.open("/")).slot("home.hero")


async def test_a_campaign_speaks_for_itself_even_without_consent(
    street: Street,
) -> None:
    walker = await street.stranger()
    page = await walker.open("/?utm_campaign=rabbit-week")
    assert "It is rabbit week" in page.slot("home.hero")
    assert walker.cookies == {}
    assert "It is rabbit week" not in (await walker.open("/")).slot("home.hero")


async def test_taking_consent_back_makes_the_page_plain_and_erases_everything(
    street: Street,
) -> None:
    before = await street.rows()
    walker = await street.visitor()
    await walker.look_at(*RABBITS)
    await buy(walker, "cat-mouse-wool")
    assert "Everything for long ears" in (await walker.open("/")).slot("home.hero")
    id, mark = walker.id, walker.mark
    assert mark in str((await street.rows())["events"])

    page = await walker.answer("denied")
    assert page.path == "/"
    assert ASIDE.sub("", page.text) == await bare("/")
    assert walker.cookies.keys() == {"pawfields", "shopwindow-consent"}
    after = await street.rows()
    # What stays of an id that was given up: that it is not valid any more.
    assert after["profiles"] - before["profiles"] == {(mark, b"", ERASURE)}
    for table in ("events", "logins"):
        assert after[table] == before[table]
    assert id.encode() not in street.shop.on_disk()


async def test_the_old_cookie_of_someone_who_left_is_worth_nothing(
    street: Street,
) -> None:
    walker = await street.visitor()
    await walker.look_at(*RABBITS)
    copy = await street.next_visit(walker)
    await walker.answer("denied")
    rows = await street.rows()
    for path in (*RABBITS, "/"):
        page = await copy.open(path)
    assert "long ears" not in page.slot("home.hero")
    assert await street.rows() == rows


# -- the demo's strip ------------------------------------------------------------------

# persona -> slot -> the rule that the strip names, and words of what is on the page
PROMISES = {
    "newcomer": {"home.notice": ("hello-newcomer", "New here?")},
    "rabbit-friend": {
        "home.hero": ("rabbit-hero", "Everything for long ears"),
        "home.advice": ("rabbit-advice", "Two rabbits, one friendship"),
        "home.categories": ("own-animals-first", 'data-key="rabbit"'),
        "home.recommendations": ("own-shelf", "Picked for you"),
    },
    "puppy-dreamer": {
        "home.hero": ("puppy-hero", "Small paws, big plans"),
        "home.advice": ("getting-a-puppy", "Getting a puppy"),
    },
    "dog-owner-running-low": {
        "home.notice": ("dog-food-runs-low", "nearly empty"),
        "home.recommendations": ("own-shelf", "/picture/dog-ball-bouncy.svg"),
    },
    "abandoned-cart": {"home.notice": ("cart-waits", "has been waiting")},
    "regular-customer": {
        "site.logo": ("logo-with-name", "· for Anna"),
        "home.hero": ("small-pets-hero", "Tiny paws, busy nights"),
        "home.notice": ("thanks-regular", "again and again"),
        "home.advice": ("hamster-advice", "while you sleep"),
    },
    "says-no": {},
}


@pytest.mark.parametrize("persona", PROMISES)
async def test_each_persona_gets_its_page_and_the_strip_says_why(
    street: Street, persona: str
) -> None:
    page = await (await street.stranger()).send("/demo/persona", name=persona)
    assert f'<button name="name" value="{persona}" aria-pressed="true">' in page.text
    said = dict(re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", page.text, re.DOTALL))
    assert said.keys() == PLACES.keys()
    for slot, (rule, words) in PROMISES[persona].items():
        assert f"<strong>{rule}</strong> shows" in said[slot]
        assert re.search(r"<code>.* \(rules/[a-z]+\.yaml:\d+\)</code>", said[slot])
        assert words in page.slot(slot)
    for slot, words in said.items():
        if "<strong>default content</strong>" in words:
            assert slot not in PROMISES[persona]
            assert re.search(r"no rule for this slot holds|need a consent", words)
        else:
            assert persona != "says-no", slot


async def test_the_strip_names_the_rule_that_was_passed_over(street: Street) -> None:
    walker = await street.stranger()
    for _ in range(4):
        await walker.send("/demo/persona", name="abandoned-cart")
    for _ in range(3):
        page = await walker.open("/")
    assert "passed over cart-waits (it was shown often enough)" in page.text


# -- many at once ----------------------------------------------------------------------


async def test_nobody_ever_sees_the_page_of_somebody_else(street: Street) -> None:
    ears, paws = await street.visitor(), await street.visitor()
    for one, other in zip(RABBITS, PUPPIES, strict=False):
        await ears.look_at(one)
        await paws.look_at(other)
    await paws.look_at(PUPPIES[3])
    await ears.send("/login", name="Ida")
    nobody = await street.stranger()
    everybody = [ears, paws, nobody] * 17
    pages = await asyncio.gather(*(each.open("/") for each in everybody))
    for walker, page in zip(everybody, pages, strict=True):
        assert ("Everything for long ears" in page.text) == (walker is ears)
        assert ("· for Ida" in page.text) == (walker is ears)
        assert ("Small paws, big plans" in page.text) == (walker is paws)
        assert ("Good things for good animals" in page.text) == (walker is nobody)
    assert len({ears.id, paws.id}) == 2 and not nobody.cookies


async def test_pages_with_a_slot_are_private_and_everything_else_stays_as_it_is(
    street: Street,
) -> None:
    walker, stranger = await street.visitor(), await street.stranger()
    for who in (walker, stranger):
        for path in ("/", "/c/cat", "/p/cat-cave-felt", "/cart", "/advice"):
            headers = (await who.open(path)).response.headers
            assert headers["cache-control"] == "private, no-store", path
            assert "etag" not in headers and "last-modified" not in headers
        picture = (await who.open("/picture/cat-cave-felt.svg")).response.headers
        assert picture["cache-control"] == "public, max-age=86400"
        style = (await who.open("/static/shop.css")).response.headers
        assert "etag" in style and "no-store" not in style.get("cache-control", "")
        for headers in (picture, style):
            assert "set-cookie" not in headers and "vary" not in headers


def test_the_walks_know_where_every_slot_is() -> None:
    text = (Path(SITE) / "site.toml").read_text()
    assert list(PLACES) == re.findall(r'^"([a-z.]+)" = ', text, re.MULTILINE)

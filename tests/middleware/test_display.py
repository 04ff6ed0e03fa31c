"""What a page's slots show: the same for the page and for handlers that ask."""

from time import time
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from shopwindow import Customer, Decision, Shopwindow
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.rules.facts import DAY, Answer, Interest, Profile
from tests.asgi import ask
from tests.shop import HERO, LANES, TEASER, consented, mounted, open_window, page, whole

pytestmark = pytest.mark.anyio
LOGGED_IN = """
version: 1
rules:
  - id: member
    slot: home.hero
    when: [{logged-in: true}]
    show: banner
    with: {text: Welcome back}
"""
OWN_FIRST = """
version: 1
rules:
  - id: own
    slot: home.hero
    when: [{consent: personalization}]
    show: own-first
"""
TILES = '<a data-key="dog">Dog</a><a data-key="rabbit">Rabbit</a>'


async def test_a_handler_that_does_not_wait_hears_who_is_logged_in() -> None:
    seen: list[Decision] = []
    answer = whole(lambda: page(LANES["attribute"]))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["state"]["shopwindow"].decide_sync("home.hero"))
        await answer(scope, receive, send)

    async with open_window(customer=lambda _: Customer("1"), rules=LOGGED_IN) as window:
        response = await ask(mounted(app, window), "/")
    assert seen[0].rule == "member"
    assert b"Welcome back" in response.body


async def test_a_handler_that_does_not_wait_does_not_decide_for_the_page() -> None:
    seen: list[Decision] = []
    answer = whole(lambda: page(LANES["attribute"]))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["state"]["shopwindow"].decide_sync("home.hero"))
        await answer(scope, receive, send)

    async def customer(scope: Scope) -> Customer:
        return Customer("1")

    async with open_window(customer=customer, rules=LOGGED_IN) as window:
        response = await ask(mounted(app, window), "/")
    assert seen[0].rule is None  # the shop's answer was still on its way
    assert b"Welcome back" in response.body


@pytest.mark.parametrize("awaited", [False, True])
@pytest.mark.parametrize(
    ("key", "hint"), [("user", True), ("session", False)], ids=["user", "session"]
)
async def test_a_customer_function_without_authentication_says_what_is_missing(
    awaited: bool, key: str, hint: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def later(scope: Scope) -> Customer:
        return Customer(scope[key].identity)

    def now(scope: Scope) -> Customer:
        return Customer(scope[key].identity)

    app = whole(lambda: page(LANES["attribute"]))
    customer = later if awaited else now
    async with open_window(customer=customer, rules=LOGGED_IN) as window:
        answer = await ask(mounted(app, window), "/")
    assert answer.status == 200 and b"Welcome back" not in answer.body
    assert f"failed: KeyError('{key}'); nobody counts as logged in" in caplog.text
    assert ("AuthenticationMiddleware" in caplog.text) == hint


@pytest.mark.parametrize(
    ("dog", "rabbit", "first"),
    [
        ((4.0, 365), (3.0, 0), "rabbit"),  # score, and how many days ago
        ((4.0, 0), (3.0, 0), "dog"),
        ((2.0, 0), (3.0, 1), "rabbit"),
    ],
)
async def test_the_visitors_own_come_first_by_what_counts_today(
    dog: tuple[float, int], rabbit: tuple[float, int], first: str
) -> None:
    store, now = MemoryStore(), time()
    tiles = page(LANES["attribute"], f"<div>{TILES}</div>")
    async with open_window(store, rules=OWN_FIRST) as window:
        async with consented(mounted(whole(lambda: tiles), window)) as client:
            header = f"shopwindow={client.cookies['shopwindow']}".encode()
            visitor = window.cookie.read(header, False, now)
            assert visitor is not None
            interests = {
                key: Interest(score, now - days * DAY)
                for key, (score, days) in (("dog", dog), ("rabbit", rabbit))
            }
            store.profiles[visitor.id] = Profile(interests={"category": interests})
            body = (await client.get("/")).text
    places = {key: body.index(f'data-key="{key}"') for key in ("dog", "rabbit")}
    assert min(places, key=places.__getitem__) == first


# -- one page ------------------------------------------------------------------------------

SHOP = whole(lambda: page(LANES["attribute"]))
GROUP = """
[slots."home.left"]
group = "pair"
[slots."home.right"]
group = "pair"
"""


def told(window: Shopwindow) -> list[list[dict[str, Any]]]:
    """What the events of all pages say that was shown, or held back, but for its id."""
    assert window.journal.wait_until_written()
    assert isinstance(window.store, MemoryStore)
    return [
        [
            {name: value for name, value in one.items() if name != "decision"}
            for one in event.properties["promotions"]
        ]
        for event in window.store.events.values()
        if event.name == "Promotion Viewed"
    ]


async def test_a_page_has_no_more_slots_than_its_budget() -> None:
    async with open_window(pages="[pages]\nat-most = 1\n") as window:
        async with consented(mounted(SHOP, window)) as client:
            body = (await client.get("/")).content
            assert TEASER in body  # no rule for the first one: its place is free
            body = (await client.get("/p/tea-1")).content
            assert HERO in body and TEASER not in body
    assert [[one["rule"] for one in page] for page in told(window)] == [
        ["hello"],
        ["tea-hero"],
    ]


async def test_a_fragment_that_fails_leaves_its_place_to_the_next_slot() -> None:
    rules = """
rules:
  - {id: broken, slot: home.hero, show: banner, with: {text: "{visitor.first_name}"}}
  - {id: hello, slot: home.teaser, show: banner, with: {text: Hello}}
"""
    async with open_window(rules=rules, pages="[pages]\nat-most = 1\n") as window:
        async with consented(mounted(SHOP, window)) as client:
            assert TEASER in (await client.get("/")).content


async def test_of_a_group_one_slot_is_personalised_per_page() -> None:
    rules = """
rules:
  - {id: one, slot: home.left, show: banner, with: {text: One}}
  - {id: two, slot: home.right, show: banner, with: {text: Two}}
"""
    lane = LANES["attribute"]
    shop = whole(lambda: (lane("home.right", "r") + lane("home.left", "l")).encode())
    async with open_window(rules=rules, site=GROUP) as window:
        body = (await ask(mounted(shop, window), "/")).body
    assert b"Two" in body and b"One" not in body  # in the order of the page


async def test_those_held_out_see_the_page_as_it_is_and_count() -> None:
    async with open_window(site="[experiments]\nholdout = '100%'\n") as window:
        async with consented(mounted(SHOP, window)) as client:
            answer = await client.get("/p/tea-1")
            assert b"banner" not in answer.content
            assert answer.headers["cache-control"] == "private, no-store"
        held = {"held": "holdout"}
        assert told(window) == [
            [
                {**held, "slot": "home.hero", "rule": "tea-hero"},
                {**held, "slot": "home.teaser", "rule": "hello"},
            ]
        ]
        # Nothing is known about who gave no consent: they see what everybody may see.
        assert TEASER in (await ask(mounted(SHOP, window), "/")).body


SPLIT = """
rules:
  - id: test
    slot: home.hero
    cap: {times: 2}
    split:
      experiment: heroes
      control: %s
      variants: [{name: bold, show: banner, with: {text: Bold}}]
"""


@pytest.mark.parametrize("control", ["0%", "99.9999%"])
async def test_variants_and_controls_are_told_alike_and_capped_alike(
    control: str,
) -> None:
    async with open_window(rules=SPLIT % control) as window:
        async with consented(mounted(SHOP, window)) as client:
            bodies = [(await client.get("/")).content for _ in range(3)]
    shown = control == "0%"
    assert [b"Bold" in body for body in bodies] == [shown, shown, False]
    entry = {"slot": "home.hero", "rule": "test", "experiment": "heroes"}
    if shown:
        entry |= {"promotion_id": "banner", "variant": "bold"}
    else:
        entry |= {"held": "control", "variant": "control"}
    assert told(window) == [[entry], [entry]]
    (profile,) = window.store.profiles.values()  # type: ignore[attr-defined]  # a memory store
    assert profile.counts["shown rule"]["test"].total == 2
    assert ("shown fragment" in profile.counts) is shown


async def test_a_rule_for_every_product_shows_the_one_that_was_viewed_most() -> None:
    rules = """
rules:
  - id: favourite
    slot: home.hero
    when: [viewed: {product: any, as: p}]
    show: banner
    with: {text: "{p.title} for {p.price}"}
"""
    async with open_window(rules=rules) as window:
        async with consented(mounted(SHOP, window)) as client:
            for path in ("/p/cup-1", "/p/tea-1", "/p/tea-1"):
                await client.get(path)
            assert "Green tea for €5.90" in (await client.get("/")).text


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("pin: cup-1", ["White cup", "Green tea"]),
        ("pin: cup-1, limit: 1", ["White cup"]),
        ("except: {brand: none}", ["Green tea", "White cup"]),
        ("only: {brand: none}", []),  # better no shelf than one of other things
    ],
)
async def test_a_shelf_holds_what_the_rule_asks_for(
    asked: str, shown: list[str]
) -> None:
    rules = f"""
rules:
  - id: shelf
    slot: home.hero
    show: product-shelf
    with: {{headline: For you}}
    recommend: {{strategy: trending, {asked}}}
"""
    async with open_window(rules=rules) as window:
        text = (await ask(mounted(SHOP, window), "/")).body.decode()
    names = ["Green tea", "White cup"]
    assert sorted((n for n in names if n in text), key=text.index) == shown
    assert ("<p>Default</p>" in text) is (not shown)


@pytest.mark.parametrize(
    ("dimension", "key", "shown"),
    [
        ("product", "cup-1", ["Green tea"]),
        ("product", "gone", ["White cup", "Green tea"]),
    ],
)
async def test_what_a_visitor_never_wants_is_on_no_shelf(
    dimension: str, key: str, shown: list[str]
) -> None:
    rules = """
rules:
  - id: shelf
    slot: home.hero
    when: [{consent: personalization}]
    show: product-shelf
    with: {headline: For you}
    recommend: {strategy: trending, pin: cup-1}
"""
    store, now = MemoryStore(), time()
    async with open_window(store, rules=rules) as window:
        async with consented(mounted(SHOP, window)) as client:
            header = f"shopwindow={client.cookies['shopwindow']}".encode()
            visitor = window.cookie.read(header, False, now)
            assert visitor is not None
            answers = {dimension: {key: Answer("never", now)}}
            store.profiles[visitor.id] = Profile(answers=answers)
            text = (await client.get("/")).text
    names = ["Green tea", "White cup"]
    assert sorted((n for n in names if n in text), key=text.index) == shown

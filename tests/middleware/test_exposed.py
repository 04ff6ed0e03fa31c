"""What the event of a page's showings tells, and the ids that its fragments carry."""

import re
from typing import Any

import pytest
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from shopwindow import Customer, PageCache, PersonalizationMiddleware, Shopwindow
from shopwindow.middleware.decisionids import (
    forms_carrying,
    links_below,
    links_carrying,
    opened,
    without_decision,
)
from shopwindow.middleware.keys import pseudonym
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.rules.facts import Event
from tests.asgi import ask
from tests.shop import (
    KEYS,
    LANES,
    browser,
    consent,
    consented,
    mounted,
    open_window,
    page,
    whole,
)

pytestmark = pytest.mark.anyio
SHOP = whole(lambda: page(LANES["attribute"]))
OFFER = "version: 1\nrules: [{id: a, slot: home.hero, show: offer}]\n"
LINK = re.compile(r'/-/shopwindow/click/~([0-9a-f]+)\.(\d+)/[\w.-]+"')
PATH = "/-/shopwindow/decide"


def showings(window: Shopwindow) -> list[Event]:
    assert window.journal.wait_until_written()
    assert isinstance(window.store, MemoryStore)
    events = window.store.events.values()
    return [event for event in events if event.name == "Promotion Viewed"]


def only(window: Shopwindow) -> dict[str, Any]:
    (event,) = showings(window)
    return event.properties


# -- ids -----------------------------------------------------------------------------------


async def test_a_fragment_carries_the_decision_that_its_event_tells() -> None:
    rules = OFFER.replace("]\n", ", {id: b, slot: home.teaser, show: offer}]\n")
    async with open_window(rules=rules) as window:
        async with consented(mounted(SHOP, window)) as client:
            text = (await client.get("/")).text
            (first, second) = LINK.findall(text)
            again = LINK.findall((await client.get("/")).text)
    event, other = showings(window)
    assert (first, second) == ((event.id, "0"), (event.id, "1"))
    assert [one["decision"] for one in event.properties["promotions"]] == [
        f"{event.id}.0",
        f"{event.id}.1",
    ]
    assert again[0][0] == other.id != event.id


@pytest.mark.parametrize("choice", ["denied", "statistics", "personalization"])
async def test_who_is_not_counted_gets_no_id(choice: str) -> None:
    async with open_window(rules=OFFER) as window:
        async with browser(mounted(SHOP, window)) as client:
            assert "~" not in (await client.get("/")).text
            await consent(client, choice)
            text = (await client.get("/")).text
            assert "/-/shopwindow/click/" in text and "~" not in text
            said = (await client.get(PATH, params={"path": "/", "html": "1"})).json()
            assert "~" not in said["slots"]["home.hero"]["html"]
    if choice != "personalization":
        assert showings(window) == []
    else:  # rules may ask how often something was shown, reports do not count it
        told = only(window)
        assert told["uncounted"] is True
        assert not told.keys() & {"stage", "segments", "campaign"}
        assert "decision" not in told["promotions"][0]


async def test_pages_that_are_kept_for_all_have_each_visitors_own_ids() -> None:
    made = 0

    def make() -> bytes:
        nonlocal made
        made += 1
        return page(LANES["attribute"])

    async with open_window(rules=OFFER) as window:
        cache = PageCache({"/*": 60})
        app = PersonalizationMiddleware(whole(make), window, cache=cache)
        seen = []
        for _ in range(3):
            async with consented(app) as client:
                seen += LINK.findall((await client.get("/")).text)
            stranger = await ask(app, "/")
            assert b"/-/shopwindow/click/" in stranger.body
            assert b"~" not in stranger.body
        assert made == 1 and len({id for id, _ in seen}) == 3
    assert {event.id for event in showings(window)} == {id for id, _ in seen}


@pytest.mark.parametrize(
    ("rest", "found"),
    [
        ("~1a21944a2e7278e6595a2e90188e.0/x.y", ("1a21944a2e7278e6595a2e90188e.0", "x.y")),
        ("~1a21944a2e7278e6595a2e90188es3.0/x.y", ("1a21944a2e7278e6595a2e90188es3.0", "x.y")),
        ("x.y", ("", "x.y")),
        ("~/x.y", ("", "x.y")),
        ("~1a2.0/x.y", ("", "x.y")),
        ("~1a21944a2e7278e6595a2e90188e/x.y", ("", "x.y")),
        ("~1A21944A2E7278E6595A2E90188E.0/x.y", ("", "x.y")),
        ("~1a21944a2e7278e6595a2e90188e.0\n/x.y", ("", "x.y")),
        ("~1a21944a2e7278e6595a2e90188e.99999/x.y", ("", "x.y")),
        ("~", ("", "")),
    ],
)  # fmt: skip
def test_only_what_has_the_form_of_an_id_is_one(
    rest: str, found: tuple[str, str]
) -> None:
    assert opened(rest) == found


def test_links_lead_below_the_root_and_are_the_same_but_for_the_id() -> None:
    content = (
        b'<a href="/-/shopwindow/click/t"></a><form action="/r/-/shopwindow/rate/t">'
    )

    def carrying(decision: str) -> bytes:
        mark = f"~{decision}/".encode()
        return forms_carrying(links_carrying(content, links_below("/r") + mark), mark)

    made, other = carrying("abc.0"), carrying("def.0")
    assert b'"/r/-/shopwindow/click/~abc.0/t"' in made
    assert b'"/r/-/shopwindow/rate/~abc.0/t"' in made
    assert without_decision(made, "abc") == without_decision(other, "def")


# -- what it tells -------------------------------------------------------------------------

SEGMENTS = """
segments:
  tea-lover: [{viewed: {product: tea-1, at-least: 1}}]
  ill: [{illness: hay fever}]
  mailed: [{campaign: spring}]
  unsure: [{cart-value: {at-least: 5}}]
"""
ILL = '[attributes.illness]\ntype = "text"\nfrom = "query:ill"\nsensitive = true\n'


async def test_an_exposure_tells_who_looked_at_the_page() -> None:
    async with open_window(rules=OFFER + SEGMENTS, site=ILL) as window:
        async with consented(mounted(SHOP, window)) as client:
            await client.get("/p/tea-1?utm_campaign=spring&ill=hay+fever")
            await client.get("/")
    first, second = (event.properties for event in showings(window))
    for told in (first, second):
        assert told["stage"] == "new" and told["campaign"] == "spring"
        # Those of its own first; never what is sensitive, nor what nobody knows.
        assert told["segments"] == [
            "tea-lover",
            "mailed",
            "new-visitor",
            "new-customer",
        ]


async def test_an_address_cannot_fill_the_log_by_its_campaign() -> None:
    async with open_window(rules=OFFER) as window:
        async with consented(mounted(SHOP, window)) as client:
            await client.get(f"/p/tea-1?utm_campaign={'x' * 5_000}")
    assert only(window)["campaign"] == "x" * 100


async def test_a_site_says_which_segments_are_told() -> None:
    site = ILL + '[experiments]\nreport-segments = ["mailed", "ill", "new-visitor"]\n'
    async with open_window(rules=OFFER + SEGMENTS, site=site) as window:
        async with consented(mounted(SHOP, window)) as client:
            await client.get("/p/tea-1?utm_campaign=spring&ill=hay+fever")
    assert only(window)["segments"] == ["mailed", "new-visitor"]


ADAPTIVE = """
rules:
  - id: test
    slot: home.hero
    split:
      experiment: heroes
      adapt: {metric: click-rate, by: [tea-lover]}
      variants:
        - {name: bold, show: banner, with: {text: Bold}}
        - {name: calm, show: banner, with: {text: Calm}}
"""


async def test_segments_that_weights_go_by_are_told_in_any_case() -> None:
    site = ILL + '[experiments]\nreport-segments = ["mailed"]\n'
    async with open_window(rules=ADAPTIVE + SEGMENTS, site=site) as window:
        async with consented(mounted(SHOP, window)) as client:
            await client.get("/p/tea-1?utm_campaign=spring")
            await client.get("/")
    assert showings(window)[-1].properties["segments"] == ["tea-lover", "mailed"]


async def test_no_more_segments_are_told_than_a_line_can_hold() -> None:
    many = "\nsegments:\n" + "".join(f"  s{n}: [{{path: /}}]\n" for n in range(20))
    async with open_window(rules=OFFER + many) as window:
        async with consented(mounted(SHOP, window)) as client:
            await client.get("/")
    assert only(window)["segments"] == [f"s{n}" for n in range(16)]


BY_ACCOUNT = """
rules:
  - id: test
    slot: home.hero
    split:
      experiment: heroes
      unit: account
      variants: [{name: bold, show: banner, with: {text: Bold}}]
"""


@pytest.mark.parametrize(
    ("customer", "told"),
    [
        (
            Customer("7", account="firm"),
            {"unit": "account", "of": pseudonym(KEYS, "firm", "account")},
        ),
        (Customer("7"), {"unit": "customer"}),
        (None, {}),
    ],
)
async def test_an_exposure_tells_whom_its_experiment_went_by(
    customer: Customer | None, told: dict[str, str]
) -> None:
    async with open_window(customer=lambda _: customer, rules=BY_ACCOUNT) as window:
        async with consented(mounted(SHOP, window)) as client:
            await client.get("/")
    (event,) = showings(window)
    assert event.properties["promotions"] == [
        {
            "promotion_id": "banner",
            "decision": f"{event.id}.0",
            "slot": "home.hero",
            "rule": "test",
            "experiment": "heroes",
            "variant": "bold",
            **told,
        }
    ]


async def test_a_rule_that_wins_and_cannot_be_shown_has_failed() -> None:
    rules = """
rules:
  - id: broken
    slot: home.hero
    cap: {times: 1}
    split:
      experiment: heroes
      variants: [{name: bold, show: banner, with: {text: "{visitor.first_name}"}}]
  - {id: hello, slot: home.teaser, show: banner, with: {text: Hello}}
"""
    async with open_window(rules=rules) as window:
        async with consented(mounted(SHOP, window)) as client:
            for _ in range(2):  # it is not capped: nobody has seen it
                assert b"Default" in (await client.get("/")).content
    for event in showings(window):
        failed, shown = event.properties["promotions"]
        assert failed == {
            "failed": "error",
            "decision": f"{event.id}.0",
            "slot": "home.hero",
            "rule": "broken",
            "experiment": "heroes",
            "variant": "bold",
        }
        assert shown["promotion_id"] == "banner"
    assert len(showings(window)) == 2
    store = window.store
    assert isinstance(store, MemoryStore)
    (profile,) = store.profiles.values()
    assert profile.variants == {}
    assert "broken" not in profile.counts.get("shown rule", {})


async def test_a_slot_that_cannot_be_filled_has_failed_if_a_rule_won() -> None:
    unfit = (
        b'<p data-shopwindow="home.hero">x</p><p data-shopwindow="home.teaser">y</p>'
    )
    async with open_window(rules=OFFER) as window:
        async with consented(mounted(whole(lambda: unfit), window)) as client:
            await client.get("/")
    (told,) = only(window)["promotions"]
    assert (told["failed"], told["slot"]) == ("unsupported", "home.hero")


# -- who renders slots themselves ----------------------------------------------------------


async def test_slots_that_are_reported_apart_are_decisions_of_their_own() -> None:
    rules = OFFER.replace("]\n", ", {id: b, slot: home.teaser, show: offer}]\n")
    async with open_window(rules=rules) as window:
        async with consented(mounted(SHOP, window)) as client:
            said = (await client.get(PATH, params={"path": "/", "html": "1"})).json()
            for _ in range(2):
                data = {"decision": said["decision"], "shown": [*said["slots"]]}
                assert (await client.post(PATH, data=data)).status_code == 204
    events = showings(window)
    assert len(events) == 2
    for event, slot in zip(events, said["slots"].values(), strict=True):
        (told,) = event.properties["promotions"]
        assert told["decision"] == f"{event.id}.0"
        assert f"/click/~{event.id}.0/" in slot["html"]
        assert event.properties["stage"] == "new"
        assert event.properties["segments"] == ["new-visitor", "new-customer"]


@pytest.mark.parametrize(
    ("headers", "counted"),
    [
        ({}, True),
        ({"sec-purpose": "prefetch"}, False),
        ({"user-agent": "curl/8.0"}, False),
    ],
)
async def test_a_handler_says_what_it_shows(
    headers: dict[str, str], counted: bool
) -> None:
    ids: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        visit = scope["state"]["shopwindow"]
        decision = await visit.decide("home.hero")
        ids.append(visit.shows("home.hero"))
        assert visit.shows("home.teaser") == ""  # nothing was decided for it
        answer = JSONResponse({"show": decision.fragment}, scope.get("status", 200))
        await answer(scope, receive, send)

    async with open_window(rules=OFFER) as window:
        async with consented(mounted(app, window)) as client:
            usual = {"accept": "application/json", "sec-fetch-dest": "empty"}
            await client.head("/", headers=usual)
            assert showings(window) == []
            await client.get("/", headers={**usual, **headers})
    if counted:
        (told,) = only(window)["promotions"]
        assert told["decision"] == ids[-1]
    else:
        assert showings(window) == []

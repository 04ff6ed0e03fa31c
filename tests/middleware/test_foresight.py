"""What is worked out while the app works counts only if nothing has changed until its page leaves."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shopwindow import Shopwindow
from shopwindow.middleware import pageview
from shopwindow.middleware.display import Display
from shopwindow.middleware.foresight import Foresight
from shopwindow.middleware.lookup import Customer
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.middleware.visit import Visit
from shopwindow.rules.facts import Decision, Profile
from tests.shop import (
    HERO,
    HTML,
    RULES,
    TEASER,
    by_attribute,
    consented,
    mounted,
    open_window,
    page,
)

pytestmark = pytest.mark.anyio
PAGE = page(by_attribute)
PLAIN = b"<p>No slot"
CART = b'<p class="banner">Big cart</p>'
Deed = Callable[[Visit], object]


class Answering(MemoryStore):
    """Answers while the app works, not at once, if ``late``."""

    late = False
    fails = False

    def fetch(self, visitor: str) -> Profile | None:
        if not self.late:
            return super().fetch(visitor)
        return self._answer(visitor)  # type: ignore[return-value]  # both are legal

    async def _answer(self, visitor: str) -> Profile | None:
        await asyncio.sleep(0)
        if self.fails:
            raise OSError("no route to the store")
        return super().fetch(visitor)


class Shop:
    """An app that waits for others before it does its ``deed`` and sends its page."""

    def __init__(self) -> None:
        self.deed: Deed = lambda visit: None
        self.page, self.type = PAGE, HTML
        self.visit: Visit | None = None
        self.foresight: Foresight | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.visit = visit = scope["state"]["shopwindow"]
        for _ in range(6):
            await asyncio.sleep(0)
        self.foresight = visit.view.foresight
        self.deed(visit)
        await Response(self.page, media_type=self.type)(scope, receive, send)


async def pages(
    deed: Deed, paths: tuple[str, ...]
) -> tuple[list[bytes], list[str], Foresight | None]:
    """What the last of ``paths`` shows when ``deed`` is done there, and the next look at it;
    the events that are kept; and what was foreseen."""
    store = Answering()
    shop = Shop()
    async with open_window(store) as window, consented(mounted(shop, window)) as client:
        await client.get("/")  # from here on the page is known to have slots
        for number, path in enumerate(paths, 1):
            window.routes.learn(path, True)
            assert window.journal.wait_until_written()
            store.late = True
            shop.deed = deed if number == len(paths) else lambda visit: None
            bodies = [(await client.get(path)).content]
            foresight = shop.foresight
        shop.deed = lambda visit: None
        bodies.append((await client.get(paths[-1])).content)
        assert window.journal.wait_until_written()
        return bodies, [event.name for event in store.events.values()], foresight


def decide_and_set(visit: Visit) -> None:
    visit.decide_sync("home.hero")
    visit.set(cart_value=80)


DEEDS: dict[str, Deed] = {
    "nothing": lambda visit: None,
    "track": lambda visit: visit.track("Product Viewed", {"product_id": "tea-1"}),
    "set": lambda visit: visit.set(cart_value=80),
    "keep": lambda visit: visit.set(keep=True, cart_value=80),
    "identify": lambda visit: visit.identify("anna"),
    "forget": lambda visit: visit.forget(),
    "deny": lambda visit: visit.deny(),
    "grant": lambda visit: visit.grant("statistics"),
    "ask": lambda visit: visit.profile,
    "decide": lambda visit: visit.decide_sync("home.hero"),
    "decide, set": decide_and_set,
}
# Where the last one comes again, its slots are decided and rendered ahead.
PATHS = [("/",), ("/p/tea-1",), ("/p/tea-1", "/"), ("/p/tea-1", "/", "/")]
SHOWS = {"track": HERO, "set": CART, "decide, set": CART, "keep": CART}


@pytest.mark.parametrize("paths", PATHS)
@pytest.mark.parametrize("deed", DEEDS)
async def test_a_page_is_the_same_without_looking_ahead(
    deed: str, paths: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = await pages(DEEDS[deed], paths)
    monkeypatch.setattr(pageview, "foresee", lambda *_: None)
    without = await pages(DEEDS[deed], paths)
    assert ahead[0] == without[0]
    assert sorted(ahead[1]) == sorted(without[1])
    assert ahead[2] is not None and without[2] is None


@pytest.mark.parametrize("deed", SHOWS)
@pytest.mark.parametrize("paths", [("/",), ("/", "/")])
async def test_what_a_handler_does_after_the_answer_counts(
    deed: str, paths: tuple[str, ...]
) -> None:
    bodies, _, _ = await pages(DEEDS[deed], paths)
    assert SHOWS[deed] in bodies[0]


@pytest.mark.parametrize("deed", ["forget", "deny"])
@pytest.mark.parametrize("paths", PATHS[2:])
async def test_nothing_foreseen_is_shown_to_who_is_nobody_now(
    deed: str, paths: tuple[str, ...]
) -> None:
    bodies, _, _ = await pages(DEEDS[deed], paths)
    assert HERO not in bodies[0] and TEASER in bodies[0]


async def test_the_work_is_done_before_the_app_answers() -> None:
    store, shop = Answering(), Shop()
    async with open_window(store) as window, consented(mounted(shop, window)) as client:
        await client.get("/p/tea-1")
        assert window.journal.wait_until_written()
        store.late = True
        shown: list[object] = []

        def looked(visit: Visit) -> None:
            assert visit.view._learned is None and not visit.lookup.fetched  # not yet
            shown.append(visit.view.foresight)

        shop.deed = looked
        assert HERO in (await client.get("/p/tea-1")).content
        (foreseen,) = shown
        assert isinstance(foreseen, Foresight) and shop.visit is not None
        assert shop.visit.display.facts is foreseen.facts
        assert shop.visit.view.foresight is None


async def test_slots_that_the_page_had_last_time_are_ready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rendered = []
    real = Display.rendered

    def counting(
        self: Display, decision: Decision, *rest: Any, **options: Any
    ) -> bytes | None:
        rendered.append(decision.slot)
        return real(self, decision, *rest, **options)

    monkeypatch.setattr(Display, "rendered", counting)
    at_once: list[list[str]] = []
    store, shop = Answering(), Shop()
    shop.deed = lambda visit: at_once.append(rendered.copy())
    async with open_window(store) as window, consented(mounted(shop, window)) as client:
        await client.get("/p/tea-1")
        assert window.journal.wait_until_written()
        store.late = True
        await client.get("/")  # here we learn which slots it has
        rendered.clear()
        content = (await client.get("/")).content
    assert HERO in content and TEASER in content
    assert rendered == at_once[-1] == ["home.hero", "home.teaser"]
    assert shop.visit is not None and shop.foresight is not None
    assert shop.visit.display.decisions == shop.foresight.decisions


async def test_links_that_were_made_ahead_carry_the_decision_of_their_page() -> None:
    rules = (
        "version: 1\nrules: [{id: a, slot: home.hero, show: offer},"
        " {id: b, slot: home.teaser, show: offer}]\n"
    )
    store, shop = Answering(), Shop()
    async with (
        open_window(store, rules=rules) as window,
        consented(mounted(shop, window)) as client,
    ):
        await client.get("/")
        assert window.journal.wait_until_written()
        store.late = True
        for _ in range(2):
            text = (await client.get("/")).text
        assert shop.foresight is not None
        assert set(shop.foresight.decisions) == {"home.hero", "home.teaser"}
        (first, second) = re.findall(r'/-/shopwindow/click/~(\w+\.\d+)/[\w.-]+"', text)
        assert window.journal.wait_until_written()
    last = max(
        (one for one in store.events.values() if one.name == "Promotion Viewed"),
        key=lambda event: event.time,
    )
    told = [one["decision"] for one in last.properties["promotions"]]
    assert told == [first, second] == [f"{last.id}.0", f"{last.id}.1"]


@pytest.mark.parametrize(
    "change",
    [
        {"pages": "[pages]\nat-most = 1\n"},
        {"pages": '[experiments]\nholdout = "100%"\n'},
        {"rules": RULES.replace("show: banner", "show: offer").replace("with:", "#")},
        {
            "rules": RULES.replace("show: banner", "show: own-first").replace(
                "with:", "#"
            )
        },
        {"rules": RULES.replace("Hello", "Für Sie").replace("More tea", "Grüner Tee")},
    ],
)
@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1"])
async def test_pages_that_show_something_else_than_what_was_decided(
    change: dict[str, str], charset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def last() -> bytes:
        store, shop = Answering(), Shop()
        shop.type = f"text/html; charset={charset}"
        window = open_window(store, **change)
        async with window, consented(mounted(shop, window)) as client:
            await client.get("/p/tea-1")
            store.late = True
            for _ in range(3):
                content = (await client.get("/")).content
                assert window.journal.wait_until_written()
        # Each page has a decision of its own.
        return re.sub(rb"/~[0-9a-f]+\.", b"/~id.", content)

    ahead = await last()
    monkeypatch.setattr(pageview, "foresee", lambda *_: None)
    assert ahead == await last()


async def test_what_others_did_meanwhile_counts() -> None:
    """The same browser looks at something in another tab."""
    store, shop = Answering(), Shop()
    async with open_window(store) as window, consented(mounted(shop, window)) as client:
        await client.get("/")
        assert window.journal.wait_until_written()
        store.late = True

        def elsewhere(visit: Visit) -> None:
            event = visit.event("Product Viewed", {"product_id": "tea-1"})
            window.journal.note(event)

        shop.deed = elsewhere
        assert HERO in (await client.get("/")).content


async def test_who_is_logged_in_is_asked_at_the_first_slot() -> None:
    """After the app's own authentication, which may come after the store's answer."""
    rules = """
version: 1
rules:
  - {id: welcome, slot: home.hero, when: [{logged-in: true}], show: banner, with: {text: Welcome}}
"""
    store, shop = Answering(), Shop()
    window = open_window(store, customer=lambda scope: scope.get("user"), rules=rules)

    def login(visit: Visit) -> None:
        visit.arrival.scope["user"] = Customer("anna")

    async with window, consented(mounted(shop, window)) as client:
        await client.get("/")
        store.late = True
        assert b"Welcome" not in (await client.get("/")).content
        shop.deed = login
        assert b"Welcome" in (await client.get("/")).content
        assert shop.foresight is not None


async def test_a_page_that_says_its_language_is_shown_in_it() -> None:
    store, shop = Answering(), Shop()
    shop.page = PAGE.replace(b"<html>", b'<html lang="de">')
    async with open_window(store) as window, consented(mounted(shop, window)) as client:
        await client.get("/")
        store.late = True
        assert "Für Sie: Hello" in (await client.get("/")).text
        assert shop.foresight is not None


async def foreseen(window: Shopwindow, shop: Shop, app: ASGIApp, path: str) -> bool:
    assert isinstance(window.store, Answering)
    async with consented(app) as client:
        window.store.late = True
        assert (await client.get(path)).status_code == 200
    return shop.foresight is not None


async def test_nothing_is_done_for_pages_without_slots() -> None:
    shop = Shop()
    shop.page = PLAIN
    async with open_window(Answering()) as window:
        assert not await foreseen(window, shop, mounted(shop, window), "/plain")


async def test_nothing_is_done_where_site_toml_keeps_us_away() -> None:
    shop = Shop()
    changes = {"pages": '[pages]\nexclude = ["/checkout"]\n'}
    async with open_window(Answering(), **changes) as window:
        window.routes.learn("/checkout", True)
        assert not await foreseen(window, shop, mounted(shop, window), "/checkout")


async def test_nothing_is_done_once_the_page_has_begun_to_leave() -> None:
    shop = Shop()

    async def begun(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["shopwindow"].left = True
        await shop(scope, receive, send)

    async with open_window(Answering()) as window:
        window.routes.learn("/", True)
        assert not await foreseen(window, shop, mounted(begun, window), "/")


async def test_a_store_that_fails_costs_the_page_nothing() -> None:
    store, shop = Answering(), Shop()
    async with open_window(store) as window:
        window.routes.learn("/", True)
        store.fails = True
        assert not await foreseen(window, shop, mounted(shop, window), "/")
        assert window.stats.lookups["error"] == 1


async def test_if_looking_ahead_fails_the_first_slot_tries_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(pageview, "foresee", broken)
    bodies, _, _ = await pages(DEEDS["nothing"], ("/p/tea-1",))
    assert HERO in bodies[0]
    assert "looking ahead failed" in caplog.text

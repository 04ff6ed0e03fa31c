"""Whatever fails in here, the page goes out: each of our calls fails in turn."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from shopwindow import Customer, Shopwindow
from shopwindow.fragments.familiar import Familiar
from shopwindow.fragments.recurring import Recurring
from shopwindow.fragments.render import Renderer
from shopwindow.fragments.rewrite import Rewriter
from shopwindow.middleware import asgi, display, site, visit
from shopwindow.middleware.breaker import Breaker
from shopwindow.middleware.consent import RefusalCookie
from shopwindow.middleware.context import ContextReader
from shopwindow.middleware.display import Display
from shopwindow.middleware.journal import Journal
from shopwindow.middleware.lookup import Lookup
from shopwindow.middleware.pageview import PageView
from shopwindow.middleware.response import feed, headers, responder
from shopwindow.middleware.response.unsent import Unsent
from shopwindow.middleware.routes import Routes
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.middleware.tracking import Tracks
from shopwindow.middleware.visit import Visit
from shopwindow.middleware.visitor import VisitorCookie
from shopwindow.rules.facts import Profile
from tests.asgi import BROWSER, Headers, ask, chunk, cut, replaying, start
from tests.shop import (
    AROUND,
    HERO,
    HTML,
    LANES,
    TEASER,
    consented,
    from_file,
    many_chunks,
    mounted,
    open_window,
    page,
    whole,
)

pytestmark = pytest.mark.anyio
TYPE = (b"content-type", HTML.encode())


class Source:
    """What another service knows."""

    name = "crm"

    def fetch(self, customer: str) -> dict[str, object]:
        return {}

    async def close(self) -> None:
        pass


class Awaited(MemoryStore):
    """Answers later, as a store over the network does."""

    async def fetch(self, visitor: str) -> Profile | None:  # type: ignore[override]
        # The protocol allows an awaitable; MemoryStore alone promises to answer at once.
        await asyncio.sleep(0)
        return super().fetch(visitor)


SITES: list[tuple[Any, str]] = [
    (asgi, "Arrival"),
    (asgi, "Visit"),
    (asgi, "excluded"),
    (Shopwindow, "_open"),
    (VisitorCookie, "read"),
    (VisitorCookie, "stale"),
    (RefusalCookie, "read"),
    (visit, "consent"),
    (ContextReader, "read"),
    (ContextReader, "given"),
    (ContextReader, "day"),
    (Tracks, "sighting"),
    (Breaker, "allows"),
    (Breaker, "succeeded"),
    (Journal, "over"),
    (Journal, "note"),
    (Journal, "note_all"),
    (Source, "fetch"),
    (display, "facts_of"),
    (display, "decide"),
    (site, "learn"),
    (Renderer, "plate"),
    (Rewriter, "feed"),
    (Rewriter, "close"),
    (Routes, "learn"),
    (Routes, "has_slots"),
    (Routes, "has_none"),
    (responder, "charset_of"),
    (responder, "private"),
    (feed, "Rewriter"),
    (feed, "cut"),
    (Familiar, "scanner"),
    (Recurring, "history"),
    (Unsent, "fed"),
    (Unsent, "came"),
    (Visit, "_recognise"),
    (Display, "_gather"),
    (PageView, "_own"),
    (Display, "fill"),
    (Lookup, "settle"),
    (Visit, "refresh_cookie"),
    (Visit, "delivered"),
]


class Fault:
    """Fails instead of what stands at a place."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, *_: Any, **__: Any) -> Any:
        self.calls += 1
        raise ArithmeticError("a fault of ours")


def lanes(lane: str) -> set[bytes]:
    """A page of the shop in which each slot has its default or its fragment."""
    heroes, teasers = (
        ["<p>Default</p>", HERO.decode()],
        ["<p>News</p>", TEASER.decode()],
    )
    return {
        page(AROUND[lane], hero, teaser) for hero, teaser in product(heroes, teasers)
    }


async def visitor_headers(window: Shopwindow) -> Headers:
    """The request headers of a browser that has looked at tea."""
    shop = mounted(whole(lambda: page(LANES["attribute"])), window)
    async with consented(shop) as client:
        assert HERO in (await client.get("/p/tea-1")).content
        assert window.journal.wait_until_written()
        cookie = f"shopwindow={client.cookies['shopwindow']}".encode()
        return [
            (b"cookie", cookie),
            (b"user-agent", BROWSER),
            (b"accept", b"text/html"),
        ]


def handled(app: ASGIApp) -> ASGIApp:
    """The shop's handler uses all of the visit before it answers."""

    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        if "state" in scope and (visit := scope["state"].get("shopwindow")):
            visit.track("Product Viewed", {"product_id": "tea-1"})
            visit.set(cart_value=3)
            assert visit.consent.state in ("granted", "unknown")
            assert (await visit.decide("home.hero")).reason
            assert visit.decide_sync("home.teaser").reason
        await app(scope, receive, send)

    return handler


@pytest.mark.parametrize("kind", ["whole", "chunks", "file", "handled", "awaited"])
@pytest.mark.parametrize(
    ("owner", "name"), SITES, ids=[f"{getattr(o, '__name__', o)}.{n}" for o, n in SITES]
)
async def test_the_page_goes_out_complete(
    owner: Any, name: str, kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def make() -> bytes:
        return page(LANES["attribute"])

    app = {
        "whole": whole(make),
        "chunks": many_chunks(make),
        "file": from_file(tmp_path / "page.html", make),
        "handled": handled(whole(make)),
        "awaited": handled(whole(make)),
    }[kind]
    store = Awaited() if kind == "awaited" else None
    async with open_window(store, customer=lambda _: Customer("17")) as window:
        window.sources = [Source()]  # type: ignore[list-item]  # it does what is needed
        headers = await visitor_headers(window)
        window.routes = Routes()
        if name == "has_none" or name == "excluded" or kind == "chunks":
            window.routes.learn("/p/tea-1", True)
        if name == "settle":
            monkeypatch.setattr(Lookup, "collect", lambda lookup: False)
        if name == "_open":
            await window.stop()
        fault = Fault()
        monkeypatch.setattr(owner, name, fault)
        answer = await ask(mounted(app, window), "/p/tea-1", headers=headers)
        monkeypatch.undo()
        expected = True
        if name in ("fed", "came", "history"):
            expected = kind in ("chunks", "file")
        elif name in ("cut", "scanner"):
            expected = kind in ("whole", "handled", "awaited")
        elif name == "note":
            expected = kind in ("handled", "awaited")  # what a handler tracks
        elif name == "has_slots":
            expected = kind == "chunks"  # else the page itself said it
        elif name == "learn" and owner is Routes:
            expected = kind != "chunks"  # there it was known
        assert (fault.calls > 0) == expected, "the fault was not met"
        assert answer.status == 200 and answer.complete
        assert answer.body in lanes("attribute")
        assert answer.all(b"content-length") in ([], [b"%d" % len(answer.body)])
        if fault.calls:
            assert any(name.startswith("warning") for name in window.counters), (
                "nobody was told"
            )
        if not window.started:
            await window.start()


async def failing(*_: Any) -> Any:
    raise ArithmeticError("a fault of theirs")


def fails(*_: Any) -> Any:
    raise ArithmeticError("a fault of theirs")


async def cancels(*_: Any) -> Any:
    raise asyncio.CancelledError


async def hangs(*_: Any) -> Any:
    await asyncio.sleep(60)


def nonsense(*_: Any) -> Any:
    return object()


THEIRS: dict[str, Callable[..., Any]] = {
    "raises": fails, "raises later": failing, "gives up": cancels, "hangs": hangs, "talks nonsense": nonsense,
}  # fmt: skip


@pytest.mark.parametrize("how", THEIRS)
@pytest.mark.parametrize("who", ["store", "customer", "source"])
async def test_what_others_answer_never_harms_the_page(who: str, how: str) -> None:
    def customer(scope: Scope) -> Customer | None | Awaitable[Customer | None]:
        answer: Customer | None = (
            THEIRS[how](scope) if who == "customer" else Customer("17")
        )
        return answer

    async with open_window() as window:
        headers = await visitor_headers(window)
        window.customer = customer
        source = Source()
        window.sources = [source]  # type: ignore[list-item]  # it does what is needed
        if who == "source":
            source.fetch = THEIRS[how]  # type: ignore[method-assign]  # the fault
        if who == "store":
            window.store.fetch = THEIRS[how]  # type: ignore[method-assign]  # the fault
        for app in (
            whole(lambda: page(LANES["attribute"])),
            handled(whole(lambda: page(LANES["attribute"]))),
        ):
            answer = await ask(mounted(app, window), headers=headers)
            assert answer.status == 200 and answer.complete
            assert answer.body in lanes("attribute")
            assert who == "store" or HERO in answer.body
        silent = how == "hangs" or (how == "gives up" and who != "store")
        assert silent or any(name.startswith("warning") for name in window.counters)


@pytest.fixture
def failing_feed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The rewriter fails at the call whose number is in the list."""
    number = [0, 0]
    feed, close = Rewriter.feed, Rewriter.close

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(self: Rewriter, *arguments: Any) -> Any:
            number[1] += 1
            if number[1] == number[0]:
                raise ArithmeticError("a fault of ours")
            return call(self, *arguments)

        return called

    monkeypatch.setattr(Rewriter, "feed", counted(feed))
    monkeypatch.setattr(Rewriter, "close", counted(close))
    yield number


@pytest.mark.parametrize("route", ["remembered", "unknown", "of known length"])
@pytest.mark.parametrize("lane", LANES)
async def test_the_rewriter_may_fail_at_any_place_of_a_streamed_page(
    lane: str, route: str, failing_feed: list[int]
) -> None:
    async with open_window() as window:
        headers = await visitor_headers(window)
        window.routes = Routes()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            body = page(LANES[lane]) if lane != "template" else TEMPLATE
            parts = [chunk(part, True) for part in cut(body, *range(0, len(body), 23))]
            length = (b"content-length", b"%d" % len(body))
            sized = [length] if route == "of known length" else []
            await replaying(start(TYPE, *sized), *parts, chunk())(scope, receive, send)

        # Not through the template engine: a page from elsewhere, cut anywhere.
        marker = window.marker
        TEMPLATE = page(lambda slot, text: marker.open(slot) + text + marker.close)
        seen = set()
        for number in range(1, 40):
            if route == "remembered":
                window.routes.learn("/", True)
            else:
                window.routes = Routes()
            failing_feed[:] = [number, 0]
            answer = await ask(mounted(app, window), headers=headers)
            body = answer.body
            # After a fault the rest of the page stays as the app made it, inert comments included.
            body = re.sub(rb"<!--\x1e[^>]*-->", b"", body)
            assert body in lanes(lane), number
            assert answer.complete
            assert answer.all(b"content-length") in ([], [b"%d" % len(answer.body)])
            seen.add(body)
        assert page(AROUND[lane]) in seen


async def test_a_fault_before_the_body_lets_the_messages_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    messages = (
        start(TYPE),
        {"type": "http.response.push"},
        chunk(page(LANES["attribute"])),
    )
    async with open_window() as window:
        monkeypatch.setattr(Routes, "has_slots", Fault())
        answer = await ask(mounted(replaying(*messages), window))
        assert answer.messages == list(messages)


async def test_a_fault_in_finding_out_who_it_is_leaves_the_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with open_window() as window:
        monkeypatch.setattr(Lookup, "_ask_customer", Fault())
        answer = await ask(mounted(whole(lambda: page(LANES["attribute"])), window))
        assert answer.body in lanes("attribute") and answer.complete


async def test_a_fault_in_leaving_keeps_the_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with open_window() as window:
        monkeypatch.setattr(headers, "private", Fault())
        app = mounted(handled(replaying(start((b"x", b"y")), chunk(b"{}"))), window)
        answer = await ask(app, method="POST")
        assert answer.headers == [(b"x", b"y")] and answer.body == b"{}"
        assert window.counters["warning leaving"] == 1


async def test_a_warning_is_given_once_a_minute_and_always_counted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_window() as window:
        monkeypatch.setattr(Rewriter, "feed", Fault())
        app = mounted(whole(lambda: page(LANES["attribute"])), window)
        for _ in range(5):
            await ask(app)
        assert window.counters["warning rewriter"] == 5
        assert caplog.text.count("rewriting / failed") == 1

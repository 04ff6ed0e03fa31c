"""The store never makes a visitor wait for the first byte, nor the shop for anything."""

import asyncio
from collections.abc import Awaitable, Callable
from statistics import median
from time import perf_counter

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shopwindow import Shopwindow
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.rules.facts import Profile
from tests.asgi import BROWSER, chunk, scope_of, start
from tests.shop import (
    HERO,
    HTML,
    by_attribute,
    consented,
    mounted,
    open_window,
    page,
    whole,
)

pytestmark = pytest.mark.anyio
TYPE = (b"content-type", HTML.encode())
PAGE = page(by_attribute)
HEAD = PAGE[: PAGE.index(b"<section")]
RUNS = 11
DEADLINE = 0.05  # the default of [deadlines] profile-ms


class SlowStore(MemoryStore):
    """Answers after ``seconds``."""

    seconds = 0.0

    async def fetch(self, visitor: str) -> Profile | None:  # type: ignore[override]  # both are legal
        if self.seconds:
            await asyncio.sleep(self.seconds)
        return super().fetch(visitor)


class Times:
    """When things happened, in seconds after the request came in."""

    def __init__(self) -> None:
        self.app = self.given = self.first = self.last = 0.0
        self.body = b""


def head_first(times: list[Times], begin: list[float]) -> ASGIApp:
    """Sends the page's head at once and the rest after 2 ms of work."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        times[-1].app = perf_counter() - begin[-1]
        await send(start(TYPE))
        await send(chunk(HEAD, True))
        times[-1].given = perf_counter() - begin[-1]
        await asyncio.sleep(0.002)
        await send(chunk(PAGE[len(HEAD) :]))

    return app


def at_once(times: list[Times], begin: list[float]) -> ASGIApp:
    """Sends the page in one message."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        times[-1].app = perf_counter() - begin[-1]
        await send(start(TYPE))
        await send(chunk(PAGE))

    return app


Make = Callable[[list[Times], list[float]], ASGIApp]


async def compare(
    make: Make, seconds: float
) -> tuple[list[Times], list[Times], Shopwindow]:
    """The same app without and with us, in turn; the store answers after ``seconds``."""
    times: list[Times] = []
    begin: list[float] = []
    app = make(times, begin)
    store = SlowStore()
    async with open_window(store) as window:
        async with consented(mounted(whole(lambda: PAGE), window)) as client:
            await client.get("/p/tea-1")
            cookie = (b"cookie", f"shopwindow={client.cookies['shopwindow']}".encode())
        assert window.journal.wait_until_written()
        window.routes.learn("/", True)
        store.seconds = seconds
        shop = mounted(app, window)
        headers = [cookie, (b"user-agent", BROWSER)]
        for run in range(2 * RUNS):
            window.breaker.succeeded()  # else it would stop asking
            times.append(Times())
            await visit(shop if run % 2 else app, headers, times[-1], begin)
    return times[::2], times[1::2], window


async def visit(
    app: ASGIApp, headers: list[tuple[bytes, bytes]], times: Times, begin: list[float]
) -> None:
    async def receive() -> Message:
        raise AssertionError

    async def sending(message: Message) -> None:
        if body := message.get("body"):
            if not times.first:
                times.first = perf_counter() - begin[-1]
            times.body += body

    begin.append(perf_counter())
    await app(scope_of(headers=headers), receive, sending)
    times.last = perf_counter() - begin[-1]


def middle(times: list[Times], what: str) -> float:
    return float(median(getattr(one, what) for one in times))


async def measured(make: Make, seconds: float) -> tuple[list[Times], list[Times]]:
    alone, ours, _ = await compare(make, seconds)
    for what in ("app", "given", "first", "last"):
        print(
            what,
            f"{middle(alone, what) * 1000:.2f} ms alone, {middle(ours, what) * 1000:.2f} ms ours",
        )
    return alone, ours


async def test_the_head_leaves_at_once_and_the_slot_waits_for_a_slow_store() -> None:
    alone, ours = await measured(head_first, 0.02)
    assert all(HERO in one.body for one in ours)
    assert middle(ours, "app") < middle(alone, "app") + 0.001
    assert middle(ours, "given") < middle(alone, "given") + 0.001
    assert middle(ours, "first") < middle(alone, "first") + 0.001
    # The look-up runs beside the app: what the app takes is not added to it.
    assert 0.019 < middle(ours, "last") < 0.02 + 0.01


async def test_the_head_of_a_page_in_one_message_leaves_at_once() -> None:
    alone, ours = await measured(at_once, 0.02)
    assert all(HERO in one.body for one in ours)
    assert middle(ours, "first") < middle(alone, "first") + 0.001


@pytest.mark.parametrize("make", [head_first, at_once])
async def test_a_hanging_store_costs_the_deadline_and_no_more(make: Make) -> None:
    alone, ours = await measured(make, 60)
    assert all(one.body == PAGE for one in ours)
    assert middle(ours, "app") < middle(alone, "app") + 0.001
    assert middle(ours, "first") < middle(alone, "first") + 0.001
    assert middle(ours, "last") < middle(alone, "last") + DEADLINE + 0.01


async def test_after_some_failures_nobody_waits_for_the_store_any_more() -> None:
    store = SlowStore()
    async with open_window(store) as window:
        async with consented(mounted(whole(lambda: PAGE), window)) as client:
            store.seconds = 60
            took = []
            for _ in range(7):
                begin = perf_counter()
                assert (await client.get("/")).content == PAGE
                took.append(perf_counter() - begin)
    assert min(took[:5]) > DEADLINE * 0.9
    assert max(took[5:]) < DEADLINE / 2


async def test_a_page_without_a_slot_never_waits() -> None:
    store = SlowStore()
    async with open_window(store) as window:
        async with consented(mounted(whole(lambda: b"<p>No slot"), window)) as client:
            store.seconds = 60
            for _ in range(3):
                begin = perf_counter()
                await client.get("/")
                assert perf_counter() - begin < DEADLINE / 2


async def test_everybody_who_is_asked_shares_one_deadline() -> None:
    async def hangs(*_: object) -> None:
        await asyncio.sleep(60)

    customer: Callable[..., Awaitable[None]] = hangs
    async with open_window(SlowStore(), customer=customer) as window:
        assert isinstance(window.store, SlowStore)
        async with consented(mounted(whole(lambda: PAGE), window)) as client:
            window.store.seconds = 0.03
            begin = perf_counter()
            await client.get("/")
            assert DEADLINE * 0.9 < perf_counter() - begin < DEADLINE + 0.03

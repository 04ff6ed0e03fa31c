"""A request of every kind, cancelled at each of its awaits in turn."""

import asyncio
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from pathlib import Path
from typing import Any, NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shopwindow import Customer, PersonalizationMiddleware, Shopwindow
from shopwindow.middleware.breaker import Breaker
from shopwindow.middleware.routes import Routes
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.rules.facts import Profile
from tests.asgi import Headers, ask, chunk, cut, scope_of, start
from tests.shop import (
    HERO,
    HTML,
    by_attribute,
    consented,
    events_of,
    mounted,
    page,
    whole,
)

PAGE = page(by_attribute)
TYPE = (b"content-type", HTML.encode())
SHOWN = ("Promotion Viewed", "Product Viewed", "Visited")


class SlowStore(MemoryStore):
    """Answers after a few turns of the loop; ``asked`` questions have no answer yet."""

    asked = 0
    pause = 0.0005

    async def fetch(self, visitor: str) -> Profile | None:  # type: ignore[override]  # both are legal
        self.asked += 1
        try:
            await asyncio.sleep(self.pause)
            await asyncio.sleep(0)
            return super().fetch(visitor)
        finally:
            self.asked -= 1


async def customer(scope: Scope) -> Customer:
    """The shop takes a while to say who is logged in."""
    await asyncio.sleep(0)
    return Customer("17")


# -- the shop's ways to answer -----------------------------------------------------------------


def streaming(*places: int) -> ASGIApp:
    """The page in pieces that end at ``places``."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start(TYPE))
        for part in cut(PAGE, *places):
            await send(chunk(part, True))
            await asyncio.sleep(0)
        await send(chunk())

    return app


async def sized(scope: Scope, receive: Receive, send: Send) -> None:
    await send(start(TYPE, (b"content-length", b"%d" % len(PAGE))))
    first, last = cut(PAGE, 150)
    await send(chunk(first, True))
    await asyncio.sleep(0)
    await send(chunk(last))


async def deciding(scope: Scope, receive: Receive, send: Send) -> None:
    visit = scope["state"]["shopwindow"]
    decision = await visit.decide("home.hero")
    await send(start((b"content-type", b"application/json")))
    await send(chunk(decision.reason.encode()))


async def ordering(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    visit = scope["state"]["shopwindow"]
    receipt = visit.track("Order Completed", {"order_id": "A1", "products": []})
    await receipt.stored
    await send(start((b"location", b"/"), status=303))
    await send(chunk())


one_message = whole(lambda: PAGE)
streamed = streaming(40, 120, 200)


class Kind(NamedTuple):
    """A request and how the shop answers it. ``cold``: the window has to be started first;
    ``timed``: it tells how long things took."""

    app: ASGIApp
    method: str = "GET"
    path: str = "/p/tea-1"
    body: tuple[bytes, ...] = ()
    known: bool = True
    preview: bool = False
    cold: bool = False
    timed: bool = False


KINDS = {
    "one message": Kind(one_message),
    "streamed": Kind(streamed),
    "streamed, unknown path": Kind(streamed, known=False),
    "of known length": Kind(sized),
    "HEAD": Kind(one_message, "HEAD"),
    "HEAD, streamed": Kind(streamed, "HEAD"),
    "decided in a handler": Kind(deciding),
    "an order": Kind(ordering, "POST", "/order", (b"a", b"b")),
    "consent": Kind(
        one_message,
        "POST",
        "/-/shopwindow/consent",
        (b"choice=", b"granted"),
    ),
    "decisions": Kind(one_message, path="/-/shopwindow/decide"),
    "a preview": Kind(one_message, preview=True),
    "not started": Kind(one_message, cold=True),
    "timed": Kind(one_message, timed=True),
    "timed, streamed": Kind(streamed, timed=True),
}


# -- stepping ----------------------------------------------------------------------------------


class Steps:
    """Runs a coroutine and cancels its task at the await with the number ``last``; 0: at none."""

    def __init__(self, last: int) -> None:
        self._last = last
        self.taken = 0

    @types.coroutine
    def run(self, work: Coroutine[Any, Any, None]) -> Generator[Any, Any, None]:
        task = asyncio.current_task()
        assert task is not None
        raised: BaseException | None = None
        while True:
            try:
                awaited = work.send(None) if raised is None else work.throw(raised)
            except StopIteration:
                return
            raised = None
            self.taken += 1
            if self.taken == self._last:
                task.cancel()
            try:
                yield awaited
            except (
                BaseException
            ) as error:  # the cancel above, or what was awaited failed
                raised = error


class Client:
    """Takes a while for every message; ``complete`` once it has the whole answer."""

    def __init__(self, body: tuple[bytes, ...]) -> None:
        self._parts = list(body) or [b""]
        self.messages: list[Message] = []
        self._gone = asyncio.Event()

    async def receive(self) -> Message:
        await asyncio.sleep(0)
        if not self._parts:
            await self._gone.wait()
        part = self._parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(self._parts)}

    async def send(self, message: Message) -> None:
        await asyncio.sleep(0)
        self.messages.append(message)
        await asyncio.sleep(0)

    @property
    def complete(self) -> bool:
        return bool(self.messages) and (
            self.messages[-1]["type"] == "http.response.body"
            and not self.messages[-1].get("more_body", False)
        )


class Cancelled(NamedTuple):
    """What came of one kind of request: how many awaits were cancelled, and what was wrong."""

    awaits: int
    faults: list[str]


async def cancel_everywhere(
    kind: Kind,
    window: Shopwindow,
    most: int = 1_000,
    advance: Callable[[], None] = lambda: None,
) -> Cancelled:
    """Ask for ``kind`` again and again, each time cancelled one await later, until it gets through.

    ``window`` is started and has a :class:`SlowStore`; it gets through ``most`` awaits at most.
    """
    faults: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, said: faults.append(f"the loop: {said!r}"))
    headers = await known_visitor(window)
    number, through = 0, False
    while not through and number < most:
        number += 1
        if kind.cold:
            await window.stop()
        window.routes = Routes()
        if kind.known:
            window.routes.learn(kind.path, True)
        through, found = await _cancelled(kind, window, headers, number)
        faults += [f"await {number}: {fault}" for fault in found]
        advance()
    loop.set_exception_handler(None)
    if not window.started:
        await window.start()
    faults += await still_usable(window, headers)
    return Cancelled(number - through, faults)


async def _cancelled(
    kind: Kind, window: Shopwindow, headers: Headers, number: int
) -> tuple[bool, list[str]]:
    """Whether the request got through without reaching its await ``number``; what was wrong."""
    query = b""
    if kind.preview:
        query = window.previews.link(kind.path, "stranger").partition("?")[2].encode()
    app = PersonalizationMiddleware(
        kind.app, window, customer=customer, timing=kind.timed, tracer=kind.timed
    )
    client, steps = Client(kind.body), Steps(number)
    scope = scope_of(kind.path, kind.method, headers, query_string=query, state={})
    accepted, tasks = window.journal.accepted, asyncio.all_tasks()
    request = app(scope, client.receive, client.send)
    task = asyncio.create_task(_awaited(steps.run(request)))
    await asyncio.wait((task,), timeout=5)
    through = steps.taken < number
    faults = []
    if not task.done():
        faults.append("it hangs")
        task.cancel()
    elif not task.cancelled() and task.exception() is not None:
        faults.append(f"it raised {task.exception()!r}")
    elif not through and not task.cancelled():
        faults.append("the cancel was swallowed")
    counted = window.journal.accepted - accepted
    if counted and kind.method == "HEAD":
        faults.append(f"{counted} events of a HEAD")
    if counted and kind.method == "GET" and not client.complete:
        faults.append(f"{counted} events of a page that was not delivered")
    return through, faults + await left_behind(tasks, window)


async def _awaited(work: Awaitable[None]) -> None:
    await work


async def left_behind(
    before: set["asyncio.Task[Any]"], window: Shopwindow
) -> list[str]:
    """What is left of a request once the loop has turned a few times; there should be nothing."""
    store, faults = window.store, []
    for _ in range(20):
        await asyncio.sleep(0)
    ours = {window._starting, window._refreshing}  # these are the window's own
    if left := asyncio.all_tasks() - before - ours:
        faults.append(f"tasks are left: {left!r}")
    if isinstance(store, SlowStore) and store.asked:
        faults.append(f"{store.asked} questions to the store are left")
    if window.stats.streaming:
        faults.append(f"pages are held: {window.stats.streaming!r}")
    # That a slot came too late is said to whoever writes site.toml, and no fault.
    told = [name for name in window.counters if name.startswith("warning")]
    if told and told != ["warning late"]:
        faults.append(f"warned: {told!r}")
    return faults


def people(folder: Path) -> Path:
    """The site in ``folder``, with somebody to preview."""
    tests = folder / "rules" / "tests"
    tests.mkdir(exist_ok=True)
    text = "version: 1\npersonas:\n  stranger: {}\n"
    (tests / "people.yaml").write_text(text)
    return folder


async def known_visitor(window: Shopwindow) -> Headers:
    """The headers of a visitor who has looked at tea, and whose profile is stored."""
    async with consented(mounted(one_message, window)) as client:
        await client.get("/p/tea-1")
        assert window.journal.wait_until_written()
        return [(b"cookie", f"shopwindow={client.cookies['shopwindow']}".encode())]


async def still_usable(window: Shopwindow, headers: Headers) -> list[str]:
    """After all of it the visitor's page is what it always was, and counts."""
    store = window.store
    assert isinstance(store, SlowStore)
    if store.pause > window.site.settings.profile_ms / 1000:
        # It was rightly given up; after a cancel alone it is not.
        store.pause, window.breaker = 0.0, Breaker()
    before = len(events_of(window))
    app = PersonalizationMiddleware(one_message, window)
    answer = await ask(app, "/p/tea-1", headers=headers)
    faults = [] if HERO in answer.body else ["afterwards the store knows nobody"]
    counted = events_of(window)[before:]
    if "Promotion Viewed" not in counted:
        faults.append(f"afterwards nothing counts: {counted}")
    return faults

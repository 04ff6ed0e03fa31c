"""How long until the first byte and the last one, with slow stores and with one that hangs.

Real uvicorn processes on loopback, one per kind of app and store, asked in turn:
``python -m tests.benchmarks.firstbyte SENDS STORE PORT FOLDER`` is one of them.
"""

import asyncio
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import NamedTuple

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from shopwindow import PersonalizationMiddleware, Shopwindow
from shopwindow.middleware.settings import Settings
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.middleware.visitor import Visitor, VisitorCookie
from shopwindow.rules.facts import PURPOSES, Profile
from tests.servers import free_port, serving

from .shop import SLOTS, page_values
from .visitors import make_visitor, request
from .work import KEY, plain_page, slotted_constant, write_site

HEAD_FIRST, WHOLE = "head first", "whole"
CONTROL, HANGING = "none", "hanging"
STORES = {"20 ms": 0.02, "60 ms": 0.06, HANGING: 3600.0}  # seconds until it answers
APP_SECONDS = 0.03  # what the app works: after its head has left, or before all of it
DEADLINE_SECONDS = Settings(Path()).profile_ms / 1000
HEALTHY, LOST = 1, 2  # visitors: for the second one the store is slow


async def work() -> None:
    """What an app does that waits for others.

    A timer of the event loop would be the wrong clock: it counts in whole milliseconds from
    whenever the loop woke up last, so that it is late by another part of one as soon as
    anything else, as a store that answers meanwhile, wakes the loop between.
    """
    await asyncio.to_thread(time.sleep, APP_SECONDS)


def head_first(page: bytes) -> ASGIApp:
    """An app that sends what it has at once, and the rest after its work."""
    head, mark, rest = page.partition(b"<main>")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = [(b"content-type", b"text/html; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send(
            {"type": "http.response.body", "body": head + mark, "more_body": True}
        )
        await work()
        await send({"type": "http.response.body", "body": rest})

    return app


def whole(page: bytes) -> ASGIApp:
    """An app that sends everything in one message after its work."""
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(page)).encode()),
    ]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        await work()
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": page})

    return app


class Kind(NamedTuple):
    """How the app sends its page, and how fast the store answers."""

    sends: str
    store: str

    def __str__(self) -> str:
        return f"{self.sends}, store {self.store}"

    @property
    def personalised(self) -> bool:
        """Whether the profile comes before the deadline."""
        return STORES.get(self.store, DEADLINE_SECONDS) < DEADLINE_SECONDS

    @property
    def must_take(self) -> float:
        """Seconds that the page takes at least, however fast all else is."""
        waiting = min(STORES.get(self.store, 0.0), DEADLINE_SECONDS)
        return max(APP_SECONDS, waiting)


KINDS = tuple(
    Kind(sends, store) for sends in (HEAD_FIRST, WHOLE) for store in (CONTROL, *STORES)
)


class DelayedStore(MemoryStore):
    """Answers after ``seconds`` for the visitor ``lost``, at once for everybody else."""

    def __init__(self, seconds: float, lost: str) -> None:
        super().__init__()
        self._seconds = seconds
        self._lost = lost

    async def fetch(self, visitor: str) -> Profile | None:  # type: ignore[override]
        # The protocol allows an awaitable; MemoryStore alone promises to answer at once.
        await asyncio.sleep(self._seconds if visitor == self._lost else 0.0)
        return super().fetch(visitor)


def build(kind: Kind, folder: Path) -> ASGIApp:
    app = head_first if kind.sends == HEAD_FIRST else whole
    if kind.store == CONTROL:
        return app(plain_page().render(page_values()).encode())
    now = time.time()
    store = DelayedStore(STORES[kind.store], make_visitor(LOST, now).id)
    store.profiles = {
        visitor.id: visitor.profile
        for visitor in (make_visitor(number, now) for number in (HEALTHY, LOST))
    }
    window = Shopwindow(folder, store=store, keys=(KEY,))
    return PersonalizationMiddleware(app(slotted_constant(window)), window)


class Moment(NamedTuple):
    """Seconds after the request was sent. ``body`` is what came, still in its chunks."""

    first: float
    last: float
    body: bytes


def ask(port: int, number: int, now: float) -> Moment:
    """Visitor ``number`` opens the page over a fresh connection."""
    visitor = make_visitor(number, now)
    known = Visitor(visitor.id, int(now), frozenset(PURPOSES), int(now))
    cookie = VisitorCookie((KEY,)).issue(known, True).partition(b";")[0]
    headers = [
        (name, b"close" if name == b"connection" else value)
        for name, value in request(visitor, cookie)["headers"]
    ]
    lines = [
        b"GET / HTTP/1.1",
        *(name + b": " + value for name, value in headers),
        b"",
        b"",
    ]
    with socket.create_connection(("127.0.0.1", port)) as connection:
        start = time.perf_counter()
        connection.sendall(b"\r\n".join(lines))
        received = b""
        first = 0.0
        while data := connection.recv(65_536):
            received += data
            if not first and received.partition(b"\r\n\r\n")[2]:
                first = time.perf_counter() - start
    last = time.perf_counter() - start
    head, _, body = received.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(head.decode("latin-1"))
    return Moment(first, last, body)


class FirstByte(NamedTuple):
    """What was measured, by kind, one moment per round."""

    moments: dict[Kind, list[Moment]]

    def first(self, kind: Kind) -> float:
        return median(moment.first for moment in self.moments[kind])

    def last(self, kind: Kind) -> float:
        return median(moment.last for moment in self.moments[kind])

    def first_added(self, kind: Kind) -> float:
        """Seconds that the first byte came later than from the same app alone, round by round."""
        return median(own.first - alone.first for own, alone in self._pairs(kind))

    def last_added(self, kind: Kind) -> float:
        """Seconds that the last byte came later than it has to, beyond what the app alone was late."""
        control = Kind(kind.sends, CONTROL)
        return median(
            (own.last - kind.must_take) - (alone.last - control.must_take)
            for own, alone in self._pairs(kind)
        )

    def _pairs(self, kind: Kind) -> Iterator[tuple[Moment, Moment]]:
        control = self.moments[Kind(kind.sends, CONTROL)]
        return zip(self.moments[kind], control, strict=True)


def measure(folder: Path, rounds: int, progress: Callable[[], None]) -> FirstByte:
    """Ask all kinds ``rounds`` times, in turn."""
    write_site(folder)
    now = time.time()
    moments: dict[Kind, list[Moment]] = {kind: [] for kind in KINDS}
    with ExitStack() as servers:
        ports = {kind: free_port() for kind in KINDS}
        for number, (kind, port) in enumerate(ports.items()):
            command = [sys.executable, "-m", __name__, *kind, str(port), str(folder)]
            servers.enter_context(serving(command, port, folder / f"{number}.log"))
        for number in range(-2, rounds):
            for kind, port in ports.items():
                # A visitor whose profile comes keeps the breaker from opening: the
                # deadline is to be waited for, every time.
                ask(port, HEALTHY, now)
                moment = ask(port, LOST, now)
                if number >= 0:
                    moments[kind].append(moment)
                    progress()
    check(moments)
    return FirstByte(moments)


def check(moments: dict[Kind, list[Moment]]) -> None:
    """Who has the profile in time personalises, nobody else: else nothing was measured."""
    shelf = b'data-name="shelf-'
    for kind, all_of_it in moments.items():
        if any((shelf in moment.body) is not kind.personalised for moment in all_of_it):
            which = "without" if kind.personalised else "with"
            raise RuntimeError(f"{kind}: a page {which} {SLOTS[2]}")


def main(sends: str, store: str, port: str, folder: str) -> None:
    app = build(Kind(sends, store), Path(folder))
    uvicorn.run(app, port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main(*sys.argv[1:])

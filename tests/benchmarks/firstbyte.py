"""How long until the first byte and the last one, with a slow store and with one that hangs.

Real uvicorn processes on loopback, one per kind, asked in turn:
``python -m tests.benchmarks.firstbyte KIND PORT FOLDER`` is one of them.
"""

import asyncio
import socket
import sys
import time
from collections.abc import Callable
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

CONTROL, SLOW, HANGING = "control", "slow", "hanging"
KINDS = (CONTROL, SLOW, HANGING)
APP_SECONDS = 0.03  # what the app works after its head has left
STORE_SECONDS = 0.02
DEADLINE_SECONDS = Settings(Path()).profile_ms / 1000
HEALTHY, LOST = 1, 2  # visitors: the hanging store never answers for the second one


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
        await asyncio.sleep(APP_SECONDS)
        await send({"type": "http.response.body", "body": rest})

    return app


class DelayedStore(MemoryStore):
    """Answers after ``seconds``, and never for the visitor ``lost``."""

    def __init__(self, seconds: float, lost: str = "") -> None:
        super().__init__()
        self._seconds = seconds
        self._lost = lost

    async def fetch(self, visitor: str) -> Profile | None:  # type: ignore[override]
        # The protocol allows an awaitable; MemoryStore alone promises to answer at once.
        await asyncio.sleep(3600 if visitor == self._lost else self._seconds)
        return super().fetch(visitor)


def build(kind: str, folder: Path) -> ASGIApp:
    if kind == CONTROL:
        return head_first(plain_page().render(page_values()).encode())
    now = time.time()
    lost = make_visitor(LOST, now).id if kind == HANGING else ""
    store = DelayedStore(STORE_SECONDS if kind == SLOW else 0.0, lost)
    store.profiles = {
        visitor.id: visitor.profile
        for visitor in (make_visitor(number, now) for number in (HEALTHY, LOST))
    }
    window = Shopwindow(folder, store=store, keys=(KEY,))
    return PersonalizationMiddleware(head_first(slotted_constant(window)), window)


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
    """Medians in seconds: what was added to the first byte, and whole answers."""

    control_first: float
    slow_first: float
    control_last: float
    slow_last: float
    hanging_last: float


def measure(folder: Path, rounds: int, progress: Callable[[], None]) -> FirstByte:
    """Ask all kinds ``rounds`` times, in turn."""
    write_site(folder)
    now = time.time()
    moments: dict[str, list[Moment]] = {kind: [] for kind in KINDS}
    with ExitStack() as servers:
        ports = {kind: free_port() for kind in KINDS}
        for kind, port in ports.items():
            command = [sys.executable, "-m", __name__, kind, str(port), str(folder)]
            servers.enter_context(serving(command, port, folder / f"{kind}.log"))
        for number in range(-2, rounds):
            for kind, port in ports.items():
                if kind == HANGING:
                    # A visitor whose profile comes keeps the breaker from opening: the
                    # deadline is to be waited for, every time.
                    ask(port, HEALTHY, now)
                moment = ask(port, LOST, now)
                if number >= 0:
                    moments[kind].append(moment)
                    progress()
    check(moments)
    return FirstByte(
        median(moment.first for moment in moments[CONTROL]),
        median(moment.first for moment in moments[SLOW]),
        median(moment.last for moment in moments[CONTROL]),
        median(moment.last for moment in moments[SLOW]),
        median(moment.last for moment in moments[HANGING]),
    )


def check(moments: dict[str, list[Moment]]) -> None:
    """The slow store's pages are personalised, the others are not: else nothing was measured."""
    shelf = b'data-name="shelf-'
    for kind, expected in ((CONTROL, False), (SLOW, True), (HANGING, False)):
        if any((shelf in moment.body) is not expected for moment in moments[kind]):
            raise RuntimeError(
                f"{kind}: a page {'without' if expected else 'with'} {SLOTS[2]}"
            )


def main(kind: str, port: str, folder: str) -> None:
    app = build(kind, Path(folder))
    uvicorn.run(app, port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main(*sys.argv[1:])

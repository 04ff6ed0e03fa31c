"""A shop that tells how it is, and a client that cuts its connection anywhere in the answer.

``uvicorn tests.cutting:app`` with its site in SHOP_SITE; the store takes a while.
"""

import asyncio
import gc
import os
import random
import socket
import struct
import sys
import time
from collections import Counter as Tally
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from shopwindow import PersonalizationMiddleware, Shopwindow
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.rules.facts import Profile
from tests.asgi import BROWSER, chunk, start
from tests.servers import free_port, serving
from tests.shop import HTML, KEYS, by_attribute, page, site_folder

ROOT = Path(__file__).parents[1]
FILLER = "<p>" + "Tea, cups and everything that goes with them. " * 20 + "</p>\n"
PAUSE = 0.001  # seconds between two pieces of a streamed page
SLOW = (
    0.15  # seconds that the slow page takes, and a streamed one before its last piece
)


def shop_page() -> bytes:
    """As long as a shop's start page, with both slots well inside."""
    text = page(by_attribute).decode()
    for place in ("<h1>", "<hr>", "<footer>"):
        text = text.replace(place, FILLER * 6 + place)
    return text.encode()


PAGE = shop_page()
PIECES = [PAGE[at : at + 1_024] for at in range(0, len(PAGE), 1_024)]


class SlowStore(MemoryStore):
    """Takes two milliseconds for an answer; ``asked`` questions have none yet."""

    asked = 0

    async def fetch(self, visitor: str) -> Profile | None:  # type: ignore[override]  # both are legal
        self.asked += 1
        try:
            await asyncio.sleep(0.002)
            return super().fetch(visitor)
        finally:
            self.asked -= 1


async def whole(request: Request) -> HTMLResponse:
    return HTMLResponse(PAGE)


async def slow(request: Request) -> HTMLResponse:
    await asyncio.sleep(SLOW)
    return HTMLResponse(PAGE)


async def pieces() -> AsyncIterator[bytes]:
    """The page bit by bit; who is cut off before the last one is so for long enough to be noticed."""
    for piece in PIECES[:-1]:
        yield piece
        await asyncio.sleep(PAUSE)
    await asyncio.sleep(SLOW)
    yield PIECES[-1]


async def streamed(request: Request) -> StreamingResponse:
    return StreamingResponse(pieces(), media_type=HTML)


async def deaf(scope: Scope, receive: Receive, send: Send) -> None:
    """Streams on whether anybody listens or not."""
    await send(start((b"content-type", HTML.encode())))
    async for piece in pieces():
        await send(chunk(piece, True))
    await send(chunk())


class State(msgspec.Struct):
    """How the server is; ``counted`` are the events in its store by name."""

    tasks: list[str]
    files: int
    asked: int
    streaming: int
    counted: dict[str, int]
    warnings: dict[str, int]
    dropped: int


async def state(request: Request) -> Response:
    window: Shopwindow = app.window
    store = window.store
    assert isinstance(store, SlowStore)
    await asyncio.to_thread(window.journal.wait_until_written)
    gc.collect()  # whoever complains about a task that nobody waited for does so now
    here = asyncio.current_task()
    now = State(
        [repr(task) for task in asyncio.all_tasks() if task is not here],
        len(os.listdir("/proc/self/fd")),
        store.asked,
        len(window.stats.streaming),
        dict(Tally(event.name for event in store.events.values())),
        # Pages that were broken off are what these clients ask for.
        {n: c for n, c in window.counters.items() if n != "page broken off"},
        window.journal.dropped.total(),
    )
    return Response(msgspec.json.encode(now), media_type="application/json")


if site := os.environ.get("SHOP_SITE"):
    app = PersonalizationMiddleware(
        Starlette(
            routes=[
                Route("/state", state),
                Route("/p/tea-1", whole, methods=["GET", "HEAD"]),
                Route("/slow/p/tea-1", slow),
                Route("/streamed/p/tea-1", streamed),
                Mount("/deaf", deaf),
            ]
        ),
        Shopwindow(site, store=SlowStore()),
    )


# -- the client --------------------------------------------------------------------------------


class Shop:
    """The server from outside: whole answers, and cut ones."""

    def __init__(self, port: int, log: Path) -> None:
        self.port = port
        self.log = log
        self.cookie = ""
        said = self.ask("/-/shopwindow/consent", "POST", "choice=granted")
        self.cookie = said.split(b"set-cookie: ")[1].split(b";")[0].decode()

    def _connect(self, path: str, method: str, body: str) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), 10)
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        head += f"User-Agent: {BROWSER.decode()}\r\nAccept: text/html\r\n"
        if self.cookie and path != "/state":  # which is not to ask the store itself
            head += f"Cookie: {self.cookie}\r\n"
        if body:
            head += "Content-Type: application/x-www-form-urlencoded\r\n"
            head += f"Content-Length: {len(body)}\r\n"
        connection.sendall(f"{head}\r\n{body}".encode())
        return connection

    def ask(self, path: str, method: str = "GET", body: str = "") -> bytes:
        """The whole answer, as it came over the wire."""
        with self._connect(path, method, body) as connection:
            return b"".join(iter(lambda: connection.recv(65_536), b""))

    def cut(self, path: str, method: str, position: int, reset: bool) -> None:
        """Ask, take ``position`` bytes of the answer, and be gone: with a reset, or politely."""
        with self._connect(path, method, "") as connection:
            while position > 0 and (part := connection.recv(min(position, 4_096))):
                position -= len(part)
            if reset:
                at_once = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)

    def state(self) -> State:
        body = self.ask("/state").partition(b"\r\n\r\n")[2]
        return msgspec.json.decode(body, type=State)

    def at_rest(self, before: State | None = None) -> State:
        """How the server is once it has done what there was to do; within five seconds."""
        end = time.monotonic() + 5
        while True:
            now = self.state()
            if not (now.asked or now.streaming):
                if before is None or (
                    now.files <= before.files and len(now.tasks) <= len(before.tasks)
                ):
                    return now
            if time.monotonic() > end:
                return now
            time.sleep(0.05)


@contextmanager
def cutting_shop(folder: Path) -> Iterator[Shop]:
    """A real server with the page to be cut."""
    port, log = free_port(), folder / "log"
    environment = {
        **os.environ,
        "SHOP_SITE": str(
            site_folder(folder / "site", pages='[pages]\ninclude = ["/*"]\n')
        ),
        "SHOPWINDOW_SECRET_KEYS": KEYS[0].decode(),
        "SHOPWINDOW_RELOAD": "off",  # whoever watches the folder opens files at leisure
    }
    command = [sys.executable, "-m", "uvicorn", "tests.cutting:app", "--http", "h11"]
    command += ["--no-access-log"]
    command += ["--app-dir", str(ROOT), "--port", str(port)]
    with serving(command, port, log, environment):
        shop = Shop(port, log)
        shop.ask("/p/tea-1")  # from here on the visitor is one who has looked at tea
        yield shop


class Target(NamedTuple):
    """A page to be cut. ``noticed``: the server can know of a cut before its last piece."""

    path: str
    method: str = "GET"
    noticed: bool = True
    at_start: bool = False  # before anything has come


# A page in one message has left the app before the first of its bytes has come anywhere.
TARGETS: Mapping[str, Target] = {
    "one message": Target("/p/tea-1", noticed=False),
    "one message, after a while": Target("/slow/p/tea-1", at_start=True),
    "streamed": Target("/streamed/p/tea-1"),
    "streamed on to nobody": Target("/deaf/p/tea-1"),
    "HEAD": Target("/p/tea-1", "HEAD"),
}


class Cuts(NamedTuple):
    """``counted`` of the pages that were cut counted as shown, ``faults`` says what was wrong."""

    counted: int
    faults: list[str]


def cut_everywhere(
    shop: Shop,
    target: Target,
    cuts: int,
    chance: random.Random,
    advance: Callable[[], None] = lambda: None,
) -> Cuts:
    """Cut the answer of ``target`` at so many places, and look what is left of it."""
    length = len(shop.ask(target.path, target.method))
    last = 0 if target.method == "HEAD" else len(PIECES[-1]) + 20
    places = 1 if target.at_start else length - (last if target.noticed else 0)
    before = shop.at_rest()
    for position in sorted(chance.choices(range(places), k=cuts)):
        shop.cut(target.path, target.method, position, chance.random() < 0.5)
        advance()
    time.sleep(2 * SLOW)  # what is under way has to end
    after = shop.at_rest(before)
    counted = _shown(after) - _shown(before)
    faults = []
    if counted and target.noticed:
        faults.append(f"{counted} of {cuts} cut pages counted")
    if after.asked or after.streaming:
        faults.append(f"{after.asked} questions, {after.streaming} pages are left")
    if len(after.tasks) > len(before.tasks):
        faults.append(f"tasks are left: {after.tasks[:3]}")
    if after.files > before.files:
        faults.append(f"{after.files - before.files} files are left open")
    if after.warnings != before.warnings or after.dropped:
        faults.append(f"warned of {after.warnings}, dropped {after.dropped} events")
    log = shop.log.read_text()
    if "Traceback" in log or "exception" in log.lower():
        faults.append(f"in the log: {log[-2_000:]}")
    if target.method == "GET":
        # The shop is as well as before: the page is whole, its view counts.
        if b"More tea" not in shop.ask(target.path):
            faults.append("afterwards the store knows nobody")
        if _shown(shop.at_rest()) != _shown(after) + 1:
            faults.append("afterwards a whole page does not count")
    return Cuts(counted, faults)


def _shown(state: State) -> int:
    return state.counted.get("Promotion Viewed", 0)

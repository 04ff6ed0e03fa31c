"""The street in front of a shop: walkers with cookie jars, and a look into its store.

A shop is open either in this process or in a real server; its walkers cannot tell.
"""

import asyncio
import re
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import anyio
import httpx
import pytest
from starlette.types import ASGIApp, Message

from shopwindow.middleware.stores.sqlite.store import ERASURE
from tests.asgi import BROWSER
from tests.servers import free_port, serving

KINDS = ("in-process", "uvicorn")
ROOT = Path(__file__).parents[2]
HEADERS = {
    "user-agent": BROWSER.decode(),
    "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "accept-language": "en,de;q=0.7",
    "sec-fetch-dest": "document",
    "sec-fetch-mode": "navigate",
    "sec-fetch-site": "same-origin",
}
Rows = Mapping[str, frozenset[tuple[object, ...]]]


SUMS = frozenset(("rollup_state", "rollup_names", "rollup_sums"))
"""Tables of what all visitors did together: whoever leaves stays in them, as one of many."""


class Page(NamedTuple):
    """One page in the browser. ``places`` says where its slots are, as patterns."""

    response: httpx.Response
    places: Mapping[str, str]
    seconds: float

    @property
    def text(self) -> str:
        return self.response.text

    @property
    def path(self) -> str:
        return self.response.url.path

    def slot(self, name: str) -> str:
        """The inner HTML of a slot."""
        (found,) = re.findall(self.places[name], self.text, re.DOTALL)
        return str(found).strip()

    @property
    def slots(self) -> dict[str, str]:
        return {name: self.slot(name) for name in self.places}

    @property
    def around(self) -> str:
        """The page without what is in its slots."""
        text = self.text
        for pattern in self.places.values():
            found = re.search(pattern, text, re.DOTALL)
            assert found is not None, pattern
            text = text[: found.start(1)] + text[found.end(1) :]
        return text


class Walker:
    """A person with a browser, who follows redirects and keeps cookies."""

    def __init__(self, client: httpx.AsyncClient, places: Mapping[str, str]) -> None:
        self.client = client
        self.places = places

    async def open(self, path: str) -> Page:
        return await self._ask("GET", path, {})

    async def look_at(self, *paths: str) -> None:
        for path in paths:
            await self.open(path)

    async def send(self, path: str, **fields: str) -> Page:
        """Submit a form and see the page it leads to."""
        return await self._ask("POST", path, fields)

    async def answer(self, choice: str) -> Page:
        """Answer the question of consent."""
        return await self.send("/-/shopwindow/consent", choice=choice, next="/")

    async def _ask(self, method: str, path: str, fields: Mapping[str, str]) -> Page:
        start = time.perf_counter()
        response = await self.client.request(
            method, path, data=fields or None, follow_redirects=True
        )
        assert response.status_code == 200, (path, response.status_code, response.text)
        return Page(response, self.places, time.perf_counter() - start)

    @property
    def cookies(self) -> dict[str, str]:
        return {each.name: each.value or "" for each in self.client.cookies.jar}

    @property
    def id(self) -> str:
        """The visitor id in the cookie; only with consent there is one."""
        return self.cookies["shopwindow"].split(".")[0]

    @property
    def mark(self) -> str:
        """What stands for the id in the store."""
        return blake2b(self.id.encode(), digest_size=16).hexdigest()


class Street:
    """An open shop, for as long as a test lasts."""

    def __init__(self, shop: "Shop", transport: httpx.AsyncBaseTransport) -> None:
        self.shop = shop
        self._transport = transport
        self._fences: set[object] = set()

    async def stranger(self, **headers: str) -> Walker:
        """Somebody who was never here; ``headers`` with _ for -."""
        own = {name.replace("_", "-"): value for name, value in headers.items()}
        client = httpx.AsyncClient(
            transport=self._transport,
            base_url=self.shop.url,
            headers=HEADERS | own,
            timeout=20,
        )
        # The transport is shared: closing the client would close it for the others.
        return Walker(client, self.shop.places)

    async def visitor(self, **headers: str) -> Walker:
        """Somebody new who has agreed on the start page."""
        walker = await self.stranger(**headers)
        assert 'name="choice" value="granted"' in (await walker.open("/")).text
        await walker.answer("granted")
        return walker

    async def next_visit(self, before: Walker) -> Walker:
        """The same browser, opened again: only cookies with an age are still there."""
        walker = await self.stranger()
        for cookie in before.client.cookies.jar:
            if cookie.expires is not None:
                walker.client.cookies.jar.set_cookie(cookie)
        return walker

    async def rows(self) -> Rows:
        """All rows of the store that may be about somebody, once everything that was noted so far
        is written.

        Events are written in the order they were noted, so somebody comes by and takes
        their consent back: what that leaves is written last, and is left out here.
        """
        last = await self.visitor()
        await last.open("/")
        mark = last.mark
        self._fences.add(mark)
        await last.answer("denied")
        with anyio.fail_after(10):
            while (mark, b"", ERASURE) not in (rows := self.shop.rows())["profiles"]:
                await anyio.sleep(0.01)
        return {
            table: frozenset(row for row in found if not self._fences & set(row))
            for table, found in rows.items()
            if table not in SUMS
        }


class Shop(NamedTuple):
    """A shop that is open: as an app of this process, or as a server at ``url``."""

    kind: str
    url: str
    folder: Path
    places: Mapping[str, str]
    app: ASGIApp | None

    @asynccontextmanager
    async def street(self) -> AsyncIterator[Street]:
        async with AsyncExitStack() as stack:
            transport: httpx.AsyncBaseTransport
            if self.app is None:
                transport = httpx.AsyncHTTPTransport()
            else:
                await stack.enter_async_context(lifespan(self.app))
                transport = httpx.ASGITransport(self.app)
            await stack.enter_async_context(transport)
            yield Street(self, transport)

    def rows(self) -> Rows:
        """All rows of all tables of the store, by table."""
        address = f"file:{self.folder}/shop.db?mode=ro"
        connection = sqlite3.connect(address, uri=True, timeout=5)
        try:
            tables = connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
            ).fetchall()
            return {
                name: frozenset(connection.execute(f"SELECT * FROM {name}").fetchall())
                for (name,) in tables
            }
        finally:
            connection.close()

    def on_disk(self) -> bytes:
        """All that is on the disk: the file and its logs."""
        return b"".join(
            path.read_bytes() for path in sorted(self.folder.glob("shop.db*"))
        )


@contextmanager
def opened(
    kind: str,
    factory: str,
    folder: Path,
    places: Mapping[str, str],
    surroundings: Mapping[str, str],
) -> Iterator[Shop]:
    """Open the shop that ``factory`` (a function of tests.walks.shops) makes.

    Its store is ``folder``/shop.db; ``surroundings`` are added to the environment.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOPWINDOW_SECRET_KEYS", "a key of sixteen or more characters")
        patch.setenv("SHOPWINDOW_STORE", f"sqlite:///{folder}/shop.db")
        for name, value in surroundings.items():
            patch.setenv(name, value)
        if kind == "in-process":
            from tests.walks import shops

            app = getattr(shops, factory)()
            yield Shop(kind, "http://127.0.0.1", folder, places, app)
            return
        port = free_port()
        command = [sys.executable, "-m", "uvicorn", "--factory"]
        command += [f"tests.walks.shops:{factory}", "--app-dir", str(ROOT)]
        command += ["--port", str(port), "--log-level", "warning"]
        log = folder / "server.log"
        with serving(command, port, log):
            yield Shop(kind, f"http://127.0.0.1:{port}", folder, places, None)
        said = log.read_text()
        assert "Traceback" not in said, said


@asynccontextmanager
async def lifespan(app: ASGIApp) -> AsyncIterator[None]:
    """What a server does around all requests: start the app up, shut it down."""
    asked = iter(("startup", "shutdown"))
    closing = anyio.Event()
    answers: list[str] = []
    up, down = anyio.Event(), anyio.Event()

    async def receive() -> Message:
        step = next(asked)
        if step == "shutdown":
            await closing.wait()
        return {"type": f"lifespan.{step}"}

    async def send(message: Message) -> None:
        answers.append(message["type"])
        (up if "startup" in message["type"] else down).set()

    running = asyncio.ensure_future(
        app({"type": "lifespan", "state": {}}, receive, send)
    )
    await up.wait()
    try:
        yield
    finally:
        closing.set()
        await down.wait()
        await running
    assert answers == ["lifespan.startup.complete", "lifespan.shutdown.complete"]

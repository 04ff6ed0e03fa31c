"""Random walks of several visitors: with a cache each of them gets what they get without."""

import random
from contextlib import AsyncExitStack
from typing import NamedTuple

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from shopwindow import PageCache, PersonalizationMiddleware, Shopwindow
from tests.asgi import chunk, start
from tests.shop import HTML, LANES, browser, consented, events_of, open_window, page

pytestmark = pytest.mark.anyio
PATHS = ("/", "/p/tea-1", "/p/cup-1", "/c/x", "/plain", "/own", "/basket", "/missing")
STEPS = 80


class Shop:
    """A shop whose pages say all that they depend on, and no more."""

    def __init__(self) -> None:
        self.versions: dict[tuple[str, bytes], int] = {}
        self.calls = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls += 1
        path, said = scope["path"], dict(scope["headers"])
        address = (path, scope["query_string"])
        if scope["method"] == "POST":
            self.versions[address] = self.versions.get(address, 0) + 1
            headers = [(b"location", path.encode())]
            await send(start(*headers, status=303))
            await send(chunk())
            return
        lane = list(LANES)[len(path) % len(LANES)]
        body = b"<title>Plain</title>" if path == "/plain" else page(LANES[lane])
        headers = [(b"content-type", HTML.encode()), (b"vary", b"accept-language")]
        cookies = said.get(b"cookie", b"")
        seen: tuple[object, ...] = (address, self.versions.get(address))
        seen += (said.get(b"accept-language"),)
        if path == "/own":  # whose basket it is, it knows by a cookie
            seen += (cookies.partition(b"basket=")[2].partition(b";")[0],)
        if path == "/basket":
            headers.append((b"set-cookie", b"last=1; Path=/basket"))
            headers[1] = (b"vary", b"cookie")
        if path == "/c/x":
            headers.append((b"cache-control", b"private"))
        await send(start(*headers, status=404 if path == "/missing" else 200))
        await send(chunk(body + repr(seen).encode()))


class Side(NamedTuple):
    """The shop with a cache, or the one without, and its visitors."""

    shop: Shop
    window: Shopwindow
    clients: list[httpx.AsyncClient]


async def opened(stack: AsyncExitStack, cache: PageCache | None) -> Side:
    shop = Shop()
    window = await stack.enter_async_context(open_window())
    app = PersonalizationMiddleware(shop, window, cache=cache)
    clients = [
        await stack.enter_async_context(one)
        for one in (
            consented(app), consented(app), browser(app), browser(app),
            browser(app, **{"user-agent": "curl/8"}),
        )
    ]  # fmt: skip
    clients[3].cookies.set("basket", "mine")
    clients[1].cookies.set("_ga", "GA1.2")
    return Side(shop, window, clients)


@pytest.mark.parametrize("seed", range(12))
async def test_nobody_can_tell_that_there_is_a_cache(seed: int) -> None:
    chance = random.Random(seed)
    cache = PageCache({"/*": 600}, ignore_cookies=["_ga"])
    async with AsyncExitStack() as stack:
        sides = [await opened(stack, None), await opened(stack, cache)]
        for _ in range(STEPS):
            who, path = chance.randrange(5), chance.choice(PATHS)
            method = chance.choice(["GET"] * 8 + ["HEAD", "POST"])
            headers = {}
            if chance.random() < 0.3:
                headers["accept-language"] = chance.choice(["de", "en"])
            if chance.random() < 0.1:
                headers["range"] = "bytes=0-3"
            query = chance.choice(["", "", "?page=2"])
            got = []
            for side in sides:
                answer = await side.clients[who].request(
                    method, path + query, headers=headers
                )
                told = [
                    pair
                    for pair in answer.headers.raw
                    if pair[0] not in (b"age", b"content-length", b"set-cookie")
                ]
                body = b"" if method == "HEAD" else answer.content
                got.append((answer.status_code, sorted(told), body))
            assert got[0] == got[1], (who, method, path, query, headers)
        seen = [events_of(side.window) for side in sides]
        assert seen[0] == seen[1]
    assert cache.counters["hit"] > 1 and sides[1].shop.calls < sides[0].shop.calls

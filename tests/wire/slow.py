"""A shop whose page takes its time, and that tells what was counted.

``uvicorn tests.wire.slow:app``, its site in SHOP_SITE.
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from shopwindow import PersonalizationMiddleware, Shopwindow
from tests.shop import HTML, by_attribute, page

window = Shopwindow(os.environ["SHOP_SITE"])


async def letters() -> AsyncIterator[bytes]:
    yield page(by_attribute)
    for _ in range(200):
        yield b"x" * 500
        await asyncio.sleep(0.001)


async def slow(request: Request) -> StreamingResponse:
    return StreamingResponse(letters(), media_type=HTML)


async def events(request: Request) -> PlainTextResponse:
    await asyncio.to_thread(window.journal.wait_until_written)
    with sqlite3.connect(f"{os.environ['SHOP_SITE']}/shop.db") as store:
        names = [name for (name,) in store.execute("SELECT name FROM events")]
    return PlainTextResponse("\n".join(names))


shop = Starlette(
    routes=[Route("/cut", slow), Route("/shown", slow), Route("/events", events)]
)
app = PersonalizationMiddleware(shop, window)

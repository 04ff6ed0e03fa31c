"""The small shop for a real server: ``uvicorn tests.serve:app``, its site in SHOP_SITE."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route

from shopwindow import PersonalizationMiddleware
from tests.shop import HTML, by_attribute, from_file, many_chunks, page

SITE = Path(os.environ["SHOP_SITE"])


def make() -> bytes:
    return page(by_attribute)


async def start(request: Request) -> HTMLResponse:
    return HTMLResponse(make(), headers={"etag": '"1"', "cache-control": "max-age=60"})


async def about(request: Request) -> HTMLResponse:
    return HTMLResponse("<p>About</p>", headers={"etag": '"1"'})


async def endless(request: Request) -> StreamingResponse:
    async def pieces() -> AsyncIterator[bytes]:
        yield make()[:100]
        raise RuntimeError("the app broke off")

    return StreamingResponse(pieces(), media_type=HTML)


async def upload(request: Request) -> PlainTextResponse:
    size = 0
    async for part in request.stream():
        size += len(part)
    return PlainTextResponse(str(size))


shop = Starlette(
    routes=[
        Route("/", start),
        Route("/p/{product}", start),
        Route("/about", about),
        Route("/broken", endless),
        Route("/upload", upload, methods=["POST"]),
        Mount("/chunks", many_chunks(make)),
        Mount("/file", from_file(SITE / "page.html", make)),
        Mount(
            "/packed",
            Starlette(
                routes=[Route("/", start)],
                middleware=[Middleware(GZipMiddleware, minimum_size=10)],
            ),
        ),
    ]
)
app = PersonalizationMiddleware(shop, SITE)
below = Starlette(routes=[Mount("/shop", app)])  # the same, below a path of another app

"""A shop whose pages are kept, for a real server: ``uvicorn tests.serve_kept:app``, its site in SHOP_SITE."""

import asyncio
import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from shopwindow import PageCache, PersonalizationMiddleware
from tests.shop import by_attribute, page

calls: dict[str, int] = {}


async def numbered(request: Request) -> HTMLResponse:
    """Says how often the app was asked; from the second time on ``/slow`` never ends."""
    path = request.url.path
    calls[path] = calls.get(path, 0) + 1
    if path == "/slow" and calls[path] > 1:
        await asyncio.Event().wait()
    body = b"<p>About</p>" if path == "/about" else page(by_attribute)
    return HTMLResponse(
        body + b"%d" % calls[path], headers={"x-call": str(calls[path])}
    )


shop = Starlette(
    routes=[
        Route("/", numbered, methods=["GET", "POST"]),
        Route("/about", numbered),
        Route("/slow", numbered),
    ]
)
cache = PageCache({"/slow": 0.001, "/*": 60}, stale_while_revalidate=60)
app = PersonalizationMiddleware(shop, os.environ["SHOP_SITE"], cache=cache)

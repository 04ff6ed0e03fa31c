"""A shop for real caches: ``uvicorn --factory tests.caches.shop:make_ours`` (``make_naive``).

Both are the same app, which answers the page /NAME with the header set NAME. Ours has
shopwindow around it, with its site in SHOP_SITE; the naive one puts the same words into the page and leaves the headers alone,
as a wrapper does that somebody wrote in an afternoon.
"""

import os
import re
import time
from email.utils import formatdate
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shopwindow import PersonalizationMiddleware
from tests.shop import site_folder

TASTES, COUNTRIES = ("tea", "cups"), ("DE", "FR")
PUBLIC, PRIVATE = "public, max-age=60", "private, no-store"
# What an app may say about its page.
HEADER_SETS: dict[str, dict[str, str]] = {
    "none": {},
    "public": {"cache-control": PUBLIC},
    "vary": {"cache-control": PUBLIC, "vary": "Cookie"},
    "s-maxage": {"cache-control": "max-age=0, s-maxage=60"},
    "private": {"cache-control": PRIVATE},
    "surrogate": {"cache-control": PRIVATE, "surrogate-control": "max-age=60"},
    "cdn": {"cache-control": PRIVATE, "cdn-cache-control": "max-age=60"},
    "cloudflare": {"cache-control": PRIVATE, "cloudflare-cdn-cache-control": "max-age=60"},
    "accel": {"cache-control": PRIVATE, "x-accel-expires": "60"},
    "expires": {"expires": formatdate(time.time() + 3_600, usegmt=True)},
    "validators": {
        "cache-control": PUBLIC,
        "etag": '"1"',
        "last-modified": formatdate(time.time() - 86_400, usegmt=True),
    },
    "set-cookie": {"cache-control": PUBLIC, "set-cookie": "cart=1; Path=/"},
    "immutable": {"cache-control": "public, max-age=31536000, immutable"},
}  # fmt: skip

RULES = """
version: 1
rules:
  - {id: tea, slot: home.hero, when: [{viewed: {product: tea-1}}], show: banner, with: {text: "taste: tea"}}
  - {id: cups, slot: home.hero, when: [{viewed: {product: cup-1}}], show: banner, with: {text: "taste: cups"}}
  - {id: de, slot: home.teaser, when: [{country: {is: DE}}], show: banner, with: {text: "country: DE"}}
  - {id: fr, slot: home.teaser, when: [{country: {is: FR}}], show: banner, with: {text: "country: FR"}}
"""
SITE = """
[attributes.country]
type = "text"
one-of = ["DE", "FR"]
from = "header:CF-IPCountry"
[proxy]
trusted = ["127.0.0.0/8"]
"""
PAGE = (
    '<!DOCTYPE html><title>Tea</title><main data-shopwindow="home.hero">taste: any</main>'
    '<aside data-shopwindow="home.teaser">country: any</aside><footer>Imprint</footer>'
)


def seen(page: str) -> tuple[str, str]:
    """The taste and the country that a page was made for."""
    found = dict(re.findall(r"(taste|country): (\w+)", page))
    return found["taste"], found["country"]


async def page(request: Request) -> Response:
    headers = HEADER_SETS.get(request.path_params.get("name", ""), {})
    return HTMLResponse(PAGE, headers=headers)


class Naive:
    """Personalises every page by the cookie ``taste`` and the country, and nothing else."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        taste = request.cookies.get("taste", "any")
        country = request.headers.get("cf-ipcountry", "any")
        start: Message = {}

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            body = message.get("body", b"").replace(
                b"taste: any", f"taste: {taste}".encode()
            )
            body = body.replace(b"country: any", f"country: {country}".encode())
            length = (b"content-length", b"%d" % len(body))
            rest = [pair for pair in start["headers"] if pair[0] != b"content-length"]
            await send({**start, "headers": [*rest, length]})
            await send({"type": "http.response.body", "body": body})

        await self.app(scope, receive, sending)


shop = Starlette(
    routes=[Route("/", page), Route("/p/{product}", page), Route("/{name}", page)]
)


def make_ours() -> ASGIApp:
    folder = site_folder(Path(os.environ["SHOP_SITE"]), rules=RULES, site=SITE)
    return PersonalizationMiddleware(shop, folder)


def make_naive() -> ASGIApp:
    return Naive(shop)

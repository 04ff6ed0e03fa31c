"""A small shop: its site folder, pages in three lanes, apps that answer in three ways."""

import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx
from jinja2 import Environment
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from shopwindow import PersonalizationMiddleware, Shopwindow
from shopwindow.middleware.clicks import ClickLinks
from shopwindow.middleware.site import Site, read_site
from shopwindow.middleware.stores import Store
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.middleware.templating import SlotExtension
from tests.asgi import BROWSER

KEYS = (b"a key of sixteen or more characters",)
SITE = """
[site]
name = "Tea & Cups"
timezone = "Europe/Berlin"
[slots]
"home.hero" = "the large picture"
"home.teaser" = "below it"
[[track]]
path = "/p/{product}"
event = "Product Viewed"
[attributes]
cart-value = { type = "number", from = "app" }
[store]
url = "memory:"
"""
RULES = """
version: 1
rules:
  - id: tea-hero
    slot: home.hero
    priority: 20
    when: [{viewed: {product: tea-1, at-least: 1}}]
    show: banner
    with: {text: More tea}
  - id: big-cart
    slot: home.hero
    priority: 10
    when: [{cart-value: {at-least: 50}}]
    show: banner
    with: {text: Big cart}
  - id: hello
    slot: home.teaser
    show: banner
    with: {text: Hello}
"""
FILES = {
    "site.toml": SITE,
    "rules/start.yaml": RULES,
    "fragments/banner.html": '{# parameters: text #}<p class="banner">{{ text }}</p>',
    "fragments/banner.de.html": '{# parameters: text #}<p class="banner">Für Sie: {{ text }}</p>',
    "fragments/offer.html": "{# parameters: #}<a href=\"{{ click('/p/tea-1') }}\">Tea</a>",
    "catalog/products.csv": "id,title,url,image,price,category,brand,tags\n"
    "tea-1,Green tea,/p/tea-1,/i/tea.jpg,5.90,,,\n"
    "cup-1,White cup,/p/cup-1,/i/cup.jpg,9.90,,,\n",
}
HERO, TEASER = b'<p class="banner">More tea</p>', b'<p class="banner">Hello</p>'

# One page in three lanes: what the shop writes, with {slot:default} where slots stand.
BEFORE = (
    "<!DOCTYPE html><html><head><title>Tea</title></head><body><h1>Tea &amp; cups</h1>"
)
AFTER = "<footer>Imprint</footer></body></html>"


def by_attribute(slot: str, default: str) -> str:
    return f'<section data-shopwindow="{slot}">{default}</section>'


def by_comment(slot: str, default: str) -> str:
    return f"<!-- shopwindow:{slot} -->{default}<!-- /shopwindow -->"


def by_template(slot: str, default: str) -> str:
    template = JINJA.from_string(
        '{% slot "' + slot + '" %}' + default + "{% endslot %}"
    )
    return template.render()


JINJA = Environment(extensions=[SlotExtension], autoescape=True)
Lane = Callable[[str, str], str]
LANES: dict[str, Lane] = {
    "attribute": by_attribute,
    "comment": by_comment,
    "template": by_template,
}
# What a lane leaves on the page around a slot.
AROUND: dict[str, Lane] = {
    "attribute": by_attribute,
    "comment": by_comment,
    "template": lambda slot, default: default,
}


def page(
    lane: Lane, hero: str = "<p>Default</p>", teaser: str = "<p>News</p>"
) -> bytes:
    slots = lane("home.hero", hero) + "<hr>" + lane("home.teaser", teaser)
    return (BEFORE + slots + AFTER).encode()


HTML = "text/html; charset=utf-8"
Page = Callable[[], bytes]


def whole(
    make: Page, status: int = 200, headers: Mapping[str, str] | None = None
) -> ASGIApp:
    """Answers every page in one message."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        answer = Response(make(), status, headers, HTML)
        await answer(scope, receive, send)

    return app


def many_chunks(make: Page, size: int = 16) -> ASGIApp:
    """Streams every page in pieces of ``size`` bytes, without Content-Length."""

    async def pieces() -> AsyncIterator[bytes]:
        body = make()
        for at in range(0, len(body), size):
            yield body[at : at + size]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await StreamingResponse(pieces(), media_type=HTML)(scope, receive, send)

    return app


def from_file(path: Path, make: Page, size: int = 64) -> ASGIApp:
    """Sends every page as a file: several messages, Content-Length and validators."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path.write_bytes(make())
        answer = FileResponse(path, media_type=HTML)
        answer.chunk_size = size
        await answer(scope, receive, send)

    return app


def site_files(**changes: str) -> dict[str, str]:
    """The shop's site; ``pages`` and ``site`` add to site.toml, ``rules`` replaces the rules."""
    site = changes.get("pages", "") + SITE + changes.get("site", "")
    return {
        **FILES,
        "site.toml": site,
        "rules/start.yaml": changes.get("rules", RULES),
    }


def site_folder(folder: Path, **changes: str) -> Path:
    """The same as files in ``folder``."""
    for name, text in site_files(**changes).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def site_of(**changes: str) -> Site:
    """The same, compiled once for all tests: neither a site nor what it was read in changes."""
    return _site_in(os.environ.get("SHOPWINDOW_ALLOWED_HOSTS"), **changes)


@lru_cache
def _site_in(allowed_hosts: str | None, **changes: str) -> Site:
    return compiled(**changes)


def compiled(**changes: str) -> Site:
    """The same, compiled anew."""
    links = ClickLinks(KEYS)
    return read_site(Path("no such folder"), site_files(**changes), links.link)


def open_window(
    store: Store | None = None, *, customer: Any = None, **changes: str
) -> Shopwindow:
    """A Shopwindow over the shop's site; everything in memory if no store is given."""
    site = site_of(**changes)
    return Shopwindow(site, store=store or MemoryStore(), customer=customer, keys=KEYS)


@asynccontextmanager
async def browser(app: ASGIApp, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser with a cookie jar in front of ``app``."""
    transport = httpx.ASGITransport(app=app)
    usual = {"user-agent": BROWSER.decode(), "accept": "text/html", **headers}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", headers=usual
    ) as client:
        yield client


async def consent(
    client: httpx.AsyncClient, choice: str = "granted", **fields: str
) -> httpx.Response:
    """Answer the shop's question."""
    data = {"choice": choice, **fields}
    return await client.post("/-/shopwindow/consent", data=data)


@asynccontextmanager
async def consented(app: ASGIApp, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser whose person agreed to everything."""
    async with browser(app, **headers) as client:
        assert (await consent(client)).status_code == 303
        yield client


def mounted(app: ASGIApp, window: Shopwindow) -> PersonalizationMiddleware:
    return PersonalizationMiddleware(app, window)


def events_of(window: Shopwindow) -> Sequence[str]:
    """The names of the events in a memory store, oldest first, after everything is written."""
    assert window.journal.wait_until_written()
    assert isinstance(window.store, MemoryStore)
    return [event.name for event in window.store.events.values()]

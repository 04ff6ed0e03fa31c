"""Four ways to answer a request for the start page, with two kinds of page."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from shopwindow import PersonalizationMiddleware

from . import handwritten
from .rounds import Contender, nothing_left
from .shop import SLOTS, page_source, page_values
from .work import Opened, Work, plain_page, slotted_constant, slotted_page

BARE = "bare"
PERSONALISED = "shopwindow"
BUFFERING = "BaseHTTPMiddleware"
HANDWRITTEN = "hand-written"
KINDS = ("static", "jinja")

Answer = Callable[[Request], str | bytes]


def serve(answer: Answer) -> ASGIApp:
    """A shop with one page."""

    async def home(request: Request) -> Response:
        return HTMLResponse(answer(request))

    return Starlette(routes=[Route("/", home)])


async def buffer(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Hold the whole body, change nothing, send it: what a first attempt would be built on."""
    response: Any = await call_next(request)
    body = b"".join([chunk async for chunk in response.body_iterator])
    return Response(body, response.status_code, dict(response.headers))


def jinja_pages(work: Opened) -> dict[str, Answer]:
    """The page rendered per request: without slots, with slots, with if/else."""
    values = page_values()
    plain, slotted = plain_page(), slotted_page()
    by_hand = handwritten.environment().from_string(page_source(handwritten.holes()))
    look_up = handwritten.values_for(work)
    return {
        BARE: lambda request: plain.render(values),
        PERSONALISED: lambda request: slotted.render(values),
        HANDWRITTEN: lambda request: by_hand.render(
            values, **look_up(request.scope, time.time())
        ),
    }


def static_pages(work: Opened) -> dict[str, Answer]:
    """The page as constant bytes: without slots, with slots, in pieces around if/else."""
    plain = plain_page().render(page_values()).encode()
    slotted = slotted_constant(work.window)
    environment = handwritten.environment()
    page = environment.from_string(page_source({slot: f"@@{slot}@@" for slot in SLOTS}))
    rest = page.render(page_values())
    parts: list[bytes] = []
    for slot in SLOTS:
        before, _, rest = rest.partition(f"@@{slot}@@")
        parts.append(before.encode())
    holes = [environment.from_string(text) for text in handwritten.holes().values()]
    look_up = handwritten.values_for(work)

    def by_hand(request: Request) -> bytes:
        values = look_up(request.scope, time.time())
        body: list[bytes] = []
        for part, template in zip(parts, holes, strict=True):
            body += (part, template.render(values).encode())
        return b"".join((*body, rest.encode()))

    return {
        BARE: lambda request: plain,
        PERSONALISED: lambda request: slotted,
        HANDWRITTEN: by_hand,
    }


def contenders(work: Work, kind: str) -> list[Contender]:
    """Everybody who answers with the ``static`` or the ``jinja`` page."""
    pages = static_pages(work) if kind == "static" else jinja_pages(work)
    bare = serve(pages[BARE])

    async def written() -> None:
        # What the writer's thread does is counted; looking for its end costs next to nothing.
        while work.window.journal.waiting:
            await asyncio.sleep(0.02)

    return [
        Contender(BARE, bare, nothing_left),
        Contender(
            PERSONALISED,
            PersonalizationMiddleware(serve(pages[PERSONALISED]), work.window),
            written,
        ),
        Contender(BUFFERING, BaseHTTPMiddleware(bare, buffer), nothing_left),
        Contender(HANDWRITTEN, serve(pages[HANDWRITTEN]), nothing_left),
    ]

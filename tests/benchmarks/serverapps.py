"""The shop behind uvicorn, in one process for each way to answer.

``python -m tests.benchmarks.serverapps NAME KIND PORT FOLDER`` is one of them; it writes
what it lost to ``lost.json`` when it is stopped.
"""

import gc
import json
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from shopwindow import PersonalizationMiddleware
from shopwindow.middleware.journal import NOTHING_TO_KEEP, Journal, Receipt
from shopwindow.rules.facts import Event, Profile

from .contenders import (
    BARE,
    BUFFERING,
    HANDWRITTEN,
    KEPT,
    PERSONALISED,
    Answer,
    jinja_pages,
    page_cache,
    serve,
    static_pages,
)
from .fragmentapp import FRAGMENTS_ONLY, fragments_app
from .serverpages import CACHED, ESI_PAGE, SSI_PAGE, STREAM, included_page
from .shop import page_values
from .work import Opened, attributed_page

ATTRIBUTES = "shopwindow, attribute slots"
UNRECORDED = "shopwindow, events off"
CHUNKS = 8
LOST = "lost.json"


class Unrecorded(Journal):
    """Keeps nothing: what a page costs without being recorded."""

    def note(
        self,
        event: Event,
        base: Profile | None = None,
        known: bool = False,
        after: Profile | None = None,
        *,
        size: int | None = None,
        later: Callable[[], None] | None = None,
    ) -> Receipt:
        return NOTHING_TO_KEEP


async def pass_on(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Do nothing, as cheaply as this kind of middleware can."""
    return await call_next(request)


def in_chunks(body: bytes) -> list[bytes]:
    """``body`` in eight pieces of about the same size."""
    size = len(body) // CHUNKS + 1
    return [body[at : at + size] for at in range(0, len(body), size)]


def streaming(answer: Answer) -> ASGIApp:
    """A shop with one page, which leaves in eight pieces."""
    cut: dict[bytes, list[bytes]] = {}  # pages that are the same for everybody

    async def pieces(body: bytes) -> AsyncIterator[bytes]:
        for piece in cut.get(body) or in_chunks(body):
            yield piece

    async def home(request: Request) -> Response:
        body = answer(request)
        assert isinstance(body, bytes)
        return StreamingResponse(pieces(body), media_type="text/html")

    return Starlette(routes=[Route("/", home)])


def attributed_answer(rendered: bool) -> Answer:
    """The page with slots as attributes, rendered per request or as constant bytes."""
    template, values = attributed_page(), page_values()
    if rendered:
        return lambda request: template.render(values)
    constant = template.render(values).encode()
    return lambda request: constant


def build(name: str, kind: str, opened: Opened) -> ASGIApp:
    """The app that answers as ``name`` with pages of ``kind``."""
    window = opened.window
    if name == FRAGMENTS_ONLY:
        return fragments_app(opened)
    if name in (SSI_PAGE, ESI_PAGE):
        template, values = included_page(name), page_values()
        return serve(lambda request: template.render(values))
    wrapped: Callable[[Answer], ASGIApp] = streaming if kind == STREAM else serve
    rendered = kind in ("jinja", CACHED)
    pages = (jinja_pages if rendered else static_pages)(opened)
    if name in (BARE, HANDWRITTEN):
        return wrapped(pages[name])
    if name == BUFFERING:
        return BaseHTTPMiddleware(wrapped(pages[BARE]), pass_on)
    if name == PERSONALISED:
        return PersonalizationMiddleware(wrapped(pages[PERSONALISED]), window)
    if name == KEPT:
        page, cache = wrapped(pages[PERSONALISED]), page_cache("/")
        return PersonalizationMiddleware(page, window, cache=cache)
    if name == UNRECORDED:
        window.journal = Unrecorded(window.store, window._learn, window._weigh)
        return PersonalizationMiddleware(wrapped(pages[PERSONALISED]), window)
    if name == ATTRIBUTES:
        named = wrapped(attributed_answer(rendered))
        return PersonalizationMiddleware(named, window)
    raise ValueError(name)


def main(name: str, kind: str, port: str, folder: str) -> None:
    opened = Opened(Path(folder))
    app = build(name, kind, opened)
    window = opened.window if isinstance(app, PersonalizationMiddleware) else None
    # A shop without shopwindow has no site in memory that the garbage collector walks over.
    del opened
    gc.collect()
    uvicorn.run(app, port=int(port), log_level="warning", access_log=False)
    lost: dict[str, Any] = {}
    if window is not None:
        lost = {**window.counters, **window.journal.dropped}
    (Path(folder) / LOST).write_text(json.dumps(lost))


if __name__ == "__main__":
    main(*sys.argv[1:])

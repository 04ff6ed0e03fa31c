"""A shop that is loaded while things break: ``uvicorn tests.faults.serve:app``.

``bare`` is the same shop without us. ``/state`` tells how the process is; it is written to
STATE_FOLDER, too, when the process has stopped in good order.
"""

import asyncio
import json
import logging
import os
import resource
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from shopwindow import PersonalizationMiddleware, Shopwindow
from shopwindow.middleware.breaker import Breaker
from shopwindow.middleware.stores import StoreError
from tests.shop import by_attribute, page

APP = 0.005  # seconds that the shop works for a page
ACKNOWLEDGED = 10.0  # seconds that an order waits at most to be stored


class Watched(Breaker):
    """Counts how many failures there are until it is open, and those still on their way then."""

    opened_after = 0  # the most of all times

    def __init__(self) -> None:
        super().__init__()
        self._row = 0
        self._open_since = 0.0

    def succeeded(self) -> None:
        super().succeeded()
        self._row, self._open_since = 0, 0.0

    def failed(self) -> None:
        super().failed()
        now = monotonic()
        if self._open_since and now - self._open_since > 1.0:
            return  # somebody tried again
        self._row += 1
        if self.open:
            self._open_since = self._open_since or now
            self.opened_after = max(self.opened_after, self._row)


async def start(request: Request) -> Response:
    await asyncio.sleep(APP)
    return HTMLResponse(page(by_attribute))


async def order(request: Request) -> Response:
    """Answers once the order is safe."""
    visit = request.state.shopwindow
    number = request.path_params["number"]
    receipt = visit.track(
        "Order Completed", {"order_id": number, "products": [{"product_id": "tea-1"}]}
    )
    try:
        async with asyncio.timeout(ACKNOWLEDGED):
            await receipt.stored
    except (StoreError, TimeoutError):
        return PlainTextResponse("not stored", 503)
    return PlainTextResponse(number)


async def login(request: Request) -> Response:
    request.state.shopwindow.identify(request.path_params["customer"])
    return PlainTextResponse("in")


async def leave(request: Request) -> Response:
    request.state.shopwindow.deny()
    return PlainTextResponse("gone")


def state() -> dict[str, Any]:
    """How this process is."""
    journal, stats = window.journal, window.stats
    breaker = window.breaker
    assert isinstance(breaker, Watched)
    lookups = stats.lookups
    return {
        "pid": os.getpid(),
        "threads": threading.active_count(),
        "files": len(os.listdir("/proc/self/fd")),
        "bytes": _resident(),
        "most bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "tasks": _tasks(),
        "open": breaker.open,
        "opened after": breaker.opened_after,
        "failures": lookups["late"] + lookups["error"],
        "lookups": dict(lookups),
        "accepted": journal.accepted,
        "stored": journal.stored,
        "waiting": journal.waiting,
        "dropped": dict(journal.dropped),
        "warnings": dict(window.counters),
    }


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _tasks() -> int:
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:
        return 0


async def told(request: Request) -> Response:
    return JSONResponse(state())


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    yield
    await window.stop()  # as the middleware does after us: what is left is written then
    if folder := os.environ.get("STATE_FOLDER"):
        Path(folder, f"{os.getpid()}.json").write_text(json.dumps(state()))


ROUTES = [
    Route("/", start),
    Route("/p/{product}", start),
    Route("/order/{number}", order, methods=["POST"]),
    Route("/login/{customer}", login, methods=["POST"]),
    Route("/leave", leave, methods=["POST"]),
    Route("/state", told),
]
bare = Starlette(routes=ROUTES)
if os.environ.get("LOG_EVERYTHING"):
    logging.basicConfig(level=logging.DEBUG)
if site := os.environ.get("SHOP_SITE"):
    window = Shopwindow(site)
    window.breaker = Watched()
    app = PersonalizationMiddleware(Starlette(routes=ROUTES, lifespan=lifespan), window)

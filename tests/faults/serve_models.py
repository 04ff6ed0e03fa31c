"""A shop whose models are swapped: ``uvicorn tests.faults.serve_models:app``, its site in SHOP_SITE.

``/state`` tells which model its shelves are of.
"""

import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from shopwindow import PersonalizationMiddleware, Shopwindow
from shopwindow.middleware import models
from tests.shop import by_attribute, page

models.POLL = 0.005  # seconds; a thousand swaps shall not take a quarter of an hour
window = Shopwindow(os.environ["SHOP_SITE"])


async def start(request: Request) -> HTMLResponse:
    return HTMLResponse(page(by_attribute))


async def state(request: Request) -> JSONResponse:
    model = window.assortment.model
    outcomes = dict(window.stats.table("models", ""))
    files = len(os.listdir("/proc/self/fd"))
    told = {"model": model.name if model else "", "outcomes": outcomes, "files": files}
    return JSONResponse(told)


routes = [Route("/", start), Route("/p/{product}", start), Route("/state", state)]
app = PersonalizationMiddleware(Starlette(routes=routes), window)

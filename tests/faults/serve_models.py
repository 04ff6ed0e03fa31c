"""A shop whose models are swapped: ``uvicorn tests.faults.serve_models:app``, its site in SHOP_SITE.

A page has shelves of the model that the process serves at that moment, beside what its slots
show. ``/state`` tells which model that is.
"""

import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from shopwindow import PersonalizationMiddleware, Shopwindow
from shopwindow.fragments.recommendations import Recommender
from shopwindow.middleware import models
from tests.shop import by_attribute, page

models.POLL = 0.005  # seconds; a thousand swaps shall not take a quarter of an hour
window = Shopwindow(os.environ["SHOP_SITE"])


async def start(request: Request) -> Response:
    model = window.model
    if model is None:
        return Response(status_code=503)
    shelves = ""
    for _ in range(2):
        found = Recommender(model).recommend(seen=["x"], limit=10, exclude=["x"])
        shelves += "<ul>" + "".join(f"<li>{one.id}</li>" for one in found) + "</ul>"
    return HTMLResponse(page(by_attribute).replace(b"<footer>", shelves.encode()))


async def state(request: Request) -> Response:
    name = window.model.name if window.model else ""
    outcomes = dict(window.stats.table("models", ""))
    files = len(os.listdir("/proc/self/fd"))
    return JSONResponse({"model": name, "outcomes": outcomes, "files": files})


app = PersonalizationMiddleware(
    Starlette(routes=[Route("/", start), Route("/state", state)]), window
)

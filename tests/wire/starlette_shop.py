"""The shop in Starlette."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, StreamingResponse
from starlette.routing import Route

from shopwindow import PersonalizationMiddleware, Shopwindow
from tests.shop import HTML
from tests.wire.pages import DEFAULT, ETAG, file, letters


async def one(request: Request) -> HTMLResponse:
    return HTMLResponse(DEFAULT, headers={"etag": ETAG})


async def stream(request: Request) -> StreamingResponse:
    return StreamingResponse(letters(), media_type=HTML)


async def from_file(request: Request) -> FileResponse:
    return FileResponse(file(), media_type=HTML)


def make(window: Shopwindow | None) -> Starlette:
    routes = [
        Route("/one", one),
        # Starlette's Route answers HEAD wherever it answers GET.
        Route("/stream", stream),
        Route("/file", from_file),
    ]
    shop = Starlette(routes=routes)
    if window is not None:
        shop.add_middleware(PersonalizationMiddleware, site=window)
    return shop

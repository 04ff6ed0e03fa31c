"""The shop in FastAPI."""

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse, StreamingResponse

from shopwindow import PersonalizationMiddleware, Shopwindow
from tests.shop import HTML
from tests.wire.pages import DEFAULT, ETAG, file, letters


def make(window: Shopwindow | None) -> FastAPI:
    shop = FastAPI()
    both = ["GET", "HEAD"]

    @shop.api_route("/one", methods=both, response_class=HTMLResponse)
    def one() -> HTMLResponse:
        return HTMLResponse(DEFAULT, headers={"etag": ETAG})

    @shop.api_route("/stream", methods=both, response_class=StreamingResponse)
    async def stream() -> StreamingResponse:
        return StreamingResponse(letters(), media_type=HTML)

    @shop.api_route("/file", methods=both, response_class=FileResponse)
    def from_file() -> FileResponse:
        return FileResponse(file(), media_type=HTML)

    if window is not None:
        shop.add_middleware(PersonalizationMiddleware, site=window)
    return shop

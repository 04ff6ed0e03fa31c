"""The shop in Litestar."""

from litestar import Litestar, get
from litestar.response import File, Response, Stream

from shopwindow import Shopwindow
from shopwindow.middleware.litestar import ShopwindowPlugin
from tests.wire.pages import DEFAULT, ETAG, file, letters


@get("/one")
async def one() -> Response[bytes]:
    return Response(DEFAULT, media_type="text/html", headers={"etag": ETAG})


@get("/stream")
async def stream() -> Stream:
    return Stream(letters, media_type="text/html")


@get("/file")
async def from_file() -> File:
    return File(file(), content_disposition_type="inline", media_type="text/html")


def make(window: Shopwindow | None) -> Litestar:
    plugins = [] if window is None else [ShopwindowPlugin(window)]
    routes = [one, stream, from_file]
    return Litestar(routes, plugins=plugins, openapi_config=None, logging_config=None)

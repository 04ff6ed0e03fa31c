"""The shop in Quart."""

from quart import Quart, Response, send_file

from shopwindow import PersonalizationMiddleware, Shopwindow
from tests.shop import HTML
from tests.wire.pages import DEFAULT, ETAG, file, letters


def make(window: Shopwindow | None) -> Quart:
    shop = Quart(__name__)

    @shop.route("/one")
    async def one() -> Response:
        return Response(DEFAULT, content_type=HTML, headers={"etag": ETAG})

    @shop.route("/stream")
    async def stream() -> Response:
        return Response(letters(), content_type=HTML)

    @shop.route("/file")
    async def from_file() -> Response:
        return await send_file(file(), mimetype=HTML, conditional=True)

    if window is not None:
        shop.asgi_app = PersonalizationMiddleware(shop.asgi_app, window)  # type: ignore[assignment, method-assign, arg-type]  # as Quart's own manual does
    return shop

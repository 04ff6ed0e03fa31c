"""One framework's shop for a real server: ours below /, a naive rewriter below /naive.

``uvicorn tests.wire.serve:app``; SHOP_FRAMEWORK says which, SHOP_SITE where the site is.
"""

import os
from importlib import import_module

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shopwindow import Shopwindow
from tests.shop import TEASER

_make = import_module(f"tests.wire.{os.environ['SHOP_FRAMEWORK']}_shop").make
_ours = GZipMiddleware(_make(Shopwindow(os.environ["SHOP_SITE"])), minimum_size=100)
_bare = _make(None)


def naive(app: ASGIApp) -> ASGIApp:
    """What comes to mind first: every fault in it is one that published middleware had."""

    async def replacing(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.body" and "body" in message:
                swapped = bytes(message["body"]).replace(b"<p>News</p>", TEASER)
                message = {**message, "body": swapped}
            await send(message)

        await app(scope, receive, sending)

    return replacing


_naive = naive(_bare)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http" and scope["path"].startswith("/naive/"):
        path = scope["path"].removeprefix("/naive")
        inner = {**scope, "path": path, "raw_path": path.encode()}
        await _naive(inner, receive, send)
    else:
        await _ours(scope, receive, send)

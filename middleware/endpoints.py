"""What visitors' browsers ask of us directly: everything below /-/shopwindow/."""

from http import HTTPStatus

from starlette.types import Receive, Send

from . import clicked, clickscript, decisions, summary
from .clicks import PREFIX as CLICK
from .clicks import UNCOUNTED
from .replies import reply
from .sources import webhook
from .visit import Visit

PREFIX = "/-/shopwindow/"


async def answer(visit: Visit, receive: Receive, send: Send) -> None:
    """Answer a request below :data:`PREFIX`."""
    path, method = visit.arrival.path, visit.arrival.scope["method"]
    if path == decisions.PATH:
        await decisions.answer(visit, receive, send)
    elif path == summary.PATH:
        await summary.answer(visit, send)
    elif path.startswith(webhook.PREFIX):
        await webhook.answer(visit, receive, send)
    elif path.startswith(CLICK):
        await clicked.answer(visit, path.removeprefix(CLICK), send)
    elif path.startswith(UNCOUNTED):
        await clicked.answer(visit, path.removeprefix(UNCOUNTED), send, counts=False)
    elif clickscript.is_script(path) and method in ("GET", "HEAD"):
        await clickscript.answer(visit, send)
    else:
        from .ownpages import desk  # templates and words: not before somebody asks

        page = desk.page(path)
        if page is None:
            await reply(visit, send, HTTPStatus.NOT_FOUND)
        else:
            await desk.answer(visit, page, receive, send)

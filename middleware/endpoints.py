"""What visitors' browsers ask of us directly: everything below /-/shopwindow/."""

from http import HTTPStatus

from starlette.types import Receive, Send

from . import decisions, summary
from .clicks import PREFIX as CLICK
from .clicks import UNCOUNTED
from .replies import redirect, reply
from .visit import Visit

PREFIX = "/-/shopwindow/"


async def answer(visit: Visit, receive: Receive, send: Send) -> None:
    """Answer a request below :data:`PREFIX`."""
    path, method = visit.arrival.path, visit.arrival.scope["method"]
    if path == decisions.PATH:
        await decisions.answer(visit, receive, send)
    elif path == summary.PATH:
        await summary.answer(visit, send)
    elif path.startswith(CLICK) and method in ("GET", "HEAD"):
        await _click(visit, path.removeprefix(CLICK), send)
    elif path.startswith(UNCOUNTED) and method in ("GET", "HEAD"):
        await _click(visit, path.removeprefix(UNCOUNTED), send, counts=False)
    else:
        from .ownpages import desk  # templates and words: not before somebody asks

        page = desk.page(path)
        if page is None:
            await reply(visit, send, HTTPStatus.NOT_FOUND)
        else:
            await desk.answer(visit, page, receive, send)


async def _click(visit: Visit, token: str, send: Send, counts: bool = True) -> None:
    opened = visit.window.clicks.open(token)
    if opened is None:
        await reply(visit, send, HTTPStatus.NOT_FOUND)
        return
    fragment, url = opened
    opens = visit.arrival.navigation and visit.arrival.scope["method"] == "GET"
    if counts and opens:
        visit.track("Promotion Clicked", {"promotion_id": fragment})
    await redirect(visit, send, url)

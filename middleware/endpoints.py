"""What visitors' browsers ask of us directly: everything below /-/shopwindow/."""

from http import HTTPStatus

from starlette.types import Receive, Send

from ..rules.facts import PURPOSES
from . import decisions, summary
from .clicks import PREFIX as CLICK
from .clicks import UNCOUNTED
from .forms import Form, read_form
from .replies import local, redirect, reply
from .visit import Visit

PREFIX = "/-/shopwindow/"


async def answer(visit: Visit, receive: Receive, send: Send) -> None:
    """Answer a request below :data:`PREFIX`."""
    path, method = visit.arrival.path, visit.arrival.scope["method"]
    if path == PREFIX + "consent":
        if method == "POST":
            await _consent(visit, receive, send)
        else:
            allowed = [(b"allow", b"POST")]
            await reply(visit, send, HTTPStatus.METHOD_NOT_ALLOWED, allowed)
    elif path == decisions.PATH:
        await decisions.answer(visit, receive, send)
    elif path == summary.PATH:
        await summary.answer(visit, send)
    elif path.startswith(CLICK) and method in ("GET", "HEAD"):
        await _click(visit, path.removeprefix(CLICK), send)
    elif path.startswith(UNCOUNTED) and method in ("GET", "HEAD"):
        await _click(visit, path.removeprefix(UNCOUNTED), send, counts=False)
    else:
        await reply(visit, send, HTTPStatus.NOT_FOUND)


async def _consent(visit: Visit, receive: Receive, send: Send) -> None:
    """A form with ``choice`` (granted, denied, or selected with the purposes ticked) and ``next``."""
    if not visit.arrival.same_origin:
        await reply(visit, send, HTTPStatus.FORBIDDEN)
        return
    form = await read_form(receive)
    if form is None:
        await reply(visit, send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return
    choice = _last(form, "choice")
    ticked = [purpose for purpose in PURPOSES if _last(form, purpose)]
    if visit.window.tool is not None and choice in ("granted", "selected"):
        # Nobody can agree here to what somebody else asks for, only take a refusal back.
        if not visit.readmit():
            asks = visit.site.settings.consent_provider
            body = f"consent is asked for by {asks}, not here\n".encode()
            await reply(visit, send, HTTPStatus.CONFLICT, body=body)
            return
    elif choice == "granted":
        visit.grant()
    elif choice == "selected" and ticked:
        visit.grant(*ticked)
    elif choice in ("denied", "selected"):
        visit.deny()
    else:
        await reply(visit, send, HTTPStatus.BAD_REQUEST)
        return
    await redirect(visit, send, local(_last(form, "next")) or f"{visit.root}/")


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


def _last(form: Form, field: str) -> str:
    """A field's value; of several the last one counts."""
    return form.get(field, [""])[-1]

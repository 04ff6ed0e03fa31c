"""A click on a link in a fragment: told by following it, or by the script in the page."""

from http import HTTPStatus

from starlette.types import Send

from ..rules.events import PROMOTION_CLICKED
from .decisionids import opened
from .replies import redirect, reply
from .visit import Visit

METHODS = ("GET", "HEAD", "POST")
# Whoever comes to another site by us tells it no more than where from: a page's address may say
# what somebody looked at. What the page itself asks for is never told more widely by this.
_DISCREET = [(b"referrer-policy", b"strict-origin-when-cross-origin")]


async def answer(visit: Visit, rest: str, send: Send, counts: bool = True) -> None:
    """Count what the address's end, ``rest``, says was clicked, if it ``counts``.

    GET leads on to where the link says; POST, which the page's script sends, leads nowhere.
    """
    arrival = visit.arrival
    method = arrival.scope["method"]
    if method not in METHODS:
        headers = [(b"allow", ", ".join(METHODS).encode())]
        await reply(visit, send, HTTPStatus.METHOD_NOT_ALLOWED, headers)
        return
    decision, token = opened(rest)
    found = visit.window.clicks.open(token)
    if found is None:
        await reply(visit, send, HTTPStatus.NOT_FOUND)
        return
    fragment, url = found
    if method == "POST":
        if not arrival.same_origin:
            await reply(visit, send, HTTPStatus.FORBIDDEN)
            return
        seen = not arrival.prefetch
    else:
        seen = method == "GET" and arrival.navigation
    if counts and seen:
        said = {"promotion_id": fragment}
        if decision:
            said["decision"] = decision
        visit.track(PROMOTION_CLICKED, said)
    if method == "POST":
        await reply(visit, send, HTTPStatus.NO_CONTENT)
    else:
        await redirect(visit, send, url, _DISCREET)

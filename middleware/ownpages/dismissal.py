"""Not interested: what a slot showed is sent away, and the visitor is back on the page."""

from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from starlette.types import Receive, Send

from ...fragments.dismissal import ADDRESS
from ..dismissals import NOTHING
from ..replies import local, redirect
from ..visit import Visit
from . import problems
from .sheets import Sheet, said, show

METHODS = ("POST",)


async def answer(visit: Visit, receive: Receive, send: Send) -> None:
    """A POST to a signed address; its body says nothing."""
    back = _page(visit)
    token = visit.arrival.path.removeprefix(ADDRESS)
    if not visit.arrival.same_origin:
        status = HTTPStatus.FORBIDDEN
        await show(visit, send, problems.refused(visit, "foreign", "overview", status))
        return
    if token == NOTHING.decode().removeprefix(ADDRESS):
        await redirect(visit, send, back)  # from a preview, where nobody is
        return
    opened = visit.window.dismissals.open(token)
    if opened is None:
        status = HTTPStatus.NOT_FOUND
        await show(
            visit, send, problems.refused(visit, "unreadable", "overview", status)
        )
    elif not visit.remembers:
        await show(visit, send, _unknown(visit, back))
    else:
        fragment, rule = opened
        visit.dismiss(fragment, rule)
        await redirect(visit, send, back)


def _page(visit: Visit) -> str:
    """Where the form stood: where the browser says it came from, else as the address says."""
    arrival = visit.arrival
    came = arrival.headers.get(b"referer", b"").decode("latin-1")
    host = arrival.headers.get(b"host", b"").decode("latin-1")
    scheme, _, rest = came.partition("://")
    if scheme in ("http", "https") and host and rest.startswith(f"{host}/"):
        if (page := local(rest.removeprefix(host))) is not None:
            return page
    query: bytes = arrival.scope.get("query_string", b"")
    said = parse_qs(query.decode("latin-1")).get("to", [""])[-1]
    return local(said) or f"{visit.root}/"


def _unknown(visit: Visit, back: str) -> Sheet:
    words = said(visit)["dismissed"]
    values: dict[str, Any] = {
        "text": words["unknown"],
        "url": back,
        "link": words["back"],
    }
    return Sheet("problem", values, title="dismissed")

"""The small forms in fragments: which one it was, and back to the page that it stood on."""

from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from starlette.types import Send

from ..decisionids import opened
from ..formaddresses import NOTHING, FormAddresses
from ..replies import local, redirect
from ..visit import Visit
from . import problems
from .sheets import Sheet, said, show


class Given(NamedTuple):
    """What was answered to: a fragment, the rule that showed it, the decision (empty: nobody
    knows), and where the form stood."""

    fragment: str
    rule: str
    decision: str
    back: str


async def given(
    visit: Visit, send: Send, prefix: str, addresses: FormAddresses
) -> Given | None:
    """What a POST to a signed address below ``prefix`` is about; None: it was answered with the
    page that says why nothing is done with it."""
    back = _page(visit)
    rest = visit.arrival.path.removeprefix(prefix)
    if not visit.arrival.same_origin:
        status = HTTPStatus.FORBIDDEN
        await show(visit, send, problems.refused(visit, "foreign", "overview", status))
        return None
    if rest == NOTHING:
        await redirect(visit, send, back)
        return None
    decision, token = opened(rest)
    found = addresses.open(token)
    if found is None:
        status = HTTPStatus.NOT_FOUND
        await show(
            visit, send, problems.refused(visit, "unreadable", "overview", status)
        )
        return None
    if not visit.remembers:
        await show(visit, send, _unknown(visit, back))
        return None
    return Given(*found, decision, back)


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

"""What was done by a form, told on the page after it: once, for a while, and only if it was."""

from urllib.parse import parse_qs, quote

from ..visit import Visit
from .sheets import address, said

TOLD = 120.0  # seconds
_FIELD = "done"
_KNOWN = ("saved", "noted")


def noticed(visit: Visit, page: str, what: str) -> str:
    """The address of ``page`` that tells ``what`` was done."""
    who = visit.visitor.id if visit.visitor is not None else ""
    ticket = visit.window.tickets.make(f"{page} {what}", who, visit.arrival.now)
    return f"{address(visit, page)}?{_FIELD}={what}.{quote(ticket)}"


def notice_of(visit: Visit, page: str) -> str:
    """What the address of this request tells, if we made it a moment ago; else empty."""
    query: bytes = visit.arrival.scope.get("query_string", b"")
    if _FIELD.encode() not in query:
        return ""
    given = parse_qs(query.decode("latin-1")).get(_FIELD, [""])[-1]
    what, _, ticket = given.partition(".")
    who = visit.visitor.id if visit.visitor is not None else ""
    made = visit.window.tickets.good(
        ticket, f"{page} {what}", who, visit.arrival.now, TOLD
    )
    return str(said(visit)["notices"][what]) if made and what in _KNOWN else ""

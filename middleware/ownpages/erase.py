"""Erase: a question first, then everything goes, and the page says what was done."""

from starlette.types import Receive, Send

from ..visit import Visit
from . import forms, problems, records
from .sheets import Sheet, said, show

METHODS = ("GET", "HEAD", "POST")
WRITTEN = 2.0  # seconds that the visitor waits to read that it is done


async def answer(visit: Visit, receive: Receive, send: Send) -> None:
    if visit.arrival.scope["method"] == "POST":
        sheet = await _erase(visit, receive)
    elif visit.visitor is None:
        sheet = _nothing(visit)
    else:
        sheet = await _question(visit)
    await show(visit, send, sheet)


async def _question(visit: Visit, notice: str = "") -> Sheet:
    try:
        profile = await records.known(visit)
        customer = profile is not None and bool(profile.customer)
    except records.Late:
        customer = True  # it may be, and is said rather than left out
    values = {
        "done": False,
        "customer": customer,
        "action": forms.action(visit, "erase"),
        "ticket": forms.ticket(visit, "erase"),
    }
    return Sheet("erase", values, notice=notice, bad=bool(notice))


async def _erase(visit: Visit, receive: Receive) -> Sheet:
    received = await forms.received(visit, receive, "erase")
    if isinstance(received, Sheet):
        return received
    if visit.visitor is None:
        return _nothing(visit)
    if not received.good:
        expired = said(visit)["notices"]["expired"]
        sheet = await _question(visit, expired)
        return forms.again(sheet)
    before = len(visit.receipts)
    visit.erase()
    receipts = visit.receipts[before:]
    # Without one it is our own fault; the cookie is gone all the same.
    done = bool(receipts) and await forms.kept(receipts, WRITTEN)
    return _outcome(visit, "done" if done else "promised")


def _nothing(visit: Visit) -> Sheet:
    return problems.without_consent(visit, "erase")


def _outcome(visit: Visit, what: str) -> Sheet:
    words = said(visit)
    values = {
        "done": True,
        "outcome": words["erase"][what],
        "about": words["erase"][f"{what}-text"],
        "frame": words["frame"],
        "consent": words["problem"]["answer"],
    }
    return Sheet("erase", values)

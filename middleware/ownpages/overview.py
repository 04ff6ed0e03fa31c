"""The first page: where everything else is."""

from starlette.types import Receive, Send

from ..visit import Visit
from .consent import state
from .sheets import Sheet, address, said, show

METHODS = ("GET", "HEAD")
_ENTRIES = ("consent", "preferences", "known", "download", "erase")


async def answer(visit: Visit, receive: Receive, send: Send) -> None:
    words = said(visit)
    entries = [
        {
            "title": words["titles"][page],
            "text": words["overview"][page],
            "url": address(visit, page),
        }
        for page in _ENTRIES
    ]
    notice = words["notices"]["bot"] if visit.arrival.bot else ""
    values = {"state": state(visit), "entries": entries}
    await show(visit, send, Sheet("overview", values, notice=notice))

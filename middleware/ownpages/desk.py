"""Who answers what below /-/shopwindow/, and who comes too often."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from types import ModuleType

from starlette.types import Receive, Send

from ...fragments.dismissal import ADDRESS as DISMISS
from ...fragments.thumbs import ADDRESS as RATE
from ..replies import reply
from ..visit import Visit
from . import (
    consent,
    dismissal,
    download,
    erase,
    known,
    overview,
    preferences,
    problems,
    rating,
)
from .sheets import PREFIX, private, show

Answer = Callable[[Visit, Receive, Send], Awaitable[None]]
_PAGES: Mapping[str, ModuleType] = {
    f"{PREFIX}{name}": module
    for name, module in {
        "": overview,
        "consent": consent,
        "preferences": preferences,
        "known": known,
        "download": download,
        "erase": erase,
    }.items()
}


def page(path: str) -> ModuleType | None:
    """The page at ``path``, None if there is none of ours."""
    if path.startswith(DISMISS):
        return dismissal
    if path.startswith(RATE):
        return rating
    return _PAGES.get(path)


async def answer(visit: Visit, page: ModuleType, receive: Receive, send: Send) -> None:
    """Answer a request for ``page``, one of :func:`page`."""
    method = visit.arrival.scope["method"]
    if method not in page.METHODS:
        allowed = ", ".join(page.METHODS).encode()
        headers = private([(b"allow", allowed)])
        await reply(visit, send, HTTPStatus.METHOD_NOT_ALLOWED, headers)
        return
    who = visit.visitor.id if visit.visitor is not None else ""
    trusted = visit.site.settings.trusted
    wait = visit.window.rates.wait(visit.arrival, who, trusted)
    if wait:
        name = visit.arrival.path.removeprefix(PREFIX).partition("/")[0]
        here = name if f"{PREFIX}{name}" in _PAGES and name else "overview"
        await show(visit, send, problems.too_fast(visit, here, wait))
        return
    await page.answer(visit, receive, send)

"""Forms of our own pages: a ticket goes out with each, and comes back with the answers."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import NamedTuple

import msgspec
from starlette.types import Receive

from ..forms import Form, read_form
from ..journal import Receipt
from ..leaving import PROMISE
from ..visit import Visit
from . import problems
from .sheets import Sheet, address

LARGEST = 131_072  # bytes: the names of some hundred things, as forms write them


class Received(NamedTuple):
    """A form, and whether its ticket is one of ours for this visitor."""

    form: Form
    good: bool


def action(visit: Visit, page: str) -> str:
    return address(visit, page)


def ticket(visit: Visit, page: str) -> str:
    """What the form of ``page`` carries in its field ``ticket``."""
    who = visit.visitor.id if visit.visitor is not None else ""
    return visit.window.tickets.make(page, who, visit.arrival.now)


async def received(visit: Visit, receive: Receive, page: str) -> Received | Sheet:
    """The form that came in, or the page that says why nothing is done with it."""
    if not visit.arrival.same_origin:
        return problems.refused(visit, "foreign", page, HTTPStatus.FORBIDDEN)
    try:
        form = await read_form(receive, LARGEST, blank=True)
    except ValueError:
        return problems.refused(visit, "unreadable", page, HTTPStatus.BAD_REQUEST)
    if form is None:
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return problems.refused(visit, "large", page, status)
    given = form.pop("ticket", [""])[-1]
    who = visit.visitor.id if visit.visitor is not None else ""
    good = visit.window.tickets.good(given, page, who, visit.arrival.now)
    return Received(form, good)


async def kept(receipts: Sequence[Receipt], seconds: float = PROMISE) -> bool:
    """Whether the store has taken all of it within so many seconds; else it will, when it can."""
    waiting = [receipt.stored for receipt in receipts]
    if not waiting:
        return True
    done, late = await asyncio.wait(waiting, timeout=seconds)
    return not late and all(one.exception() is None for one in done)


def again(sheet: Sheet) -> Sheet:
    """The same page, as the answer to a form that was not taken."""
    return msgspec.structs.replace(sheet, status=HTTPStatus.FORBIDDEN)

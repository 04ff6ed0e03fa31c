"""All rows of one person, read beside the shop: what the pages of their data show."""

import asyncio
from threading import BoundedSemaphore
from time import monotonic
from typing import TYPE_CHECKING

from ...rules.facts import Event, Profile
from ..visit import Visit

if TYPE_CHECKING:
    from ..window import Shopwindow

PATIENCE = 3.0  # seconds that a visitor waits for their own data
_LOOK = 0.02  # seconds between two looks whether everything is written
AT_ONCE = 4  # readings at the same time; each takes a thread until it is over
_places = BoundedSemaphore(AT_ONCE)


class Late(Exception):
    """The store does not answer, or not in time; nothing is lost."""


async def known(visit: Visit) -> Profile | None:
    """What is known about the visitor this very moment; None: nothing is kept, or may be.

    Raises :class:`Late`.
    """
    if not await visit.recall(PATIENCE):
        raise Late
    return visit.lookup.profile if visit.remembers else None


async def events(visit: Visit) -> list[Event]:
    """Everything that is logged of the visitor, oldest first. Raises :class:`Late`."""
    if not visit.remembers or visit.visitor is None:
        return []
    end = monotonic() + PATIENCE
    window, visitor = visit.window, visit.visitor.id
    while window.journal.writes(visitor) and monotonic() < end:
        await asyncio.sleep(_LOOK)
    if not _places.acquire(blocking=False):
        raise Late  # a store that hangs must not take one thread after the other
    try:
        reading = asyncio.to_thread(_read, window, visitor)
        return await asyncio.wait_for(reading, max(0.1, end - monotonic()))
    except Exception as error:
        # A store of any kind may fail in any way; the visitor is told to come again.
        window.warn("records", "reading a visitor's rows failed: %r", error)
        raise Late from error


def _read(window: "Shopwindow", visitor: str) -> list[Event]:
    try:
        keeper = window.store.keeper(window.site.context.day)
        try:
            owner = keeper.owner_of(visitor)
            return [] if owner is None else list(keeper.everything(owner)[1])
        finally:
            keeper.close()
    finally:
        _places.release()

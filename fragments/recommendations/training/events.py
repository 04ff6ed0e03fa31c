"""What visitors did, as columns of numbers: what all of the training reads."""

from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

VIEWED, ADDED, BOUGHT = 0, 1, 2
DAY = 86_400.0  # seconds
#: Of one visitor, so many seconds without an event begin a new session.
PAUSE = 1800.0


class Events(NamedTuple):
    """One row per event, the rows of a session together and in the order they happened in.

    ``session`` counts from 0 in the order in which sessions ended, so it never falls from row
    to row: what happened last is at the end, and a tail of sessions is a slice. ``item`` is a
    place in ``keys``, which are sorted by their UTF-8 bytes. ``verb`` is :data:`VIEWED`,
    :data:`ADDED` or :data:`BOUGHT`. ``time`` is in seconds since 1970 where ``timed``, else
    the place in the file. ``order`` numbers the orders, -1 for what is in none.

    ``lines`` is how many lines were read; ``rejected`` says why some of them are no events.
    """

    visitor: NDArray[np.int32]
    session: NDArray[np.int32]
    item: NDArray[np.int32]
    verb: NDArray[np.int8]
    time: NDArray[np.float64]
    order: NDArray[np.int32]
    keys: list[str]
    timed: bool
    lines: int
    rejected: Counter[str]

    @property
    def sessions(self) -> int:
        """One more than the highest session."""
        return int(self.session[-1]) + 1 if len(self.session) else 0

    def where(self, chosen: NDArray[np.bool_]) -> "Events":
        """Only the chosen rows; the numbers of items, sessions, visitors and orders stay."""
        columns = (column[chosen] for column in self[:6])
        return Events(*columns, *self[6:])  # type: ignore[call-arg, arg-type]  # how many columns there are, mypy cannot count

    def starts(self) -> NDArray[np.int64]:
        """Session ``s`` has the rows ``starts[s]`` to ``starts[s + 1]``."""
        return np.searchsorted(self.session, np.arange(self.sessions + 1))


def views_of(events: Events) -> Events:
    """Only what was viewed; where nothing was, whatever was done counts as that."""
    viewed = events.verb == VIEWED
    if viewed.all():
        return events
    if viewed.any():
        return events.where(viewed)
    return events._replace(verb=np.full(len(events.verb), VIEWED, np.int8))

"""On which days who bought what, for all that is learned of buying again."""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from .events import BOUGHT

Floats = NDArray[np.float64]


class Log(Protocol):
    """What is needed of :class:`.events.Events`."""

    @property
    def visitor(self) -> NDArray[np.int32]: ...
    @property
    def item(self) -> NDArray[np.int32]: ...
    @property
    def verb(self) -> NDArray[np.int8]: ...
    @property
    def time(self) -> Floats: ...
    @property
    def keys(self) -> list[str]: ...
    @property
    def timed(self) -> bool: ...


class Purchases(NamedTuple):
    """Days on which somebody bought something, sorted by visitor, item and day, each once."""

    visitor: NDArray[np.int64]
    item: NDArray[np.int64]
    day: NDArray[np.int64]

    def before(self, day: int) -> "Purchases":
        chosen = self.day < day
        return Purchases(*(column[chosen] for column in self))

    def of(self, visitors: NDArray[np.bool_]) -> "Purchases":
        """Those of the visitors whose number is chosen."""
        chosen = visitors[self.visitor]
        return Purchases(*(column[chosen] for column in self))


def purchases(events: Log) -> Purchases:
    """What was bought, of events that have times, by visitors who are known."""
    bought = (events.verb == BOUGHT) & (events.visitor >= 0)
    visitor = events.visitor[bought].astype(np.int64)
    item = events.item[bought].astype(np.int64)
    day = np.floor(events.time[bought] / 86_400).astype(np.int64)
    if not len(day):
        return Purchases(visitor, item, day)
    # One number of all three is sorted many times as quickly.
    first, items = int(day.min()), len(events.keys)
    days = int(day.max()) - first + 1
    if (int(visitor.max()) + 1) * items * days >= 1 << 63:
        raise OverflowError(f"{days:,} days of purchases are too many")
    key = (visitor * items + item) * days + (day - first)
    key.sort()
    fresh = np.ones(len(key), np.bool_)
    fresh[1:] = key[1:] != key[:-1]
    pair, day = np.divmod(key[fresh], days)
    visitor, item = np.divmod(pair, items)
    return Purchases(visitor, item, day + first)


class Pairs(NamedTuple):
    """Visitors and what they bought, each pair once; ``start`` is the first of its purchases."""

    visitor: NDArray[np.int64]
    item: NDArray[np.int64]
    start: NDArray[np.int64]
    times: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]


def pairs(bought: Purchases) -> Pairs:
    fresh = np.ones(len(bought.day), np.bool_)
    fresh[1:] = (np.diff(bought.visitor) != 0) | (np.diff(bought.item) != 0)
    start = np.flatnonzero(fresh)
    end = np.append(start[1:], len(bought.day))
    return Pairs(
        bought.visitor[start],
        bought.item[start],
        start,
        end - start,
        bought.day[start],
        bought.day[end - 1],
    )

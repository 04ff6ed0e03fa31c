"""What the whole shop looks at: over all the time that is known, and lately.

As in the tables, weights are whole numbers, so that every engine adds them up to the same.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .events import ADDED, BOUGHT, DAY, VIEWED, Events
from .weights import UNIT

#: What an event weighs by its verb.
WEIGHTS = {VIEWED: 1, ADDED: 3, BOUGHT: 5}
#: Days after which something is half as much in fashion.
HALF_LIFE = 7.0
#: A file without times counts as that of so many days.
UNTIMED_DAYS = 30


class Popularity(NamedTuple):
    """A number per item that grows with popularity, and the items by it, the most popular first."""

    scores: NDArray[np.float32]
    order: NDArray[np.int32]


class Categories(NamedTuple):
    """Category ``n`` has the items ``idx[ptr[n]:ptr[n + 1]]``, the most popular first."""

    names: list[str]
    ptr: NDArray[np.int64]
    idx: NDArray[np.int32]


def popular(events: Events) -> Popularity:
    """By all events: the sum of their :data:`WEIGHTS`."""
    return _of(events, _weights(events) * UNIT)


def trending(events: Events) -> Popularity:
    """The same, each event weighed less by its age: half for each :data:`HALF_LIFE` days.

    Ages are whole days before the last event.
    """
    if not len(events.time):
        return _of(events, np.zeros(0, np.int64))
    days = ages(events)
    return _of(events, decays(int(days.max()) + 1)[events.verb, days])


def ages(events: Events) -> NDArray[np.int64]:
    """How many whole days before the last event each one was."""
    age = events.time.max() - events.time
    if events.timed:
        days = np.floor(age / DAY)
    else:
        days = np.floor(age / max(1.0, float(age.max())) * UNTIMED_DAYS)
    whole: NDArray[np.int64] = days.astype(np.int64)
    return whole


def decays(days: int) -> NDArray[np.int64]:
    """What an event weighs by its verb and its age in days, in fixed point."""
    shares = [0.5 ** (day / HALF_LIFE) for day in range(days)]
    weights = [
        [max(1, round(UNIT * WEIGHTS[verb] * share)) for share in shares]
        for verb in sorted(WEIGHTS)
    ]
    return np.array(weights, np.int64)


def by_category(
    popularity: Popularity, keys: Sequence[str], categories: Mapping[str, Sequence[str]]
) -> Categories:
    """The items of each category; ``categories`` names those of a key, none if it is not there."""
    names = sorted({name for some in categories.values() for name in some})
    numbers = {name: number for number, name in enumerate(names)}
    pairs = [
        (numbers[name], item)
        for item, key in enumerate(keys)
        for name in categories.get(key, ())
    ]
    of, items = np.array(pairs, np.int32).reshape(-1, 2).T
    rank = np.empty(len(keys), np.int32)
    rank[popularity.order] = np.arange(len(keys), dtype=np.int32)
    ptr = np.zeros(len(names) + 1, np.int64)
    np.cumsum(np.bincount(of, minlength=len(names)), out=ptr[1:])
    return Categories(names, ptr, items[np.lexsort((rank[items], of))])


def _weights(events: Events) -> NDArray[np.int64]:
    weights = np.array([WEIGHTS[verb] for verb in sorted(WEIGHTS)], np.int64)
    each: NDArray[np.int64] = weights[events.verb]
    return each


def _of(events: Events, weights: NDArray[np.int64]) -> Popularity:
    # Below 2 ** 53, where whole numbers are exact.
    sums = np.bincount(
        events.item, weights.astype(np.float64), minlength=len(events.keys)
    )
    return ranked(sums)


def ranked(sums: NDArray[Any]) -> Popularity:
    """Of what the events of each item weigh, in fixed point."""
    scores = (sums / UNIT).astype(np.float32)
    return Popularity(scores, np.argsort(-scores, kind="stable").astype(np.int32))

"""Events put in order: into sessions, and the sessions by when they ended."""

from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .events import DAY, PAUSE, Events

#: Events of one session that count; who does more is no shopper.
LONGEST = 5_000
#: A time so many times as far from most others as these are from each other is a mistake.
FAR = 5.0

TOO_MANY = f"more than {LONGEST:,} events in one session"
FAR_OFF = "the time is far from all others"
NO_TIME = "no time, where others have one"

_Bools = NDArray[np.bool_]


class Columns(NamedTuple):
    """Events in the order of the file; -1 stands for no visitor, session or order, NaN for no time."""

    visitor: NDArray[np.int32]
    session: NDArray[np.int32]
    item: NDArray[np.int32]
    verb: NDArray[np.int8]
    time: NDArray[np.float64]
    order: NDArray[np.int32]
    place: NDArray[np.int64]

    def where(self, chosen: "_Bools | NDArray[np.int64]") -> "Columns":
        return Columns(*(column[chosen] for column in self))  # type: ignore[arg-type]  # each keeps its own type


def arranged(
    columns: Columns, texts: list[str], lines: int, rejected: Counter[str]
) -> Events:
    """The events of ``columns``, whose ``item`` is a place in ``texts``.

    What has no session is parted into sessions by half an hour's pause, or is one session per
    visitor where there are no times. Times count where most events have one. ``rejected`` is
    added to.
    """
    given = ~np.isnan(columns.time)
    timed = bool(given.sum() * 2 > len(given))
    if timed:
        columns = _only(columns, given, NO_TIME, rejected)
        columns = _only(columns, _near(columns.time), FAR_OFF, rejected)
        time = columns.time
    else:
        time = columns.place.astype(np.float64)
    order = _in_sessions(columns, time)
    columns, time = columns.where(order), time[order]
    begins = _begins(columns, time, timed)
    del order
    number = np.cumsum(begins) - 1
    starts = np.flatnonzero(begins)
    place = np.arange(len(number)) - starts[number]
    short = place < LONGEST
    if not short.all():
        rejected[TOO_MANY] += int((~short).sum())
        columns, time, number = columns.where(short), time[short], number[short]
    number = _by_end(number, time, columns.place)
    if (np.diff(number) < 0).any():
        order = np.argsort(number, kind="stable")
        columns, time, number = columns.where(order), time[order], number[order]
    item, keys = _sorted_items(columns.item, texts)
    return Events(
        columns.visitor,
        number.astype(np.int32),
        item,
        columns.verb,
        time,
        columns.order,
        keys,
        timed,
        lines,
        rejected,
    )


def _only(columns: Columns, sound: _Bools, why: str, rejected: Counter[str]) -> Columns:
    if sound.all():
        return columns
    rejected[why] += int((~sound).sum())
    return columns.where(sound)


def _near(time: NDArray[np.float64]) -> _Bools:
    """Which times are not far off: one wrong clock would make all others look the same age."""
    low, high = np.quantile(time, (0.01, 0.99))
    margin = max(FAR * (high - low), DAY)
    near: _Bools = (time >= low - margin) & (time <= high + margin)
    return near


def _in_sessions(columns: Columns, time: NDArray[np.float64]) -> NDArray[np.int64]:
    """The order by visitor, session and time, and by file where these are the same."""
    group = columns.visitor.astype(np.int64) << 32
    group += columns.session
    if (np.diff(time) < 0).any():
        order = np.argsort(time, kind="stable")
        return order[np.argsort(group[order], kind="stable")]
    return np.argsort(group, kind="stable")


def _begins(columns: Columns, time: NDArray[np.float64], timed: bool) -> _Bools:
    """Which events, in order, are the first of a session."""
    first = np.ones(len(time), np.bool_)
    visitor, session = columns.visitor, columns.session
    first[1:] = (np.diff(visitor) != 0) | (np.diff(session) != 0)
    if timed:
        first[1:] |= (session[1:] < 0) & (np.diff(time) > PAUSE)
    return first


def _by_end(
    number: NDArray[np.int64], time: NDArray[np.float64], place: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Sessions numbered anew, by when the last event of each was."""
    ends = np.flatnonzero(np.diff(number, append=-1))
    order = np.lexsort((place[ends], time[ends]))
    renamed = np.empty(len(ends), np.int64)
    renamed[order] = np.arange(len(ends))
    each: NDArray[np.int64] = renamed[number]
    return each


def _sorted_items(
    item: NDArray[np.int32], texts: list[str]
) -> tuple[NDArray[np.int32], list[str]]:
    """Items by their names' order, without those that nothing is left of."""
    used = np.flatnonzero(np.bincount(item, minlength=len(texts)))
    # By code points, which is the order of UTF-8's bytes.
    order = sorted(used.tolist(), key=texts.__getitem__)
    renamed = np.full(len(texts), -1, np.int32)
    renamed[order] = np.arange(len(order), dtype=np.int32)
    return renamed[item], [texts[number] for number in order]

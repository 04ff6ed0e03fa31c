"""How often something happened on which day, kept small."""

from collections.abc import Iterable, Mapping

from .facts import (
    BOUGHT_KEPT,
    DAYS_KEPT,
    KEYS_KEPT,
    RULES_KEPT,
    WINDOW_DAYS,
    Counter,
    Event,
)
from .interests import Pair
from .tables import Counts

# A profile is read on every request, so a busy one must stay small: the more keys a verb and
# dimension have, the fewer days each keeps, but never less than DAYS_LEAST.
TABLE_DAYS = 200
DAYS_LEAST = 13


_KEPT = {
    "shown rule": RULES_KEPT,
    "bought product": BOUGHT_KEPT,
    "dismissed product": BOUGHT_KEPT,
}


def keys_kept(table: str) -> int:
    """How many keys a table such as "viewed product" may have."""
    return _KEPT.get(table, KEYS_KEPT)


def counted(
    counter: Counter | None, time: float, day: int, kept: int = DAYS_KEPT
) -> Counter:
    """``counter`` with one more on ``day``; at most ``kept`` days, all of the last 400.

    So every window of up to 400 days is exact for somebody who did it on ``kept`` days or
    fewer, and "at least n times within ..." is for everybody, for every n below ``kept``.
    """
    if counter is None:
        return Counter(time, (day, 1))
    days = counter.days
    if days[-2] == day:
        days = (*days[:-1], days[-1] + 1)
    elif days[-2] < day:
        days = (*days, day, 1)
        if days[0] <= day - WINDOW_DAYS:
            days = recent(days, day - WINDOW_DAYS)
    else:  # a late event, from a queue or a replay
        by_day = dict(zip(days[::2], days[1::2], strict=True))
        by_day[day] = by_day.get(day, 0) + 1
        days = tuple(number for pair in sorted(by_day.items()) for number in pair)
        days = recent(days, days[-2] - WINDOW_DAYS)
    if len(days) > 2 * kept:
        days = fewer(days, kept)
    return Counter(time if time > counter.last else counter.last, days)


def fewer(days: tuple[int, ...], kept: int) -> tuple[int, ...]:
    """``days`` (day, count, day, count, ...) as at most ``kept`` days.

    The oldest are added together *on the oldest one*: what is that long ago may be missing from
    a window, but is never counted into one it does not belong to.
    """
    extra = len(days) - 2 * kept
    if extra <= 0:
        return days
    return days[0], sum(days[1 : extra + 2 : 2]), *days[extra + 2 :]


def recent(days: tuple[int, ...], oldest: int) -> tuple[int, ...]:
    """``days`` without ``oldest`` and those before it."""
    start = 0
    while start < len(days) and days[start] <= oldest:
        start += 2
    return days[start:]


def add_counts(
    counts: Mapping[str, Mapping[str, Counter]],
    verb: str,
    pairs: Iterable[Pair],
    event: Event,
) -> Counts:
    """``counts`` with each pair counted once more under ``verb``."""
    time, day = int(event.time), event.day  # whole seconds take half of the bytes
    fresh: dict[str, dict[str, Counter]] = {}
    for dimension, key in pairs:
        name = f"{verb} {dimension}"
        table = fresh.get(name)
        if table is None:
            table = fresh[name] = dict(counts.get(name, ()))
        old = table.pop(key, None)  # the latest stands last
        if old is None:
            table[key] = Counter(time, (day, 1))
            if len(table) > keys_kept(name):
                del table[min(table, key=lambda key: table[key].last)]
        else:
            kept = TABLE_DAYS // (len(table) + 1)
            kept = min(max(kept, DAYS_LEAST), DAYS_KEPT)
            table[key] = counted(old, time, day, kept)
    return Counts.changed(counts, fresh)

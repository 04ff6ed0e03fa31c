"""What a profile forgets first, when it has become too large to be read on every page."""

from collections.abc import Iterator, Mapping
from math import exp2
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from .counters import DAYS_LEAST, fewer
from .facts import WINDOW_DAYS, Counter, Profile
from .interests import HALF_LIFE, decayed
from .precedence import UNTOLD

# What goes first goes as a whole before anything of the next is touched; within it the old and
# the seldom go before the recent and the frequent.
LOOKS, CARTS, BOUGHT, TOLD, CAPS, ANSWERS = range(6)
_CLASSES = {
    "added-to-cart": CARTS,
    "bought": BOUGHT,
    # These keep a rule from being shown again.
    "shown rule": CAPS,
    "clicked": CAPS,
    "dismissed": CAPS,
}

_encode = msgspec.msgpack.Encoder().encode
_Table = Mapping[str, Any]


class _Entry(NamedTuple):
    """One thing that could go: ``size`` bytes in ``tables``, under ``key`` in each of them."""

    kind: int
    use: float
    key: str
    size: int
    tables: tuple[_Table, ...]


def trimmed(profile: Profile, most: int) -> Profile:
    """``profile`` in at most ``most`` bytes, without what was least useful.

    First go the days that no window reaches, then looks, searches, showings and what was made of
    them, then the days of the rest are counted together, then carts, purchases of single
    things, attributes and variants; last what keeps rules from being shown again, and the visitor's own answers.
    The number, value and ids of orders stay, and so does who the visitor is.
    """
    first = int(max(_days(profile), default=0)) - WINDOW_DAYS + 1
    counts = {
        name: {
            key: counter
            for key, counter in table.items()
            if counter.days and counter.days[-2] >= first
        }
        for name, table in profile.counts.items()
    }
    profile = _own(replace(profile, counts=counts))
    over = _dropped(profile, len(_encode(profile)) - most, (LOOKS,))
    if over > 0:
        counts = {
            name: {key: _collapsed(counter) for key, counter in table.items()}
            for name, table in profile.counts.items()
        }
        profile = replace(profile, counts=counts)
        over = len(_encode(profile)) - most
        _dropped(profile, over, (CARTS, BOUGHT, TOLD, CAPS, ANSWERS))
    return replace(
        profile,
        counts=_filled(profile.counts),
        interests=_filled(profile.interests),
        answers=_filled(profile.answers),
    )


def _days(profile: Profile) -> Iterator[int]:
    for table in profile.counts.values():
        for counter in table.values():
            yield from counter.days[-2:-1]


def _own(profile: Profile) -> Profile:
    """With tables of its own, that may be changed."""
    return replace(
        profile,
        counts={name: dict(table) for name, table in profile.counts.items()},
        interests={name: dict(table) for name, table in profile.interests.items()},
        answers={name: dict(table) for name, table in profile.answers.items()},
        attributes=dict(profile.attributes),
        told=dict(profile.told),
        variants=dict(profile.variants),
        cart=dict(profile.cart),
    )


def _dropped(profile: Profile, over: int, kinds: tuple[int, ...]) -> int:
    """Take entries of ``kinds`` away until ``over`` bytes are gone; how many still are too many."""
    entries = sorted(
        (entry for entry in _entries(profile) if entry.kind in kinds),
        key=lambda entry: entry[:3],
    )
    for entry in entries:
        if over <= 0:
            break
        for table in entry.tables:
            if isinstance(table, dict):  # it always is: see _own
                table.pop(entry.key, None)
        over -= entry.size
    return over


def _entries(profile: Profile) -> Iterator[_Entry]:
    now = profile.last_seen

    def entry(kind: int, use: float, key: str, *tables: _Table) -> _Entry:
        parts = [(key, table[key]) for table in tables if key in table]
        size = sum(len(_encode(part)) - 1 for part in parts)
        return _Entry(kind, use, key, size, tables)

    for name, table in profile.counts.items():
        kind = _CLASSES.get(name, _CLASSES.get(name.partition(" ")[0], LOOKS))
        for key, counter in table.items():
            yield entry(kind, _use(counter, now), key, table)
    for interests in profile.interests.values():
        for key, interest in interests.items():
            yield entry(LOOKS, decayed(interest, now), key, interests)
    for name in profile.attributes:
        word = profile.told.get(name, UNTOLD)
        yield entry(TOLD, word.time, name, profile.attributes, profile.told)
    for name in profile.told:
        if name not in profile.attributes:
            yield entry(LOOKS, 0.0, name, profile.told)
    for name in profile.variants:
        yield entry(TOLD, 0.0, name, profile.variants)
    for key in profile.cart:
        yield entry(TOLD, profile.cart_since, key, profile.cart)
    for answers in profile.answers.values():
        for key, said in answers.items():
            yield entry(ANSWERS if said.wish else LOOKS, said.time, key, answers)


def _use(counter: Counter, now: float) -> float:
    """How much a counter tells: as often as it counted, halved with every 30 days."""
    return counter.total * exp2(min(0.0, (counter.last - now) / HALF_LIFE))


def _collapsed(counter: Counter) -> Counter:
    return Counter(counter.last, fewer(counter.days, DAYS_LEAST))


def _filled(tables: Mapping[str, _Table]) -> dict[str, Any]:
    return {name: table for name, table in tables.items() if table}

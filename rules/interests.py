"""What a visitor leans towards: scores that halve with time, against the shop's own traffic."""

from collections.abc import Iterable, Mapping
from math import exp2

import msgspec

from .facts import DAY, KEYS_KEPT, Interest, Profile

Pair = tuple[str, str]  # dimension, key

INTEREST_DIMENSIONS = frozenset({"category", "brand", "tag"})
WEIGHTS = {"viewed": 1.0, "added-to-cart": 3.0, "bought": 5.0}
HALF_LIFE = 30 * DAY
SHRINKAGE = 2.0  # how many views of an average visitor everybody starts with


class Traffic(msgspec.Struct, frozen=True):
    """The shop's own traffic: dimension -> key -> share of its views; each sums to 1."""

    shares: Mapping[str, Mapping[str, float]] = {}


NO_TRAFFIC = Traffic()


def decayed(interest: Interest, now: float) -> float:
    """The score at ``now``, in seconds since 1970: halved every 30 days."""
    age = now - interest.time
    return (
        interest.score if age <= 0 else float(interest.score * 0.5 ** (age / HALF_LIFE))
    )


def add_interest(
    interests: dict[str, dict[str, Interest]],
    weight: float,
    pairs: Iterable[Pair],
    time: float,
) -> None:
    fresh: set[str] = set()
    for dimension, key in pairs:
        if dimension not in INTEREST_DIMENSIONS:
            continue
        if dimension in fresh:
            table = interests[dimension]
        else:
            fresh.add(dimension)
            table = interests[dimension] = dict(interests.get(dimension, ()))
        old = table.pop(key, None)
        if old is None:
            table[key] = Interest(weight, time)
        elif old.time <= time:
            table[key] = Interest(decayed(old, time) + weight, time)
        else:
            late = weight * 0.5 ** ((old.time - time) / HALF_LIFE)
            table[key] = Interest(old.score + late, old.time)
        if len(table) > KEYS_KEPT:
            weakest = min(table, key=lambda name: decayed(table[name], time))
            del table[weakest]


def interest_total(profile: Profile, dimension: str, now: float) -> float:
    """All scores of one dimension at ``now``, added."""
    total = 0.0
    for interest in profile.interests.get(dimension, {}).values():
        age = now - interest.time  # as in decayed(), without 48 calls
        total += interest.score * exp2(-age / HALF_LIFE) if age > 0 else interest.score
    return total


def affinity(
    profile: Profile, dimension: str, key: str, now: float, traffic: Traffic
) -> float:
    """How much more this visitor turns to ``key`` than this shop's visitors do: 0 to 1.

    A shrunken lift. With ``s`` the visitor's decayed score for the key, ``S`` for the whole
    dimension, ``p`` the key's share of the shop's own traffic and ``m = 2``::

        q = (s + m * p) / (S + m)        the visitor's share, drawn towards the shop's
        affinity = max(0, 1 - p / q)     0: like everybody (or less); 0.5: twice as much

    Without traffic every key has the share ``1 / max(n, 10)``, n being the keys this visitor
    has. A key the traffic does not know has a tenth of an equal share; rarer ones count as that.
    """
    total = interest_total(profile, dimension, now)
    return affinity_of_total(profile, dimension, key, now, traffic, total)


def affinity_of_total(
    profile: Profile,
    dimension: str,
    key: str,
    now: float,
    traffic: Traffic,
    total: float,
) -> float:
    """:func:`affinity` where the total is known: a request adds it up once for all rules."""
    table = profile.interests.get(dimension)
    if not table or (interest := table.get(key)) is None:
        return 0.0
    shares = traffic.shares.get(dimension)
    if shares:
        share = max(shares.get(key, 0.0), 0.1 / max(len(shares), 10))
    else:
        share = 1.0 / max(len(table), 10)
    own = (decayed(interest, now) + SHRINKAGE * share) / (total + SHRINKAGE)
    return max(0.0, 1.0 - share / own) if own > 0.0 else 0.0

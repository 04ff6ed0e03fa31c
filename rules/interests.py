"""What a visitor leans towards: scores that halve with time, against the shop's own traffic."""

from collections.abc import Iterable, Mapping
from math import ceil, exp2, inf, log2

import msgspec

from .facts import DAY, KEYS_KEPT, Interest, Profile

Pair = tuple[str, str]  # dimension, key

INTEREST_DIMENSIONS = frozenset({"category", "brand", "tag"})
WEIGHTS = {"viewed": 1, "added-to-cart": 3, "bought": 5}
HALF_LIFE = 30 * DAY
SHRINKAGE = 2.0  # how many views of an average visitor everybody starts with


class Traffic(msgspec.Struct, frozen=True, gc=False):
    """The shop's own traffic: dimension -> key -> share of its views; each sums to 1."""

    shares: Mapping[str, Mapping[str, float]] = {}


NO_TRAFFIC = Traffic()


def decayed(interest: Interest, now: float) -> float:
    """The score at ``now``, in seconds since 1970: halved every 30 days."""
    age = now - interest.time
    return interest.score if age <= 0 else interest.score * exp2(-age / HALF_LIFE)


def short(score: float, time: float) -> Interest:
    """The interest that was ``score`` at ``time``, in whole numbers: they take less than half of
    the bytes. It was the next whole score a little earlier.
    """
    whole = ceil(score)
    if whole == score or not 0.0 < score < 1e9:
        return Interest(whole if whole == score else score, time)
    return Interest(whole, round(time - HALF_LIFE * log2(whole / score)))


def add_interest(
    interests: dict[str, dict[str, Interest]],
    weight: float,
    pairs: Iterable[Pair],
    time: float,
) -> None:
    time = int(time)
    fresh: dict[str, dict[str, Interest]] = {}
    for dimension, key in pairs:
        if dimension not in INTEREST_DIMENSIONS:
            continue
        table = fresh.get(dimension)
        if table is None:
            table = dict(interests.get(dimension, ()))
            fresh[dimension] = interests[dimension] = table
        old = table.pop(key, None)
        if old is None:
            table[key] = Interest(weight, time)
        elif old.time <= time:
            table[key] = short(decayed(old, time) + weight, time)
        else:
            late = decayed(Interest(weight, time), old.time)
            table[key] = short(old.score + late, old.time)
        if len(table) > KEYS_KEPT:
            weakest = min(table, key=lambda name: decayed(table[name], time))
            del table[weakest]


class Leanings:
    """The affinities of one visitor in one dimension at one moment: scores are faded once."""

    __slots__ = ("_least", "_scores", "_shares", "_total")

    def __init__(
        self, profile: Profile, dimension: str, now: float, traffic: Traffic
    ) -> None:
        table = profile.interests.get(dimension, _NO_INTERESTS)
        scores: dict[str, float] = {}
        total = SHRINKAGE
        for key, interest in table.items():
            age = now - interest.time  # as in decayed(), without 48 calls
            score = interest.score
            if age > 0:
                score *= exp2(-age / HALF_LIFE)
            scores[key] = score
            total += score
        self._scores = scores
        # Only a damaged profile has scores below zero: it leans to nothing.
        self._total = total if total > 0.0 else inf
        self._shares = shares = traffic.shares.get(dimension)
        self._least = (
            0.1 / max(len(shares), 10) if shares else 1.0 / max(len(table), 10)
        )

    def affinity(self, key: str) -> float:
        """How much more this visitor turns to ``key`` than this shop's visitors do: 0 to 1.

        A shrunken lift. With ``s`` the visitor's decayed score for the key, ``S`` for the
        whole dimension, ``p`` the key's share of the shop's own traffic and ``m = 2``::

            q = (s + m * p) / (S + m)        the visitor's share, drawn towards the shop's
            affinity = max(0, 1 - p / q)     0: like everybody (or less); 0.5: twice as much

        Without traffic every key has the share ``1 / max(n, 10)``, n being the keys this
        visitor has. A key the traffic does not know has a tenth of an equal share; rarer
        ones count as that.
        """
        score = self._scores.get(key)
        if score is None:
            return 0.0
        share, shares = self._least, self._shares
        if shares and (own := shares.get(key, 0.0)) > share:
            share = own
        mine = (score + SHRINKAGE * share) / self._total
        # A share so small that it is none cannot be divided by.
        return max(0.0, 1.0 - share / mine) if mine > 0.0 else 0.0


_NO_INTERESTS: Mapping[str, Interest] = {}

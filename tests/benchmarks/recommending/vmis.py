"""VMIS-kNN in plain Python: what shelves are compared with.

After B. Kersbergen, O. Sprangers and S. Schelter, "Serenade: Low-Latency Session-Based Recommendation
in e-Commerce at Scale", SIGMOD 2022.
"""

from collections.abc import Sequence
from heapq import heappush, heapreplace, nlargest
from math import log

MOST, NEIGHBOURS = 500, 100  # sessions of an item that are looked at; those that count


class Vmis:
    """The sessions that are most like the one of now, and what else is in them."""

    def __init__(
        self, sessions: Sequence[Sequence[str]], k: int = NEIGHBOURS, m: int = MOST
    ) -> None:
        """``sessions`` come oldest first: the latest ``m`` of each item are kept."""
        self._k, self._m = k, m
        self._items = [tuple(dict.fromkeys(session)) for session in sessions]
        self._latest: dict[str, list[int]] = {}
        for number in range(len(sessions) - 1, -1, -1):
            for item in self._items[number]:
                kept = self._latest.setdefault(item, [])
                if len(kept) < m:
                    kept.append(number)
        often: dict[str, int] = {}
        for items in self._items:
            for item in items:
                often[item] = often.get(item, 0) + 1
        self._rare = {item: log(len(sessions) / n) for item, n in often.items()}

    def recommend(self, session: Sequence[str], limit: int) -> list[tuple[str, float]]:
        """The items that go with ``session``, oldest first, and their scores."""
        found: dict[int, float] = {}
        latest: list[
            int
        ] = []  # a heap of the sessions in `found`: the oldest goes first
        places: dict[str, int] = {}
        length = len(session)
        for place in range(length, 0, -1):
            item = session[place - 1]
            if item in places:
                continue
            places[item] = place
            weight = place / length
            for other in self._latest.get(item, ()):
                if other in found:
                    found[other] += weight
                elif len(latest) < self._m:
                    found[other] = weight
                    heappush(latest, other)
                elif other > latest[0]:
                    del found[heapreplace(latest, other)]
                    found[other] = weight
                else:
                    break  # all others are older still
        nearest = nlargest(self._k, found.items(), key=lambda one: (one[1], one[0]))
        scores: dict[str, float] = {}
        for other, similarity in nearest:
            items = self._items[other]
            last = max(places.get(item, 0) for item in items)
            # Of Serenade: the nearer the last click in common is to the end, the more it counts.
            matched = similarity * (
                1 - 0.1 * (length - last) if length - last < 10 else 0
            )
            for item in items:
                scores[item] = scores.get(item, 0.0) + matched * self._rare[item]
        return nlargest(limit, scores.items(), key=lambda one: one[1])

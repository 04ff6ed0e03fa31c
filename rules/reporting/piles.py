"""Many tallies made one: a report over months adds up tens of thousands of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from ..measurement.cells import Tally

Key = TypeVar("Key", str, int)
_AT_ONCE = (
    8  # tallies that wait to be added together: columns are summed faster than pairs
)


class Pile:
    """What :meth:`Tally.add` comes to, several times as fast."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[Tally] = []

    def put(self, tally: Tally) -> None:
        """Add ``tally``, which is not to be changed any more."""
        self._waiting.append(tally)
        if len(self._waiting) == _AT_ONCE:
            self._waiting = [_summed(self._waiting)]

    def total(self) -> Tally:
        """The sum of all."""
        if len(self._waiting) != 1:
            self._waiting = [_summed(self._waiting)]
        return self._waiting[0]


def _summed(tallies: Sequence[Tally]) -> Tally:
    names = {name for tally in tallies for name in tally.buckets}
    return Tally(
        sum(tally.n for tally in tallies),
        _columns(tally.moments for tally in tallies),
        {
            name: _columns(tally.buckets.get(name, {}) for tally in tallies)
            for name in names
        },
    )


def _columns(rows: Iterable[Mapping[Key, list[int]]]) -> dict[Key, list[int]]:
    found: dict[Key, list[list[int]]] = {}
    for row in rows:
        for key, values in row.items():
            known = found.get(key)
            if known is None:
                found[key] = [values]
            else:
                known.append(values)
    return {
        key: each[0] if len(each) == 1 else list(map(sum, zip(*each, strict=True)))
        for key, each in found.items()
    }

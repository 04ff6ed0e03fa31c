"""Rows of a model's tables, ready to be added up: kept for the items that are asked for most."""

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from array import array
    from collections.abc import Mapping

    from .model import Table

#: Items -> scores, the best first.
Row = dict[int, float]
#: So many rows are kept, of all rules together: some 5 kB each.
KEPT = 2_000


class Kept:
    """What was asked for lately, up to ``most`` rows: the older half goes when it is full."""

    __slots__ = ("_half", "_new", "_old", "numbers")

    def __init__(self, most: int = KEPT) -> None:
        self._half = max(1, most // 2)
        self._new: dict[tuple[int, int], Row] = {}
        self._old: dict[tuple[int, int], Row] = {}
        #: The next number of a table that has its rows here; no two threads get the same.
        self.numbers = count(1)

    def __len__(self) -> int:
        return len(self._new) + len(self._old)

    def get(self, table: int, item: int, make: Callable[[int], Row]) -> Row:
        """The row of ``item``, which ``make`` makes. It is not to be changed."""
        asked = table, item
        found = self._new.get(asked)
        if found is None:
            found = self._old.get(asked)
            if found is None:
                found = make(item)
            if len(self._new) >= self._half:
                # As a whole: other threads may be reading.
                self._old, self._new = self._new, {}
            self._new[asked] = found
        return found


class Rows:
    """The rows of one table, of which what a rule does not ask for is left out.

    What it boosts and buries is multiplied already. That changes no digit: the factors are powers of
    two, so it does not matter whether the parts are multiplied or their sum.
    """

    __slots__ = ("_factors", "_groups", "_kept", "_number", "_refused", "_table")

    def __init__(
        self,
        table: "Table",
        groups: "array[int]",
        refused: int,
        factors: "Mapping[int, float]",
        kept: Kept,
    ) -> None:
        self._table = table
        self._groups, self._refused, self._factors = groups, refused, factors
        self._kept = kept
        self._number = next(kept.numbers)

    def __getitem__(self, item: int) -> Row:
        """The row of an item. It is not to be changed."""
        return self._kept.get(self._number, item, self._made)

    def _made(self, item: int) -> Row:
        ptr, idx, val = self._table
        begin, end = ptr[item], ptr[item + 1]
        groups, refused = self._groups, self._refused
        row = {
            other: value
            for other, value in zip(
                idx[begin:end].tolist(), val[begin:end].tolist(), strict=True
            )
            if groups[other] != refused
        }
        if self._factors:
            for other in self._factors.keys() & row.keys():
                row[other] *= self._factors[other]
        return row

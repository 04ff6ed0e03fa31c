"""Many contributions, added up quickly."""

from collections.abc import Iterator, Mapping

from .buckets import bucket
from .cells import Cell, Tally
from .contributions import Contribution
from .marks import Count, Mark, add, counted
from .metrics import ADDED_UP
from .quantities import OF_OUTCOMES, OF_PAST, Quantities
from .terms import MOMENTS, PLACES, WIDTH, Terms, of_outcomes, of_showings

_REMEMBERED = 5_000  # different numbers of showings and clicks whose terms are kept
_CAPPED = tuple(
    (name, OF_OUTCOMES.index(metric.over))
    for name, metric in ADDED_UP.items()
    if metric.capped
)
_PAST_REVENUE = len(OF_OUTCOMES) + OF_PAST.index("revenue")
_REVENUE, _NET = OF_OUTCOMES.index("revenue"), OF_OUTCOMES.index("net")


class Fold:
    """Adds contributions to tallies and counts, or takes them off again.

    It holds about 2 KB for each cell; empty it with :meth:`clear` when it has become large.
    Accounts are left out: put what :func:`.accounts.combined` makes of them in.
    """

    def __init__(self) -> None:
        self._rows: dict[Cell, list[int]] = {}  # the number of units stands last
        self._buckets: dict[Cell, dict[str, dict[int, list[int]]]] = {}
        self._marks: dict[Mark, int] = {}
        self._further: dict[Count, int] = {}
        self._known: dict[tuple[int, ...], Terms] = {}

    def __len__(self) -> int:
        """How many cells there are."""
        return len(self._rows)

    def add(self, contribution: Contribution, sign: int = 1) -> None:
        """Add what one owner adds; with a ``sign`` of -1 take it off."""
        self.put(contribution.cells, sign)
        marks = self._marks
        for mark, number in contribution.marks.items():
            marks[mark] = marks.get(mark, 0) + sign * number
        self.count(contribution.further, sign)

    def count(self, counts: Mapping[Count, int], sign: int = 1) -> None:
        """Add numbers that are counted day by day."""
        further = self._further
        for key, number in counts.items():
            further[key] = further.get(key, 0) + sign * number

    def put(self, cells: Mapping[Cell, Quantities], sign: int = 1) -> None:
        """Add one unit to its cells."""
        rows, known = self._rows, self._known
        worked_out: dict[int, Terms] = {}  # of outcomes, which the unit's cells share
        for cell, (showings, outcomes) in cells.items():
            row = rows.get(cell)
            if row is None:
                row = rows[cell] = [0] * (WIDTH + 1)
            row[-1] += sign
            terms = known.get(showings)
            if terms is None:
                if len(known) >= _REMEMBERED:
                    known.clear()
                terms = known[showings] = of_showings(showings)
            for place, number in terms:
                row[place] += sign * number
            terms = worked_out.get(id(outcomes))
            if terms is None:
                terms = worked_out[id(outcomes)] = of_outcomes(outcomes)
            for place, number in terms:
                row[place] += sign * number
            if outcomes[_REVENUE] or outcomes[_NET]:
                self._cap(cell, outcomes, sign)

    def _cap(self, cell: Cell, outcomes: tuple[int, ...], sign: int) -> None:
        buckets = self._buckets.setdefault(cell, {})
        x = outcomes[_PAST_REVENUE]
        for name, at in _CAPPED:
            y = outcomes[at]
            if not y:
                continue
            numbers = buckets.setdefault(name, {})
            number = bucket(y)
            sums = numbers.get(number)
            if sums is None:
                sums = numbers[number] = [0] * 6
            for place, value in enumerate((1, y, y * y, x, x * x, x * y)):
                sums[place] += sign * value

    def tallies(self) -> Iterator[tuple[Cell, Tally]]:
        """The cells that are not empty: where as much was taken off as added, nothing is left."""
        for cell, row in self._rows.items():
            buckets = {
                name: kept
                for name, numbers in self._buckets.get(cell, {}).items()
                if (kept := {at: sums for at, sums in numbers.items() if any(sums)})
            }
            moments = {}
            for name, place in PLACES.items():
                sums = row[place : place + MOMENTS]
                if any(sums):
                    moments[name] = sums
            if row[-1] or moments or buckets:
                yield cell, Tally(row[-1], moments, buckets)

    def counts(self) -> dict[Count, int]:
        """What is counted day by day, without what is 0."""
        counts = counted(self._marks.items())
        for key, number in self._further.items():
            add(counts, key, number)
        return counts

    def clear(self) -> None:
        """Begin anew."""
        self._rows.clear()
        self._buckets.clear()
        self._marks.clear()
        self._further.clear()

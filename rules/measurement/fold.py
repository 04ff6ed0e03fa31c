"""Many contributions, added up quickly."""

from collections.abc import Iterator, Mapping

from .buckets import bucket
from .cells import Cell, Tally
from .contributions import Contribution
from .marks import Count, Mark, add, counted
from .metrics import ADDED_UP
from .quantities import OF_OUTCOMES, OF_PAST, Quantities
from .terms import fits, of_outcomes, of_showings, unpacked

_REMEMBERED = 5_000  # different numbers of showings and clicks that are kept
_CAPPED = tuple(
    (name, OF_OUTCOMES.index(metric.over))
    for name, metric in ADDED_UP.items()
    if metric.capped
)
_PAST_REVENUE = len(OF_OUTCOMES) + OF_PAST.index("revenue")

_REVENUE, _NET = OF_OUTCOMES.index("revenue"), OF_OUTCOMES.index("net")

_Buckets = dict[str, dict[int, list[int]]]


class _Worth:
    """What the outcomes of one unit add to a row, if it ``fits``."""

    __slots__ = ("fits", "number", "sold")

    def __init__(self, outcomes: tuple[int, ...]) -> None:
        self.fits = fits(outcomes)
        self.number = of_outcomes(outcomes) if self.fits else 0
        self.sold = bool(outcomes[_REVENUE] or outcomes[_NET])


class Fold:
    """Adds contributions to tallies and counts, or takes them off again.

    It holds about 1 KB for each cell; empty it with :meth:`clear` when it has become large.
    Accounts are left out: put what :func:`.accounts.combined` makes of them in.
    """

    def __init__(self) -> None:
        self._rows: dict[Cell, list[int]] = {}  # one number each
        self._buckets: dict[Cell, _Buckets] = {}
        self._large: dict[Cell, Tally] = {}  # of numbers that are too large for a row
        self._marks: dict[Mark, int] = {}
        self._further: dict[Count, int] = {}
        self._known: dict[tuple[int, ...], int] = {}

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
        row = self._rows.get
        # The cells of a unit share their numbers: each is worked out once.
        ready: dict[int, int] = {}
        of_all: dict[int, _Worth] = {}
        for cell, quantities in cells.items():
            number = ready.get(id(quantities))
            if number is None:
                number = self._number(quantities, of_all)
                ready[id(quantities)] = number = sign * number
            total = row(cell)
            if total is None:
                self._rows[cell] = [number]
            else:
                total[0] += number
            if not number or of_all[id(quantities.outcomes)].sold:
                self._rare(cell, quantities, number, sign)

    def _number(self, quantities: Quantities, of_all: "dict[int, _Worth]") -> int:
        """What is added to a row; 0: it does not fit."""
        showings, outcomes = quantities
        worth = of_all.get(id(outcomes))
        if worth is None:
            worth = of_all[id(outcomes)] = _Worth(outcomes)
        number = self._known.get(showings)
        if number is None:
            if not fits(showings):
                return 0
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            number = self._known[showings] = of_showings(showings)
        return number + worth.number if worth.fits else 0

    def _rare(self, cell: Cell, quantities: Quantities, number: int, sign: int) -> None:
        """What few units have: numbers too large for a row, and those whose largest are cut."""
        if not number:
            large = self._large.setdefault(cell, Tally())
            large.count(quantities.told(), sign)
            return
        outcomes = quantities.outcomes
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
        empty = Tally()
        for cell in self._rows:
            tally = Tally(*unpacked(self._rows[cell][0]))
            for name, numbers in self._buckets.get(cell, {}).items():
                kept = {at: sums for at, sums in numbers.items() if any(sums)}
                if kept:
                    tally.buckets[name] = kept
            if cell in self._large:
                tally.add(self._large[cell])
            if tally != empty:
                yield cell, tally

    def counts(self) -> dict[Count, int]:
        """What is counted day by day, without what is 0."""
        counts = counted(self._marks.items())
        for key, number in self._further.items():
            add(counts, key, number)
        return counts

    def clear(self) -> None:
        """Begin anew."""
        for kept in (
            self._rows,
            self._buckets,
            self._large,
            self._marks,
            self._further,
        ):
            kept.clear()

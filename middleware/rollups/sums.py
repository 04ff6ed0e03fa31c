"""Sums over many units: what has to be added to those that are kept, or taken off."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ...rules.measurement.buckets import bucket
from ...rules.measurement.cells import Cell, Tally
from ...rules.measurement.marks import Count, counted
from ...rules.measurement.metrics import ADDED_UP
from ...rules.measurement.quantities import (
    OF_OUTCOMES,
    OF_PAST,
    OF_SHOWINGS,
    Quantities,
)
from ...rules.measurement.terms import (
    SALES,
    fits,
    of_outcomes,
    of_showings,
    unpacked,
)
from .names import Names
from .unit import NO_DAY, Body, flat

_REMEMBERED = 3_000  # halves of quantities

Key = tuple[int, int]
"""A day, and the number of a name."""
Value = Tally | int
"""Of a cell, or of what is counted."""

_SPLIT = len(OF_SHOWINGS)
_CAPPED = tuple(
    (name, OF_OUTCOMES.index(metric.over))
    for name, metric in ADDED_UP.items()
    if metric.capped
)
_ALL = len(_CAPPED)  # where all have the same value
_WAYS = _ALL + 1
_PAST_REVENUE = len(OF_OUTCOMES) + OF_PAST.index("revenue")

_Days = defaultdict[int, defaultdict[int, int]]
"""By day, then by the number of a name: most of a unit is of one day, and lies together."""
_Values = tuple[int, ...]
_Buckets = list[tuple[int, int]]
_NO_BUCKETS: _Buckets = []
_NONE: defaultdict[int, int] = defaultdict(int)
_LANE = 96  # bits, as where the sums themselves are made one number
_NUMBERS = 6  # of a bucket: n, y, yy, x, xx, xy
_COMMON = (1 << SALES) - 1
_BIAS = sum(1 << (lane * _LANE - 1) for lane in range(1, _NUMBERS + 1))


def _days() -> _Days:
    return defaultdict(lambda: defaultdict(int))


class _Half(NamedTuple):
    """What one half of its quantities adds to a cell: to the sums of everybody, to those of
    sales, and to the buckets."""

    packed: int
    sold: int
    capped: _Buckets


_LARGE = _Half(-1, 0, _NO_BUCKETS)  # of quantities that do not fit: no other is below 0


def _buckets(outcomes: _Values) -> _Buckets:
    """Which metric's bucket it is, in one number, and what is added there, in another. Where all
    metrics have the same value, as revenue and net value of who stays, it is told once."""
    x = outcomes[_PAST_REVENUE]
    values = [outcomes[at] for _, at in _CAPPED]
    told = {_ALL: values[0]} if len(set(values)) == 1 else dict(enumerate(values))
    return [
        (bucket(y) * _WAYS + which, _packed((1, y, y * y, x, x * x, x * y)))
        for which, y in told.items()
        if y
    ]


def _packed(numbers: tuple[int, ...]) -> int:
    return sum(number << lane * _LANE for lane, number in enumerate(numbers))


def _numbers(packed: int) -> list[int]:
    lanes, half = packed + _BIAS, 1 << (_LANE - 1)
    return [
        (lanes >> lane * _LANE & (1 << _LANE) - 1) - half for lane in range(_NUMBERS)
    ]


class Sums:
    """What units add to cells and counts, or take off: by the numbers of their names."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._cells = _days()  # many sums in one number
        self._sales = _days()  # those further ones that few units add to
        self._capped: dict[Key, dict[int, int]] = {}
        self._large: dict[Key, Tally] = {}  # of quantities that do not fit into one
        self._marks = _days()
        self._further = _days()
        self._known: dict[_Values, _Half] = {}

    def __len__(self) -> int:
        """About how many rows it makes."""
        return sum(
            len(numbers)
            for days in (self._cells, self._marks, self._further)
            for numbers in days.values()
        )

    def add(self, body: Body, sign: int = 1) -> None:
        """Add a unit; with a ``sign`` of -1 take it off."""
        self._add_cells(body.cells, body.halves, sign)
        for counts, numbers in (
            (self._marks, body.marks),
            (self._further, body.further),
        ):
            each, last, of_day = iter(numbers), NO_DAY, _NONE
            for what, day, number in zip(each, each, each, strict=True):
                if day != last:
                    last, of_day = day, counts[day]
                of_day[what] += sign * number

    def put(
        self,
        cells: Mapping[Cell, Quantities],
        counts: Mapping[Count, int],
        sign: int = 1,
    ) -> None:
        """As :meth:`add`, of a unit that is not kept as one."""
        self._add_cells(*flat(cells, self._names), sign)
        for count, number in counts.items():
            what = self._names.of(count[1:])
            self._further[count[0]][what] += sign * number

    def _add_cells(self, cells: list[int], halves: list[_Values], sign: int) -> None:
        known = self._known
        told = [known.get(half) or self._told(half) for half in halves]
        if _LARGE in told:
            self._add_large(cells, halves, sign)
            return
        packed = [half.packed for half in told]
        if sign < 0:
            packed = [-number for number in packed]
        together: dict[int, int] = {}
        width = len(halves)
        each, last, sums = iter(cells), NO_DAY, _NONE
        for what, day, a, b in zip(each, each, each, each, strict=True):
            if day != last:
                last, sums = day, self._cells[day]
            both = together.get(a * width + b)
            if both is None:
                both = together[a * width + b] = packed[a] + packed[b]
            sums[what] += both
        if any(half.sold for half in told):
            self._add_sales(cells, told, sign)

    def _add_sales(self, cells: list[int], told: list[_Half], sign: int) -> None:
        each = iter(cells)
        for what, day, _, b in zip(each, each, each, each, strict=True):
            half = told[b]
            if half.sold:
                self._sales[day][what] += sign * half.sold
                if half.capped:
                    self._cap((day, what), half.capped, sign)

    def _told(self, values: _Values) -> _Half:
        """What a half adds. Most are those of many units."""
        if not fits(values):
            return _LARGE
        if len(values) == _SPLIT:
            half = _Half(of_showings(values), 0, _NO_BUCKETS)
        else:
            number = of_outcomes(values)
            half = _Half(number & _COMMON, number >> SALES, _buckets(values))
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[values] = half
        return half

    def _add_large(self, cells: list[int], halves: list[_Values], sign: int) -> None:
        each = iter(cells)
        for what, day, a, b in zip(each, each, each, each, strict=True):
            tally = self._large.setdefault((day, what), Tally())
            tally.count(Quantities(halves[a], halves[b]).told(), sign)
            self._cells[day][what] += 0

    def _cap(self, key: Key, buckets: _Buckets, sign: int) -> None:
        capped = self._capped.get(key)
        if capped is None:
            capped = self._capped[key] = {}
        for place, packed in buckets:
            capped[place] = capped.get(place, 0) + sign * packed

    def rows(self, sign: int = 1) -> Iterator[tuple[Key, Value]]:
        """What there is to be added to the sums that are kept; nothing that is 0. With a
        ``sign`` of -1 what takes it off."""
        for key, packed in _each(self._cells):
            tally = self._tally(
                key, packed + (self._sales.get(key[0], _NONE).get(key[1], 0) << SALES)
            )
            if sign < 0:
                kept, tally = tally, Tally()
                tally.add(kept, sign)
            if filled(tally):
                yield key, tally
        text, of = self._names.text, self._names.of
        counts = counted(
            ((day, *text(what)), number) for (day, what), number in _each(self._marks)
        )
        further = dict(_each(self._further))
        for count, number in counts.items():
            key = (count[0], of(count[1:]))
            further[key] = further.get(key, 0) + number
        yield from ((key, sign * number) for key, number in further.items() if number)

    def _tally(self, key: Key, packed: int) -> Tally:
        tally = Tally(*unpacked(packed))
        for place, sums in self._capped.get(key, {}).items():
            if sums:
                number, which = divmod(place, _WAYS)
                for name, _ in _CAPPED if which == _ALL else _CAPPED[which : which + 1]:
                    numbers = tally.buckets.setdefault(name, {})
                    if number in numbers:
                        tally.add(Tally(0, {}, {name: {number: _numbers(sums)}}))
                    else:
                        numbers[number] = _numbers(sums)
        if key in self._large:
            tally.add(self._large[key])
        return tally


def _each(days: _Days) -> Iterator[tuple[Key, int]]:
    for day, numbers in days.items():
        for what, number in numbers.items():
            yield (day, what), number


def filled(tally: Tally) -> bool:
    """Whether there is anything in it."""
    return bool(tally.n or tally.moments or tally.buckets)


def encode(value: Value) -> bytes:
    """As it is kept."""
    return value.encode() if isinstance(value, Tally) else b"%d" % value


def added(kept: bytes | None, value: Value) -> bytes | None:
    """What is kept once ``value`` is added; None: nothing is left."""
    if kept is None:
        return encode(value)
    if isinstance(value, Tally):
        tally = Tally.decode(kept)
        tally.add(value)
        return tally.encode() if filled(tally) else None
    total = int(kept) + value
    return b"%d" % total if total else None

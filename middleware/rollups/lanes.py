"""All sums of a cell in one whole number, so that adding a unit to it is one addition.

Each sum has a lane of so many bits that no shop fills it; a sum below zero borrows from the lane
above, and gets it back where the lanes are read.
"""

from typing import NamedTuple

from ...rules.measurement.buckets import bucket
from ...rules.measurement.cells import MOMENTS, Tally
from ...rules.measurement.metrics import ADDED_UP
from ...rules.measurement.quantities import (
    BEFORE,
    NAMES,
    OF_PAST,
    OF_SHOWINGS,
)

LANE = 160  # bits: a square of 18 digits, of more units than there are people
_MEAN = (0, 1, 5, 6, 7)  # of y, yy, d, dd, yd, x, xx, xy those that are not always 0
_RATIO = (0, 1, 2, 3, 4)
_HALF = 1 << (LANE - 1)
_MASK = (1 << LANE) - 1
ONE = 1  # the first lane: how many units

Half = tuple[int, ...]


class _Lanes(NamedTuple):
    """Where the sums of one metric are, and which quantities of a half they are made of."""

    metric: str
    shifts: tuple[int, int, int, int, int]
    moments: tuple[int, ...]
    y: int
    d: int  # -1: none
    x: int
    capped: bool


def _lanes() -> tuple[list[_Lanes], list[_Lanes]]:
    """Those of showings, and those of outcomes."""
    split = len(OF_SHOWINGS)
    showings: list[_Lanes] = []
    outcomes: list[_Lanes] = []
    number = 1
    for name, metric in ADDED_UP.items():
        ratio = metric.kind == "ratio"
        y = NAMES.index(metric.over)
        d = NAMES.index(metric.under) if ratio else -1
        past = "revenue" if metric.over == "net" else metric.over
        has_past = not ratio and past in OF_PAST
        x = NAMES.index(BEFORE + past) if has_past else -1
        half, start = (showings, 0) if y < split else (outcomes, split)
        assert d < 0 or (d < split) == (y < split), f"{name} is made of both halves"
        assert x < 0 or y >= split
        shifts = tuple((number + lane) * LANE for lane in range(5))
        half.append(
            _Lanes(
                name,
                shifts,
                _RATIO if ratio else _MEAN,
                y - start,
                d - start if d >= 0 else -1,
                x - start if x >= 0 else -1,
                metric.capped,
            )
        )
        number += 5
    return showings, outcomes


_OF_SHOWINGS, _OF_OUTCOMES = _lanes()
_ALL = (*_OF_SHOWINGS, *_OF_OUTCOMES)
_BIAS = sum(_HALF << (lane * LANE) for lane in range(1 + 5 * len(_ALL)))

Bucket = tuple[str, int, tuple[int, int, int, int, int, int]]
"""Of one unit the metric, the bucket, and n, y, yy, x, xx, xy."""


def of_showings(half: Half) -> int:
    """The sums of one unit, as far as they are made of its showings."""
    return _packed(half, _OF_SHOWINGS)


def of_outcomes(half: Half) -> tuple[int, list[Bucket]]:
    """The sums of one unit, as far as they are made of its outcomes, and its buckets."""
    found: list[Bucket] = []
    for _, _, _, at, _, past, capped in _OF_OUTCOMES:
        if capped and (y := half[at]):
            x = half[past] if past >= 0 else 0
            name = next(one.metric for one in _OF_OUTCOMES if one.y == at)
            found.append((name, bucket(y), (1, y, y * y, x, x * x, x * y)))
    return _packed(half, _OF_OUTCOMES), found


def _packed(half: Half, lanes: list[_Lanes]) -> int:
    packed = 0
    for _, (one, two, three, four, five), _, at, below, past, _ in lanes:
        y = half[at]
        z = half[below] if below >= 0 else half[past] if past >= 0 else 0
        if y:
            packed += (y << one) + (y * y << two)
            if z:
                packed += y * z << five
        if z:
            packed += (z << three) + (z * z << four)
    return packed


class Packed:
    """Sums over units of one cell."""

    __slots__ = ("sums", "buckets")

    def __init__(self) -> None:
        self.sums = 0
        self.buckets: dict[tuple[str, int], list[int]] = {}

    def put(self, buckets: list[Bucket], sign: int) -> None:
        for metric, number, values in buckets:
            known = self.buckets.setdefault((metric, number), [0] * 6)
            for at, value in enumerate(values):
                known[at] += sign * value

    def tally(self) -> Tally:
        """The same as a tally."""
        biased = self.sums + _BIAS
        units = (biased & _MASK) - _HALF
        moments: dict[str, list[int]] = {}
        for metric, shifts, places, *_ in _ALL:
            values = [0] * MOMENTS
            for shift, place in zip(shifts, places, strict=True):
                values[place] = (biased >> shift & _MASK) - _HALF
            if any(values):
                moments[metric] = values
        buckets: dict[str, dict[int, list[int]]] = {}
        for (metric, number), values in self.buckets.items():
            if any(values):
                buckets.setdefault(metric, {})[number] = values
        return Tally(units, moments, buckets)

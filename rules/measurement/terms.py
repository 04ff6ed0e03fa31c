"""What one unit adds to the sums of all metrics, as one long number of many lanes.

Each lane holds one sum. Adding two long numbers adds all their lanes at once, exactly, as long as
no lane overflows; it is several times as fast as adding them one by one. A sum below zero borrows from the lane above, and gets it
back where the lanes are read.
"""

from collections.abc import Sequence
from typing import NamedTuple

from .metrics import ADDED_UP, Metric
from .quantities import (
    BEFORE,
    NAMES,
    OF_OUTCOMES,
    OF_PAST,
    OF_SHOWINGS,
    RATINGS,
)

# Squares of quantities below LIMIT are below 2**64: a lane takes 2**31 of them, and a sign.
_LANE = 96  # bits
LIMIT = 1 << 32
_BYTES = _LANE // 8
_HALF = 1 << (_LANE - 1)

# Of a ratio: y, yy, d, dd, yd. Of other metrics: y, yy, x, xx, xy.
_SUMS = 5
_IN_ORDER = sorted(ADDED_UP.values(), key=lambda metric: NAMES.index(metric.over))
"""Rare quantities come last: then the numbers of most units are short."""
_EVERYBODY = NAMES[: NAMES.index("added")]
_FIRST = {metric.name: 1 + n * _SUMS for n, metric in enumerate(_IN_ORDER)}
_LANES = 1 + len(_FIRST) * _SUMS
SALES = _LANE * min(
    _FIRST[metric.name] for metric in _IN_ORDER if metric.over not in _EVERYBODY
)
"""Where the lanes begin of what few units do: buying, and what is known of it before. Below it
no unit adds anything below 0."""
_BIAS = sum(_HALF << (lane * _LANE) for lane in range(_LANES))
_ZERO = _HALF.to_bytes(_BYTES, "little") * _SUMS


class _Asked(NamedTuple):
    """A metric's first lane, and where its y, d and x are found; -1: it has none."""

    lane: int
    y: int
    d: int
    x: int


def before(metric: Metric) -> str:
    """The quantity that the metric's covariate is; empty: it has none."""
    past = "revenue" if metric.over == "net" else metric.over
    return BEFORE + past if metric.kind != "ratio" and past in OF_PAST else ""


def _asked(names: Sequence[str]) -> tuple[_Asked, ...]:
    at = {name: number for number, name in enumerate(names)}
    return tuple(
        _Asked(
            _FIRST[metric.name],
            at[metric.over],
            at[metric.under] if metric.under else -1,
            at[past] if (past := before(metric)) else -1,
        )
        for metric in _IN_ORDER
        if metric.over in at
    )


_OF_SHOWINGS = _asked((*OF_SHOWINGS, RATINGS))
_OF_OUTCOMES = _asked((*OF_OUTCOMES, *(BEFORE + name for name in OF_PAST)))
_LOOKED = OF_OUTCOMES.index("added")  # outcomes of who only looks
_NO_SALES = (0,) * (len(OF_OUTCOMES) + len(OF_PAST) - _LOOKED)
_OF_LOOKING = tuple(asked for asked in _OF_OUTCOMES if asked.y < _LOOKED)


def fits(values: tuple[int, ...]) -> bool:
    """Whether lanes are wide enough for them."""
    return max(values) < LIMIT and min(values) > -LIMIT


def of_showings(values: tuple[int, ...]) -> int:
    """What one unit and its :data:`.quantities.OF_SHOWINGS` add."""
    up, down = values[-2:]
    return 1 + _packed((*values, up + down), _OF_SHOWINGS)


def of_outcomes(values: tuple[int, ...]) -> int:
    """What its outcomes add."""
    looked = values[_LOOKED:] == _NO_SALES
    return _packed(values, _OF_LOOKING if looked else _OF_OUTCOMES)


def _packed(values: tuple[int, ...], asked: tuple[_Asked, ...]) -> int:
    total = 0
    for lane, at_y, at_d, at_x in asked:
        y = values[at_y]
        further = values[at_d] if at_d >= 0 else values[at_x] if at_x >= 0 else 0
        if y or further:
            sums = y + (y * y << _LANE)
            if further:
                rest = further + (further * further << _LANE)
                sums += rest + (y * further << 2 * _LANE) << 2 * _LANE
            total += sums << lane * _LANE
    return total


def unpacked(total: int) -> tuple[int, dict[str, list[int]]]:
    """The number of units, and the moments of each metric that are not all 0."""
    lanes = (total + _BIAS).to_bytes(_LANES * _BYTES + 1, "little")
    units = int.from_bytes(lanes[:_BYTES], "little") - _HALF
    moments: dict[str, list[int]] = {}
    for metric in _IN_ORDER:
        begin = _FIRST[metric.name] * _BYTES
        held = lanes[begin : begin + _SUMS * _BYTES]
        if held == _ZERO:
            continue
        y, yy, a, aa, ya = (
            int.from_bytes(held[at : at + _BYTES], "little") - _HALF
            for at in range(0, len(held), _BYTES)
        )
        ratio = metric.kind == "ratio"
        moments[metric.name] = (
            [y, yy, a, aa, ya, 0, 0, 0] if ratio else [y, yy, 0, 0, 0, a, aa, ya]
        )
    return units, moments

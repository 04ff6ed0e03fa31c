"""What one unit adds to the sums of all metrics: places in a row of numbers, and by how much."""

from collections.abc import Sequence
from typing import NamedTuple

from .metrics import ADDED_UP, Metric
from .quantities import BEFORE, OF_OUTCOMES, OF_PAST, OF_SHOWINGS, RATINGS

MOMENTS = 8  # of each metric: y, yy, d, dd, yd, x, xx, xy
PLACES = {name: number * MOMENTS for number, name in enumerate(ADDED_UP)}
"""Where the moments of each metric begin in the row."""
WIDTH = len(PLACES) * MOMENTS

Terms = tuple[tuple[int, int], ...]
"""Places in the row and what is added there: only what is not 0."""


class _Asked(NamedTuple):
    """Where a metric's moments begin, and where its y, d and x are found; -1: it has none."""

    place: int
    y: int
    d: int
    x: int


_SHOWINGS = (*OF_SHOWINGS, RATINGS)
_OUTCOMES = (*OF_OUTCOMES, *(BEFORE + name for name in OF_PAST))


def before(metric: Metric) -> str:
    """The quantity that the metric's covariate is; empty: it has none."""
    past = "revenue" if metric.over == "net" else metric.over
    return BEFORE + past if metric.kind != "ratio" and past in OF_PAST else ""


def _asked(names: Sequence[str]) -> tuple[_Asked, ...]:
    at = {name: number for number, name in enumerate(names)}
    return tuple(
        _Asked(
            PLACES[name],
            at[metric.over],
            at[metric.under] if metric.under else -1,
            at[past] if (past := before(metric)) else -1,
        )
        for name, metric in ADDED_UP.items()
        if metric.over in at
    )


_OF_SHOWINGS, _OF_OUTCOMES = _asked(_SHOWINGS), _asked(_OUTCOMES)


def of_showings(values: tuple[int, ...]) -> Terms:
    """What :data:`.quantities.OF_SHOWINGS` add."""
    return _terms((*values, values[-2] + values[-1]), _OF_SHOWINGS)


def of_outcomes(values: tuple[int, ...]) -> Terms:
    """What the outcomes of :class:`.quantities.Quantities` add."""
    return _terms(values, _OF_OUTCOMES)


def _terms(values: tuple[int, ...], asked: tuple[_Asked, ...]) -> Terms:
    terms: list[tuple[int, int]] = []
    for place, at_y, at_d, at_x in asked:
        y = values[at_y]
        if y:
            terms += ((place, y), (place + 1, y * y))
        if at_d >= 0:
            if d := values[at_d]:
                terms += ((place + 2, d), (place + 3, d * d))
                if y:
                    terms.append((place + 4, y * d))
        elif at_x >= 0 and (x := values[at_x]):
            terms += ((place + 5, x), (place + 6, x * x))
            if y:
                terms.append((place + 7, x * y))
    return tuple(terms)

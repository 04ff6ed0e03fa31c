"""How sure one may be that a variant is the best one: the chance of it, out of what was seen.

Thompson's rule gives each variant as many visitors as it has chances to be the best. Those
chances are integrals, so no dice are thrown for them: the same evidence gives the same weights.
"""

from collections.abc import Callable, Sequence
from math import exp, log, sqrt
from typing import Literal, NamedTuple

Family = Literal["beta", "gamma", "normal"]

_REACH = 8.0  # standard deviations to both sides, beyond which nothing is left
_STEPS = 64  # per variant; chances are exact to about 1e-4 with them


class Posterior(NamedTuple):
    """What is believed of a variant's true value: its mean and variance, and how it spreads.

    ``beta`` is for shares (from 0 to 1), ``gamma`` for what cannot be negative.
    """

    family: Family
    mean: float
    variance: float


def chances(posteriors: Sequence[Posterior], *, less: bool = False) -> list[float]:
    """For each of ``posteriors`` the chance that its true value is the largest one of all,
    with ``less`` the smallest one. They sum up to 1."""
    if len(posteriors) < 2:
        return [1.0] * len(posteriors)
    grid = sorted({x for posterior in posteriors for x in _points(posterior)})
    curves = [_density(posterior, grid) for posterior in posteriors]
    areas = [_areas(curve, grid) for curve in curves]
    below = [[area / (whole[-1] or 1.0) for area in whole] for whole in areas]
    found = []
    for i, curve in enumerate(curves):
        product = list(curve)
        for j, part in enumerate(below):
            if j != i:
                for at, share in enumerate(part):
                    product[at] *= 1.0 - share if less else share
        found.append(_areas(product, grid)[-1] / (areas[i][-1] or 1.0))
    total = sum(found)
    if not total > 0:  # nothing to tell them apart by
        return [1 / len(posteriors)] * len(posteriors)
    return [each / total for each in found]


def _points(posterior: Posterior) -> list[float]:
    """Where the curve of ``posterior`` is worth looking at."""
    mean, spread = (
        posterior.mean,
        sqrt(posterior.variance) or abs(posterior.mean) * 1e-9,
    )
    low, high = mean - _REACH * spread, mean + _REACH * spread
    if posterior.family != "normal":
        low = max(low, 0.0)
    if posterior.family == "beta":
        high = min(high, 1.0)
    step = (high - low) / _STEPS
    return [low + step * (number + 0.5) for number in range(_STEPS)]


def _density(posterior: Posterior, grid: Sequence[float]) -> list[float]:
    """Its curve over ``grid``, up to a factor."""
    curve = _log_density(posterior)
    logs = [curve(x) for x in grid]
    top = max(logs)
    return [exp(each - top) for each in logs]


def _log_density(posterior: Posterior) -> Callable[[float], float]:
    family, mean, variance = posterior
    nowhere = float("-inf")
    if family == "beta" and 0 < mean < 1 and 0 < variance < mean * (1 - mean):
        size = mean * (1 - mean) / variance - 1
        # Below 1 the curve would rise without end at its border.
        a, b = max(mean * size, 1.0) - 1, max((1 - mean) * size, 1.0) - 1
        return lambda x: a * log(x) + b * log(1 - x) if 0 < x < 1 else nowhere
    if family == "gamma" and mean > 0 and variance > 0:
        shape, rate = max(mean * mean / variance, 1.0) - 1, mean / variance
        return lambda x: shape * log(x) - rate * x if x > 0 else nowhere
    scale = 2 * max(variance, (mean * 1e-9) ** 2, 1e-300)
    return lambda x: -((x - mean) ** 2) / scale


def _areas(curve: Sequence[float], grid: Sequence[float]) -> list[float]:
    """The area below ``curve`` up to each point of ``grid``."""
    areas = [0.0]
    for at in range(1, len(grid)):
        width = grid[at] - grid[at - 1]
        areas.append(areas[-1] + (curve[at] + curve[at - 1]) / 2 * width)
    return areas

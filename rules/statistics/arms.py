"""Both arms of a comparison: means and standard errors, adjusted by the same covariate."""

import math
from typing import NamedTuple

from .covariates import adjusted_variance, adjustment
from .exactly import quotient
from .samples import Ratio, Sample


class Arm(NamedTuple):
    """``variance`` is that of a unit, ``shift`` what the covariate says of the mean, and ``error``
    the standard error of the adjusted mean."""

    n: float
    mean: float
    variance: float
    shift: float
    error: float


def arms(control: Sample, treated: Sample, adjusted: bool) -> tuple[Arm, Arm] | None:
    """Both, or None if one of them tells nothing: fewer than two units, or all alike."""
    theta = None
    if adjusted and not isinstance(control, Ratio) and not isinstance(treated, Ratio):
        theta = adjustment(control, treated)
    one, other = _arm(control, theta), _arm(treated, theta)
    return (one, other) if one is not None and other is not None else None


def information(before: Arm, after: Arm) -> float:
    """The squared ratio of the mean of both to its standard error, in the smaller arm.

    Of a rare share it is the number of successes that are expected there. NaN if it cannot be said.
    """
    n = before.n + after.n
    one, other = before.n / n, after.n / n
    mean = one * before.mean + other * after.mean
    variance = one * before.variance + other * after.variance
    return min(before.n, after.n) * (mean * mean / variance)


def _arm(sample: Sample, theta: float | None) -> Arm | None:
    mean, variance, units = sample.mean, sample.variance, quotient(sample.n, 1)
    if mean is None or units is None or variance is None or not variance > 0:
        return None
    left, shift = variance, 0.0
    if theta is not None and not isinstance(sample, Ratio):
        left = adjusted_variance(sample, theta) or 0.0
        shift = theta * (quotient(sample.x, sample.n) or 0.0)
    if not left > 0:
        return None
    return Arm(units, mean, variance, shift, math.sqrt(left / units))

"""Both arms of a comparison: means and standard errors, adjusted by the same covariate."""

import math
from typing import NamedTuple

from .covariates import adjusted_variance, adjustment
from .exactly import quotient
from .samples import Ratio, Sample


class Arm(NamedTuple):
    """``shift`` is what the covariate says of the mean, ``error`` of the adjusted mean."""

    n: float
    mean: float
    shift: float
    error: float


def arms(control: Sample, treated: Sample, adjusted: bool) -> tuple[Arm, Arm] | None:
    """Both, or None if one of them tells nothing: fewer than two units, or all alike."""
    theta = None
    if adjusted and not isinstance(control, Ratio) and not isinstance(treated, Ratio):
        theta = adjustment(control, treated)
    one, other = _arm(control, theta), _arm(treated, theta)
    return (one, other) if one is not None and other is not None else None


def _arm(sample: Sample, theta: float | None) -> Arm | None:
    mean, variance, shift = sample.mean, sample.variance, 0.0
    if theta is not None and not isinstance(sample, Ratio):
        variance = adjusted_variance(sample, theta)
        shift = theta * (quotient(sample.x, sample.n) or 0.0)
    units = quotient(sample.n, 1)
    if mean is None or variance is None or units is None or not variance > 0:
        return None
    return Arm(units, mean, shift, math.sqrt(variance / units))

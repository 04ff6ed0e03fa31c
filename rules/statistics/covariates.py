"""Adjusting by what was known before: less noise, the same effect (CUPED)."""

import math

from .exactly import exact
from .samples import Mean, Share


def adjustment(control: Mean | Share, treated: Mean | Share) -> float | None:
    """How much of the value one unit of the covariate explains, over both arms together.

    None if there is no covariate, or it explains nothing, or the samples are not of one kind.
    Source: A. Deng, Y. Xu, R. Kohavi, T. Walker, "Improving the Sensitivity of Online Controlled
    Experiments by Utilizing Pre-Experiment Data" (2013), equation 4: theta = cov(y, x) / var(x).
    """
    if type(control) is not type(treated):
        return None
    try:
        sums = [exact(a) + exact(b) for a, b in zip(control, treated, strict=True)]
    except ValueError:
        return None
    both = type(control)._make(sums)
    explained, spread = both.covariance, both.covariate_variance
    if not explained or not spread or not both.variance:
        return None
    theta = explained / spread
    return theta if theta and math.isfinite(theta) else None


def adjusted_variance(sample: Mean | Share, theta: float) -> float | None:
    """The variance of ``y - theta x`` for one unit. None if the sample has none."""
    parts = sample.variance, sample.covariate_variance, sample.covariance
    if None in parts:
        return None
    yy, xx, xy = (part or 0.0 for part in parts)
    return yy + theta * theta * xx - 2 * theta * xy

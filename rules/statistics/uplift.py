"""By how much one arm's mean is above another's, with an honest interval."""

import math
from typing import NamedTuple

from . import normal, student
from .arms import Arm, arms, information
from .samples import Sample
from .sequences import Sequential


class Uplift(NamedTuple):
    """``relative`` (0.04: 4 % more) and ``absolute`` difference, each with its interval.

    ``p`` is of the relative one: how often chance alone would make such a difference, or a
    larger one. ``control`` and ``treated`` are the means as they were measured; with a covariate
    the differences are not those of these means, but of the adjusted ones.
    """

    relative: float
    low: float
    high: float
    p: float
    absolute: float
    absolute_low: float
    absolute_high: float
    control: float
    treated: float


def uplift(
    control: Sample,
    treated: Sample,
    *,
    confidence: float = 0.95,
    sequential: Sequential | None = None,
    adjusted: bool = True,
) -> Uplift | None:
    """The effect of a treatment: Welch's t; relative by the delta method; means of large numbers.

    With ``sequential`` interval and ``p`` hold however often one looks; without it, for one look
    at a number of units that was fixed before. ``adjusted``: by the covariate, if both samples
    have one and it tells something (CUPED). If the control's mean is negative, the difference is
    divided by its amount: more is always above 0.

    None where there is not enough to say: fewer than two units in an arm, units that do not
    differ at all, a control with mean 0, numbers beyond what a float holds, or fewer than
    ``sequential.least`` successes. -> ValueError unless 0 < confidence < 1.

    Sources: B. Welch, "The generalization of 'Student's' problem" (1947); Deng, Knoblich, Lu,
    "Applying the Delta Method in Metric Analytics" (2018); GrowthBook's frequentist engine,
    which computes the same.
    """
    alpha = 1 - normal.checked(confidence)
    found = arms(control, treated, adjusted)
    if found is None:
        return None
    before, after = found
    scale = abs(before.mean)
    if not scale:
        return None
    absolute = (after.mean - before.mean) - (after.shift - before.shift)
    absolute_error = math.hypot(before.error, after.error)
    # The delta method: the control's error enters by the mean that is divided, too.
    relative = absolute / scale
    relative_error = math.hypot(
        after.error / scale, after.mean / scale * (before.error / scale)
    )
    if not 0 < relative_error < math.inf or not 0 < absolute_error < math.inf:
        return None
    z, units = relative / relative_error, before.n + after.n
    if sequential is not None and not information(before, after) >= sequential.least:
        return None
    if sequential is None:
        df = _freedom(before, after, absolute_error)
        deviations = student.upper_quantile(alpha / 2, df)
        p = min(1.0, 2 * student.sf(abs(z), df))
    else:
        deviations = sequential.deviations(units, alpha)
        p = sequential.p(z, units, alpha)
    answer = Uplift(
        relative,
        relative - deviations * relative_error,
        relative + deviations * relative_error,
        p,
        absolute,
        absolute - deviations * absolute_error,
        absolute + deviations * absolute_error,
        before.mean,
        after.mean,
    )
    return answer if all(map(math.isfinite, answer)) else None


def _freedom(before: Arm, after: Arm, error: float) -> float:
    """Degrees of freedom after Welch and Satterthwaite."""
    one, other = (before.error / error) ** 2, (after.error / error) ** 2
    return 1 / (one * one / (before.n - 1) + other * other / (after.n - 1))

"""The quantiles of what has a tail and a density."""

import math
from collections.abc import Callable

_STEPS = 200  # Newton takes some ten; halving alone would need a hundred


def place(
    tail: Callable[[float], tuple[float, float]], target: float, start: float
) -> float:
    """Where a tail that falls from 1 to 0 is ``target``: Newton's method within a bracket.

    ``tail`` gives, for a place ``u`` on the whole line, the probability beyond it and the
    density there. It is solved for its logarithm, which is nearly straight far out. ``start``
    is a guess. Source of the guarded method: Press et al., "Numerical Recipes", 3rd edition
    (2007), section 9.4.
    """
    wanted = math.log(target)
    low, high = -math.inf, math.inf
    u, stride = start, 1.0
    for _ in range(_STEPS):
        beyond, density = tail(u)
        error = (math.log(beyond) if beyond > 0 else -math.inf) - wanted
        if error == 0:
            return u
        if error > 0:
            low = u
        else:
            high = u
        slope = density / beyond if beyond > 0 else 0.0
        step = error / slope if slope > 0 and math.isfinite(error) else math.nan
        following = u + step
        if not low < following < high:  # also where there is none
            if math.isinf(low) or math.isinf(high):
                following = u + math.copysign(stride, error)
                stride *= 2
            else:
                following = (low + high) / 2
        if abs(following - u) <= 1e-15 * max(1.0, abs(u)) * 0.5 or following in (
            low,
            high,
        ):
            return following
        u = following
    return u

"""Student's t distribution."""

import math
import sys

from . import normal
from .beta import below
from .deviances import binomial_term, log_beta
from .roots import place

_NORMAL = 1e18  # degrees of freedom from which on there is no difference
_LARGEST = math.log(sys.float_info.max)
_FAR = 20.0  # ln of t / √df whose square changes no digit when 1 is added


def cdf(t: float, df: float) -> float:
    """The probability of at most ``t`` with ``df`` degrees of freedom; precise in both tails.

    -> ValueError unless ``df`` is a positive number. Source: DLMF 8.17 by way of the beta
    distribution, as in Abramowitz and Stegun (1964), 26.5.27.
    """
    return sf(-t, df)


def sf(t: float, df: float) -> float:
    """The probability of more than ``t``. -> ValueError as ``cdf``."""
    _check(df)
    if math.isinf(t):
        return 0.0 if t > 0 else 1.0
    if df > _NORMAL:
        return normal.sf(t)
    beyond = _beyond(abs(t), df)
    return beyond if t >= 0 else 1 - beyond


def quantile(p: float, df: float) -> float:
    """The value that is not exceeded with probability ``p``.

    -> ValueError unless 0 < p < 1 and ``df`` is a positive number.
    """
    return -upper_quantile(p, df)


def upper_quantile(q: float, df: float) -> float:
    """The value that is exceeded with probability ``q``. -> ValueError as ``quantile``.

    The largest float if it is beyond that, which needs less than one degree of freedom.
    """
    _check(df)
    normal.checked(q)
    if q == 0.5:
        return 0.0
    if df > _NORMAL:
        return normal.upper_quantile(q)
    if q > 0.5:
        return -upper_quantile(1 - q, df)

    # So far out the first term of the series is all, and its inverse is known.
    far = math.log(df) / 2 - (math.log(q) + _log_far(df)) / df
    if far - math.log(df) / 2 > _FAR:
        return math.exp(far) if far < _LARGEST else sys.float_info.max

    def tail(u: float) -> tuple[float, float]:
        t = math.exp(u)
        # The density of ln t.
        return _beyond(t, df), math.exp(binomial_term(df / 2, 0.5, *_sides(t, df)))

    return math.exp(place(tail, q, math.log(normal.upper_quantile(q))))


def _sides(t: float, df: float) -> tuple[float, float]:
    """``df / (df + t²)`` and what is missing to 1."""
    ratio = t / math.sqrt(df)
    if ratio > 1:
        inverse = 1 / ratio / ratio
        return inverse / (1 + inverse), 1 / (1 + inverse)
    return 1 / (1 + ratio * ratio), ratio * ratio / (1 + ratio * ratio)


def _beyond(t: float, df: float) -> float:
    if t > 0 and (distance := math.log(t) - math.log(df) / 2) > _FAR:
        return math.exp(-df * distance - _log_far(df))
    return below(*_sides(t, df), df / 2, 0.5) / 2


def _log_far(df: float) -> float:
    """``ln(df B(df/2, 1/2))``."""
    return math.log(df) + log_beta(df / 2, 0.5)


def _check(df: float) -> None:
    if not 0 < df < math.inf:
        raise ValueError(f"{df!r} degrees of freedom: they must be positive")

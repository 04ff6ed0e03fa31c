"""Student's t distribution."""

import math

from . import normal
from .beta import below
from .deviances import binomial_term
from .roots import place


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
    beyond = _beyond(abs(t), df)
    return beyond if t >= 0 else 1 - beyond


def quantile(p: float, df: float) -> float:
    """The value that is not exceeded with probability ``p``.

    -> ValueError unless 0 < p < 1 and ``df`` is a positive number.
    """
    return -upper_quantile(p, df)


def upper_quantile(q: float, df: float) -> float:
    """The value that is exceeded with probability ``q``. -> ValueError as ``quantile``."""
    _check(df)
    normal.checked(q)
    if q == 0.5:
        return 0.0
    if q > 0.5:
        return -upper_quantile(1 - q, df)

    def tail(u: float) -> tuple[float, float]:
        t = math.exp(u)
        x, y = _sides(t, df)
        # The density of ln t, of which t's square has twice.
        return _beyond(t, df), math.exp(binomial_term(df / 2, 0.5, x, y))

    return math.exp(place(tail, q, math.log(normal.upper_quantile(q))))


def _sides(t: float, df: float) -> tuple[float, float]:
    """``df / (df + t²)`` and what is missing to 1."""
    ratio = t / math.sqrt(df)
    if ratio > 1:
        inverse = 1 / ratio / ratio
        return inverse / (1 + inverse), 1 / (1 + inverse)
    return 1 / (1 + ratio * ratio), ratio * ratio / (1 + ratio * ratio)


def _beyond(t: float, df: float) -> float:
    x, y = _sides(t, df)
    return below(x, y, df / 2, 0.5) / 2


def _check(df: float) -> None:
    if not 0 < df < math.inf:
        raise ValueError(f"{df!r} degrees of freedom: they must be positive")

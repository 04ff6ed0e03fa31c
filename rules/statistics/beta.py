"""The beta distribution."""

import math

from .deviances import binomial_term
from .normal import checked
from .roots import place

_TERMS = 1_000_000  # of the continued fraction: some √(a + b) are needed
_TINY = 1e-300


def cdf(x: float, a: float, b: float) -> float:
    """The probability of at most ``x``: the regularised incomplete beta function.

    -> ValueError unless ``a`` and ``b`` are positive numbers. Source: DLMF 8.17.22 (continued
    fraction), summed by Lentz's method; its first factor after Loader (2000).
    """
    _check(a, b)
    return below(x, 1 - x, a, b)


def sf(x: float, a: float, b: float) -> float:
    """The probability of more than ``x``. -> ValueError as ``cdf``."""
    _check(a, b)
    return below(1 - x, x, b, a)


def quantile(p: float, a: float, b: float) -> float:
    """The value that is not exceeded with probability ``p``.

    -> ValueError unless 0 < p < 1 and ``a`` and ``b`` are positive numbers.
    """
    _check(a, b)
    checked(p)
    if p <= 0.5:
        return 1 / (1 + math.exp(min(700.0, _log_odds(p, b, a))))
    return upper_quantile(1 - p, a, b)


def upper_quantile(q: float, a: float, b: float) -> float:
    """The value that is exceeded with probability ``q``. -> ValueError as ``quantile``."""
    _check(a, b)
    checked(q)
    if q <= 0.5:
        return 1 / (1 + math.exp(min(700.0, -_log_odds(q, a, b))))
    return quantile(1 - q, a, b)


def _log_odds(q: float, a: float, b: float) -> float:
    """``ln(x / (1 - x))`` of the value ``x`` that is exceeded with probability ``q``."""

    def tail(u: float) -> tuple[float, float]:
        x, y = 1 / (1 + math.exp(min(700.0, -u))), 1 / (1 + math.exp(min(700.0, u)))
        return below(y, x, b, a), math.exp(binomial_term(a, b, x, y))

    return place(tail, q, math.log(a / b))


def below(x: float, y: float, a: float, b: float) -> float:
    """The probability of at most ``x``, where ``y`` is ``1 - x`` with all of its digits."""
    if x <= 0:
        return 0.0
    if y <= 0:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - _fraction(y, x, b, a)
    return _fraction(x, y, a, b)


def _fraction(x: float, y: float, a: float, b: float) -> float:
    first = math.exp(binomial_term(a, b, x, y)) / a
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > _TINY else _TINY)
    h = d
    for m in range(1, _TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 + term * d
            d = 1 / (d if abs(d) > _TINY else _TINY)
            c = 1 + term / c
            c = c if abs(c) > _TINY else _TINY
            h *= d * c
        if abs(d * c - 1) < 2e-16:
            break
    return first * h


def _check(a: float, b: float) -> None:
    if not (0 < a < math.inf and 0 < b < math.inf):
        raise ValueError(f"beta distribution of {a!r} and {b!r}: both must be positive")

"""The chi-square distribution."""

import math

from . import normal
from .deviances import poisson_term
from .roots import place

LARGEST = 1e9
_TERMS = 1_000_000  # some √df are needed
_TINY = 1e-300


def cdf(x: float, df: float) -> float:
    """The probability of at most ``x`` with ``df`` degrees of freedom.

    -> ValueError unless ``df`` is above 0 and at most ``LARGEST``. Source: DLMF 8.11.4 (series) and 8.9.2
    (continued fraction) of the incomplete gamma functions; their first factor after Loader (2000).
    """
    _check(df)
    return _tails(x / 2, df / 2)[0]


def sf(x: float, df: float) -> float:
    """The probability of more than ``x``. -> ValueError as ``cdf``."""
    _check(df)
    return _tails(x / 2, df / 2)[1]


def quantile(p: float, df: float) -> float:
    """The value that is not exceeded with probability ``p``.

    0.0 if it is smaller than any other number. -> ValueError unless 0 < p < 1 and ``df`` is
    above 0 and at most ``LARGEST``.
    """
    _check(df)
    if normal.checked(p) > 0.5:
        return upper_quantile(1 - p, df)

    def tail(u: float) -> tuple[float, float]:
        x = math.exp(-u)
        return _tails(x, df / 2)[0], _density(x, df / 2)

    # Very small ones by the first term of the series: ln P = a ln x - ln Γ(a + 1).
    a = df / 2
    log_x = (math.log(p) + math.lgamma(a + 1)) / a if a < 1e6 else math.log(a)
    if log_x < -700:
        return 2 * math.exp(log_x)
    return 2 * math.exp(-place(tail, p, -min(log_x, math.log(a))))


def upper_quantile(q: float, df: float) -> float:
    """The value that is exceeded with probability ``q``. -> ValueError as ``quantile``."""
    _check(df)
    if normal.checked(q) > 0.5:
        return quantile(1 - q, df)

    def tail(u: float) -> tuple[float, float]:
        x = math.exp(min(u, 700.0))
        return _tails(x, df / 2)[1], _density(x, df / 2)

    return 2 * math.exp(place(tail, q, math.log(df / 2)))


def _density(x: float, a: float) -> float:
    """Of the logarithm."""
    return math.exp(poisson_term(a, x)) if x > 0 else 0.0


def _tails(x: float, a: float) -> tuple[float, float]:
    """P and Q, the regularised incomplete gamma functions."""
    if x <= 0:
        return 0.0, 1.0
    if math.isinf(x):
        return 1.0, 0.0
    first = math.exp(poisson_term(a, x))
    if x < a + 1:
        term = total = 1 / a
        for n in range(1, _TERMS):
            term *= x / (a + n)
            total += term
            if term < total * 1e-17:
                break
        p = first * total
        return p, 1 - p
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / b
    h = d
    for n in range(1, _TERMS):
        coefficient = -n * (n - a)
        b += 2
        d = b + coefficient * d
        d = 1 / (d if abs(d) > _TINY else _TINY)
        c = b + coefficient / c
        c = c if abs(c) > _TINY else _TINY
        h *= d * c
        if abs(d * c - 1) < 2e-16:
            break
    q = first * h
    return 1 - q, q


def _check(df: float) -> None:
    if not 0 < df <= LARGEST:
        raise ValueError(
            f"{df!r} degrees of freedom: they must be above 0, and at most {LARGEST:g}"
        )

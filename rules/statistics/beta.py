"""The beta distribution."""

import math

from .deviances import binomial_term, log_beta
from .normal import checked
from .roots import place

LARGEST = 1e9
_TERMS = 1_000_000  # of the continued fraction: some √(a + b) are needed
_TINY = 1e-300
_NEAR = -40.0  # ln of what changes no digit of 1


def cdf(x: float, a: float, b: float) -> float:
    """The probability of at most ``x``: the regularised incomplete beta function.

    -> ValueError unless ``a`` and ``b`` are above 0 and at most ``LARGEST``. Source: A. DiDonato, A. Morris,
    "Significant Digit Computation of the Incomplete Beta Function Ratios" (1992), the continued
    fraction of equation 9, summed by Lentz's method; its first factor after Loader (2000).
    """
    _check(a, b)
    return below(x, 1 - x, a, b)


def sf(x: float, a: float, b: float) -> float:
    """The probability of more than ``x``. -> ValueError as ``cdf``."""
    _check(a, b)
    return below(1 - x, x, b, a)


def quantile(p: float, a: float, b: float) -> float:
    """The value that is not exceeded with probability ``p``.

    -> ValueError unless 0 < p < 1 and ``a`` and ``b`` are above 0 and at most ``LARGEST``.
    """
    _check(a, b)
    checked(p)
    if p <= 0.5:
        return _logistic(-_log_odds(p, b, a))
    return upper_quantile(1 - p, a, b)


def upper_quantile(q: float, a: float, b: float) -> float:
    """The value that is exceeded with probability ``q``. -> ValueError as ``quantile``."""
    _check(a, b)
    checked(q)
    if q <= 0.5:
        return _logistic(_log_odds(q, a, b))
    return quantile(1 - q, a, b)


def _log_odds(q: float, a: float, b: float) -> float:
    """``ln(x / (1 - x))`` of the value ``x`` that is exceeded with probability ``q``."""
    # So near to 1 the first term of the series is all: q = (1 - x)^b / (b B(a, b)).
    log_rest = (math.log(q) + math.log(b) + log_beta(a, b)) / b
    if log_rest < _NEAR - math.log(1 + a):
        return -log_rest

    def tail(u: float) -> tuple[float, float]:
        x, y = _logistic(u), _logistic(-u)
        density = math.exp(binomial_term(a, b, x, y)) if x > 0 and y > 0 else 0.0
        return below(y, x, b, a), density

    return place(tail, q, math.log(a / b))


def _logistic(u: float) -> float:
    if u < 0:
        return math.exp(u) / (1 + math.exp(u))
    return 1 / (1 + math.exp(-u))


def below(x: float, y: float, a: float, b: float) -> float:
    """The probability of at most ``x``, where ``y`` is ``1 - x`` with all of its digits."""
    if x <= 0:
        return 0.0
    if y <= 0:
        return 1.0
    if a * y - b * x + 1 < 2 * x:  # x > (a + 1) / (a + b + 2), with all digits
        return 1 - _fraction(y, x, b, a)
    return _fraction(x, y, a, b)


def _fraction(x: float, y: float, a: float, b: float) -> float:
    apart = a * y - b * x
    total = a / (a + 1) * (apart + 1)
    c, d = total, 0.0
    for n in range(1, _TERMS):
        odd = a + 2 * n - 1
        above = (a + n - 1) * (a + b + n - 1) / odd / odd * n * (b - n) * x * x
        below = (
            n + n * (b - n) * x / odd + (a + n) / (odd + 2) * (apart + 1 + n * (1 + y))
        )
        d = below + above * d
        d = 1 / (d if abs(d) > _TINY else _TINY)
        c = below + above / c
        c = c if abs(c) > _TINY else _TINY
        total *= c * d
        if abs(c * d - 1) < 4e-16:
            break
    return math.exp(binomial_term(a, b, x, y)) / total


def _check(a: float, b: float) -> None:
    if not (0 < a <= LARGEST and 0 < b <= LARGEST):
        raise ValueError(
            f"beta distribution of {a!r} and {b!r}: both must be above 0, and at most {LARGEST:g}"
        )

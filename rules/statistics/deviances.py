"""Terms that gamma functions leave over where they nearly cancel: Stirling's error and the deviance."""

import math

_SERIES = 16.0  # from here on five terms of Stirling's series are exact to 1e-16


def stirling_error(n: float) -> float:
    """``ln Γ(n+1)`` less Stirling's formula for it, for ``n > 0``.

    Source: C. Loader, "Fast and Accurate Computation of Binomial Probabilities" (2000).
    """
    if n < _SERIES:
        return (
            math.lgamma(n + 1) - (n + 0.5) * math.log(n) + n - math.log(2 * math.pi) / 2
        )
    square = n * n
    tail = 1 / 1680 - (1 / 1188 - (691 / 360360 - 1 / 156 / square) / square) / square
    return (1 / 12 - (1 / 360 - (1 / 1260 - tail / square) / square) / square) / n


def deviance(x: float, mean: float, difference: float) -> float:
    """``x ln(x / mean) + mean - x`` without cancellation, for ``x > 0`` and ``mean > 0``.

    ``difference`` is ``x - mean``, with more digits if the caller has them. Source: Loader
    (2000), "bd0".
    """
    if abs(difference) >= 0.1 * (x + mean):
        return x * (math.log(x) - math.log(mean)) - difference
    ratio = difference / (x + mean)
    total, term = difference * ratio, 2 * x * ratio
    for odd in range(3, 200, 2):
        term *= ratio * ratio
        following = total + term / odd
        if following == total:
            break
        total = following
    return total


def binomial_term(a: float, b: float, x: float, y: float) -> float:
    """``ln(x^a y^b / B(a, b))`` for ``x + y = 1``, all of them positive.

    Source: Loader (2000), for real numbers of successes; exact where ``ln Γ`` of a large
    number would leave no digits.
    """
    n, difference = a + b, a * y - b * x
    deviances = deviance(a, n * x, difference) + deviance(b, n * y, -difference)
    return _peak(a, b) - deviances


def poisson_term(a: float, x: float) -> float:
    """``ln(x^a e^-x / Γ(a))``, both positive. Source: Loader (2000)."""
    return math.log(a / (2 * math.pi)) / 2 - stirling_error(a) - deviance(a, x, a - x)


def log_beta(a: float, b: float) -> float:
    """``ln B(a, b)``, both positive; precise also where one of them is large."""
    if a > b:
        a, b = b, a
    n = a + b
    return a * math.log(a / n) + b * math.log1p(-a / n) - _peak(a, b)


def _peak(a: float, b: float) -> float:
    """``binomial_term`` where it is largest, at ``x = a / (a + b)``."""
    n = a + b
    errors = stirling_error(n) - stirling_error(a) - stirling_error(b)
    return errors + (math.log(a) + math.log(b) - math.log(2 * math.pi * n)) / 2

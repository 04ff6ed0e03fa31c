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


def deviance(x: float, mean: float) -> float:
    """``x ln(x / mean) + mean - x`` without cancellation, for ``x > 0`` and ``mean > 0``.

    Source: Loader (2000), "bd0".
    """
    if abs(x - mean) >= 0.1 * (x + mean):
        return x * (math.log(x) - math.log(mean)) + mean - x
    ratio = (x - mean) / (x + mean)
    total, term = (x - mean) * ratio, 2 * x * ratio
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
    n = a + b
    errors = stirling_error(n) - stirling_error(a) - stirling_error(b)
    deviances = deviance(a, n * x) + deviance(b, n * y)
    return (
        errors - deviances + (math.log(a) + math.log(b) - math.log(2 * math.pi * n)) / 2
    )


def poisson_term(a: float, x: float) -> float:
    """``ln(x^a e^-x / Γ(a))``, both positive. Source: Loader (2000)."""
    return -stirling_error(a) - deviance(a, x) + math.log(a / (2 * math.pi)) / 2

"""The binomial distribution: how many of n do something, each with the same probability."""

import math

from . import beta, normal


def cdf(k: float, n: int, p: float) -> float:
    """The probability of at most ``k`` of ``n``.

    -> ValueError unless 0 <= n < ``beta.LARGEST`` and 0 <= p <= 1. Source: DLMF 8.17.5, by the beta distribution.
    """
    _check(n, p)
    k = math.floor(k) if math.isfinite(k) else k
    if k < 0 or k >= n:
        return float(k >= n)
    return beta.below(1 - p, p, n - k, k + 1)


def sf(k: float, n: int, p: float) -> float:
    """The probability of more than ``k`` of ``n``. -> ValueError as ``cdf``."""
    _check(n, p)
    k = math.floor(k) if math.isfinite(k) else k
    if k < 0 or k >= n:
        return float(k < 0)
    return beta.below(p, 1 - p, k + 1, n - k)


def quantile(probability: float, n: int, p: float) -> int:
    """The smallest number that is not exceeded with at least this probability.

    -> ValueError unless 0 <= n < ``beta.LARGEST``, 0 <= p <= 1 and 0 < probability < 1.
    """
    _check(n, p)
    normal.checked(probability)
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if cdf(middle, n, p) < probability:
            low = middle + 1
        else:
            high = middle
    return low


def interval(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Which shares would not be strange after ``k`` of ``n``; (0, 1) if nobody was asked.

    -> ValueError unless 0 <= k <= n < ``beta.LARGEST`` and 0 < confidence < 1. Source: C. Clopper, E. Pearson, "The
    Use of Confidence or Fiducial Limits Illustrated in the Case of the Binomial" (1934).
    """
    tail = (1 - normal.checked(confidence)) / 2
    _check(n, 0.0)
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n}: it must be from 0 to all of them")
    low = beta.quantile(tail, k, n - k + 1) if k else 0.0
    high = beta.upper_quantile(tail, k + 1, n - k) if k < n else 1.0
    return low, high


def _check(n: int, p: float) -> None:
    if not 0 <= n < beta.LARGEST or not 0 <= p <= 1:
        raise ValueError(
            f"{n} with probability {p!r}: n must be from 0 to {beta.LARGEST:g}, and p from 0 to 1"
        )

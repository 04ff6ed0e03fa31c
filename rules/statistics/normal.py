"""The normal distribution with mean 0 and deviation 1."""

import math
from statistics import NormalDist

_STANDARD = NormalDist()


def cdf(z: float) -> float:
    """The probability of at most ``z``; precise in both tails."""
    return math.erfc(-z / math.sqrt(2)) / 2


def sf(z: float) -> float:
    """The probability of more than ``z``; precise in both tails."""
    return math.erfc(z / math.sqrt(2)) / 2


def density(z: float) -> float:
    """The density at ``z``."""
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def quantile(p: float) -> float:
    """The value that is not exceeded with probability ``p``. -> ValueError unless 0 < p < 1.

    Source: M. Wichura, "Algorithm AS 241" (1988), as in the standard library.
    """
    checked(p)
    return _STANDARD.inv_cdf(p)


def upper_quantile(q: float) -> float:
    """The value that is exceeded with probability ``q``. -> ValueError unless 0 < q < 1."""
    checked(q)
    return -_STANDARD.inv_cdf(q)


def checked(p: float) -> float:
    """``p``, a probability of which there is a quantile. -> ValueError unless 0 < p < 1."""
    if not 0 < p < 1:
        raise ValueError(f"{p!r} is not between 0 and 1; a quantile needs that")
    return p

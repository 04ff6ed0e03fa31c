"""Comparing variants whose weights have changed: day by day, and the days put together alike.

Where an adaptive experiment is judged by all its visitors at once, a variant that got most of
them on the best days looks better than it is. Here each day is a stratum: within it the variants
had visitors of the same kind, and every variant's days count alike (the weights of Mantel and
Haenszel: most where all variants have many visitors). What comes out are samples again, for the
same intervals as elsewhere.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Sums(NamedTuple):
    """Sums over ``n`` units of two quantities a and b, and of their squares and product: of
    means b is the covariate, of ratios what a is divided by."""

    n: float
    a: float
    aa: float
    b: float
    bb: float
    ab: float


def standardised(
    days: Iterable[Mapping[str, Sums]], arms: Iterable[str]
) -> dict[str, Sums]:
    """For each of ``arms`` the sums of a sample whose mean, and whose mean's variance, are those
    of its ``days`` put together alike. Empty if no day has two units of every arm.

    Days that miss one of ``arms`` say nothing about the difference, and are left out: asked for
    two arms at a time, more of them count.
    """
    names = list(arms)
    used = [
        [day[name] for name in names]
        for day in days
        if all(name in day and day[name].n >= 2 for name in names)
    ]
    weights = [1 / sum(1 / one.n for one in row) for row in used]
    whole = sum(weights)
    found: dict[str, Sums] = {}
    for at, name in enumerate(names if used else ()):
        n = a = b = aa = bb = ab = 0.0
        for row, weight in zip(used, weights, strict=True):
            one, share = row[at], weight / whole
            mean_a, mean_b = one.a / one.n, one.b / one.n
            # Of the mean: the variance of a unit, through n.
            scale = share * share / (one.n * (one.n - 1))
            n += one.n
            a += share * mean_a
            b += share * mean_b
            aa += scale * max(one.aa - one.a * mean_a, 0.0)
            bb += scale * max(one.bb - one.b * mean_b, 0.0)
            ab += scale * (one.ab - one.a * mean_b)
        found[name] = _sums(n, a, b, aa, bb, ab)
    return found


def _sums(n: float, a: float, b: float, aa: float, bb: float, ab: float) -> Sums:
    """The sums of ``n`` units with these means, whose variances (of the means) are ``aa``,
    ``bb`` and ``ab``."""
    free = n * (n - 1)
    return Sums(
        n,
        n * a,
        free * aa + n * a * a,
        n * b,
        free * bb + n * b * b,
        free * ab + n * a * b,
    )

"""Whether a share falls over the weeks: a line through all of them, tested."""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

from ..statistics import student

LEAST_WEEKS = 4  # two degrees of freedom: less is no trend, whatever it looks like


class Trend(NamedTuple):
    """``first`` and ``last`` are the line's own ends, ``p`` that of a fall no steeper by chance."""

    first: float
    last: float
    p: float


def falling(weeks: Sequence[tuple[int, int]]) -> Trend | None:
    """The trend of hits out of tries, week by week, oldest first; None where there are too few.

    Cochran-Armitage's trend for proportions as a weighted regression: each week weighs as much as
    it has tries. One visitor's clicks come together and weeks differ, so that the spread is not
    that of coins: it is taken from how far the weeks lie from the line (a quasi-binomial
    dispersion, never less than 1), and the slope is held against Student's t with two degrees of
    freedom less than there are weeks. Weeks without tries say nothing.
    """
    seen = [(at, hits, tries) for at, (hits, tries) in enumerate(weeks) if tries > 0]
    total, hits_in_all = sum(row[2] for row in seen), sum(row[1] for row in seen)
    if len(seen) < LEAST_WEEKS or not 0 < hits_in_all < total:
        return None
    share = hits_in_all / total
    middle = sum(at * tries for at, _, tries in seen) / total
    width = sum(tries * (at - middle) ** 2 for at, _, tries in seen)
    slope = sum((at - middle) * (hits - share * tries) for at, hits, tries in seen)
    slope /= width
    spread = share * (1 - share)
    rest = sum(
        tries * (hits / tries - share - slope * (at - middle)) ** 2
        for at, hits, tries in seen
    )
    dispersion = max(1.0, rest / spread / (len(seen) - 2))
    t = slope / sqrt(dispersion * spread / width)
    first, last = seen[0][0], seen[-1][0]
    return Trend(
        max(0.0, share + slope * (first - middle)),
        max(0.0, share + slope * (last - middle)),
        student.cdf(t, len(seen) - 2),
    )

"""What a pair of events weighs, in whole numbers.

Sums of whole numbers are the same in whichever order they are added up; sums of fractions are
not. So all weights are rounded to fixed point, here and once, and numpy, DuckDB, PostgreSQL and
Spark count tables that are equal to the last item, ties included. A pair weighs

    recency[bucket of its session] * distance[direction][steps between the two]

and what the pairs of two items weigh together is an int64. The score of the two is

    float32((float64(sum) * scale_of[i]) * scale_to[j])

multiplied in this order: single steps that are rounded alike everywhere.
"""

import math

import numpy as np
from numpy.typing import NDArray

UNIT = 1 << 16
"""What a weight of 1 is in fixed point; a pair of full weight is UNIT * UNIT, and 2**31 such
pairs of the same two items fit into a sum."""
BUCKETS = 1024
"""Into how many parts of equal length the history is cut to weigh sessions by their age."""


def fixed(weight: float) -> int:
    """A weight between 0 and 1 in fixed point; never 0, so that no pair is lost by rounding."""
    return max(1, round(weight * UNIT))


def distances(
    farthest: int, decay: float, backward: float
) -> tuple[list[int], list[int]]:
    """What so many steps weigh, forward and backward: index 1 is the next event.

    ``farthest`` steps count at most, each ``decay`` steps divide the weight by e; a pair against
    the order of the clicks weighs ``backward`` times as much as one along it.
    """
    ahead = [math.exp(-(step - 1) / decay) for step in range(1, farthest + 1)]
    return [0, *map(fixed, ahead)], [0, *(fixed(weight * backward) for weight in ahead)]


def recencies(decay: float) -> list[int]:
    """What a session weighs by its bucket: the last is the newest.

    A session that is ``decay`` times the whole history old weighs 1/e.
    """
    return [
        fixed(math.exp(-(BUCKETS - 1 - part) / BUCKETS / decay))
        for part in range(BUCKETS)
    ]


def scales(counts: NDArray[np.integer], power: float) -> NDArray[np.float64]:
    """``count ** -power`` of each count, 0 of 0; by math.pow, which does not depend on what
    stands beside it, as numpy's may."""
    there, which = np.unique(counts, return_inverse=True)
    each = [math.pow(count, -power) if count > 0 else 0.0 for count in there.tolist()]
    found: NDArray[np.float64] = np.array(each, np.float64)[which]
    return found

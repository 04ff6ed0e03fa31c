"""Whether as many units came into each arm as should have: if not, do not read the rest."""

import math
from collections.abc import Sequence

from . import chi_square
from .exactly import exact, quotient


def ratio_check(counts: Sequence[int], weights: Sequence[float]) -> float:
    """The p of counts like these, or stranger ones, if units are drawn by ``weights``.

    An arm without a weight is left out. 1.0 if fewer than two arms are left, or nobody came.
    -> ValueError if there are not as many weights as counts, or one of either is no number or
    below 0. Sources: K. Pearson (1900), the chi-square test; A. Fabijan et al., "Diagnosing
    Sample Ratio Mismatch in Online Controlled Experiments" (2019).
    """
    if len(counts) != len(weights):
        raise ValueError(f"{len(counts)} counts, but {len(weights)} weights")
    arms = [
        (exact(count), exact(weight))
        for count, weight in zip(counts, weights, strict=True)
    ]
    if any(count < 0 or weight < 0 for count, weight in arms):
        raise ValueError(f"below 0: counts {counts}, weights {weights}")
    arms = [(count, weight) for count, weight in arms if weight]
    came, drawn = sum(count for count, _ in arms), sum(weight for _, weight in arms)
    if len(arms) < 2 or not came:
        return 1.0
    # (count - expected)² / expected, where expected = came * weight / drawn.
    parts = [
        quotient((count * drawn - came * weight) ** 2, came * weight * drawn)
        for count, weight in arms
    ]
    strange = sum(math.inf if part is None else part for part in parts)
    return chi_square.sf(strange, len(arms) - 1)

"""Which share of the visitors each arm should hold, and whether it does."""

from collections.abc import Mapping

from ..experiments import CONTROL, Split
from ..statistics.sample_ratio import ratio_check
from .report import SampleRatio

#: Below it, the arms do not hold what they should. It is looked at often and of many.
LEAST_P = 0.001
#: All arms that adapt, as one: no variant's own name has a space in it.
VARIANTS = "all variants"


def intended(split: Split) -> Mapping[str, float] | None:
    """The share of each arm, ``control`` among them; None where shares move by themselves.

    Shares of arms that adapt move, but those of the control group and of all others together do
    not: those arms then count as one, under the name :data:`VARIANTS`.
    """
    if split.rollout is not None:
        return None
    control = {CONTROL: split.control} if split.control else {}
    if split.adapt is not None:
        return {**control, VARIANTS: 1 - split.control} if control else None
    total = split.total
    arms = {
        one.name: (1 - split.control) * one.weight / total for one in split.variants
    }
    return {**control, **{name: share for name, share in arms.items() if share}}


def ratio(counts: Mapping[str, int], shares: Mapping[str, float]) -> SampleRatio | None:
    """Whether ``counts`` of visitors fit ``shares``, by chi-square; None where nobody was counted."""
    if VARIANTS in shares:
        control = counts.get(CONTROL, 0)
        counts = {CONTROL: control, VARIANTS: sum(counts.values()) - control}
    named = {name: counts.get(name, 0) for name in shares}
    if len(named) < 2 or not sum(named.values()):
        return None
    p = ratio_check(list(named.values()), list(shares.values()))
    return SampleRatio(p, named, dict(shares), p < LEAST_P)

"""What each item adds to the chance that it is bought again: statistics of its own, drawn to those of
its category, which are drawn to those of all items."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..replenishment.features import REPEATED
from .purchases import Floats, Purchases, pairs

STRENGTH = 10.0  # buyers, or intervals, that what is above an item counts for
FEW = 10  # buyers, below which an item's category may speak for it


class Statistics(NamedTuple):
    """Of each item: the share of buyers who bought it again (0: it is not replenished), mean and
    variance of the logarithms of its intervals, shape and rate of the Gamma distribution of its
    visitors' rates."""

    repeat: NDArray[np.float32]
    interval: NDArray[np.float32]
    variance: NDArray[np.float32]
    shape: NDArray[np.float32]
    rate: NDArray[np.float32]


def _drawn(
    total: Floats, weight: Floats, above: Floats | float, strength: float = STRENGTH
) -> Floats:
    """Means of ``total / weight``, drawn towards what is ``above`` them."""
    found: Floats = (total + strength * np.asarray(above)) / (weight + strength)
    return found


def _sums(places: NDArray[np.int64], values: Floats | None, size: int) -> Floats:
    """By place, the sum of its values, or how often it comes."""
    found: NDArray[Any] = np.bincount(places, values, size)
    return found.astype(np.float64)


class _Levels:
    """Means of items, drawn to those of their category, which are drawn to that of all items."""

    def __init__(self, items: int, groups: NDArray[np.int64] | None) -> None:
        self.items = items
        self.groups = groups  # of each item; -1: none
        self.count = 0 if groups is None else int(groups.max(initial=-1)) + 1

    def means(self, item: NDArray[np.int64], values: Floats) -> Floats:
        return self.drawn(
            _sums(item, values, self.items), _sums(item, None, self.items)
        )

    def variances(
        self, item: NDArray[np.int64], values: Floats, means: Floats
    ) -> Floats:
        return self.means(item, (values - means[item]) ** 2)

    def drawn(self, total: Floats, weight: Floats) -> Floats:
        whole = float(total.sum() / max(weight.sum(), 1.0))
        return _drawn(total, weight, self.above(total, weight, whole))

    def above(self, total: Floats, weight: Floats, whole: float) -> Floats:
        """By item, what its category says, or all items do where it has none."""
        found = np.full(self.items, whole)
        if self.groups is not None and self.count:
            known = self.groups >= 0
            group = self.groups[known]
            sums = _sums(group, total[known], self.count)
            weights = _sums(group, weight[known], self.count)
            found[known] = _drawn(sums, weights, whole)[group]
        return found


def statistics(
    bought: Purchases,
    until: int,
    items: int,
    groups: NDArray[np.int64] | None = None,
) -> Statistics:
    """What the purchases before the day ``until`` say of each of the ``items``."""
    levels, found = _Levels(items, groups), pairs(bought)
    again = (found.times > 1).astype(np.float64)
    buyers = _sums(found.item, None, items)
    repeaters = _sums(found.item, again, items)
    repeat = levels.drawn(repeaters, buyers)
    # With few buyers an item's category may speak for it; else nobody buys it twice.
    speaks = levels.above(repeaters, np.maximum(buyers, 1e-9), 0.0) >= REPEATED
    known = (repeaters > 0) | ((buyers < FEW) & speaks)
    repeat = np.where(known & (repeat >= REPEATED), repeat, 0.0)

    inner = np.ones(len(bought.day), np.bool_)
    inner[found.start] = False  # the first of a pair has no interval before it
    gaps = np.log(np.diff(bought.day, prepend=0)[inner].astype(np.float64))
    of = bought.item[inner]
    interval = levels.means(of, gaps)
    variance = levels.variances(of, gaps, interval)

    rates = (found.times - 1) / (until - found.first + 1.0)
    mean = levels.means(found.item, rates)
    spread = np.maximum(levels.variances(found.item, rates, mean), 1e-9)
    mean = np.maximum(mean, 1e-6)
    each = (repeat, interval, variance, mean**2 / spread, mean / spread)
    return Statistics(*(one.astype(np.float32) for one in each))

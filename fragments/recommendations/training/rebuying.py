"""Features of buying again, and whether it was: the numbers that a hazard is fitted to."""

import numpy as np
from numpy.typing import NDArray

from ..replenishment.features import (
    FAST,
    FAST_FLOOR,
    LATEST_RATIO,
    PRIOR,
    REPEATED,
    SHOPPING,
    SHOPPING_FLOOR,
    SLOW,
    SLOW_FLOOR,
)
from .itemstatistics import Statistics
from .purchases import Floats, Purchases, pairs


def features(bought: Purchases, of_items: Statistics, day: int) -> Floats:
    """A row for each of the pairs in ``bought``, all of them before ``day``."""
    found = pairs(bought)
    age = (day - bought.day).astype(np.float64)
    slow = np.add.reduceat(np.exp(-age / SLOW), found.start)
    fast = np.add.reduceat(np.exp(-age / FAST), found.start)
    times = found.times.astype(np.float64)
    elapsed = np.maximum(day - found.last, 1).astype(np.float64)
    repeat, mean, variance, shape, rate = (
        column.astype(np.float64)[found.item] for column in of_items
    )
    usual = np.exp(mean + variance / 2)
    own = (found.last - found.first + PRIOR * usual) / (times - 1 + PRIOR)
    ratio = np.minimum(elapsed / own, LATEST_RATIO)
    return np.column_stack(
        (
            np.log(times),
            np.log(slow + SLOW_FLOOR),
            np.log(fast + FAST_FLOOR),
            np.log(elapsed + 1),
            np.log(own),
            ratio,
            np.minimum(ratio, 1.0),
            np.exp(-ratio),
            np.log(np.maximum(repeat, REPEATED / 2)),
            np.log(_shopping(bought, day)[found.visitor] + SHOPPING_FLOOR),
            np.log(usual),
            times == 1,
            np.log((times + shape) / (day - found.first + 1.0 + rate)),
        )
    )


def _shopping(bought: Purchases, day: int) -> Floats:
    """By visitor, on how many of the last days something was bought."""
    lately = bought.day >= day - SHOPPING
    visitor, when = bought.visitor[lately], bought.day[lately] - (day - SHOPPING)
    days = np.unique(visitor * (SHOPPING + 1) + when)
    most = int(bought.visitor.max(initial=-1)) + 1
    return np.bincount(days // (SHOPPING + 1), minlength=most).astype(np.float64)


def bought_again(bought: Purchases, day: int, horizon: int) -> NDArray[np.bool_]:
    """For each pair before ``day``, whether it is bought from then on within the horizon."""
    before = pairs(bought.before(day))
    chosen = (bought.day >= day) & (bought.day < day + horizon)
    most = int(bought.item.max(initial=0)) + 1
    bought_then = bought.visitor[chosen] * most + bought.item[chosen]
    return np.isin(before.visitor * most + before.item, bought_then)

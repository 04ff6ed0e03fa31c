"""What the chance that somebody buys a thing again goes by; learned and served the same.

Days are whole ones, counted from 1970-01-01; of several purchases on a day one counts. *Elapsed*
are the days since the last one, at least 1. The *usual* interval of a product is the mean of
its lognormal intervals, a visitor's *own* one is drawn towards it: with ``PRIOR`` intervals of
the usual length beside those that were seen.
"""

from typing import Final

#: Of one product, in the order of the weights.
FEATURES: Final = (
    "log of the purchases",
    "log of the purchases, each halved in 42 days",
    "log of the purchases, each halved in 14 days",
    "log of the days elapsed",
    "log of the own interval",
    "elapsed / own interval, at most 8",
    "the same, at most 1",
    "exp(-elapsed / own interval)",
    "log of the share of buyers who bought it again",
    "log of the visitor's shopping days",
    "log of the usual interval",
    "bought once only",
    "log of the Poisson-Gamma rate",
)
SLOW, FAST = 60.0, 20.0  # days in which a purchase counts 1/e
SLOW_FLOOR, FAST_FLOOR = (
    1e-4,
    1e-5,
)  # so that the logarithm of old purchases stays sound
PRIOR = 1.5
LATEST_RATIO = 8.0
SHOPPING = 84  # days, in which the visitor's shopping days are counted
SHOPPING_FLOOR = 0.25
#: Of an item, by its number: names of arrays.
ARRAYS: Final = ("repeat", "interval", "variance", "shape", "rate")
PREFIX = "replenishment-"
#: The share of buyers who buy a thing again below which nobody is told that it runs out.
REPEATED = 0.02

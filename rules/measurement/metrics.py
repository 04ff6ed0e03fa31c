"""What can be asked of an experiment: the catalogue of metrics."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from .quantities import RATINGS

Kind = Literal["mean", "share", "ratio"]


class Metric(msgspec.Struct, frozen=True):
    """One number that two groups of units are compared by.

    ``over`` is the quantity above the line, ``under`` the one below it: of a ``ratio`` another
    quantity, else empty, for the number of units. ``better`` says which way is good. ``measure``
    is what it is counted in: money (hundredths), seconds, or plain numbers. ``capped``: the
    largest values of all groups are cut at one height. ``words`` names it in a sentence.
    """

    name: str
    kind: Kind
    over: str
    under: str = ""
    better: Literal["more", "less"] = "more"
    measure: Literal["", "money", "seconds"] = ""
    capped: bool = False
    words: str = ""

    @property
    def of_showings(self) -> bool:
        """Whether only those can have it who were shown something."""
        return self.under in ("impressions", RATINGS)


_CATALOGUE = (
    Metric("click-rate", "ratio", "clicks", "impressions", words="clicks per showing"),
    Metric("conversion-rate", "share", "ordered", words="visitors who ordered"),
    Metric(
        *("revenue-per-visitor", "mean", "revenue"),
        measure="money",
        capped=True,
        words="revenue per visitor",
    ),
    Metric(
        *("average-order-value", "ratio", "revenue", "orders"),
        measure="money",
        words="average order value",
    ),
    Metric(
        "add-to-cart",
        "share",
        "added",
        words="visitors who put something into the cart",
    ),
    Metric(
        *("bounce-rate", "ratio", "bounces", "visits", "less"),
        words="visits of one page only",
    ),
    Metric("pages-per-visit", "ratio", "pages", "visits", words="pages per visit"),
    Metric(
        *("time-to-first-product", "ratio", "product-seconds", "product-visits"),
        better="less",
        measure="seconds",
        words="time to the first product",
    ),
    Metric(
        "repurchase-rate", "share", "repurchased", words="visitors who ordered again"
    ),
    Metric("leads", "share", "leads", words="visitors who became a lead"),
    Metric(
        *("net-value", "mean", "net"),
        measure="money",
        capped=True,
        words="net value per visitor",
    ),
    Metric("opt-outs", "share", "opt-out", better="less", words="visitors who left"),
    Metric(
        *("dismissals", "ratio", "dismissals", "impressions", "less"),
        words="dismissals per showing",
    ),
    Metric(
        *("approval", "ratio", "thumbs-up", RATINGS),
        words="thumbs up among all thumbs",
    ),
)

METRICS: Mapping[str, Metric] = MappingProxyType(
    {each.name: each for each in _CATALOGUE}
)
"""All metrics by name. ``ratings`` are the thumbs up and down together."""

CLICKED = Metric("clicked", "share", "clicked", words="visitors who clicked")
"""A step of the funnel: it is added up like a metric, and no goal names it."""

ADDED_UP: Mapping[str, Metric] = MappingProxyType({**METRICS, CLICKED.name: CLICKED})
"""All that a tally knows, by name."""

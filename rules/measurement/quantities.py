"""The quantities that are counted of one unit: exact numbers, money in hundredths."""

from collections.abc import Iterable
from typing import NamedTuple

# Of what was shown in the cell itself.
OF_SHOWINGS = (
    "impressions",  # showings
    "clicks",  # showings that were clicked, each once
    "clicked",  # 1: there is one
    "dismissals",  # showings that were sent away, each once
    "thumbs-up",  # showings whose last rating is this
    "thumbs-down",
)
# Of all that the unit did meanwhile, wherever it did it.
OF_OUTCOMES = (
    "visits",
    "pages",
    "bounces",  # visits of one page
    "product-visits",  # visits in which a product was looked at
    "product-seconds",  # from the beginning of each of those to its first product, summed
    "added",  # 1: something was put into the cart
    "ordered",  # 1: there is an order
    "orders",
    "revenue",
    "repurchased",  # 1: a second order soon after the first
    "leads",  # 1: there is one
    "opt-out",  # 1: consent was withdrawn, or everything erased
    "net",  # revenue, less what a customer is worth where one opted out
)
BEFORE = "before:"  # the same quantity, in the days before the first exposure
OF_PAST = ("added", "ordered", "revenue", "repurchased", "leads")
NAMES = (*OF_SHOWINGS, *OF_OUTCOMES, *(BEFORE + name for name in OF_PAST))
ONCE = frozenset(
    {"clicked", "added", "ordered", "repurchased", "leads", "opt-out"}
    | {BEFORE + name for name in ("added", "ordered", "repurchased", "leads")}
)
"""Quantities that are 0 or 1: whoever did it twice has done it."""

RATINGS = "ratings"  # thumbs up and down together: only asked for, never kept

NO_SHOWINGS = (0,) * len(OF_SHOWINGS)
NO_PAST = (0,) * len(OF_PAST)


class Quantities(NamedTuple):
    """All quantities of one unit in one cell.

    ``showings`` are in the order of :data:`OF_SHOWINGS`; ``outcomes`` in that of
    :data:`OF_OUTCOMES`, followed by what was so before, in that of :data:`OF_PAST`. Cells of one
    unit share each of the two where they are the same.
    """

    showings: tuple[int, ...]
    outcomes: tuple[int, ...]

    def told(self) -> dict[str, int]:
        """Those that are not 0, by name."""
        values = (*self.showings, *self.outcomes)
        return {name: value for name, value in zip(NAMES, values, strict=True) if value}


NOTHING = Quantities(NO_SHOWINGS, (0,) * len(OF_OUTCOMES) + NO_PAST)
_ONCE_AT = tuple(name in ONCE for name in NAMES)


def together(several: Iterable[Quantities]) -> Quantities:
    """What several owners did as one unit."""
    total = [0] * len(NAMES)
    for one in several:
        values = (*one.showings, *one.outcomes)
        total = [
            (a or b) if once else a + b
            for a, b, once in zip(total, values, _ONCE_AT, strict=True)
        ]
    split = len(OF_SHOWINGS)
    return Quantities(tuple(total[:split]), tuple(total[split:]))

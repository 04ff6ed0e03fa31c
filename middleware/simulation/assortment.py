"""What made-up visitors can look at and buy, by animal."""

from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING

import msgspec

from .tastes import FAVOURITES

if TYPE_CHECKING:
    from ..site import Site


class Ware(msgspec.Struct, frozen=True, gc=False):
    """A product that is in stock; its price in cents."""

    id: str
    cents: int


class Shelf(msgspec.Struct, frozen=True):
    """The wares of one animal. The first ones are looked at most, as in every shop."""

    wares: Sequence[Ware]
    sums: Sequence[float]

    def pick(self, luck: Random) -> Ware:
        return self.wares[bisect(self.sums, luck.random() * self.sums[-1])]


def shelves(site: "Site") -> dict[str, Shelf]:
    """Favourite -> what the site's catalogue has for it.

    Raises :class:`ValueError` for a catalogue without one of :data:`~.tastes.FAVOURITES`.
    """
    wares: dict[str, list[Ware]] = {name: [] for name in FAVOURITES}
    catalog = site.catalog
    for product in catalog.products.values():
        if not product.in_stock or product.price is None:
            continue
        ware = Ware(product.id, round(product.price * 100))
        for category in catalog.line(product.category):
            if category in wares:
                wares[category].append(ware)
    for name, found in wares.items():
        if not found:
            raise ValueError(
                f'the catalogue has nothing in the category "{name}": '
                "made-up visitors know their way in the pet shop alone"
            )
    return {
        name: Shelf(found, tuple(accumulate(1 / (at + 1) for at in range(len(found)))))
        for name, found in wares.items()
    }

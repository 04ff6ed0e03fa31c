"""What a visitor bought and soon needs again: products, each with a chance.

>>> from shopwindow.fragments.catalog import Catalog, Item
>>> food = Item("product", "kibble", repurchase_days=30)
>>> supplies = Replenishment(Catalog(products={"kibble": food}))
>>> from typing import NamedTuple
>>> class Times(NamedTuple):
...     days: tuple[int, ...]
>>> supplies.due({"kibble": Times((20_000, 1))}, day=20_023)  # 30 days are over in 7 days
{'kibble': 0.5}
"""

from collections.abc import Mapping

from ...catalog import Catalog, Relatives
from .hazard import Bought, Hazard, Learned
from .intervals import used_up

__all__ = ["WITHIN", "Bought", "Learned", "Replenishment"]

#: Days within which something runs out, where nobody says more.
WITHIN = 7.0


class Replenishment:
    """What a catalogue and, where there is one, a model say about things that are used up.

    Made once, when a site or a model goes live, and then only read, on any thread: ``catalog``
    and ``model`` are what it was made of.
    """

    __slots__ = ("_hazard", "catalog", "model")

    def __init__(
        self,
        catalog: Catalog | None = None,
        model: Learned | None = None,
        before: "Replenishment | None" = None,
    ) -> None:
        """Without a model, or where it does not know a product as one that is replenished, the
        catalogue's ``repurchase_days`` count; products without them are bought for good.

        ``before`` spares reading a model again that is the same as before.
        """
        self.catalog = catalog or _NOTHING
        self.model = model
        self._hazard: Hazard | None
        if before is not None and before.model is model:
            self._hazard = before._hazard
        else:
            self._hazard = None if model is None else Hazard.of(model)

    @property
    def learned(self) -> bool:
        """Whether there is a model that knows of replenishment."""
        return self._hazard is not None

    def due(
        self, bought: Mapping[str, Bought], day: int, within: float = WITHIN
    ) -> dict[str, float]:
        """Product id -> the chance, 0 to 1, that it runs out within so many days from ``day`` on.

        ``bought`` are the counters of a profile by product id (``days`` alternates day and
        count, oldest first); ``day`` counts from 1970-01-01 as they do. Only of what is
        replenished: what is missing was bought for good.
        """
        found = {}
        if self._hazard is not None:
            found = self._hazard.due(bought, day, within)
        lasts = self.catalog.lasting
        if lasts:
            for id in bought.keys() & lasts.keys():
                if id not in found and (days := bought[id].days):
                    found[id] = used_up(days, lasts[id], day, within)
        return found

    def belongs(self, product: str) -> Relatives:
        """What a product is and belongs to, itself first: (dimension, key) pairs. Empty: it is not
        in the catalogue, or out of stock, so nobody can buy it again now."""
        item = self.catalog.products.get(product)
        if item is not None and not item.in_stock:
            return ()
        return self.catalog.relatives("product", product)

    def title(self, product: str) -> str:
        """What it is called; its id where the catalogue does not know it."""
        item = self.catalog.products.get(product)
        return product if item is None else str(item)


_NOTHING = Catalog()

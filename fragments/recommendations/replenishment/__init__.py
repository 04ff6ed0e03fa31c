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

__all__ = ["AT_LEAST", "WITHIN", "Bought", "Learned", "Replenishment"]

#: What "runs out" means where nobody says more: so likely, within so many days.
AT_LEAST = 0.5
WITHIN = 7.0


class Replenishment:
    """What a catalogue and, where there is one, a model say about things that are used up.

    Made once, when a site or a model goes live, and then only read, on any thread.
    """

    __slots__ = ("_catalog", "_hazard", "_lasts")

    def __init__(
        self, catalog: Catalog | None = None, model: Learned | None = None
    ) -> None:
        """Without a model, or where it does not know a product as one that is replenished, the
        catalogue's ``repurchase_days`` count; products without them are bought for good."""
        self._catalog = catalog or Catalog()
        self._hazard = None if model is None else Hazard.of(model)
        self._lasts = {
            id: item.repurchase_days
            for id, item in self._catalog.products.items()
            if item.repurchase_days
        }

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
        replenished: what is missing was bought for good. Never raises for strange counters.
        """
        found = {}
        if self._hazard is not None:
            found = self._hazard.due(bought, day, within)
        lasts = self._lasts
        if lasts:
            for id in bought.keys() & lasts.keys():
                if id not in found and (days := bought[id].days):
                    found[id] = used_up(days, lasts[id], day, within)
        return found

    def relatives(self, product: str) -> Relatives:
        """What a product belongs to, itself first: (dimension, key) pairs."""
        return self._catalog.relatives("product", product)

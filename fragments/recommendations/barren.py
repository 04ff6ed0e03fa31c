"""Whether a shelf could show anything at all, whoever looks at it."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from ..catalog import Catalog
from ..items import Item
from .assortment import Wish
from .selection import within


def barren(wish: Wish, catalog: Catalog) -> bool:
    """Whether nothing of the catalogue, sold out or not, fits ``only`` and ``except``, if there
    are any. What is pinned stands there all the same."""
    if wish.pinned or not (wish.only or wish.excluded):
        return False
    kinds = wish.only.get("kind", ("product",))
    items = chain(
        catalog.products.values() if "product" in kinds else (),
        catalog.articles.values() if "article" in kinds else (),
    )
    # How many there are in stock changes with every order.
    only = {
        name: keys for name, keys in wish.only.items() if name not in ("kind", "stock")
    }
    excluded = {name: keys for name, keys in wish.excluded.items() if name != "stock"}
    return not any(
        all(_has(item, catalog, name, keys) for name, keys in only.items())
        and not any(_has(item, catalog, name, keys) for name, keys in excluded.items())
        for item in items
    )


def _has(item: Item, catalog: Catalog, name: str, keys: Sequence[Any]) -> bool:
    if name == "price":
        return within(item, name, keys)
    pairs = catalog.relatives(item.kind, item.id)
    return any((name, key) in pairs for key in keys)

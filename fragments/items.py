"""One product, category or advice article."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

import msgspec

Kind = Literal["product", "category", "article"]


class Price(float):
    """An amount of money in the shop's currency; templates print it as such."""


class Item(msgspec.Struct, frozen=True):
    """A product, category or article in one language.

    ``category`` and ``parent`` are category ids, or empty. ``price`` is in the shop's
    currency. ``pieces`` is how many are in stock, if the catalogue says it. ``reason`` says why a shelf shows the product and is empty in the catalogue.
    ``extra`` holds the file's other columns, spelled with ``_`` for ``-`` and ``.``;
    templates read them like fields.
    """

    kind: Kind
    id: str
    title: str = ""
    url: str = ""
    image: str = ""
    headline: str = ""
    price: Price | None = None
    category: str = ""
    parent: str = ""
    brand: str = ""
    tags: tuple[str, ...] = ()
    in_stock: bool = True
    pieces: int | None = None
    repurchase_days: int | None = None
    added: date | None = None
    extra: Mapping[str, str] = {}
    reason: str = ""

    def __str__(self) -> str:
        return self.title or self.id

    def __getitem__(self, name: str) -> str:
        return self.extra[name]

"""What the shop sells and advises on, read from the catalogue its editors keep."""

import csv
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Self

import msgspec

VAT = Decimal("1.19")
CENT = Decimal("0.01")


class Category(msgspec.Struct, frozen=True):
    id: str
    title: str
    url: str
    image: str
    headline: str
    summary: str


class Product(msgspec.Struct, frozen=True):
    """One line of the price list; ``price`` is in euros with VAT."""

    id: str
    title: str
    url: str
    image: str
    price: Decimal
    category: str
    brand: str
    tags: tuple[str, ...]
    in_stock: bool
    sku: str
    size: str
    pack: str
    material: str
    drawing: str
    summary: str

    @property
    def net(self) -> Decimal:
        return (self.price / VAT).quantize(CENT, ROUND_HALF_UP)


class Article(msgspec.Struct, frozen=True):
    id: str
    title: str
    url: str
    image: str
    category: str
    minutes: int
    drawing: str
    summary: str


class Stock(msgspec.Struct, frozen=True):
    """The whole catalogue, each kind by its id and in the order of its file."""

    categories: Mapping[str, Category]
    products: Mapping[str, Product]
    articles: Mapping[str, Article]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read ``categories.csv``, ``products.csv`` and ``articles.csv`` of ``folder``."""
        return cls(
            categories={
                row["id"]: Category(
                    **_cells(row, "id title url image headline summary")
                )
                for row in _rows(folder / "categories.csv")
            },
            products={
                row["id"]: Product(
                    **_cells(row, "id title url image category brand sku"),
                    **_cells(row, "size pack material drawing summary"),
                    price=Decimal(row["price"]),
                    tags=tuple(row["tags"].split()),
                    in_stock=row["in-stock"] == "yes",
                )
                for row in _rows(folder / "products.csv")
            },
            articles={
                row["id"]: Article(
                    **_cells(row, "id title url image category drawing summary"),
                    minutes=int(row["minutes"]),
                )
                for row in _rows(folder / "articles.csv")
            },
        )

    def of_category(self, category: str) -> list[Product]:
        return [p for p in self.products.values() if p.category == category]

    def advice_on(self, category: str) -> list[Article]:
        return [a for a in self.articles.values() if a.category == category]

    def lines(self, cart: Mapping[str, int]) -> list[tuple[Product, int]]:
        """The cart's products with their quantities; what is no longer sold drops out."""
        known = self.products
        return [(known[id], count) for id, count in cart.items() if id in known]

    def search(self, query: str) -> list[Product]:
        """The products in which every word of ``query`` occurs somewhere."""
        words = query.casefold().split()
        return [
            product
            for product in self.products.values()
            if words and all(word in self._words(product) for word in words)
        ]

    def _words(self, product: Product) -> str:
        category = self.categories[product.category].title
        # "8x120" is what people type, "8 × 120" is what the price list prints.
        texts = (product.title, product.sku, category, product.brand, *product.tags)
        text = " ".join((*texts, product.material)).casefold()
        return text + " " + text.replace(" × ", "x")


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _cells(row: Mapping[str, str], names: str) -> dict[str, str]:
    return {name: row[name] for name in names.split()}

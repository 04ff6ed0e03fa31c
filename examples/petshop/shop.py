"""The shop behind the pages: its catalogue, the visitor's cart, the orders.

The catalogue is read from the CSV files that the rules use too, so that a product is
written down once.
"""

import csv
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

FREE_SHIPPING = Decimal("39.00")
SHIPPING = Decimal("4.90")
MOST = 20  # of one product in one cart


@dataclass(frozen=True)
class Category:
    id: str
    title: str
    url: str
    image: str
    headline: str
    parent: str
    blurb: str


@dataclass(frozen=True)
class Product:
    id: str
    title: str
    url: str
    image: str
    price: Decimal
    category: str
    brand: str
    tags: tuple[str, ...]
    in_stock: bool
    added: str
    kind: str
    blurb: str


@dataclass(frozen=True)
class Article:
    id: str
    title: str
    url: str
    image: str
    category: str
    tags: tuple[str, ...]
    kind: str
    lead: str
    paragraphs: tuple[str, ...]


def rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


class Catalogue:
    """All that the shop sells and tells, read once from a folder of CSV files."""

    def __init__(self, folder: Path) -> None:
        self.categories = {
            row["id"]: Category(**row) for row in rows(folder / "categories.csv")
        }
        self.products = {
            row["id"]: Product(
                id=row["id"],
                title=row["title"],
                url=row["url"],
                image=row["image"],
                price=Decimal(row["price"]),
                category=row["category"],
                brand=row["brand"],
                tags=tuple(row["tags"].split()),
                in_stock=row["in-stock"] == "yes",
                added=row["added"],
                kind=row["kind"],
                blurb=row["blurb"],
            )
            for row in rows(folder / "products.csv")
        }
        self.articles = {
            row["id"]: Article(
                id=row["id"],
                title=row["title"],
                url=row["url"],
                image=row["image"],
                category=row["category"],
                tags=tuple(row["tags"].split()),
                kind=row["kind"],
                lead=row["lead"],
                paragraphs=tuple(row["text"].split(" | ")),
            )
            for row in rows(folder / "articles.csv")
        }

    def children(self, category: str) -> list[Category]:
        return [each for each in self.categories.values() if each.parent == category]

    def family(self, category: str) -> set[str]:
        """The ids of ``category`` and of all categories below it."""
        found = {category}
        for child in self.children(category):
            found |= self.family(child.id)
        return found

    def products_of(self, category: str) -> list[Product]:
        """Of the category and those below it, its own products first."""
        family = self.family(category)
        found = [each for each in self.products.values() if each.category in family]
        return sorted(found, key=lambda product: product.category != category)

    def articles_of(self, category: str) -> list[Article]:
        family = self.family(category)
        found = [each for each in self.articles.values() if each.category in family]
        return sorted(found, key=lambda article: article.category != category)

    def search(self, query: str) -> list[Product]:
        """Products that hold every word of ``query``, those with it in the title first."""
        words = query.lower().split()
        if not words:
            return []
        found = []
        for product in self.products.values():
            category = self.categories[product.category]
            title = product.title.lower()
            text = " ".join(
                (
                    title,
                    category.id,
                    category.title,
                    product.brand,
                    *product.tags,
                    product.blurb,
                )
            ).lower()
            if all(word in text for word in words):
                found.append((not all(word in title for word in words), product))
        return [product for _, product in sorted(found, key=lambda each: each[0])]

    def newest(self, number: int) -> list[Product]:
        found = [each for each in self.products.values() if each.in_stock]
        return sorted(found, key=lambda product: product.added, reverse=True)[:number]

    def popular(self, number: int) -> list[Product]:
        """What the shop shows to somebody it does not know: a little of everything."""
        ids = (
            "dog-ball-bouncy",
            "cat-mouse-wool",
            "rabbit-hay-1kg",
            "garden-bee-hotel",
            "hamster-wheel-28",
            "bird-swing-cherry",
            "fish-castle-grey",
            "horse-treats-apple",
        )
        return [self.products[each] for each in ids if each in self.products][:number]


@dataclass(frozen=True)
class Line:
    """One row of a cart or of an order."""

    product: Product
    quantity: int

    @property
    def total(self) -> Decimal:
        return self.product.price * self.quantity


class Cart:
    """The cart of one session: product ids and quantities in a plain dict.

    ``session`` is Starlette's; what it holds for products that are gone is left out.
    """

    def __init__(self, session: dict[str, Any], catalogue: Catalogue) -> None:
        self.session = session
        self.catalogue = catalogue

    @property
    def quantities(self) -> dict[str, int]:
        kept: dict[str, int] = self.session.get("cart", {})
        return {
            id: number for id, number in kept.items() if id in self.catalogue.products
        }

    @property
    def lines(self) -> list[Line]:
        return [
            Line(self.catalogue.products[id], number)
            for id, number in self.quantities.items()
        ]

    @property
    def count(self) -> int:
        return sum(self.quantities.values())

    @property
    def value(self) -> Decimal:
        return sum((line.total for line in self.lines), Decimal(0))

    @property
    def shipping(self) -> Decimal:
        return shipping(self.value)

    @property
    def total(self) -> Decimal:
        return self.value + self.shipping

    def add(self, product: str, quantity: int) -> int:
        """Put ``quantity`` more in; how many really went in, as no line exceeds MOST."""
        quantities = self.quantities
        before = quantities.get(product, 0)
        quantities[product] = min(before + quantity, MOST)
        self.session["cart"] = quantities
        return quantities[product] - before

    def remove(self, product: str) -> int:
        """Take a product out; how many there were."""
        quantities = self.quantities
        number = quantities.pop(product, 0)
        self.session["cart"] = quantities
        return number


def shipping(value: Decimal) -> Decimal:
    """What the parcel costs for goods worth ``value``."""
    return Decimal(0) if value >= FREE_SHIPPING or not value else SHIPPING


@dataclass(frozen=True)
class Order:
    id: str
    lines: tuple[Line, ...]

    @property
    def value(self) -> Decimal:
        return sum((line.total for line in self.lines), Decimal(0))

    @property
    def total(self) -> Decimal:
        return self.value + shipping(self.value)

    def event(self) -> dict[str, Any]:
        """The properties of Segment's "Order Completed"."""
        return {
            "order_id": self.id,
            "revenue": float(self.value),
            "products": [
                {
                    "product_id": line.product.id,
                    "quantity": line.quantity,
                    "price": float(line.product.price),
                }
                for line in self.lines
            ],
        }


def place_order(cart: Cart) -> Order:
    """Turn the cart into an order; the last three orders stay in the session."""
    order = Order("PF-" + secrets.token_hex(4).upper(), tuple(cart.lines))
    kept = [[order.id, cart.quantities], *cart.session.get("orders", [])]
    cart.session["orders"] = kept[:3]
    cart.session["cart"] = {}
    return order


def orders(session: Mapping[str, Any], catalogue: Catalogue) -> list[Order]:
    """The orders of this session, the latest first."""
    return [
        Order(id, tuple(lines(quantities.items(), catalogue)))
        for id, quantities in session.get("orders", [])
    ]


def lines(
    quantities: Iterable[tuple[str, int]], catalogue: Catalogue
) -> Iterator[Line]:
    for id, number in quantities:
        if id in catalogue.products:
            yield Line(catalogue.products[id], number)


def money(amount: Decimal) -> str:
    return f"€{amount:,.2f}"

"""A believable week at Pawfields, always the same one: for reports, shelves and play.

Nobody in it exists. Each visitor has one or two favourite animals, comes by a few times,
mostly in the evening, looks around, sometimes fills a cart and sometimes orders.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from .shop import Catalogue, Product

DAY = 86_400

# how many in a hundred visitors like which animal most
FAVOURITES = {
    "dog": 25,
    "cat": 24,
    "rabbit": 13,
    "hamster": 9,
    "fish": 8,
    "bird": 7,
    "garden": 7,
    "horse": 4,
    "reptile": 3,
}
# visits by hour of the day, from midnight
HOURS = (1, 1, 0, 0, 0, 1, 3, 6, 7, 6, 6, 7, 9, 8, 7, 7, 8, 10, 13, 16, 18, 15, 9, 4)


class Seed(NamedTuple):
    """One event: ``time`` is in seconds since 1970."""

    visitor: str
    name: str
    properties: dict[str, Any]
    time: float


def events(
    catalogue: Catalogue,
    now: float,
    *,
    visitors: int = 300,
    days: int = 7,
    seed: int = 7,
) -> Iterator[Seed]:
    """The events of the ``days`` before ``now``, oldest first.

    The same arguments give the same events; a later ``now`` moves them all.
    """
    luck = random.Random(seed)
    # Whole hours, so that the evening stays in the evening whenever this is asked.
    end = now // 3600 * 3600
    found: list[Seed] = []
    for number in range(visitors):
        found += Visitor(f"visitor-{number:03}", catalogue, luck).week(end, days)
    found = [each for each in found if each.time < now]
    yield from sorted(found, key=lambda each: (each.time, each.visitor))


class Visitor:
    """One made-up visitor with favourite animals and a cart."""

    def __init__(self, id: str, catalogue: Catalogue, luck: random.Random) -> None:
        self.id = id
        self.catalogue = catalogue
        self.luck = luck
        number = 2 if luck.random() < 0.25 else 1
        self.favourites = luck.choices([*FAVOURITES], [*FAVOURITES.values()], k=number)
        self.cart: dict[str, int] = {}
        self.events: list[Seed] = []
        self.orders = 0

    def week(self, end: float, days: int) -> list[Seed]:
        visits = min(self.luck.choice((1, 1, 1, 2, 2, 3, 4, 6)), days)
        for day in sorted(self.luck.sample(range(days), visits)):
            midnight = (
                end - (days - day) * DAY - datetime.fromtimestamp(end, UTC).hour * 3600
            )
            hour = self.luck.choices(range(24), HOURS)[0]
            self.visit(midnight + DAY + hour * 3600 + self.luck.randrange(3600))
        return self.events

    def visit(self, time: float) -> None:
        luck = self.luck
        self.time = time
        self.happens("Visited", {"path": "/"})
        favourite = luck.choice(self.favourites)
        if luck.random() < 0.1:  # a look over the fence
            favourite = luck.choice([*FAVOURITES])
        entry = luck.random()
        if entry < 0.55:
            self.happens("Product List Viewed", {"category": self.shelf(favourite)})
        elif entry < 0.75:
            article = luck.choice(self.catalogue.articles_of(favourite))
            self.happens("Article Viewed", {"article_id": article.id})
        elif entry < 0.9:
            word = luck.choice(
                ("hay", "bed", "ball", "food", "lamp", "brush", favourite)
            )
            self.happens("Products Searched", {"query": word})
        for _ in range(luck.choice((1, 1, 2, 2, 3, 4, 6))):
            product = self.pick(favourite)
            self.happens("Product Viewed", {"product_id": product.id})
            if product.in_stock and luck.random() < 0.16:
                self.add(product)
        if self.cart and luck.random() < 0.12:
            gone = luck.choice([*self.cart])
            self.happens(
                "Product Removed", {"product_id": gone, "quantity": self.cart.pop(gone)}
            )
        if self.cart and luck.random() < 0.4:
            self.order()

    def shelf(self, favourite: str) -> str:
        children = self.catalogue.children(favourite)
        if children and self.luck.random() < 0.4:
            return self.luck.choice(children).id
        return favourite

    def pick(self, favourite: str) -> Product:
        """The first products of a category are looked at most, as in every shop."""
        products = self.catalogue.products_of(self.shelf(favourite))
        weights = [1 / (place + 1) for place in range(len(products))]
        return self.luck.choices(products, weights)[0]

    def add(self, product: Product) -> None:
        quantity = 2 if self.luck.random() < 0.15 else 1
        self.cart[product.id] = self.cart.get(product.id, 0) + quantity
        properties = {
            "product_id": product.id,
            "quantity": quantity,
            "price": float(product.price),
        }
        self.happens("Product Added", properties)

    def order(self) -> None:
        products = [
            {
                "product_id": id,
                "quantity": quantity,
                "price": float(self.catalogue.products[id].price),
            }
            for id, quantity in self.cart.items()
        ]
        revenue = sum(
            self.catalogue.products[id].price * quantity
            for id, quantity in self.cart.items()
        )
        self.orders += 1
        properties = {
            "order_id": f"SEED-{self.id}-{self.orders}",
            "products": products,
            "revenue": float(revenue),
        }
        self.happens("Order Completed", properties)
        self.cart = {}

    def happens(self, name: str, properties: dict[str, Any]) -> None:
        self.events.append(Seed(self.id, name, properties, self.time))
        self.time += self.luck.randrange(8, 90)

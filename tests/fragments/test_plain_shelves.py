"""Shelves against the plain way to fill them: score everything, ask everything, place the best."""

import random
from collections import Counter as Tally
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shopwindow.fragments.catalog import Catalog
from shopwindow.fragments.items import Item
from shopwindow.fragments.recommendations.assortment import Assortment
from shopwindow.fragments.recommendations.caps import CategoryCap
from shopwindow.fragments.recommendations.content import add_unknown
from shopwindow.fragments.recommendations.filling import CLOSELY
from shopwindow.fragments.recommendations.model import Model
from shopwindow.fragments.recommendations.reasons import Reason
from shopwindow.fragments.recommendations.rows import Kept
from shopwindow.fragments.recommendations.scoring import scores
from shopwindow.fragments.recommendations.selection import REFUSED
from shopwindow.fragments.recommendations.shelf import fill
from shopwindow.fragments.recommendations.shopper import DUE, Stranger
from shopwindow.fragments.recommendations.together import goes_with
from shopwindow.fragments.recommendations.writing import write
from shopwindow.rules.facts import Recommend

from .models import NOON, Rows, popular, table

PRODUCTS = [f"p{number:03}" for number in range(120)]
CATEGORIES = [f"c{number}" for number in range(8)]
Placed = list[tuple[str, Reason, float]]

WISHES: list[dict[str, Any]] = [
    {},
    {"only": {"brand": ("b0", "b1", "b2")}, "minimum_score": 0.05},
    {"boosted": {"brand": ("b1",)}, "buried": {"brand": ("b1", "b2")}},
    {
        "excluded": {"category": ("c3",)},
        "boosted": {"category": ("c1",)},
        "buried": {"brand": ("b3",)},
    },
]


def shop_of(chance: random.Random, out: Path, cap: CategoryCap) -> Assortment:
    products = {
        key: Item(
            "product",
            key,
            key,
            f"/{key}",
            category=chance.choice((*CATEGORIES, "")),
            brand=f"b{chance.randrange(5)}",
            in_stock=chance.random() > 0.1,
        )
        for key in PRODUCTS[:-5]  # the catalogue has forgotten the others
    }
    categories = {name: Item("category", name, name) for name in CATEGORIES}
    unknown = [float(chance.random() < 0.3) * chance.random() for _ in PRODUCTS]
    arrays = {
        **table(PRODUCTS, rows(chance), "viewed-viewed"),
        **table(PRODUCTS, rows(chance), "together"),
        **table(PRODUCTS, rows(chance), "content"),
        "content-weight": memoryview(bytearray(8 * len(PRODUCTS))).cast("d"),
        **popular(PRODUCTS, PRODUCTS, "trending"),
    }
    for number, weight in enumerate(unknown):
        arrays["content-weight"][number] = weight
    model = Model.open(write(out, PRODUCTS, arrays, {}, NOON))
    return Assortment(Catalog(categories, products), {}, model, cap)


def rows(chance: random.Random) -> Rows:
    found = {}
    for key in PRODUCTS:
        others = chance.sample(PRODUCTS, chance.randrange(50))
        # Few different scores: many are equal.
        values = [chance.choice((0.1, 0.3, 0.5, chance.random())) for _ in others]
        found[key] = list(zip(others, sorted(values, reverse=True), strict=True))
    return found


def visitor(chance: random.Random) -> Stranger:
    shopper = Stranger()
    shopper.viewed = chance.sample(PRODUCTS, chance.randrange(9))
    shopper.lately = shopper.viewed[: chance.randrange(9)]
    shopper.cart = chance.sample(PRODUCTS, chance.randrange(3))
    shopper.ordered = chance.sample(PRODUCTS, 3)
    shopper.bought = frozenset(chance.sample(PRODUCTS, chance.randrange(30)))
    shopper.due = {key: chance.random() for key in shopper.bought}
    shopper.dismissed = frozenset(chance.sample(PRODUCTS, chance.randrange(5)))
    shopper.unwanted = chance.choice(({}, {"brand": ("b4",), "product": ("p001",)}))
    leanings = {name: chance.choice((0.0, 0.2, 0.9)) for name in CATEGORIES}
    shopper.leaning = leanings.__getitem__
    return shopper


def plainly(
    shop: Assortment,
    wish: Recommend,
    shopper: Stranger,
    cap: CategoryCap,
    taken: frozenset[str],
) -> Placed:
    """What stands first on the shelf, by the one strategy that ``wish`` names."""
    assert shop.model is not None
    name = wish.strategies[0]
    if name == "for-you":
        seen = shop.known(shopper.lately[: shop.parameters.clicks])[::-1]
        found, why = scores(shop.model, seen, shop.parameters, remind=False)
        add_unknown(shop.model, seen, shop.parameters, found, why)
        without = set(shopper.viewed)
    else:
        basket = shopper.cart or shopper.ordered
        found, why = goes_with(shop.model, shop.known(basket))
        without = set(basket)
        name = "goes-with-cart" if shopper.cart else "goes-with-order"
    selection = shop.selection(wish)
    for number in found:
        found[number] *= selection.factors.get(number, 1.0)

    def fits(number: int) -> bool:
        id = shop.ids[number]
        return (
            selection.groups[number] != REFUSED
            and id not in without
            and id not in taken
            and id not in shopper.dismissed
            and id not in shop.having(shopper.unwanted)
            and not (id in shopper.bought and shopper.due.get(id or "", 0.0) < DUE)
        )

    def leant(number: int) -> tuple[float, int]:
        group = shop.groups[number]
        leaning = 0.0 if group < 0 else shopper.leaning(shop.categories[group])
        return found[number] * (1.0 + leaning), number

    order = sorted(found, key=found.__getitem__, reverse=True)
    waiting = [number for number in order if fits(number)]
    of_group: Tally[int] = Tally()
    placed: Placed = []

    def crowded(number: int) -> bool:
        group = shop.groups[number]
        return group >= 0 and of_group[group] >= cap.places(wish.limit)

    while waiting and len(placed) < wish.limit:
        waiting = [number for number in waiting if not crowded(number)]
        close = waiting[: CLOSELY * wish.limit]
        waiting = waiting[CLOSELY * wish.limit :]
        for score, number in sorted(map(leant, close), reverse=True):
            score /= 1.0 + score
            if score < wish.minimum_score:
                break
            if not crowded(number) and len(placed) < wish.limit:
                of_group[shop.groups[number]] += 1
                reason = Reason(name, shop.key(why[number]))
                placed.append((shop.key(number), reason, score))
    return placed


@pytest.mark.parametrize("strategy", ["for-you", "bought-together"])
@pytest.mark.parametrize("seed", range(4))
def test_a_shelf_is_what_the_plain_way_gives(
    tmp_path: Path, seed: int, strategy: str
) -> None:
    chance = random.Random(seed)
    cap = CategoryCap(share=(0.2, 0.5)[seed % 2], strict=True)
    shop = shop_of(chance, tmp_path, cap)
    full = 0
    for _ in range(100):
        shopper, taken = visitor(chance), frozenset(chance.sample(PRODUCTS, 3))
        asked = Recommend((strategy,), chance.choice((1, 6, 12)))
        wish = msgspec.structs.replace(asked, **chance.choice(WISHES))

        shelf = fill(shop.selection(wish), wish, shopper, taken=taken)

        expected = plainly(shop, wish, shopper, cap, taken)
        found = zip(shelf.ids, shelf.reasons, shelf.scores, strict=True)
        assert list(found)[: len(expected)] == expected
        others = [reason.kind for reason in shelf.reasons[len(expected) :]]
        assert strategy not in others
        full += len(expected) == wish.limit
    assert 10 < full < 100  # both were seen: full shelves, and such that were not


def test_rows_asked_for_often_stay() -> None:
    kept, made = Kept(most=4), list[int]()

    def make(item: int) -> dict[int, float]:
        made.append(item)
        return {item: 1.0}

    for item in (1, 2, 1, 3, 1, 4, 1, 5, 1, 6, 1, 7, 1):
        assert kept.get(0, item, make) == {item: 1.0}

    assert made == [1, 2, 3, 4, 5, 6, 7]
    assert len(kept) <= 4
    assert kept.get(1, 1, make) == {1: 1.0}
    assert made[-1] == 1  # another table's

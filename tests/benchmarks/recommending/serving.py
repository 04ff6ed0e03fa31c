"""How long a full shelf takes a page: strategies, filters, caps, luck, and why each item is there.

``python -m tests.benchmarks.recommending.serving`` prints the rows.
"""

import os
import random
import statistics
import tempfile
import time
from collections import Counter as Tally
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import NamedTuple

import numpy as np

from shopwindow.fragments.catalog import Catalog
from shopwindow.fragments.items import Item, Price
from shopwindow.fragments.recommendations.assortment import Assortment
from shopwindow.fragments.recommendations.caps import CategoryCap
from shopwindow.fragments.recommendations.model import Model
from shopwindow.fragments.recommendations.replenishment import Replenishment
from shopwindow.fragments.recommendations.rows import Kept, Row
from shopwindow.fragments.recommendations.scoring import Parameters, scores
from shopwindow.fragments.recommendations.shelf import Shelf, fill
from shopwindow.fragments.recommendations.training import covisitation
from shopwindow.fragments.recommendations.training.events import VIEWED, Events
from shopwindow.fragments.recommendations.training.part import Say, arrays_of
from shopwindow.fragments.recommendations.training.widening import widened
from shopwindow.fragments.recommendations.writing import write
from shopwindow.middleware.shoppers import KnownShopper
from shopwindow.rules.attributes import Facts
from shopwindow.rules.experiments import Units
from shopwindow.rules.facts import (
    DAY,
    Answer,
    Context,
    Counter,
    Interest,
    Profile,
    Recommend,
)

from ..goals import Goal
from .vmis import Vmis

Sessions = Sequence[Sequence[str]]

ITEMS, CATEGORIES, SESSIONS = 40_000, 200, 150_000
NOW = 1_795_700_000.0
TODAY = int(NOW // DAY)
VISITORS = 1_000
WARM = 300
TRIES = 5
P50, P90, OF_VMIS = 80e-6, 120e-6, 10.0
#: All at once: a chain, filters, what editors push and hide, luck, and a least score.
FULL = Recommend(
    ("for-you", "bought-together", "similar", "trending"),
    12,
    excluded={"tag": ("t7",), "price": (("more-than", 400.0),)},
    pinned=("c3-5",),
    boosted={"brand": ("b3",)},
    buried={"brand": ("b5",)},
    discovery=0.2,
    minimum_score=0.001,
)
CAP = CategoryCap(share=0.3, strict=True)


class Shop(NamedTuple):
    """A shop with a model, and sessions in it."""

    assortment: Assortment
    sessions: Sessions
    supplies: Replenishment


def sessions_made(items: int, count: int) -> list[list[str]]:
    """Sessions of visitors who mostly stay in a category, and in it near what they saw."""
    chance = random.Random(items)
    each = items // CATEGORIES
    found = []
    for _ in range(count):
        category = min(int(chance.paretovariate(0.6)) - 1, CATEGORIES - 1)
        place = min(int(chance.paretovariate(0.5)) - 1, each - 1)
        session = []
        for _ in range(min(40, 1 + int(chance.expovariate(1 / 5)))):
            session.append(f"c{category}-{place}")
            if chance.random() < 0.15:
                category = chance.randrange(CATEGORIES)
                place = min(int(chance.paretovariate(0.5)) - 1, each - 1)
            else:
                place = (place + chance.randint(-6, 6)) % each
        found.append(session)
    return found


def catalog_made(keys: Sequence[str], category_of: Callable[[str], str]) -> Catalog:
    chance = random.Random(3)
    products = {
        key: Item(
            "product",
            key,
            f"Product {key}",
            f"/p/{key}",
            price=Price(chance.uniform(1, 500)),
            category=category_of(key),
            brand=f"b{chance.randrange(20)}",
            tags=(f"t{chance.randrange(30)}",),
            in_stock=chance.random() > 0.03,
            repurchase_days=30 if chance.random() < 0.1 else None,
        )
        for key in keys
    }
    categories = {
        name: Item("category", name, f"Category {name}")
        for name in {category_of(key) for key in keys}
    }
    return Catalog(categories, products)


def trained(sessions: Sessions, keys: Sequence[str], out: Path) -> Model:
    """A model of ``sessions``, the oldest first."""
    ordered = sorted(keys, key=str.encode)
    numbers = {key: number for number, key in enumerate(ordered)}
    lengths = [len(session) for session in sessions]
    item = np.array([numbers[key] for session in sessions for key in session], np.int32)
    total = len(item)
    session = np.repeat(np.arange(len(sessions), dtype=np.int32), lengths)
    events = Events(
        session,
        session,
        item,
        np.zeros(total, np.int8),
        np.arange(total, dtype=np.float64),
        np.full(total, -1, np.int32),
        ordered,
        False,
        total,
        Tally(),
    )
    parameters = Parameters()
    table = covisitation.table(events, parameters, VIEWED, VIEWED)
    table = widened(table, parameters.wider, parameters.keep)
    popular = np.bincount(item, minlength=len(ordered)).astype(np.float32)
    order = np.argsort(-popular, kind="stable").astype(np.int32)
    arrays = {
        **arrays_of("viewed-viewed", table),
        **arrays_of("together", table),
        "popular": popular,
        "popular-order": order,
        "trending": popular,
        "trending-order": order,
    }
    return Model.open(write(out, ordered, arrays, {}, datetime.now(UTC)))


def shop_made(folder: Path | None, out: Path) -> Shop:
    """Of the sessions in ``folder`` if it has any, else of sessions that are made up."""
    sessions = sessions_read(folder) if folder is not None else []
    if sessions:
        seen = {key for session in sessions for key in session}
        keys = sorted(seen)
        # They tell nothing of categories: what came together early belongs together.
        part = {
            key: f"k{number * CATEGORIES // len(keys)}"
            for number, key in enumerate(keys)
        }
        catalog = catalog_made(keys, part.__getitem__)
    else:
        sessions = sessions_made(ITEMS, SESSIONS)
        keys = [
            f"c{c}-{p}" for c in range(CATEGORIES) for p in range(ITEMS // CATEGORIES)
        ]
        catalog = catalog_made(keys, lambda key: key.partition("-")[0])
    model = trained(sessions, keys, out)
    assortment = Assortment(catalog, {}, model, CAP)
    return Shop(assortment, sessions, Replenishment(catalog, model))


def sessions_read(folder: Path) -> list[list[str]]:
    """The sessions of ``folder/sessions-train.jsonl.gz``: a list of item ids a line."""
    import gzip

    import msgspec

    path = folder / "sessions-train.jsonl.gz"
    if not path.exists():
        return []
    decode = msgspec.json.Decoder(list[int | str]).decode
    with gzip.open(path) as lines:
        return [[str(id) for id in decode(line)] for line in lines]


def known(
    chance: random.Random, viewed: Sequence[str], shop: Shop, number: int
) -> Facts:
    """The facts of somebody who has viewed these, the last one last, and more before."""
    assortment = shop.assortment
    products = list(assortment.catalog.products.values())
    counts: dict[str, dict[str, Counter]] = {}

    def did(verb: str, id: str, time: float) -> None:
        product = assortment.catalog.products[id]
        for name, key in (("product", id), ("category", product.category)):
            table = counts.setdefault(f"{verb} {name}", {})
            table.pop(key, None)
            table[key] = Counter(time, (int(time // DAY), 1))

    for place in range(chance.choice((0, 20))):
        did("viewed", chance.choice(products).id, NOW - 90 * DAY + place)
    for place in range(chance.choice((0, 5, 30))):
        did("bought", chance.choice(products).id, NOW - 60 * DAY + place)
    for place, id in enumerate(viewed):
        did("viewed", id, NOW - 60 * (len(viewed) - place))
    interests = {
        key: Interest(float(chance.randint(1, 9)), NOW - DAY)
        for key in counts["viewed category"]
    }
    never = {"product": {chance.choice(products).id: Answer("never", NOW - DAY)}}
    profile = Profile(
        first_seen=NOW - 100 * DAY,
        last_seen=NOW,
        visits=5,
        cart={chance.choice(products).id: 1} if chance.random() < 0.3 else {},
        counts=counts,
        interests={"category": interests},
        answers=never,
    )
    context = Context(NOW, TODAY)
    units = Units(f"visitor-{number}")
    supplies = shop.supplies
    return Facts({}, profile, frozenset(), context, units=units, supplies=supplies)


def people(shop: Shop, count: int) -> list[tuple[Facts, list[str]]]:
    """Visitors in the middle of sessions, with what they have viewed in them."""
    chance = random.Random(11)
    longer = [session for session in shop.sessions[-20_000:] if len(session) > 1]
    found = []
    for number in range(count):
        session = chance.choice(longer)
        viewed = list(session[: chance.randint(1, len(session))])
        found.append((known(chance, viewed, shop, number), viewed))
    return found


def shelf_of(shop: Shop, facts: Facts, wish: Recommend = FULL) -> Shelf:
    shopper = KnownShopper(facts)
    selection = shop.assortment.selection(wish)
    return fill(selection, wish, shopper, taken=("c1-1", "c2-2"), slot="home.shelf")


class _Forgetful(Kept):
    def get(self, table: int, item: int, make: Callable[[int], Row]) -> Row:
        return make(item)


def cold(shop: Shop) -> Shop:
    """The same without the rows that are kept: each is read anew for each shelf."""
    whole = shop.assortment
    assortment = Assortment(whole.catalog, {}, whole.model, CAP)
    assortment.rows = _Forgetful()
    return shop._replace(assortment=assortment)


def bare_list(shop: Shop, viewed: Sequence[str]) -> list[int]:
    """What nearest neighbours give as well: 20 items for these clicks, and nothing around it."""
    assortment = shop.assortment
    assert assortment.model is not None
    seen = assortment.known(viewed[-10:])
    found, _ = scores(assortment.model, seen, assortment.parameters, remind=False)
    return sorted(found, key=found.__getitem__, reverse=True)[:20]


def times(call: Callable[[int], object], count: int) -> tuple[float, float]:
    """Median and ninth decile of one call's time on this thread, in seconds.

    Of each call the quickest of :data:`TRIES`: others on the machine only make it slower.
    """
    for number in range(min(WARM, count)):
        call(number)
    taken = []
    for number in range(count):
        best = inf
        for _ in range(TRIES):
            begin = time.thread_time_ns()
            call(number)
            best = min(best, time.thread_time_ns() - begin)
        taken.append(best / 1e9)
    return statistics.median(taken), statistics.quantiles(taken, n=10)[8]


def goals(folder: Path | None, say: Say) -> list[Goal]:
    """Thread CPU of the full pipeline, and of a nearest-neighbour search on the same sessions."""
    with tempfile.TemporaryDirectory() as out:
        say("serving: a model of many items", 0, 3)
        shop = shop_made(folder, Path(out))
        visitors = people(shop, VISITORS)
        say("serving: shelves", 1, 3)
        p50, p90 = times(lambda n: shelf_of(shop, visitors[n][0]), len(visitors))
        bare, _ = times(lambda n: bare_list(shop, visitors[n][1]), len(visitors))
        rarely = cold(shop)
        first, _ = times(lambda n: shelf_of(rarely, visitors[n][0]), len(visitors))
        say("serving: nearest neighbours", 2, 3)
        neighbours = Vmis(shop.sessions)
        few = min(500, len(visitors))
        other, _ = times(lambda n: neighbours.recommend(visitors[n][1], 20), few)
    return [
        Goal("a full shelf of 12, thread CPU, p50", p50, "µs", most=P50),
        Goal("a full shelf of 12, thread CPU, p90", p90, "µs", most=P90),
        Goal("a full shelf whose rows are all read anew, p50", first, "µs"),
        Goal("VMIS-kNN in Python (k=100, m=500), p50", other, "µs"),
        Goal("a list of 20 by the table alone, p50", bare, "µs"),
        Goal(
            "that is so many times as fast as VMIS-kNN", other / bare, "", least=OF_VMIS
        ),
        Goal("the full shelf is so many times as fast", other / p50, ""),
    ]


if __name__ == "__main__":
    named = os.environ.get("SHOPWINDOW_DATA")
    for goal in goals(Path(named) if named else None, print):
        print(goal.name, goal.measured, goal.must, "ok" if goal.ok else "MISSED")

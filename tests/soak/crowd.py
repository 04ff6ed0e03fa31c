"""A crowd of made-up visitors before three shelves of one page: what must never happen on them."""

import random
import tempfile
from collections import Counter as Tally
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from shopwindow.fragments.recommendations.assortment import Assortment
from shopwindow.fragments.recommendations.model import Model
from shopwindow.fragments.recommendations.replenishment import Replenishment
from shopwindow.fragments.recommendations.shelf import Shelf
from shopwindow.middleware.assorting import assorted
from shopwindow.middleware.shelves import Shelves
from shopwindow.middleware.site import Site, read_site
from shopwindow.rules.attributes import Facts, facts
from shopwindow.rules.decide import decide
from shopwindow.rules.events import told
from shopwindow.rules.experiments import Units
from shopwindow.rules.facts import DAY, Context, Decision, Event, Profile
from tests.fragments.models import small

from .soaked import KEPT, Soaked

NOW = 1_795_680_000.0
CATEGORIES, EACH, LIMIT_OF = 24, 25, {"home.one": 12, "home.two": 8, "home.three": 6}
DISCOVERY = {"home.one": 0.2, "home.two": 0.1}
ALLOWED = 0.01  # of the share of discovery
CAP = 0.3
_SITE = """
[site]
name = "Crowded"
[slots]
"home.one" = ""
"home.two" = ""
"home.three" = ""
[recommendations]
category-cap = "30%"
[store]
url = "memory:"
"""
_RULES = """
version: 1
rules:
  - id: one
    slot: home.one
    show: product-shelf
    with: {headline: One}
    recommend: {strategy: [for-you, trending], limit: 12, discovery: 20%, boost: {brand: b1}}
  - id: two
    slot: home.two
    show: product-shelf
    with: {headline: Two}
    recommend:
      strategy: [buy-again, bought-together, because-you-viewed, similar, trending]
      limit: 8
      discovery: 10%
      except: {tag: t3, price: {more-than: 90}}
  - id: three
    slot: home.three
    show: product-shelf
    with: {headline: Three}
    recommend: {strategy: [editors-pick, dormant, viewed-again, new, trending], limit: 6}
"""


class Crowded(NamedTuple):
    """A shop with a model."""

    site: Site
    assortment: Assortment
    supplies: Replenishment


class Life(NamedTuple):
    """What one visitor did, as it was made up: what shelves should know, but from the profile."""

    profile: Profile | None
    bought: set[str]
    gone: set[str]


def crowded_shop(folder: Path, seed: int) -> Crowded:
    """A site of 600 products, and what was learned about them."""
    chance = random.Random(seed)
    rows = [
        "id,title,url,price,category,brand,tags,in-stock,repurchase-days,added,pick"
    ]
    ids = []
    for category in range(CATEGORIES):
        for number in range(EACH):
            id = f"c{category}-{number}"
            ids.append(id)
            again = "30" if chance.random() < 0.15 else ""
            stock = "no" if chance.random() < 0.05 else "yes"
            pick = "yes" if chance.random() < 0.02 else ""
            rows.append(
                f"{id},Thing {id},/p/{id},{chance.randint(1, 100)},c{category},"
                f"b{chance.randrange(5)},t{chance.randrange(6)},{stock},{again},"
                f"2026-01-{chance.randint(1, 28):02},{pick}"
            )
    titles = "".join(f"c{n},Category {n}\n" for n in range(CATEGORIES))
    files = {
        "site.toml": _SITE,
        "rules/shelves.yaml": _RULES,
        "catalog/products.csv": "\n".join(rows) + "\n",
        "catalog/categories.csv": "id,title\n" + titles,
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def others(id: str) -> list[tuple[str, float]]:
        own = id.partition("-")[0]
        near = [f"{own}-{n}" for n in chance.sample(range(EACH), 14)]
        found = dict.fromkeys([*near, *chance.sample(ids, 6)])
        found.pop(id, None)
        return [(other, 1 / (1 + place)) for place, other in enumerate(found)]

    tables = {name: {id: others(id) for id in ids} for name in ("views", "orders")}
    order = chance.sample(ids, len(ids))
    path = small(
        folder / "model", tables["views"], together=tables["orders"], order=order
    )
    site, model = read_site(folder), Model.open(path)
    assortment = assorted(site, {}, model)
    return Crowded(site, assortment, Replenishment(site.catalog, model))


def live(shop: Crowded, chance: random.Random) -> Life:
    """Somebody's past: views, orders here and in the store, and what they sent away."""
    products = list(shop.site.catalog.products)
    favourites = [f"c{n}-" for n in chance.sample(range(CATEGORIES), 3)]
    profile: Profile | None = None
    bought: set[str] = set()
    gone: set[str] = set()

    def happens(name: str, properties: dict[str, object], time: float) -> None:
        nonlocal profile
        event = Event(f"{name}{time}", name, "", time, int(time // DAY), properties)
        profile = shop.site.learn(profile, event)

    def some() -> str:
        if chance.random() < 0.7:
            return chance.choice(favourites) + str(chance.randrange(EACH))
        return chance.choice(products)

    for number in range(chance.choice((0, 0, 1, 3, 6))):
        time = NOW - chance.uniform(1, 300) * DAY
        ids = {some() for _ in range(chance.randint(1, 25))}
        properties: dict[str, object] = {
            "order_id": f"o{number}",
            "products": [{"product_id": id} for id in ids],
        }
        if chance.random() < 0.5:  # at the till
            properties |= told({}, "import:pos")
        happens("Order Completed", properties, time)
        bought |= ids
    for step in range(chance.choice((0, 1, 3, 8, 30))):
        happens("Product Viewed", {"product_id": some()}, NOW - 3_000 + 60 * step)
    if chance.random() < 0.3:
        gone.add(some())
        happens("Promotion Dismissed", {"product_id": max(gone)}, NOW - 90)
    if chance.random() < 0.3:
        never = some()
        gone.add(never)
        said: dict[str, object] = {"dimension": "product", "key": never}
        said["answer"] = "never"
        happens("Preference Set", said, NOW - 80)
    return Life(profile, bought, gone)


def before_shelves(shop: Crowded, life: Life, number: int) -> dict[str, Shelf]:
    """The shelves of one page for the visitor ``number``."""
    known: Facts = facts(
        shop.site.rules,
        life.profile,
        Context(NOW, int(NOW // DAY)),
        frozenset({"personalization"}),
        {},
        units=Units(f"visitor-{number}"),
        supplies=shop.supplies,
    )
    page = Shelves()
    found: dict[str, Shelf] = {}
    for slot in LIMIT_OF:
        decision: Decision = decide(shop.site.rules, known, slot)
        assert decision.recommend is not None
        found[slot] = page.fill(shop, slot, decision.recommend, known)
    return found


def faults_of(shop: Crowded, life: Life, page: dict[str, Shelf]) -> list[str]:
    """What is on these shelves and must not be."""
    faults = []
    products = shop.site.catalog.products
    shown = [id for shelf in page.values() for id in shelf.ids]
    faults += [f"{id} twice" for id, times in Tally(shown).items() if times > 1]
    faults += [f"{id} was sent away" for id in life.gone.intersection(shown)]
    counts = life.profile.counts.get("bought product", {}) if life.profile else {}
    due = shop.supplies.due(counts, int(NOW // DAY))
    for id in life.bought & set(shown):
        if products[id].repurchase_days is None:
            faults.append(f"{id} was bought for good")
        elif due.get(id, 0.0) < 0.5:
            faults.append(f"{id} was bought, and is not due")
    for slot, shelf in page.items():
        most = int(CAP * LIMIT_OF[slot])
        of_one = Tally(products[id].category for id in shelf.ids)
        faults += [f"{n} of {c} in {slot}" for c, n in of_one.items() if n > most]
        faults += [f"{id} is sold out" for id in shelf.ids if not products[id].in_stock]
    return faults


def soak_crowd(
    count: int, seed: int, step: Callable[[], None] = lambda: None
) -> Soaked:
    """``count`` visitors: nothing bought, nothing twice, no category too often, and the share of
    discovery as it was asked for."""
    chance = random.Random(seed)
    examples: list[str] = []
    faults = 0
    figures: Tally[str] = Tally()
    with tempfile.TemporaryDirectory() as name:
        shop = crowded_shop(Path(name), seed)
        for number in range(count):
            life = live(shop, chance)
            page = before_shelves(shop, life, number)
            found = faults_of(shop, life, page)
            faults += len(found)
            examples += [f"visitor {number}: {one}" for one in found]
            del examples[KEPT:]
            figures["items"] += sum(len(shelf.ids) for shelf in page.values())
            for slot in DISCOVERY:
                figures[f"items in {slot}"] += len(page[slot].ids)
                figures[f"discovered in {slot}"] += len(page[slot].discovered)
            step()
    for slot, share in DISCOVERY.items():
        measured = figures[f"discovered in {slot}"] / figures[f"items in {slot}"]
        if abs(measured - share) > ALLOWED:
            faults += 1
            examples.append(f"{slot}: discovery is {measured:.3f}, not {share}")
    return Soaked("crowd", count, faults, figures, examples)

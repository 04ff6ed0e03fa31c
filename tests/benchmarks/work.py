"""The workload: a site in a folder, its store filled, its pages, and who asks for them."""

import random
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml
from jinja2 import Template
from jinja2.ext import Extension
from starlette.types import Scope

from shopwindow import Shopwindow
from shopwindow.middleware.stores import VISITED
from shopwindow.middleware.stores.sqlite import SqliteStore
from shopwindow.middleware.templating import SlotExtension
from shopwindow.middleware.visitor import Visitor
from shopwindow.rules.facts import DAY, PURPOSES, Event, Profile

from .rulebook import COUNTRIES, RULES
from .shop import (
    FRAGMENTS,
    PRODUCTS,
    SHOP,
    SLOTS,
    categories_csv,
    default_content,
    page_environment,
    page_source,
    page_values,
    popularity,
    products_csv,
)
from .visitors import Known, make_visitor, request

VISITORS = 10_000
PROFILES = "profiles.db"
CHUNK = 500  # visitors stored at once
KEY = b"a key for benchmarks only"
SITE = f"""\
[site]
name = "{SHOP}"
timezone = "UTC"
language = "en"

[pages]
include = ["/"]

[slots]
"{SLOTS[0]}" = "The large picture at the top"
"{SLOTS[1]}" = "A teaser between the two shelves"
"{SLOTS[2]}" = "Products chosen for the visitor"

[attributes]
clubs = {{ type = "list", from = "app" }}
country = {{ type = "text", one-of = {COUNTRIES}, from = "app" }}

[[track]]
path = "/p/{{product}}"
event = "Product Viewed"
[[track]]
path = "/c/{{category}}"
event = "Product List Viewed"
"""


def write_site(folder: Path) -> Path:
    """The editors' folder of the benchmark's shop; returns it."""
    files = {
        "site.toml": SITE,
        "rules/home.yaml": yaml.safe_dump(
            {"version": 1, "rules": list(RULES)}, sort_keys=False
        ),
        "catalog/products.csv": products_csv(),
        "catalog/categories.csv": categories_csv(),
        **{f"fragments/{name}.html": text for name, text in FRAGMENTS.items()},
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def seed(store: SqliteStore, visitors: list[Known], now: float) -> None:
    """Put the visitors' profiles into ``store``."""
    profiles = {visitor.id: visitor.profile for visitor in visitors}
    events = [
        Event(f"seed-{visitor.id}", VISITED, visitor.id, now - DAY, int(now // DAY) - 1)
        for visitor in visitors
    ]

    def as_prepared(_: Profile | None, event: Event) -> Profile:
        return profiles[event.visitor]

    store.commit(events, as_prepared, {})


def seed_traffic(store: SqliteStore) -> None:
    """Put what all the shop's visitors looked at into ``store``."""
    weights: dict[tuple[str, str], float] = {}
    for id, weight in popularity().items():
        for key in (("product", id), ("category", PRODUCTS[id].category)):
            weights[key] = weights.get(key, 0.0) + weight
    store.commit([], lambda old, _: old or Profile(), weights)


class Opened:
    """A site in ``folder`` with the visitors that its store already holds."""

    def __init__(self, folder: Path) -> None:
        self.store = SqliteStore(folder / PROFILES)
        self.window = Shopwindow(folder, store=self.store, keys=(KEY,))


class Work(Opened):
    """What the contenders share: a started site's folder, its store, and the requests."""

    def __init__(self, folder: Path, now: float, progress: Callable[[], None]) -> None:
        """``now`` is the time of the run in seconds since 1970; ``progress`` is called per visitor."""
        super().__init__(write_site(folder))
        self.now = now
        seed_traffic(self.store)
        # Visitors are made again whenever they are asked for: ten thousand of them in memory
        # would make every pass of the garbage collector slow, whoever is being timed then.
        for first in range(0, VISITORS, CHUNK):
            visitors = []
            for number in range(first, first + CHUNK):
                visitors.append(self.visitor(number))
                progress()
            seed(self.store, visitors, now)

    def visitor(self, number: int) -> Known:
        return make_visitor(number, self.now)

    def request(self, number: int) -> Scope:
        """The request of visitor ``number``, who agreed to everything a day ago."""
        visitor = self.visitor(number)
        agreed = int(self.now) - DAY
        known = Visitor(visitor.id, agreed, frozenset(PURPOSES), agreed)
        header = self.window.cookie.issue(known, True)
        return request(visitor, header.partition(b";")[0])

    def requests(self, round: int, count: int) -> list[Scope]:
        """``count`` requests of random visitors, the same ones for every contender of a round."""
        numbers = random.Random(round).choices(range(VISITORS), k=count)
        return [self.request(number) for number in numbers]


def page(holes: Mapping[str, str], *extensions: type[Extension]) -> Template:
    """The shop's page with ``holes`` filled, as a template of the shop."""
    return page_environment(*extensions).from_string(page_source(holes))


def plain_page() -> Template:
    return page(default_content())


def attributed(html: str) -> str:
    """``html``, a page or its template, with the slots' names on the elements around them."""
    for slot in SLOTS:
        named = f'<div class="window" data-shopwindow="{slot}">'
        html = html.replace('<div class="window">', named, 1)
    return html


def attributed_page() -> Template:
    """The page with an attribute for each slot."""
    return page_environment().from_string(attributed(page_source(default_content())))


def slotted_page() -> Template:
    """The page with a template block around each default content."""
    holes = {
        slot: f'{{% slot "{slot}" %}}{content}{{% endslot %}}'
        for slot, content in default_content().items()
    }
    return page(holes, SlotExtension)


def slotted_constant(window: Shopwindow) -> bytes:
    """The page as constant bytes, with the marks that template blocks leave."""
    marker = window.marker
    holes = {
        slot: marker.open(slot) + content + marker.close
        for slot, content in default_content().items()
    }
    return page(holes).render(page_values()).encode()

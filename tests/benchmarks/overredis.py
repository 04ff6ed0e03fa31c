"""What a Redis adds to a page whose app works meanwhile, and how much it takes in.

A page of the same shop over a store that answers at once is the control: both are asked in
turn, in one process, for the same visitors.
"""

import asyncio
import gc
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, NamedTuple

from rich.table import Table
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shopwindow import PersonalizationMiddleware, Shopwindow
from shopwindow.middleware.stores import IDENTIFIED, VISITED, Store
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.middleware.stores.redis import RedisStore
from shopwindow.middleware.stores.sqlite import SqliteLog
from shopwindow.middleware.visitor import Visitor
from shopwindow.rules import learning
from shopwindow.rules.facts import DAY, PURPOSES, Event, Profile
from tests.databases import redis_server

from .goals import Goal, written
from .rounds import answer
from .visitors import make_visitor, request
from .work import KEY, slotted_constant, write_site

APP_SECONDS = 0.005
ADDED_SECONDS = 0.0003
VISITORS = 1_500
PAGES = 150  # of each store in each round
UNKNOWN = 0.02  # of them may be too late, where other programs keep the machine busy
FETCHES = 3_000
BATCHES = 60  # of as many events as a journal writes at once
BATCH = 500
CONTROL, REDIS = "in memory", "Redis"


class OverRedis(NamedTuple):
    """Seconds, by round: until the page was there, over each store; of one profile each time it
    was read, by who was read; and how many events were kept in a second."""

    pages: dict[str, list[float]]
    late: dict[str, list[float]]
    fetches: dict[str, list[float]]
    events: dict[str, float]

    @property
    def added(self) -> float:
        """The median over the rounds of what a page took more than the control's."""
        pairs = zip(self.pages[REDIS], self.pages[CONTROL], strict=True)
        return median(redis - control for redis, control in pairs)


def seed(store: Store, now: float) -> None:
    """Every third visitor is a customer."""
    for first in range(0, VISITORS, BATCH):
        some = [make_visitor(number, now) for number in range(first, first + BATCH)]
        profiles = {visitor.id: visitor.profile for visitor in some}
        day = int(now // DAY)
        events = [
            Event(f"seed-{id}", VISITED, id, now - DAY, day - 1) for id in profiles
        ]
        store.commit(events, _Prepared(profiles), {})
    for number in range(0, VISITORS, 3):
        id = make_visitor(number, now).id
        login = {"customer": f"c.{number}", "visitor": id}
        entry = Event(f"login-{id}", IDENTIFIED, f"before-{id}", now, day, login)
        store.commit([entry], learn, {})


class _Prepared:
    """Learns what is known already."""

    def __init__(self, profiles: Mapping[str, Profile]) -> None:
        self._profiles = profiles

    def __call__(self, _: Profile | None, event: Event) -> Profile:
        return self._profiles[event.visitor]


def learn(profile: Profile | None, event: Event) -> Profile:
    return learning.learn(profile, event, lambda kind, id: ((kind, id),))


class Pages:
    """A shop that works for 5 ms on each page, over one store."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.window = Shopwindow(folder, store=store, keys=(KEY,))
        page = Response(slotted_constant(self.window), media_type="text/html")

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            # Not asyncio.sleep: epoll counts whole milliseconds, and begins a new one with
            # each answer that comes meanwhile.
            await asyncio.to_thread(time.sleep, APP_SECONDS)
            await page(scope, receive, send)

        self.app: ASGIApp = PersonalizationMiddleware(app, self.window)
        self._asked = self._unknown = 0

    async def seconds(self, number: int, now: float) -> float:
        visitor = make_visitor(number, now)
        known = Visitor(visitor.id, int(now), frozenset(PURPOSES), int(now))
        cookie = self.window.cookie.issue(known, True).partition(b";")[0]
        scope = request(visitor, cookie)
        start = time.perf_counter()
        _, body = await asyncio.create_task(answer(self.app, scope))
        taken = time.perf_counter() - start
        self._asked += 1
        self._unknown += b'data-name="shelf-' not in body
        if self._unknown > max(2, self._asked * UNKNOWN):
            raise RuntimeError("visitors were not known: nothing was measured")
        return taken


async def _pages(
    folder: Path, stores: dict[str, Store], rounds: int, now: float, step: Any
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    shops = {name: Pages(folder, store) for name, store in stores.items()}
    medians: dict[str, list[float]] = {name: [] for name in shops}
    late: dict[str, list[float]] = {name: [] for name in shops}
    for shop in shops.values():
        await shop.window.start()
    for round in range(-1, rounds):
        chance = Random(round)
        taken: dict[str, list[float]] = {name: [] for name in shops}
        gc.collect()
        for number in chance.choices(range(VISITORS), k=PAGES):
            for name in chance.sample(sorted(shops), len(shops)):
                taken[name].append(await shops[name].seconds(number, now))
        for name, seconds in taken.items():
            if round >= 0:  # the first one only warms up
                medians[name].append(median(seconds))
                late[name].append(share(seconds, 0.99))
        step()
    for shop in shops.values():
        await shop.window.stop()
    return medians, late


async def _fetches(store: RedisStore, now: float) -> dict[str, list[float]]:
    everybody: dict[str, Sequence[str]] = {
        "nobody": [f"nobody-{number}" for number in range(FETCHES)],
        "a visitor": [make_visitor(n, now).id for n in range(VISITORS) if n % 3],
        "a customer": [make_visitor(n, now).id for n in range(0, VISITORS, 3)],
    }
    found: dict[str, list[float]] = {}
    for who, ids in everybody.items():
        chance = Random(who)
        seconds = []
        for id in (*ids[:200], *chance.choices(ids, k=FETCHES)):
            start = time.perf_counter()
            await store.fetch(id)
            seconds.append(time.perf_counter() - start)
        found[who] = seconds[-FETCHES:]
    return found


def _kept(store: RedisStore, name: str, visitors: int, now: float) -> float:
    """Events that are kept in a second."""
    day = int(now // DAY)
    batches = [
        [
            Event(
                f"{name}-{batch}-{number}",
                "Product Viewed",
                f"{name}-{(batch * BATCH + number) % visitors}",
                now,
                day,
                {"product_id": f"p{number % 40}"},
            )
            for number in range(BATCH)
        ]
        for batch in range(BATCHES)
    ]
    start = time.perf_counter()
    for events in batches:
        store.commit(events, learn, {("product", "p1"): 1.0})
    return BATCHES * BATCH / (time.perf_counter() - start)


def share(seconds: Sequence[float], part: float) -> float:
    return sorted(seconds)[int(len(seconds) * part)]


def measure(
    folder: Path, rounds: int, steps: Callable[[str, int], Callable[[], None]]
) -> OverRedis:
    """Against a server of its own, on loopback and without persistence."""
    write_site(folder)
    now = time.time()
    step = steps("Redis", rounds + 3)
    with redis_server() as port:
        log = SqliteLog(folder / "log.db")
        store = RedisStore(f"redis://127.0.0.1:{port}", log)
        memory = MemoryStore()
        seed(store, now)
        seed(memory, now)

        async def read() -> OverRedis:
            stores: dict[str, Store] = {CONTROL: memory, REDIS: store}
            pages, late = await _pages(folder, stores, rounds, now, step)
            fetches = await _fetches(store, now)
            step()
            events = {
                f"{visitors} visitors": await asyncio.to_thread(
                    _kept, store, f"of-{visitors}", visitors, now
                )
                for visitors in (500, 20)
            }
            step()
            store.close()
            await asyncio.sleep(0)
            return OverRedis(pages, late, fetches, events)

        return asyncio.run(read())


def redis_goals(found: OverRedis) -> list[Goal]:
    name = f"{REDIS}: added to a page that takes 5 ms"
    return [
        Goal(name, found.added, "ms", most=ADDED_SECONDS),
        *(
            Goal(f"{REDIS}: {who} read, p50", median(seconds), "ms")
            for who, seconds in found.fetches.items()
        ),
    ]


def redis_table(found: OverRedis) -> Table:
    table = Table("", title="Redis on loopback, profiles; the log in a SQLite file")
    for column in ("p50", "p99"):
        table.add_column(column, justify="right")
    for name, rounds in found.pages.items():
        late = written(median(found.late[name]), "ms")
        table.add_row(f"page, profiles {name}", written(median(rounds), "ms"), late)
    for who, seconds in found.fetches.items():
        late = written(share(seconds, 0.99), "ms")
        table.add_row(f"{who} read", written(median(seconds), "ms"), late)
    for whose, number in found.events.items():
        table.add_row(f"events kept in a second, {whose}", f"{number:,.0f}", "")
    return table

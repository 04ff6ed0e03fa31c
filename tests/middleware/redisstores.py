"""Redis stores for tests, asked as if they answered at once."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from shopwindow.middleware.stores import IDENTIFIED, Retired
from shopwindow.middleware.stores.redis import RedisStore
from shopwindow.middleware.stores.sqlite_log import SqliteLog
from shopwindow.rules import learning
from shopwindow.rules.facts import Event, Profile

NUMBERS = count()
DAY = 20_778
NOW = DAY * 86_400.0
ANNA, BERT = "c.anna", "c.bert"

T = TypeVar("T")


def learn(profile: Profile | None, event: Event) -> Profile:
    return learning.learn(profile, event, lambda kind, id: ((kind, id),))


def event(visitor: str, name: str = "Product Viewed", /, **properties: Any) -> Event:
    number = next(NUMBERS)
    if name == "Product Viewed":
        properties = {"product_id": "hay", **properties}
    return Event(f"{number:011x}", name, visitor, NOW + number, DAY, properties)


def login(old: str, new: str, customer: str = ANNA) -> Event:
    return event(old, IDENTIFIED, customer=customer, visitor=new)


def day(time: float) -> int:
    return int(time // 86_400)


class Worker:
    """A process of the shop: a store, its log, and an event loop that runs."""

    def __init__(self, url: str, log: Path, **options: Any) -> None:
        self.log = SqliteLog(log)
        self.store = RedisStore(url, self.log, **options)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def fetch(self, visitor: str) -> Profile | None:
        return self.run(self.store.fetch(visitor))

    def keep(self, *events: Event) -> None:
        self.store.commit(events, learn, {})

    def views(self, visitor: str, product: str = "hay") -> int:
        profile = self.fetch(visitor)
        counter = profile and profile.counts.get("viewed product", {}).get(product)
        return counter.total if counter else 0

    def retired(self, visitor: str) -> bool:
        try:
            self.fetch(visitor)
        except Retired:
            return True
        return False

    def logged(self) -> list[str]:
        """The ids of the logged events."""
        keeper = self.store.keeper(day)
        ids = sorted(event.id for event in keeper.events(0, 2 * NOW))
        keeper.close()
        return ids

    def close(self) -> None:
        self.store.close()
        self.run(asyncio.sleep(0))  # the connections are closed by then
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


Open = Callable[..., Worker]


@contextmanager
def workers(url: str, folder: Path) -> Iterator[Open]:
    """Opens workers of one shop, which are closed at the end."""
    opened: list[Worker] = []

    def open(**options: Any) -> Worker:
        opened.append(Worker(url, folder / "log.db", **options))
        return opened[-1]

    try:
        yield open
    finally:
        for worker in opened:
            worker.close()

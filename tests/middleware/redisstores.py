"""Processes of a shop whose profiles are in a Redis, for tests."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from shopwindow.middleware.stores.redis import RedisStore
from shopwindow.middleware.stores.sqlite import SqliteLog
from shopwindow.rules.facts import Event, Profile
from tests import stores
from tests.stores import app, learn

T = TypeVar("T")


def day(time: float) -> int:
    return int(time // 86_400)


class Worker:
    """A store, its log, and an event loop that runs."""

    def __init__(self, url: str, log: Path, **options: Any) -> None:
        self.log = SqliteLog(log)
        try:
            self.store = RedisStore(url, self.log, **options)
        except BaseException:  # raised on; only the log is given back
            self.log.close()
            raise

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return app().run(work)

    def fetch(self, visitor: str) -> Profile | None:
        return self.run(self.store.fetch(visitor))

    def keep(self, *events: Event) -> None:
        self.store.commit(events, learn, {})

    def views(self, visitor: str, product: str = "hay") -> int:
        return stores.views(self.store, visitor, product)

    def retired(self, visitor: str) -> bool:
        return stores.retired(self.store, visitor)

    def events(self) -> list[Event]:
        """All that are logged."""
        with closing(self.store.keeper(day)) as keeper:
            return list(keeper.events(0, 1e12))

    def logged(self) -> list[str]:
        """The ids of the logged events."""
        return sorted(event.id for event in self.events())

    def profiles(self) -> int:
        """How many there are."""
        with closing(self.store.history(day)) as history:
            return history.profile_count()

    def close(self) -> None:
        self.store.close()
        self.run(asyncio.sleep(0))  # the connections are closed by then


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

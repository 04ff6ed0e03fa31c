"""What tests of stores do with them, whichever store it is."""

import asyncio
import atexit
import inspect
import itertools
import threading
from collections.abc import Awaitable, Coroutine
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from shopwindow.middleware.stores import IDENTIFIED, Retired, Store
from shopwindow.middleware.stores.opening import Address, open_store
from shopwindow.rules import learning
from shopwindow.rules.facts import Event, Profile
from tests.databases import Place

T = TypeVar("T")
NUMBERS = itertools.count()
DAY = 20_778
NOW = DAY * 86_400.0
ANNA, BERT = "c.anna", "c.bert"


def open_at(place: Place, folder: Path = Path()) -> Store:
    return open_store(Address(place.store, place.events, folder))


def learn(profile: Profile | None, event: Event) -> Profile:
    return learning.learn(profile, event, lambda kind, id: ((kind, id),))


def event(visitor: str, name: str = "Product Viewed", /, **properties: Any) -> Event:
    number = next(NUMBERS)
    if name == "Product Viewed":
        properties = {"product_id": "hay", **properties}
    return Event(f"{number:011x}", name, visitor, NOW + number, DAY, properties)


def login(old: str, new: str, customer: str = ANNA) -> Event:
    return event(old, IDENTIFIED, customer=customer, visitor=new)


def keep(store: Store, *events: Event) -> None:
    store.commit(events, learn, {})


class App:
    """The event loop of an app, on a thread of its own, as long as the tests run."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@cache
def app() -> App:
    return App()


def fetched(store: Store, visitor: str) -> Profile | None:
    """The answer of a store, which may be asked on any thread here."""
    answer = store.fetch(visitor)
    if inspect.isawaitable(answer):
        answer = app().run(_awaited(answer))
    assert answer is None or isinstance(answer, Profile)
    return answer


async def _awaited(answer: Awaitable[T]) -> T:
    return await answer


def views(store: Store, visitor: str, product: str = "hay") -> int:
    profile = fetched(store, visitor)
    counter = profile and profile.counts.get("viewed product", {}).get(product)
    return counter.total if counter else 0


def retired(store: Store, visitor: str) -> bool:
    try:
        fetched(store, visitor)
    except Retired:
        return True
    return False


def logged(store: Store) -> list[str]:
    """The ids of the logged events."""
    with closing(store.history(lambda time: int(time // 86_400))) as history:
        return sorted(one.id for story in history.stories(0, 1e12) for one in story)

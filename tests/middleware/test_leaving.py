"""Whoever is to be erased is nobody at once, however long the store takes for it."""

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from shopwindow.middleware.journal import Journal
from shopwindow.middleware.stores import ERASED, Store
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.rules.facts import Event
from tests.shop import (
    HERO,
    LANES,
    browser,
    consent,
    consented,
    mounted,
    open_window,
    page,
    whole,
)

pytestmark = pytest.mark.anyio
SHOP = whole(lambda: page(LANES["attribute"]))


class Slow(MemoryStore):
    """Takes its time for an erasure."""

    def __init__(self) -> None:
        super().__init__()
        self.may_erase = threading.Event()

    def commit(self, events: Sequence[Event], *rest: Any) -> None:
        if any(event.name == ERASED for event in events):
            assert self.may_erase.wait(10)
        super().commit(events, *rest)


async def test_who_refuses_is_nobody_before_it_is_written() -> None:
    store = Slow()
    async with open_window(store) as window:
        app = mounted(SHOP, window)
        async with consented(app) as client:
            cookies = "; ".join(f"{k}={v}" for k, v in client.cookies.items())
            await client.get("/p/tea-1")
            assert HERO in (await client.get("/")).content
            try:
                await consent(client, "denied")
                assert window.journal.waiting
                async with browser(app, cookie=cookies) as other:  # an open page's
                    assert HERO not in (await other.get("/")).content
            finally:
                store.may_erase.set()
    assert not store.profiles


def journal_of(store: Store, **more: Any) -> Journal:
    return Journal(store, lambda profile, _: profile, lambda _: {}, **more)


def test_what_becomes_of_an_erasure_is_known() -> None:
    store = Slow()
    journal = journal_of(store, limit=2)
    for number in range(2):
        journal.note(Event(f"{number}", ERASED, "v1", 1.0, 0))
    assert journal.leaves("v1") and not journal.leaves("v2")
    journal.note(Event("2", "Order Completed", "v2", 1.0, 0))  # no room: one is dropped
    assert journal.leaves("v1") and journal.dropped[ERASED] == 1
    store.may_erase.set()
    journal.start()
    journal.close()
    assert not journal.leaves("v1")
    assert journal.accepted == 3 == journal.stored + journal.dropped.total()


@pytest.mark.parametrize("broken", [False, True])
def test_the_writer_prepares_itself_before_it_writes(broken: bool) -> None:
    happened = []

    def ready() -> None:
        happened.append(f"ready, {journal.stored} stored")
        if broken:
            raise RuntimeError("out of order")

    journal = journal_of(MemoryStore(), ready=ready)
    journal.note(Event("1", "Product Viewed", "v1", 1.0, 0))
    journal.start()
    journal.close()
    assert happened == ["ready, 0 stored"] and journal.stored == 1

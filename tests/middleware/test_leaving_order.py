"""Others do not wait for those who are erased, and it comes to the same as if they had."""

import itertools
import random
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from shopwindow.middleware import journal as journals
from shopwindow.middleware.journal import BATCH, LEAVING, Journal, _erased_last
from shopwindow.middleware.stores import (
    ERASED,
    FORGOTTEN,
    IDENTIFIED,
    Retired,
    StoreError,
)
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.middleware.stores.sqlite import SqliteStore
from shopwindow.rules import learning
from shopwindow.rules.facts import Event, Profile

ORDER = "Order Completed"
VIEW = "Product Viewed"
NUMBERS = itertools.count()


def learn(profile: Profile | None, event: Event) -> Profile:
    return learning.learn(profile, event, lambda kind, id: ((kind, id),))


def event(visitor: str, name: str = VIEW, /, **properties: Any) -> Event:
    number = next(NUMBERS)
    if name == VIEW:
        properties = {"product_id": "hay"}
    return Event(f"{number:011x}", name, visitor, 1.8e9 + number, 20_778, properties)


class Watched(MemoryStore):
    """Remembers the commits; an erasure waits until it may."""

    def __init__(self) -> None:
        super().__init__()
        self.commits: list[list[Event]] = []
        self.asked = threading.Event()
        self.may_erase = threading.Event()
        self.down = False

    def commit(self, events: Sequence[Event], *rest: Any) -> None:
        if any(one.name == ERASED for one in events):
            self.asked.set()
            assert self.may_erase.wait(10)
        if self.down:
            raise StoreError("down")
        super().commit(events, *rest)
        self.commits.append(list(events))

    @property
    def names(self) -> list[str]:
        return [one.name for some in self.commits for one in some]


def journal_of(store: Watched) -> Journal:
    return Journal(store, learn, lambda _: {}, settle=len)


def state(path: Path, events: Sequence[Event], visitors: Sequence[str]) -> object:
    """What a store makes of ``events``, one after the other."""
    store = SqliteStore(path)
    with closing(store):
        for one in events:
            store.commit([one], learn, {})
        read = store._reading.execute
        logged = read("SELECT id, visitor FROM events").fetchall()
        logins = read("SELECT * FROM logins").fetchall()
        profiles: dict[str, object] = {}
        for visitor in visitors:
            try:
                profiles[visitor] = store.fetch(visitor)
            except Retired:
                profiles[visitor] = "retired"
    return logged, logins, profiles


@pytest.mark.parametrize("seed", range(25))
def test_it_comes_to_the_same_as_one_after_the_other(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    visitors = [f"v{number}" for number in range(7)]
    before: list[Event] = []
    for visitor in visitors[:4]:  # of two customers, with two devices each
        told = {"customer": f"c{visitor[1] in '13'}", "visitor": f"{visitor}-in"}
        before += [event(visitor), event(visitor, IDENTIFIED, **told)]
        visitors.append(f"{visitor}-in")
    batch: list[Event] = []
    for number in range(30):
        visitor, kind = chance.choice(visitors), chance.random()
        if kind < 0.6:
            batch.append(event(visitor, chance.choice((VIEW, ORDER))))
        elif kind < 0.85:
            batch.append(event(visitor, ERASED))
        elif kind < 0.9:
            batch.append(event(visitor, FORGOTTEN))
        else:
            told = {
                "customer": chance.choice(("cTrue", "cFalse")),
                "visitor": f"n{number}",
            }
            batch.append(event(visitor, IDENTIFIED, **told))
            visitors.append(f"n{number}")
    entries: list[Any] = [(n, one, None, None, 0) for n, one in enumerate(batch)]
    moved = [batch[entry[0]] for entry in _erased_last(entries)]
    assert moved != batch and sorted(one.id for one in moved) == [
        one.id for one in batch
    ]
    for visitor in visitors:  # of each their order is kept
        assert [one for one in moved if one.visitor == visitor] == [
            one for one in batch if one.visitor == visitor
        ]
    expected = state(tmp_path / "a.db", [*before, *batch], visitors)
    assert state(tmp_path / "b.db", [*before, *moved], visitors) == expected


def test_orders_that_come_meanwhile_pass_those_who_leave() -> None:
    store = Watched()
    journal = journal_of(store)
    for number in range(3 * LEAVING):
        journal.note(event(f"v{number}", ERASED))
    journal.note(event("buyer", ORDER))
    journal.start()
    assert store.asked.wait(5) and store.names == [ORDER]
    journal.note(event("v50", VIEW))  # who leaves later themselves
    journal.note(event("other", ORDER))
    store.may_erase.set()
    assert journal.wait_until_written()
    assert journal.close()
    sizes = [len(some) for some in store.commits]
    assert store.names.index(ORDER, 1) == 1 + LEAVING  # after the first of three groups
    assert store.names.index(VIEW) > 1 + 2 * LEAVING  # not before their erasure
    assert max(sizes) <= LEAVING + 1 and store.names.count(ERASED) == 3 * LEAVING
    assert journal.stored == 3 * LEAVING + 3


def test_a_login_is_not_passed() -> None:
    store = Watched()
    store.may_erase.set()
    journal = journal_of(store)
    journal.note(event("v1", ERASED))
    journal.note(event("v2", IDENTIFIED, customer="c.anna", visitor="v3"))
    journal.note(event("v3", ORDER))
    journal.start()
    assert journal.wait_until_written()
    journal.close()
    assert store.names == [ERASED, IDENTIFIED, ORDER]


def test_closing_writes_all_orders_before_anybody_is_erased(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(journals, "PATIENCE", 0.5)
    store = Watched()
    journal = journal_of(store)
    for number in range(2 * BATCH):
        journal.note(event(f"v{number}", ERASED))
        journal.note(event(f"buyer{number}", ORDER))
    journal._closing = True  # before the first is taken
    journal.start()
    journal._closing = True
    assert not journal.close()
    assert store.names == [ORDER] * (2 * BATCH)
    assert max(len(some) for some in store.commits) <= BATCH
    assert (
        f"{2 * BATCH} events are lost: {2 * BATCH} Erased; {2 * BATCH} visitors who wanted "
        "to be erased are still in the store"
    ) in caplog.text
    assert journal.waiting == 2 * BATCH  # and it goes on, as long as the process does
    store.may_erase.set()
    end = time.monotonic() + 10
    while journal.waiting and time.monotonic() < end:
        time.sleep(0.01)
    assert store.names.count(ERASED) == 2 * BATCH


def test_what_is_lost_while_closing_is_said_by_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = Watched()
    store.may_erase.set()
    store.down = True
    journal = journal_of(store)
    for number in range(BATCH):
        journal.note(event(f"v{number}", ERASED))
        journal.note(event(f"buyer{number}", ORDER))
    journal.start()
    assert journal.close()
    assert f"{2 * BATCH} events are lost: down (" in caplog.text
    assert f"{BATCH} {ORDER}" in caplog.text
    assert f"{BATCH} visitors who wanted to be erased are still in" in caplog.text
    assert journal.dropped == {ERASED: BATCH, ORDER: BATCH} and not journal.waiting


def test_of_those_who_leave_no_more_are_erased_than_were_settled() -> None:
    store = Watched()
    store.may_erase.set()
    settled: list[str] = []

    def settle(visitors: Sequence[str]) -> int:
        settled.extend(visitors[:2])
        assert all(one.name == ERASED for some in store.commits for one in some)
        return 2

    journal = Journal(store, learn, lambda _: {}, settle=settle)
    for number in range(5):
        journal.note(event(f"v{number}", ERASED))
    journal.start()
    assert journal.wait_until_written()
    journal.close()
    assert settled == [f"v{number}" for number in range(5)]
    assert [len(some) for some in store.commits] == [2, 2, 1]

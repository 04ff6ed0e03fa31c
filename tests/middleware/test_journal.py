"""The queue of events: nothing gets lost unseen, and a page never waits for it."""

import asyncio
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from shopwindow.middleware import journal as journals
from shopwindow.middleware.eventids import GRAIN, new_id
from shopwindow.middleware.journal import (
    BATCH,
    NO_LESSON,
    NOTHING_TO_KEEP,
    Journal,
    Note,
)
from shopwindow.middleware.stores import (
    ERASED,
    IDENTIFIED,
    Draft,
    StoreError,
    Weights,
)
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.rules import learning
from shopwindow.rules.facts import Event, Profile

pytestmark = pytest.mark.anyio

NUMBERS = itertools.count()
DAY = 20_778
NOW = DAY * 86_400.0


def learn(profile: Profile | None, event: Event) -> Profile:
    return learning.learn(profile, event, lambda kind, id: ((kind, id),))


def weigh(events: Sequence[Event]) -> Weights:
    if any(event.name == "Bad Weight" for event in events):
        raise ZeroDivisionError
    return Counter(("event", event.name) for event in events)


def event(
    name: str = "Product Viewed", visitor: str = "v1", **properties: Any
) -> Event:
    number = next(NUMBERS)
    if name == "Product Viewed":
        properties = {"product_id": "hay"}
    return Event(f"{number:011x}", name, visitor, NOW + number, DAY, properties)


class Gate(MemoryStore):
    """A store that can be shut, can fail, and remembers the batches it kept."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.open.set()
        self.asked = threading.Event()
        self.shuts_after_one = False
        self.failures = 0
        self.tries = 0
        self.batches: list[list[Event]] = []
        self.drafts: dict[str, Draft] = {}

    def commit(self, events: Sequence[Event], *rest: Any) -> None:
        self.tries += 1
        self.asked.set()
        assert self.open.wait(10)
        if self.failures:
            self.failures -= 1
            raise StoreError("down")
        if any(one.name == "Poison" for one in events):
            raise ValueError("poison")
        super().commit(events, *rest)
        self.batches.append(list(events))
        self.drafts.update(*rest[2:])
        if self.shuts_after_one:
            self.open.clear()

    @property
    def kept(self) -> list[Event]:
        return [one for batch in self.batches for one in batch]


@pytest.fixture
def store() -> Gate:
    return Gate()


Make = Callable[..., Journal]


@pytest.fixture
def make(store: Gate) -> Iterator[Make]:
    made: list[Journal] = []

    def start(limit: int = 10_000) -> Journal:
        journal = Journal(store, learn, weigh, limit=limit)
        made.append(journal)
        journal.start()
        return journal

    yield start
    store.open.set()
    for journal in made:
        journal.close()


def balanced(journal: Journal) -> bool:
    with journal._lock:
        dropped = sum(journal.dropped.values())
        return journal.accepted == journal.stored + dropped + journal.waiting


def viewed(profile: Profile | None, product: str = "hay") -> int:
    table = profile.counts.get("viewed product", {}) if profile else {}
    return table[product].total if product in table else 0


def shut(store: Gate, journal: Journal) -> None:
    """Shut the store with one event on its way."""
    store.open.clear()
    store.asked.clear()
    journal.note(event("On its way", "somebody"))
    assert store.asked.wait(5)


# -- order and counts ----------------------------------------------------------------------


def test_everything_is_kept_in_the_order_it_happened(store: Gate, make: Make) -> None:
    journal = make()
    names = ["Promotion Viewed", "Product Viewed", "Product Added", "Order Completed"]
    events = [event(names[number * 7 % 4]) for number in range(2_000)]
    for one in events:
        journal.note(one)
    assert journal.wait_until_written()
    assert store.kept == events
    assert (journal.accepted, journal.stored, journal.waiting) == (2_000, 2_000, 0)
    assert store.traffic()[("event", "Order Completed")] == 500.0


def test_a_login_does_not_overtake_the_views_before_it(store: Gate, make: Make) -> None:
    journal = make()
    shut(store, journal)
    for _ in range(2 * BATCH):
        journal.note(event())
    journal.note(identified())
    journal.note(event(visitor="v2"))
    store.open.set()
    assert journal.wait_until_written()
    assert viewed(store.fetch("v2")) == 2 * BATCH + 1


def identified() -> Event:
    properties = {"customer": "c.anna", "visitor": "v2"}
    return Event(f"login-{next(NUMBERS)}", IDENTIFIED, "v1", NOW, DAY, properties)


def test_what_comes_while_a_batch_is_written_gathers_for_the_next(
    store: Gate, make: Make
) -> None:
    journal = make()
    shut(store, journal)
    for _ in range(40):
        journal.note(event())
    store.open.set()
    for _ in range(40):  # one by one, as pages leave
        journal.note(event())
        time.sleep(0.0005)
    assert journal.wait_until_written()
    assert len(store.batches) <= 6


def test_a_batch_has_an_upper_limit(store: Gate, make: Make) -> None:
    journal = make()
    shut(store, journal)
    for _ in range(3 * BATCH + 1):
        journal.note(event())
    store.open.set()
    assert journal.wait_until_written()
    sizes = [len(batch) for batch in store.batches]
    assert sizes == [1, BATCH, BATCH, BATCH, 1]


def test_four_threads_lose_nothing_and_the_sums_are_right_at_any_time(
    store: Gate, make: Make
) -> None:
    journal = make(limit=2_000)
    wrong: list[str] = []
    done = threading.Event()

    def note(thread: int) -> None:
        for number in range(2_500):
            name = "Promotion Viewed" if number % 3 else "Product Viewed"
            journal.note(event(name, f"v{thread}-{number % 7}"))
            journal.over(f"v{thread}-{number % 7}", None)

    def watch() -> None:
        while not done.is_set():
            if not balanced(journal):
                wrong.append(repr(journal))

    watcher = threading.Thread(target=watch)
    threads = [threading.Thread(target=note, args=(number,)) for number in range(4)]
    watcher.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert journal.wait_until_written()
    done.set()
    watcher.join()
    assert wrong == []
    assert journal.accepted == 10_000
    assert journal.stored + sum(journal.dropped.values()) == 10_000
    assert len(store.kept) == journal.stored
    assert journal._unwritten == {}
    # Each thread's events stay in its own order.
    for number in range(4):
        mine = [one.id for one in store.kept if one.visitor.startswith(f"v{number}-")]
        assert mine == sorted(mine)


# -- too much ------------------------------------------------------------------------------


def test_showings_are_dropped_first_and_purchases_last(store: Gate, make: Make) -> None:
    journal = make(limit=11)
    shut(store, journal)  # one of the eleven is on its way
    names = ["Order Completed", "Promotion Viewed", "Product Viewed", "Product Added"]
    for number in range(8):
        journal.note(event(names[number % 4]))
    for expected in (
        {},
        {},
        {"Promotion Viewed": 1},
        {"Promotion Viewed": 2},
        {"Promotion Viewed": 2, "Product Viewed": 1},
        {"Promotion Viewed": 2, "Product Viewed": 2},
        {"Promotion Viewed": 2, "Product Viewed": 2, "Product Added": 1},
        {"Promotion Viewed": 2, "Product Viewed": 2, "Product Added": 2},
        {"Promotion Viewed": 2, "Product Viewed": 2, "Product Added": 2}
        | {"Order Completed": 1},
    ):
        journal.note(event("Order Completed"))
        assert journal.dropped == expected
        assert balanced(journal)
    store.open.set()
    assert journal.wait_until_written()
    assert (journal.accepted, journal.stored) == (18, 11)
    assert [one.name for one in store.kept[1:]] == ["Order Completed"] * 10


async def test_who_waits_for_a_dropped_event_is_told(store: Gate, make: Make) -> None:
    journal = make(limit=2)
    shut(store, journal)
    receipt = journal.note(event("Promotion Viewed"))
    stored = receipt.stored
    journal.note(event())
    with pytest.raises(StoreError, match="dropped"):
        await asyncio.wait_for(stored, 5)
    with pytest.raises(StoreError, match="dropped"):
        await receipt.stored  # later as well


# -- failures ------------------------------------------------------------------------------


def test_a_store_that_is_down_three_times_loses_nothing(
    store: Gate, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    store.failures = 3
    journal = make()
    events = [event() for _ in range(50)]
    for one in events:
        journal.note(one)
    assert journal.wait_until_written()
    assert store.kept == events
    assert store.tries == 4
    assert viewed(store.fetch("v1")) == 50
    assert caplog.text.count("cannot be stored now, trying again: down") == 1
    store.failures = 1
    journal.note(event())
    assert journal.wait_until_written()
    assert caplog.text.count("cannot be stored now, trying again: down") == 2


def test_another_store_gets_what_the_first_one_could_not_keep(
    store: Gate, make: Make
) -> None:
    journal = make()
    store.failures = 1_000_000
    events = [event() for _ in range(700)]
    for one in events:
        journal.note(one)
    while store.tries < 3:
        time.sleep(0.002)
    assert journal.waiting == 700
    other = Gate()
    journal.write_to(other)
    assert journal.wait_until_written()
    assert other.kept == events and store.kept == []
    assert balanced(journal) and not journal.dropped


@pytest.mark.parametrize("bad", ["Poison", "Bad Weight"])
def test_a_poisonous_event_takes_no_other_along(
    store: Gate, make: Make, bad: str, caplog: pytest.LogCaptureFixture
) -> None:
    journal = make()
    shut(store, journal)
    events = [event() for _ in range(5)] + [event(bad)] + [event() for _ in range(5)]
    for one in events:
        journal.note(one)
    store.open.set()
    assert journal.wait_until_written()
    assert [one.name for one in store.kept[1:]] == ["Product Viewed"] * 10
    assert journal.dropped == {bad: 1}
    assert balanced(journal)
    assert f"dropped an event that cannot be stored: {bad}" in caplog.text


def test_a_store_that_fails_between_poisonous_events_loses_only_those(
    store: Gate, make: Make
) -> None:
    journal = make()
    shut(store, journal)
    for name in ("Product Viewed", "Poison", "Product Viewed", "Poison") * 3:
        journal.note(event(name))
    store.failures = 1
    store.open.set()
    assert journal.wait_until_written()
    assert journal.dropped == {"Poison": 6}
    assert viewed(store.fetch("v1")) == 6


# -- receipts ------------------------------------------------------------------------------


async def test_a_receipt_tells_when_its_event_is_safe(store: Gate, make: Make) -> None:
    journal = make()
    shut(store, journal)
    receipt = journal.note(event("Order Completed"))
    first, second = receipt.stored, receipt.stored
    await asyncio.sleep(0.02)
    assert not first.done()
    store.open.set()
    await asyncio.wait_for(asyncio.gather(first, second), 5)
    assert store.kept[-1] is receipt.event
    await receipt.stored  # and again, when all is done


async def test_who_waits_does_not_wait_for_the_interval(
    store: Gate, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "INTERVAL", 5.0)
    journal = make()
    start = time.monotonic()
    await asyncio.wait_for(journal.note(event()).stored, 4)
    assert time.monotonic() - start < 1


async def test_where_there_is_nothing_to_keep_there_is_nothing_to_wait_for() -> None:
    assert NOTHING_TO_KEEP.event is None
    await asyncio.wait_for(NOTHING_TO_KEEP.stored, 1)


async def test_who_stops_waiting_disturbs_nobody(store: Gate, make: Make) -> None:
    journal = make()
    shut(store, journal)
    receipt = journal.note(event())
    receipt.stored.cancel()
    store.open.set()
    await asyncio.wait_for(receipt.stored, 5)
    assert journal.wait_until_written()


def test_a_loop_that_is_gone_disturbs_nobody(store: Gate, make: Make) -> None:
    journal = make()
    shut(store, journal)

    async def leave() -> None:
        assert not journal.note(event()).stored.done()

    asyncio.run(leave())
    journal.note(event())
    store.open.set()
    assert journal.wait_until_written()
    assert journal.stored == 3


# -- what is known before it is written ----------------------------------------------------


def test_what_a_visitor_just_did_counts_at_once(store: Gate, make: Make) -> None:
    journal = make()
    shut(store, journal)
    assert journal.over("v1", None) is None
    for number in range(1, 4):
        journal.note(event(), None, known=True)
        assert viewed(journal.over("v1", None)) == number
    assert journal.over("v2", None) is None
    store.open.set()
    assert journal.wait_until_written()
    assert journal._unwritten == {}
    assert viewed(journal.over("v1", store.fetch("v1"))) == 3


def test_it_counts_on_top_of_what_was_there(store: Gate, make: Make) -> None:
    journal = make()
    base = learn(learn(None, event()), event())
    shut(store, journal)
    journal.note(event(), base, known=True)
    assert viewed(journal.over("v1", base)) == 3
    assert viewed(journal.over("v1", None)) == 3  # fetched or not: the base is known


def test_it_does_not_count_twice_what_was_written_meanwhile(
    store: Gate, make: Make
) -> None:
    journal = make()
    shut(store, journal)
    store.shuts_after_one = True
    for _ in range(BATCH + 1):  # nothing is known about what was there before
        journal.note(event())
    for waiting in (BATCH + 1, 1):
        store.open.set()
        while journal.waiting > waiting:
            time.sleep(0.001)
    assert viewed(store.fetch("v1")) == BATCH
    assert viewed(journal.over("v1", store.fetch("v1"))) == BATCH + 1


def test_the_store_gets_what_requests_have_worked_out(store: Gate, make: Make) -> None:
    journal = make()
    shut(store, journal)
    base = learn(None, event())
    first, second = event(), event()
    one = learn(base, first)
    two = learn(one, second)
    journal.note(first, base, True, one)
    journal.note(second, one, True, two)
    journal.note(event("Product Viewed", "v2"), None, True)  # not worked out
    strange = learn(base, event())
    journal.note(event("Product Viewed", "v3"), base, True, strange)
    journal.note(event("Product Viewed", "v3"), base, True, strange)  # another tab's
    assert journal.over("v1", base) is two
    store.open.set()
    assert journal.wait_until_written()
    assert store.drafts.keys() == {"v1"}
    assert store.drafts["v1"].base is base and store.drafts["v1"].profile is two


def test_nothing_stands_on_an_event_that_was_dropped(store: Gate, make: Make) -> None:
    journal = make(limit=3)
    shut(store, journal)
    base = learn(None, event())
    lost = event("Promotion Viewed")
    kept = event("Order Completed", order_id="A1")
    after = learn(base, lost)
    journal.note(lost, base, True, after)
    journal.note(kept, after, True, learn(after, kept))
    journal.note(event("Order Completed", "v2", order_id="A2"))  # one too many
    assert journal.dropped == {"Promotion Viewed": 1}
    store.open.set()
    assert journal.wait_until_written()
    assert store.drafts["v1"].base is not base


def test_who_is_erased_is_not_remembered_here(store: Gate, make: Make) -> None:
    journal = make()
    journal.note(event())
    journal.note(event(ERASED))
    assert journal.wait_until_written()
    assert journal._unwritten == {}
    assert journal.stored == 2


def test_what_teaches_nothing_leaves_what_is_known_as_it_is(
    store: Gate, make: Make
) -> None:
    journal = make()
    store.open.clear()
    base = Profile(visits=1)
    first, last = event(), event()
    one = learn(base, first)
    two = learn(one, last)
    shown = event("Promotion Viewed")
    notes: list[Note] = [
        (first, one, 1, None),
        (shown, NO_LESSON, 1, None),
        (last, two, 1, None),
    ]
    journal.note_all("v1", base, True, notes)
    alone = event("Promotion Viewed", "v2")
    journal.note_all("v2", base, True, [(alone, NO_LESSON, 1, None)])
    assert journal.over("v1", None) is two
    assert journal.unwritten("v2") is None and journal.writes("v2")
    assert not journal.writes("v3") and balanced(journal)
    store.open.set()
    assert journal.wait_until_written()
    assert store.kept == [first, shown, last, alone]
    assert store.drafts == {"v1": Draft(base, two)}
    assert journal._unwritten == {} and not journal.writes("v2")
    assert journal.stored == 4 and balanced(journal)


def test_what_teaches_nothing_may_be_dropped(store: Gate, make: Make) -> None:
    journal = make(limit=1)
    store.open.clear()
    journal.note(event(ERASED, "v0"))
    assert store.asked.wait(5)
    shown = event("Promotion Viewed")
    journal.note_all("v1", Profile(), True, [(shown, NO_LESSON, 1, None)])
    assert journal.dropped == {"Promotion Viewed": 1} and balanced(journal)


# -- the end -------------------------------------------------------------------------------


def test_closing_writes_what_is_left(store: Gate, make: Make) -> None:
    journal = make()
    for _ in range(1_200):
        journal.note(event())
    journal.close()
    assert len(store.kept) == journal.stored == 1_200
    journal.close()  # once more: nothing happens


def test_closing_gives_up_what_the_store_refuses(
    store: Gate, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    journal = make()
    store.failures = 1_000
    for _ in range(20):
        journal.note(event())
    start = time.monotonic()
    journal.close()
    assert time.monotonic() - start < 2
    assert "20 events are lost: down" in caplog.text
    assert journal.dropped == {"Product Viewed": 20}
    assert (journal.stored, journal.waiting) == (0, 0)


def test_closing_waits_only_so_long(
    store: Gate,
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(journals, "PATIENCE", 0.05)
    journal = make()
    shut(store, journal)
    journal.close()
    assert (
        "the store has not kept everything while closing waited for 0.05 seconds; "
        "if the process ends now, 1 events are lost: 1 On its way"
    ) in caplog.text
    assert balanced(journal)


def test_it_starts_again_after_it_was_closed(store: Gate, make: Make) -> None:
    journal = make()
    journal.start()
    journal.close()
    journal.note(event())
    assert journal.waiting == 1  # nobody writes now
    journal.start()
    assert journal.wait_until_written()
    assert "stored=1" in repr(journal)


def test_event_ids_are_unique_and_sort_by_time() -> None:
    ids = [new_id(NOW + number / 1000) for number in range(5_000)]
    assert len({id[:11] for id in ids}) >= 5 / GRAIN
    assert [id[:11] for id in ids] == sorted(id[:11] for id in ids)
    assert len({new_id(NOW) for _ in range(5_000)}) == 5_000


def test_a_store_that_holds_the_writer_up_is_closed_by_it(
    store: Gate, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "PATIENCE", 0.05)
    store.open.clear()
    journal = make()
    journal.note(event())
    assert store.asked.wait(10)
    closed = threading.Event()
    assert not journal.close(closed.set)
    assert not closed.wait(0.05)  # it is still in the writer's hands
    store.open.set()
    assert closed.wait(10)


@pytest.mark.parametrize("closed_again", [False, True])
def test_it_starts_again_behind_a_writer_that_was_held_up(
    store: Gate, make: Make, monkeypatch: pytest.MonkeyPatch, closed_again: bool
) -> None:
    """Only one may have a batch in its hands."""
    monkeypatch.setattr(journals, "PATIENCE", 0.05)
    store.open.clear()
    journal = make()
    for _ in range(700):
        journal.note(event())
    assert store.asked.wait(10)
    closed = [threading.Event(), threading.Event()]
    assert not journal.close(closed[0].set)
    journal.start()
    for number in range(700):
        journal.note(event(visitor=f"v{number % 7}"))
    if closed_again:
        assert not journal.close(closed[1].set)
        journal.start()
    assert balanced(journal)
    store.open.set()
    assert journal.wait_until_written()
    assert closed[0].wait(5) and closed[1].is_set() is closed_again
    journal.note(event())
    assert journal.wait_until_written() and balanced(journal)
    assert [one.id for one in store.kept] == sorted(one.id for one in store.kept)
    assert len(store.kept) == journal.stored == 1401
    assert journal.close()


def test_a_store_that_keeps_everything_is_left_to_be_closed(make: Make) -> None:
    journal = make()
    journal.note(event())
    closed = threading.Event()
    assert journal.close(closed.set) and not closed.is_set()
    assert journal.close()  # there is nothing left to wait for

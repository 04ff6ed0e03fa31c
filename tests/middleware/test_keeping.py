"""What the shop's people do with a store: one suite for all of them, and what only a file can suffer."""

import itertools
import random
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shopwindow.middleware.stores import (
    ATTRIBUTES,
    ERASED,
    FORGOTTEN,
    IDENTIFIED,
    Keeper,
    Retired,
    Store,
    StoreError,
)
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.middleware.stores.rows import mark_of, unseen
from shopwindow.middleware.stores.sqlite import SqliteStore, busy, keeping
from shopwindow.middleware.stores.sqlite.keeping import SqliteKeeper
from shopwindow.middleware.stores.unopened import Unopened
from shopwindow.rules import learning
from shopwindow.rules.facts import DAY, Event, Profile
from tests.databases import PLACES
from tests.stores import fetched, open_at

NUMBERS = itertools.count()
TODAY = 20_778
NOW = TODAY * 86_400.0
ANNA = f"c.{'a' * 32}"
BERT = f"c.{'b' * 32}"


def learn(profile: Profile | None, event: Event) -> Profile:
    return learning.learn(profile, event, lambda kind, id: ((kind, id),))


def day(time: float) -> int:
    return int(time // DAY)


def event(
    visitor: str, name: str = "Product Viewed", /, at: float = NOW, **properties: Any
) -> Event:
    number = next(NUMBERS)
    time = at + number / 1000
    if name == "Product Viewed":
        properties = {"product_id": "hay", **properties}
    id = f"{int(time * 1000):011x}-{number:x}"
    return Event(id, name, visitor, time, day(time), properties)


def login(old: str, new: str, customer: str = ANNA) -> Event:
    return event(old, IDENTIFIED, customer=customer, visitor=new)


def keep(store: Store, *events: Event) -> None:
    store.commit(events, learn, {})


@pytest.fixture(params=PLACES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made = open_at(PLACES[request.param](request, tmp_path), tmp_path)
    yield made
    made.close()


@pytest.fixture
def keeper(store: Store) -> Iterator[Keeper]:
    made = store.keeper(day)
    yield made
    made.close()


def retired(store: Store, visitor: str) -> bool:
    try:
        fetched(store, visitor)
    except Retired:
        return True
    return False


def owner(keeper: Keeper, visitor: str) -> str:
    found = keeper.owner_of(visitor)
    assert found is not None
    return found


def logged(keeper: Keeper) -> list[str]:
    return sorted(one.id for one in keeper.events(0, 2 * NOW))


# -- whose it is -----------------------------------------------------------------------


def test_of_whom_nothing_is_kept_there_is_no_owner(
    store: Store, keeper: Keeper
) -> None:
    keep(store, event("v1"))
    assert keeper.owner_of("v2") is None
    assert keeper.owner_of(mark_of("v2")) is None
    assert keeper.owner_of(ANNA) is None


def test_a_stranger_is_found_by_id_and_by_mark(store: Store, keeper: Keeper) -> None:
    keep(store, event("v1"))
    assert owner(keeper, "v1") == owner(keeper, mark_of("v1"))
    assert owner(keeper, owner(keeper, "v1")) == owner(keeper, "v1")


def test_every_id_of_a_customer_leads_to_them(store: Store, keeper: Keeper) -> None:
    keep(store, event("v1"), login("v1", "v2"), login("w1", "w2"))
    keep(store, event("w2", FORGOTTEN))
    for id in ("v1", "v2", "w1", "w2", mark_of("v1"), mark_of("v2"), ANNA):
        assert keeper.owner_of(id) == ANNA


def test_who_left_is_found_by_what_they_did(store: Store, keeper: Keeper) -> None:
    one = event("v1")
    keep(store, one, event("v1", FORGOTTEN))
    profile, events = keeper.everything(owner(keeper, "v1"))
    assert profile is None
    assert [each.id for each in events] == [one.id]


# -- everything ------------------------------------------------------------------------


def test_everything_of_a_stranger(store: Store, keeper: Keeper) -> None:
    events = [event("v1"), event("v1", "Products Searched", query="Heu für Böcke")]
    keep(store, *events, event("v2"))
    profile, told = keeper.everything(owner(keeper, "v1"))
    assert profile == fetched(store, "v1") and profile is not None
    found = list(told)
    assert [one.id for one in found] == [one.id for one in events]
    assert found[1].properties == {"query": "Heu für Böcke"}
    assert found[1].day == TODAY
    assert {one.visitor for one in found} == {owner(keeper, "v1")}


def test_everything_of_a_customer_is_of_all_their_ids(
    store: Store, keeper: Keeper
) -> None:
    events = [event("v1"), event("w1"), event("w1", at=NOW - 5)]
    keep(store, *events, login("v1", "v2"), login("w1", "w2"), event("x1"))
    late = event("v2")
    keep(store, late)
    profile, told = keeper.everything(ANNA)
    assert profile is not None and profile.customer == ANNA
    in_order = [events[2], events[0], events[1], late]
    assert [one.id for one in told] == [one.id for one in in_order]


# -- erasing ---------------------------------------------------------------------------


def test_a_stranger_is_erased_and_nobody_else(store: Store, keeper: Keeper) -> None:
    stays = event("v2")
    keep(store, event("v1"), event("v1"), stays)
    assert keeper.erase(owner(keeper, "v1")) == 3
    assert keeper.owner_of("v1") is None
    assert retired(store, "v1")
    assert logged(keeper) == [stays.id]
    assert fetched(store, "v2") is not None


def test_a_customer_is_erased_with_every_device(store: Store, keeper: Keeper) -> None:
    stays = [event("x1"), event("y1")]
    keep(store, *stays, login("y1", "y2", BERT))
    keep(store, event("v1"), login("v1", "v2"), event("v2"), event("w1"))
    keep(store, login("w1", "w2"), event("w2", FORGOTTEN))
    assert keeper.erase(owner(keeper, "w1")) == 4
    assert all(retired(store, id) for id in ("v1", "v2", "w1", "w2"))
    assert keeper.owner_of(ANNA) is None
    assert logged(keeper) == sorted(one.id for one in stays)
    assert keeper.owner_of("y1") == BERT


def test_a_customer_may_begin_anew(store: Store, keeper: Keeper) -> None:
    keep(store, event("v1"), login("v1", "v2"))
    keeper.erase(ANNA)
    keep(store, login("w1", "w2"), event("w2"))
    profile = fetched(store, "w2")
    assert isinstance(profile, Profile)
    assert profile.counts["viewed product"]["hay"].total == 1


def test_who_is_erased_twice_is_erased(store: Store, keeper: Keeper) -> None:
    keep(store, event("v1"))
    one = owner(keeper, "v1")
    keeper.erase(one)
    assert keeper.erase(one) == 0
    assert retired(store, "v1")


def test_an_id_of_whom_nothing_is_kept_is_refused_from_then_on(
    store: Store, keeper: Keeper
) -> None:
    id = "v1" if isinstance(store, MemoryStore) else mark_of("v1")
    assert keeper.erase(id) == 0
    keep(store, event("v1"))
    assert retired(store, "v1")
    assert logged(keeper) == []


@pytest.mark.parametrize("read", [True, False])
def test_what_a_worker_has_not_written_yet_brings_nothing_back(
    store: Store, keeper: Keeper, read: bool
) -> None:
    keep(store, event("v1"), event("w1"), login("w1", "w2"))
    if read:  # the worker has it in its hands
        fetched(store, "v1"), fetched(store, "w2")
    unwritten = [event("v1"), event("v1", ATTRIBUTES, size=3), event("w2")]
    keeper.erase(owner(keeper, "v1"))
    keeper.erase(ANNA)
    keep(store, *unwritten)
    assert retired(store, "v1") and retired(store, "w2")
    assert keeper.owner_of(ANNA) is None
    assert logged(keeper) == []


@pytest.mark.parametrize("met", [True, False])
def test_a_login_that_a_worker_has_not_written_yet_brings_nobody_back(
    store: Store, keeper: Keeper, met: bool
) -> None:
    keep(store, event("v1"))
    unwritten = [login("v1", "v2"), event("v2")]
    if met:  # another worker was faster with what the new id did
        keep(store, event("v2"))
    keeper.erase(owner(keeper, "v1"))
    keep(store, *unwritten)
    keep(store, *unwritten)
    assert retired(store, "v1") and retired(store, "v2")
    assert keeper.owner_of(ANNA) is None
    assert logged(keeper) == []


def test_nor_does_one_after_the_visitor_erased_it(store: Store, keeper: Keeper) -> None:
    keep(store, event("v1"), event("v1", ERASED))
    keep(store, login("v1", "v2"), event("v2"))
    assert retired(store, "v2")
    assert keeper.owner_of(ANNA) is None


# -- the log ---------------------------------------------------------------------------


def test_the_log_is_read_from_one_moment_to_another(
    store: Store, keeper: Keeper
) -> None:
    events = [event(f"v{number}", at=NOW + number) for number in range(5)]
    keep(store, *events)
    assert logged(keeper) == [one.id for one in events]
    found = list(keeper.events(events[1].time, events[3].time))
    assert [one.id for one in found] == [one.id for one in events[1:3]]
    assert found[0].visitor == owner(keeper, "v1")


def test_in_the_log_a_customer_has_one_name(store: Store, keeper: Keeper) -> None:
    keep(store, event("v1"), login("v1", "v2"), event("v2"))
    assert {one.visitor for one in keeper.events(0, 2 * NOW)} == {ANNA}


def test_events_are_counted_by_name_and_day(store: Store, keeper: Keeper) -> None:
    keep(store, event("v1"), event("v2"), event("v1", "Article Viewed"))
    keep(store, event("v1", at=NOW - 3 * DAY))
    assert keeper.daily() == {
        ("Product Viewed", TODAY): 2,
        ("Product Viewed", TODAY - 3): 1,
        ("Article Viewed", TODAY): 1,
    }


# -- what is too old -------------------------------------------------------------------


def purge(
    keeper: Keeper, events: dict[str, float], profiles: float = 0.0, batch: int = 1000
) -> list[int]:
    due = keeper.due(events, profiles)
    steps = list(keeper.purge(events, profiles, batch))
    assert keeper.due(events, profiles) == (0, 0)
    assert sum(due) <= sum(steps)
    return steps


def test_events_go_by_their_age(store: Store, keeper: Keeper) -> None:
    old = [event(f"v{n}", at=NOW - 10 * DAY) for n in range(25)]
    new = [event(f"v{n}") for n in range(5)]
    keep(store, *old, *new)
    assert keeper.due({"": NOW - DAY}, 0.0) == (25, 0)
    assert purge(keeper, {"": NOW - DAY}, batch=10) == [10, 10, 5]
    assert logged(keeper) == [one.id for one in new]
    assert fetched(store, "v20") is not None


def test_each_kind_of_event_has_its_own_age(store: Store, keeper: Keeper) -> None:
    views = [event("v", at=NOW - 10 * DAY), event("v", at=NOW - 2 * DAY)]
    shown = [
        event("v", "Promotion Viewed", at=NOW - 10 * DAY),
        event("v", "Promotion Viewed", at=NOW - 2 * DAY),
    ]
    keep(store, *views, *shown)
    assert sum(purge(keeper, {"Promotion Viewed": NOW - DAY})) == 2
    assert logged(keeper) == sorted(one.id for one in views)
    assert sum(purge(keeper, {"": NOW - DAY, "Product Viewed": NOW - 5 * DAY})) == 1
    assert logged(keeper) == [views[1].id]


def test_profiles_go_when_nobody_came_for_long(store: Store, keeper: Keeper) -> None:
    keep(store, *(event(f"v{n}", at=NOW - 10 * DAY) for n in range(7)), event("w"))
    assert keeper.due({}, NOW - DAY) == (0, 7)
    steps = purge(keeper, {}, NOW - DAY, batch=3)
    assert sum(steps) == 7 and max(steps) <= 3
    assert fetched(store, "v1") is None  # a stranger again, not refused
    assert fetched(store, "w") is not None
    keep(store, event("v1"))
    assert fetched(store, "v1") is not None


def test_who_comes_back_meanwhile_begins_anew(store: Store, keeper: Keeper) -> None:
    keep(store, event("v1", at=NOW - 10 * DAY))
    fetched(store, "v1")
    purge(keeper, {}, NOW - DAY)
    keep(store, event("v1"))
    profile = fetched(store, "v1")
    assert isinstance(profile, Profile)
    assert profile.counts["viewed product"]["hay"].total == 1


def test_a_customer_is_found_as_long_as_events_are_there(
    store: Store, keeper: Keeper
) -> None:
    entry = event("v1", IDENTIFIED, at=NOW - 9 * DAY, customer=ANNA, visitor="v2")
    keep(store, event("v1", at=NOW - 10 * DAY), entry)
    purge(keeper, {}, NOW - DAY)
    assert keeper.owner_of("v2") == ANNA
    assert len(logged(keeper)) == 1
    purge(keeper, {"": NOW}, NOW - DAY)
    assert keeper.owner_of("v2") is None
    assert keeper.owner_of(ANNA) is None
    assert keeper.sizes()["customers"] == 0


def test_who_has_only_logged_in_stays(store: Store, keeper: Keeper) -> None:
    keep(store, login("v1", "v2"))
    assert purge(keeper, {"": NOW}, NOW) == []
    assert keeper.owner_of("v2") == ANNA


def test_tidying_up_can_be_stopped_and_goes_on(store: Store, keeper: Keeper) -> None:
    keep(store, *(event("v", at=NOW - 10 * DAY) for _ in range(30)))
    steps = keeper.purge({"": NOW - DAY}, 0.0, 10)
    assert next(steps) == 10
    del steps
    assert len(logged(keeper)) == 20
    assert purge(keeper, {"": NOW - DAY}, batch=10) == [10, 10]


# -- how much there is -----------------------------------------------------------------


def test_an_empty_store_has_sizes(keeper: Keeper) -> None:
    sizes = dict(keeper.sizes())
    sizes.pop("bytes")
    names = ("profiles", "customers", "events", "visitors", "retired")
    assert sizes == dict.fromkeys(names, 0)


def test_what_is_there_is_counted(store: Store, keeper: Keeper) -> None:
    first = event("v1", at=NOW - 5 * DAY)
    keep(store, first, event("v2"), event("w1"), login("w1", "w2"), event("w2"))
    keep(store, event("v2", ERASED))
    sizes = keeper.sizes()
    assert sizes["profiles"] == 2
    assert sizes["customers"] == 1
    assert sizes["events"] == 3
    assert sizes["visitors"] == 2
    assert sizes["retired"] == 2
    assert sizes["oldest"] == int(first.time)
    assert sizes["newest"] >= NOW


def test_a_store_that_is_not_open_has_no_keeper() -> None:
    with pytest.raises(StoreError, match="not open yet"):
        Unopened().keeper(day)


# -- a file ----------------------------------------------------------------------------


def traces(path: Path, *words: str) -> list[str]:
    """Those of ``words`` that are in the file, or in one beside it."""
    files = [each.read_bytes() for each in path.parent.iterdir() if each.is_file()]
    return [word for word in words if any(word.encode() in data for data in files)]


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store at"):
        SqliteKeeper(tmp_path / "mistyped.db", day)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("version", "words"), [(0, "no store"), (1, "older"), (99, "newer")]
)
def test_a_file_of_another_kind_is_left_alone(
    tmp_path: Path, version: int, words: str
) -> None:
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE t (x)")
        other.execute(f"PRAGMA user_version = {version}")
    other.close()
    with pytest.raises(StoreError, match=words):
        SqliteKeeper(path, day)


def test_after_an_erasure_no_byte_of_it_is_left(tmp_path: Path) -> None:
    """Among many others, written in turns, so that rows have moved between pages."""
    path = tmp_path / "a.db"
    store = SqliteStore(path)
    secrets = ["geheime-suche-nach-heu", "SKU-NOBODY-KNOWS"]
    crowd = [f"visitor{number:015}" for number in range(150)]
    stays = "SKU-THAT-STAYS"
    for turn in range(12):
        batch = [event(one, product_id=f"{stays}-{turn}") for one in crowd]
        batch += [
            event("v1", "Products Searched", query=f"{secrets[0]} {turn}"),
            event("v1", product_id=f"{secrets[1]}-{turn}"),
            event("w1", product_id=f"{secrets[1]}-w{turn}"),
        ]
        keep(store, *batch)
    keep(store, login("w1", "w2"), event("w2", product_id=secrets[1]))
    ids = [
        each.id for story in store.history(day).stories(0, 2 * NOW) for each in story
    ]
    assert traces(path, ANNA, *secrets) == [ANNA, *secrets]
    with_keeper = SqliteKeeper(path, day)
    theirs = [
        one.id
        for who in (mark_of("v1"), ANNA)
        for one in with_keeper.everything(who)[1]
    ]
    assert len(theirs) == 37 and set(theirs) < set(ids)
    with_keeper.erase(mark_of("v1"))
    with_keeper.erase(ANNA)
    assert traces(path, ANNA, *secrets, *theirs) == []
    assert traces(path, stays) == [stays]
    # Of the ids nothing but their marks is left, and these in no log.
    rows = store._reading.execute(
        "SELECT data FROM profiles WHERE id = ?", (mark_of("v1"),)
    )
    assert rows.fetchall() == [(b"",)]
    with_keeper.close()
    store.close()


def test_nor_where_rows_had_moved_to_other_pages(tmp_path: Path) -> None:
    """SQLite leaves copies behind when it makes room between rows."""
    path = tmp_path / "a.db"
    store = SqliteStore(path)
    dice = random.Random(2)
    crowd = [f"visitor-{number:04}" for number in range(400)]
    for _ in range(80):
        batch = []
        for who in dice.choices(crowd, k=100):
            at, note = NOW + dice.randrange(10**7), "x" * dice.randrange(300)
            batch.append(event(who, at=at, product_id=f"SKU-of-{who}", note=note))
        keep(store, *batch)
    keeper = SqliteKeeper(path, day)
    gone = dice.sample(crowd, 25)
    for who in gone:
        keeper.erase(mark_of(who))
    assert traces(path, *(f"SKU-of-{who}" for who in gone)) == []
    everything = b"".join(each.read_bytes() for each in path.parent.iterdir())
    for who in gone:  # as an id that is refused: the row, and its place in the index
        assert everything.count(mark_of(who).encode()) == 2
    keeper.close()
    store.close()


def test_an_erasure_waits_for_readers_and_says_if_it_cannot_clean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(busy, "TRACES_GONE", 0.3)
    path = tmp_path / "a.db"
    store = SqliteStore(path)
    keep(store, event("v1", product_id="SECRET"))
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM events").fetchone()
    keeper = SqliteKeeper(path, day)
    with pytest.raises(StoreError, match="cannot be emptied"):
        keeper.erase(mark_of("v1"))
    reader.rollback()
    reader.close()
    assert retired(store, "v1")
    assert keeper.erase(mark_of("v1")) == 0  # again: only what was left to do
    assert traces(path, "SECRET") == []
    keeper.close()
    store.close()


def test_who_comes_back_while_old_profiles_are_looked_for_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteStore(tmp_path / "a.db")
    keep(store, event("v1", at=NOW - 10 * DAY), event("v2", at=NOW - 10 * DAY))

    def meanwhile(profile: bytes, before: float) -> bool:
        found = unseen(profile, before)
        keep(store, event("v1"))
        return found

    monkeypatch.setattr(keeping, "unseen", meanwhile)
    keeper = SqliteKeeper(tmp_path / "a.db", day)
    assert sum(keeper.purge({}, NOW - DAY)) == 1
    assert store.fetch("v1") is not None and store.fetch("v2") is None
    keeper.close()
    store.close()


def test_a_shop_writes_on_while_a_store_is_tidied_up(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = SqliteStore(path)
    keep(store, *(event(f"v{n}", at=NOW - 10 * DAY) for n in range(3_000)))
    done = threading.Event()
    written: list[Event] = []

    def write() -> None:
        while not done.is_set():
            one = event(f"v{len(written)}")
            keep(store, one)
            written.append(one)

    thread = threading.Thread(target=write)
    thread.start()
    keeper = SqliteKeeper(path, day)
    gone = sum(keeper.purge({"": NOW - DAY}, NOW - DAY, 50))
    done.set()
    thread.join()
    assert gone >= 3_000
    assert logged(keeper) == sorted(one.id for one in written)
    keeper.close()
    store.close()

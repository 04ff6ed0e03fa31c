"""The read side of a store: whole stories, beside a shop that goes on."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shopwindow.middleware.stores import ERASED, IDENTIFIED, Store, StoreError
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.middleware.stores.sqlite import SqliteStore
from shopwindow.middleware.stores.sqlite.history import SqliteHistory
from shopwindow.middleware.stores.sqlite.migrations import VERSION
from shopwindow.middleware.stores.unopened import Unopened
from shopwindow.rules import learning
from shopwindow.rules.facts import Event, Profile
from tests.databases import PLACES
from tests.stores import open_at

ANNA = "c.anna"


def learn(profile: Profile | None, event: Event) -> Profile:
    return learning.learn(profile, event, lambda kind, id: ((kind, id),))


def day(time: float) -> int:
    return int(time // 86_400)


def event(id: str, visitor: str, time: float, name: str = "", /, **more: Any) -> Event:
    properties = more or {"product_id": f"tee-für-{id}"}
    return Event(id, name or "Product Viewed", visitor, time, day(time), properties)


@pytest.fixture(params=PLACES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    folder = tmp_path / "Läden & Söhne #1?"
    folder.mkdir()
    made = open_at(PLACES[request.param](request, folder), folder)
    yield made
    made.close()


def told(store: Store, since: float, until: float) -> list[list[str]]:
    history = store.history(day)
    stories = sorted([e.id for e in story] for story in history.stories(since, until))
    assert history.visitors(since, until) == len(stories)
    history.close()
    return stories


def test_those_of_the_window_come_with_all_that_they_did_before(store: Store) -> None:
    events = [
        event("a", "v1", 10),
        event("b", "v2", 20),
        event("c", "v1", 30),
        event("d", "v1", 40),
    ]
    store.commit(events, learn, {})
    assert told(store, 0, 100) == [["a", "c", "d"], ["b"]]
    assert told(store, 30, 40) == [["a", "c"]]  # the end is not in the window
    assert told(store, 41, 100) == []


def test_a_story_is_told_in_the_order_of_time_not_of_arrival(store: Store) -> None:
    store.commit(
        [event("b", "v", 20), event("z", "v", 5), event("a", "v", 20)], learn, {}
    )
    assert told(store, 0, 100) == [["z", "a", "b"]]


def test_an_event_comes_back_as_it_was_but_for_whose_it_is(store: Store) -> None:
    store.commit([event("a", "v", 90_000.5)], learn, {})
    history = store.history(day)
    ((one,),) = history.stories(0, 100_000)
    assert (one.name, one.time, one.day) == ("Product Viewed", 90_000.5, 1)
    assert one.properties == {"product_id": "tee-für-a"}
    if not isinstance(store, MemoryStore):
        assert one.visitor != "v"  # only its mark is in the store
    history.close()


def test_what_a_stranger_did_before_the_login_is_the_customers(store: Store) -> None:
    login = event("b", "v1", 20, IDENTIFIED, customer=ANNA, visitor="v2")
    store.commit([event("a", "v1", 10), login, event("c", "v2", 30)], learn, {})
    assert told(store, 25, 100) == [["a", "c"]]
    history = store.history(day)
    ((first, _),) = history.stories(0, 100)
    assert first.visitor == ANNA
    assert history.profile_count() == len(list(history.profiles())) == 1
    history.close()


def test_who_was_erased_is_in_no_story(store: Store) -> None:
    store.commit(
        [event("a", "v1", 10), event("b", "v2", 11)], learn, {("brand", "x"): 2}
    )
    store.commit([event("c", "v1", 12, ERASED)], learn, {})
    assert told(store, 0, 100) == [["b"]]
    history = store.history(day)
    assert [each.last_seen for each in history.profiles()] == [11]
    assert history.profile_count() == 1
    assert history.traffic() == {("brand", "x"): 2}
    history.close()


def test_a_store_that_is_not_open_has_no_history() -> None:
    with pytest.raises(StoreError, match="not open yet"):
        Unopened().history(day)


# -- files -----------------------------------------------------------------------------


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store at"):
        SqliteHistory(tmp_path / "mistyped" / "a.db", day)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_goes_away_just_now_is_not_made_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Path, "is_file", lambda path: True)
        with pytest.raises(StoreError, match="cannot be opened"):
            SqliteHistory(tmp_path / "a.db", day)
    assert list(tmp_path.iterdir()) == []


def other_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE cats (name TEXT)")
    connection.close()


def newer(path: Path) -> None:
    SqliteStore(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.write_bytes(b"Dear diary, " * 100), "cannot be read"),
        (lambda path: path.write_bytes(b""), "no store of shopwindow"),
        (other_database, "no store of shopwindow"),
        (newer, "newer shopwindow"),
    ],
)
def test_what_is_no_store_is_refused_and_left_alone(
    tmp_path: Path, make: Callable[[Path], object], words: str
) -> None:
    path = tmp_path / "a.db"
    make(path)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=words):
        SqliteHistory(path, day)
    assert path.read_bytes() == before


def test_the_shop_writes_on_while_somebody_reads(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "a.db")
    store.commit([event(f"{n:04}", f"v{n}", n) for n in range(1_000)], learn, {})
    history = store.history(day)
    stories = history.stories(0, 10_000)
    seen = [next(stories)]
    store.commit([event("later", "new", 5_000)], learn, {})
    seen += stories
    assert len(seen) == 1_000  # as it was when the reading began
    assert history.visitors(0, 10_000) == 1_001
    history.close()
    store.close()


def test_a_file_that_ceases_to_answer_is_a_store_error(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "a.db").close()
    history = SqliteHistory(tmp_path / "a.db", day)
    history.close()
    with pytest.raises(StoreError, match="cannot be read"):
        history.profile_count()

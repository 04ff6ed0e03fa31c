"""Files of older releases open and work; the log has columns for what was decided."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from shopwindow.middleware.stores import IDENTIFIED, Store, StoreError
from shopwindow.middleware.stores.rows import encode_profile, mark_of
from shopwindow.middleware.stores.sqlite import SqliteStore
from shopwindow.middleware.stores.sqlite.history import SqliteHistory
from shopwindow.middleware.stores.sqlite.migrations import VERSION
from shopwindow.rules import learning
from shopwindow.rules.facts import Event, Profile

DAY = 20_778
NOW = DAY * 86_400.0

FIRST = """
CREATE TABLE profiles (id TEXT PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE logins (
    customer TEXT NOT NULL, visitor TEXT NOT NULL, PRIMARY KEY (customer, visitor)
) WITHOUT ROWID;
CREATE TABLE events (
    id TEXT PRIMARY KEY, time REAL NOT NULL, visitor TEXT NOT NULL, name TEXT NOT NULL,
    properties TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE traffic (
    dimension TEXT NOT NULL, key TEXT NOT NULL, weight REAL NOT NULL,
    PRIMARY KEY (dimension, key)
) WITHOUT ROWID;
PRAGMA user_version = 1;
"""
SECOND = "ALTER TABLE profiles ADD COLUMN version INTEGER; PRAGMA user_version = 2;"


def learn(profile: Profile | None, event: Event) -> Profile:
    return learning.learn(profile, event, lambda kind, id: ((kind, id),))


def event(id: str, visitor: str, name: str = "Product Viewed", /, **more: Any) -> Event:
    return Event(id, name, visitor, NOW, DAY, more or {"product_id": "hay"})


def views(store: Store, visitor: str) -> int:
    profile = store.fetch(visitor)
    assert isinstance(profile, Profile)
    return profile.counts["viewed product"]["hay"].total


@pytest.fixture(params=[1, 2])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file of an older release, in which v1 has looked at hay."""
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA journal_mode = WAL")
        file.executescript(FIRST + (SECOND if request.param == 2 else ""))
        known = encode_profile(learn(None, event("a", "v1")))
        file.execute(
            "INSERT INTO profiles (id, data) VALUES (?, ?)", (mark_of("v1"), known)
        )
        file.execute(
            "INSERT INTO events VALUES ('a', ?, ?, 'Product Viewed', ?)",
            (NOW, mark_of("v1"), '{"product_id":"hay"}'),
        )
        file.commit()
    return path


def test_an_older_file_is_counted_on(old: Path) -> None:
    for number in range(3):
        store = SqliteStore(old)
        store.fetch("v1")
        store.commit([event(f"b{number}", "v1"), event("a", "v1")], learn, {})
        assert views(store, "v1") == number + 2
        store.close()
    store = SqliteStore(old)
    login = event("c", "v1", IDENTIFIED, customer="c.anna", visitor="v2")
    store.commit([login], learn, {})
    assert views(store, "v2") == 4
    with closing(store.history(lambda time: DAY)) as history:
        ((*ids,),) = [[one.id for one in story] for story in history.stories(0, 2e9)]
    assert ids == ["a", "b0", "b1", "b2"]
    store.close()
    with closing(sqlite3.connect(old)) as file:
        assert file.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_command_reads_an_older_file_as_it_is(old: Path) -> None:
    before = old.read_bytes()
    with closing(SqliteHistory(old, lambda time: DAY)) as history:
        assert [len(story) for story in history.stories(0, 2e9)] == [1]
    assert old.read_bytes() == before


def test_several_processes_may_bring_one_file_up_to_date(old: Path) -> None:
    gate = threading.Barrier(6)
    faults: list[StoreError] = []

    def start(number: int) -> None:
        gate.wait()
        try:
            store = SqliteStore(old)
            store.commit([event(f"b{number}", "v1")], learn, {})
            store.close()
        except StoreError as error:
            faults.append(error)

    threads = [threading.Thread(target=start, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    store = SqliteStore(old)
    assert views(store, "v1") == 7
    store.close()


def test_a_step_that_fails_leaves_the_file_as_it_was(old: Path) -> None:
    with closing(sqlite3.connect(old)) as file:  # in the way of the last step
        file.execute("ALTER TABLE events ADD COLUMN purpose TEXT")
        (version,) = file.execute("PRAGMA user_version").fetchone()
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with pytest.raises(StoreError, match="cannot be opened: duplicate column name"):
        SqliteStore(old)
    with closing(sqlite3.connect(old)) as file:
        assert file.execute("PRAGMA user_version").fetchone() == (version,)
        columns = [row[1] for row in file.execute("PRAGMA table_info(events)")]
    assert "decision" not in columns


DECIDED = {
    "promotions": [
        {"promotion_id": "tea", "slot": "hero", "rule": "tea-hero"},
        {
            "held": "control",
            "slot": "shelf",
            "rule": "picks",
            "experiment": "e1",
            "variant": "control",
        },
        {"promotion_id": "cup", "slot": "side", "rule": "tea-hero"},
    ],
    "revision": "r1",
}


@pytest.mark.parametrize(
    ("name", "properties", "told"),
    [
        (
            "Promotion Viewed",
            DECIDED,
            ("x", "tea-hero picks", "control", "r1", "statistics"),
        ),
        (
            "Promotion Clicked",
            {"promotion_id": "tea", "decision": "d1", "rule": "r", "variant": "b"},
            ("d1", "r", "b", None, "statistics"),
        ),
        (
            "Product Viewed",
            {"product_id": "hay"},
            (None, None, None, None, "personalization"),
        ),
        (
            "Promotion Viewed",
            {"promotions": "nonsense", "rule": 7, "decision": ""},
            ("x", None, None, None, "statistics"),
        ),
    ],
)
def test_the_log_tells_what_was_decided_and_what_a_row_is_for(
    tmp_path: Path, name: str, properties: dict[str, Any], told: tuple[str | None, ...]
) -> None:
    store = SqliteStore(tmp_path / "a.db")
    store.commit([Event("x", name, "v1", NOW, DAY, properties)], lambda p, e: p, {})
    store.close()
    with closing(sqlite3.connect(tmp_path / "a.db")) as file:
        row = file.execute(
            "SELECT decision, rule, variant, revision, purpose FROM events"
        ).fetchone()
    assert row == told

"""The directory of a SQLite log: whatever came whenever, all events of a visitor are found."""

import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from shopwindow.middleware.eventids import new_id
from shopwindow.middleware.rollups import sqlite as rolled
from shopwindow.middleware.stores import ERASED, IDENTIFIED
from shopwindow.middleware.stores.rows import COLUMNS, mark_of
from shopwindow.middleware.stores.sqlite import (
    SqliteLog,
    SqliteStore,
    directory,
    keeping,
)
from shopwindow.middleware.stores.sqlite import store as stores
from shopwindow.middleware.stores.sqlite.directory import events_of
from shopwindow.rules.facts import Event, Profile
from tests.crowded import (
    MOST_CLOSING,
    MOST_WAIT,
    crowd,
    leave_together,
    rest_of,
    stale,
)

DAY = 20_778
PART = 20
INSERT = f"INTO events ({COLUMNS}) VALUES (?, 1.0, ?, 'Product Viewed', '{{}}', NULL, NULL, NULL, NULL, 'personalization')"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts that are full soon, and looked for with every commit."""
    end = directory._NEXT.replace(str(directory.PART - 1), str(PART - 1))
    assert end != directory._NEXT
    monkeypatch.setattr(directory, "_NEXT", end)
    monkeypatch.setattr(directory, "PAUSE", 0.0)
    monkeypatch.setattr(directory, "REST", 0)


def event(visitor: str, moment: float, name: str = "Product Viewed") -> Event:
    return Event(new_id(moment), name, visitor, moment, DAY, {})


def keep(store: SqliteStore, *events: Event) -> None:
    store.commit(events, lambda profile, _: profile, {})


def parts(path: Path) -> int:
    with closing(sqlite3.connect(path)) as file:
        ((number,),) = file.execute("SELECT count(*) - 1 FROM directory_parts")
        return int(number)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("seed", range(6))
def test_all_events_of_a_visitor_are_found_whenever_they_came(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Late and early ones, clocks that were wrong, ids of any kind, other programs' writes."""
    at, chance = tmp_path / "shop.db", random.Random(seed)
    clock = [1_700_000_000.0]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    visitors = [f"{number}" for number in range(12)]
    store = SqliteStore(at)
    other = sqlite3.connect(at, isolation_level=None, timeout=5)
    with closing(store), closing(other):
        for step in range(250):
            clock[0] += chance.choice((0.1, 3.0, 60.0))
            if chance.random() < 0.02:
                clock[0] += chance.choice((-1e8, 1e8))  # set right, or wrong
            kind = chance.random()
            one = chance.choice(visitors)
            moment = clock[0] - chance.choice((0.0, 0.0, 1.0, 1e4, 1e7, -1e5))
            if kind < 0.75:
                some = [
                    event(chance.choice(visitors), moment + n / 100) for n in range(9)
                ]
                keep(store, *some)
            elif kind < 0.85:  # an older worker, which knows of nothing
                id = chance.choice((new_id(moment), f"matomo-{step}", f"{step}", ""))
                verb = chance.choice(("INSERT OR IGNORE", "INSERT OR REPLACE"))
                other.execute(f"{verb} {INSERT}", (id, mark_of(one)))
            elif kind < 0.93:
                old = other.execute("SELECT id FROM events ORDER BY random() LIMIT 7")
                other.executemany("DELETE FROM events WHERE id = ?", old.fetchall())
            else:
                keep(store, event(one, moment, ERASED))
                assert not rest_of(at, [one])
                visitors.remove(one)
                visitors.append(f"{step}-after-{one}")
            for each in visitors:
                mark = mark_of(each)
                whole = other.execute(
                    "SELECT id FROM events WHERE visitor = ?", (mark,)
                )
                found = (
                    f"SELECT id FROM events WHERE {events_of('SELECT ?1 AS visitor')}"
                )
                assert sorted(other.execute(found, (mark,))) == sorted(whole)
        ((entries,),) = other.execute("SELECT count(*) FROM directory")
        assert entries > 5 * PART


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("kind", [SqliteStore, SqliteLog])
def test_a_log_that_was_never_entered_is_entered_beside(
    tmp_path: Path, kind: Callable[[Path], SqliteStore | SqliteLog]
) -> None:
    at = tmp_path / "shop.db"
    visitors = crowd(at, 1_000)
    opened = [kind(at) for _ in range(4)]  # as many workers
    end = time.monotonic() + 20
    while parts(at) < 1_000 // PART and time.monotonic() < end:
        time.sleep(0.01)
    for one in opened:
        one.close()
    assert parts(at) == 1_000 // PART and stale(at) == 0
    assert not any(t.name == "shopwindow-directory" for t in threading.enumerate())
    store = SqliteStore(at)
    with closing(store):
        keep(store, event(visitors[3], time.time(), ERASED))
    assert not rest_of(at, visitors[3:4]) and rest_of(at, visitors[4:5])
    assert stale(at) == 0


@pytest.mark.usefixtures("small")
def test_a_purge_forgets_what_it_deletes(tmp_path: Path) -> None:
    at = tmp_path / "shop.db"
    crowd(at, 1_000)
    store = SqliteStore(at)
    with closing(store), closing(store.keeper(lambda moment: DAY)) as keeper:
        while parts(at) < 1_000 // PART:
            time.sleep(0.01)
        assert sum(keeper.purge({"": time.time() - 40 * 86_400.0}, 0.0)) > 400
    assert stale(at) == 0 and 10 < parts(at) < 30


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("others", [(), ("else",)])
def test_a_batch_of_known_and_late_events_is_learned_once(
    tmp_path: Path, others: tuple[str, ...]
) -> None:
    """A late event changes two rows, a known one none: together they look like new ones."""
    learned: list[str] = []

    def learn(profile: Profile | None, event: Event) -> Profile:
        learned.append(event.id)
        seen = (profile or Profile()).visits + 1
        return Profile(visits=seen)

    store = SqliteStore(tmp_path / "shop.db")
    with closing(store):
        keep(store, *(event("else", 1e9 + number) for number in range(2 * PART)))
        assert parts(store.path) == 2
        known, late = event("one", 5e8), event("one", 6e8)
        store.commit([known], learn, {})
        for visitor in ("one", *others):
            store.fetch(visitor)  # as for a request: they need not be read again
        learned.clear()
        store.commit([known, late], learn, {})
        there = store.fetch("one")
        assert there is not None and there.visits == 2
        assert learned.count(late.id) >= 1


def test_nobody_waits_for_the_end_of_a_report_to_clean_up_behind_an_erasure(
    tmp_path: Path,
) -> None:
    store = SqliteStore(tmp_path / "shop.db")
    reading = sqlite3.connect(tmp_path / "shop.db", isolation_level=None)
    with closing(store), closing(reading):
        keep(store, *(event("somebody", 1e9 + number) for number in range(100)))
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM events").fetchall()  # and more to come
        start = time.monotonic()
        for number in range(20):
            keep(store, event(f"somebody{number or ''}", 1e9, ERASED))
            keep(store, event("buyer", 1e9, "Order Completed"))
        assert time.monotonic() - start < 1.0
        log = tmp_path / "shop.db-wal"
        assert log.stat().st_size
        reading.execute("COMMIT")
        store._file._wipe = 0.0  # a second later
        keep(store, event("buyer", 1e9))
        assert mark_of("somebody").encode() not in log.read_bytes()


def test_a_file_that_somebody_holds_up_is_entered_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteStore(tmp_path / "shop.db")
    other = sqlite3.connect(tmp_path / "shop.db", isolation_level=None)
    with closing(store), closing(other):
        keep(store, *(event("one", 1e9 + number) for number in range(PART)))
        end = directory._NEXT.replace(str(directory.PART - 1), str(PART - 1))
        monkeypatch.setattr(directory, "_NEXT", end)
        store._directory._again = 0.0
        other.execute("BEGIN IMMEDIATE")
        start = time.monotonic()
        store._directory.go_on()
        assert time.monotonic() - start < 0.5 and not parts(store.path)
        other.execute("COMMIT")
        store._directory.go_on()
        assert not parts(store.path)  # not yet again
        store._directory._again = 0.0
        store._directory.go_on()
        assert parts(store.path) == 1


PLANS = {
    "erasing": stores._ERASE,
    "anybody there": keeping._SOME,
    "export": f"SELECT id FROM events WHERE {events_of(keeping._MARKS)}",
    "settling": f"SELECT id FROM events WHERE {rolled._THEIRS}",
}


@pytest.mark.parametrize("statement", PLANS.values(), ids=PLANS.keys())
def test_one_visitor_s_events_are_found_without_looking_at_all(
    tmp_path: Path, statement: str
) -> None:
    store = SqliteStore(tmp_path / "shop.db")
    with closing(store):
        rows = store._writing.execute(f"EXPLAIN QUERY PLAN {statement}", ("x",))
        plan = [row[3] for row in rows]
    assert not [
        line
        for line in plan
        if "SCAN events" in line or "SCAN direc" in line and "parts" not in line
    ]
    assert any(
        "SEARCH directory USING PRIMARY KEY (part=? AND owner=?)" in line
        for line in plan
    ), plan


_ERASING = """
import sys, time
from pathlib import Path
from shopwindow.middleware.stores import ERASED
from shopwindow.middleware.stores.sqlite import SqliteStore, directory
from shopwindow.rules.facts import Event, Profile
directory._NEXT = directory._NEXT.replace(str(directory.PART - 1), "50")
store = SqliteStore(Path(sys.argv[1]))
print("ready", flush=True)
for number in range(int(sys.argv[2]), 100_000, 3):
    some = [Event(f"z{n}", ERASED, f"visitor-{n}", 1.0, 0) for n in range(number, number + 3)]
    store.commit(some, lambda profile, _: profile, {})
    print(number + 3, flush=True)
"""


def test_who_is_erased_when_it_is_killed_is_there_as_a_whole_or_not_at_all(
    tmp_path: Path,
) -> None:
    at = tmp_path / "shop.db"
    visitors = crowd(at, 20_000)
    done = 0
    for pause in (0.0, 0.02, 0.05, 0.11, 0.2):
        process = subprocess.Popen(
            [sys.executable, "-c", _ERASING, str(at), str(done)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        said = process.communicate()[0].split()
        acknowledged = int(said[-1]) if said else done
        left = [rest_of(at, [one]) for one in visitors[: acknowledged + 3]]
        assert not any(left[:acknowledged])
        assert left[acknowledged:] in ([10, 10, 10], [0, 0, 0])  # one commit
        assert stale(at) == 0
        done = acknowledged
    assert done
    store = SqliteStore(at)
    with closing(store):
        some = [event(one, 1e9, ERASED) for one in visitors[: done + 30]]
        keep(store, *some)  # once more changes nothing
    assert rest_of(at, visitors) == 10 * (len(visitors) - done - 30)
    with closing(sqlite3.connect(at)) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_customer_is_erased_with_all_that_was_done_under_any_id(
    tmp_path: Path,
) -> None:
    at = tmp_path / "shop.db"
    visitors = crowd(at, 20_000)
    store = SqliteStore(at)
    with closing(store):
        for number in range(3):
            told = {"customer": "c.anna", "visitor": f"known-{number}"}
            login = Event(new_id(1e9), IDENTIFIED, visitors[number], 1e9, DAY, told)
            keep(store, login, event(f"known-{number}", 1e9))
        keep(store, event("known-2", time.time(), ERASED))
    assert not rest_of(at, [*visitors[:3], "known-0", "known-1", "known-2"])
    assert rest_of(at, visitors) == 10 * (len(visitors) - 3) and stale(at) == 0


def test_orders_do_not_wait_for_many_who_leave_nor_does_closing(tmp_path: Path) -> None:
    visitors = crowd(tmp_path / "shop.db", 100_000)
    leaving = visitors[::50]
    waited = leave_together(tmp_path / "shop.db", leaving)
    assert len(leaving) == 200 and len(waited.orders) == 21
    assert max(waited.orders) < MOST_WAIT and waited.closing < MOST_CLOSING
    assert not waited.lost and not rest_of(tmp_path / "shop.db", leaving)


def entries(path: Path) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(path)) as file:
        rows = file.execute("SELECT part, event FROM directory ORDER BY part, event")
        return [(int(part), str(event)) for part, event in rows]


@pytest.mark.usefixtures("small")
def test_what_was_entered_of_a_future_that_never_came_is_taken_back(
    tmp_path: Path,
) -> None:
    store = SqliteStore(tmp_path / "shop.db")
    now, execute = time.time(), store._file.writing.execute
    with closing(store):
        keep(store, *(event("one", now - 500 + number) for number in range(PART)))
        assert directory._enter(store._file.writing, now) is False  # it was, just now
        keep(store, *(event("one", now + 1e6 + number) for number in range(2 * PART)))
        for _ in range(2):
            directory._enter(store._file.writing, now + 2e6)  # the clock is wrong
        assert parts(store.path) == 3 and len(entries(store.path)) == 3 * PART
        while directory._enter(store._file.writing, now):
            pass
        assert parts(store.path) == 1
        assert [part for part, _ in entries(store.path)] == [1] * PART
        keep(store, event("one", now))
        assert not [1 for part, _ in entries(store.path) if part == 0]  # not late
        marks = (mark_of("one"),)
        found = f"SELECT id FROM events WHERE {events_of('SELECT ?1 AS visitor')}"
        assert len(execute(found, marks).fetchall()) == 3 * PART + 1


@pytest.mark.usefixtures("small")
def test_of_two_processes_that_enter_the_same_the_second_leaves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = tmp_path / "shop.db"
    SqliteStore(at).close()
    with closing(sqlite3.connect(at)) as file:
        ids = [(f"{number:011x}", mark_of("one")) for number in range(2 * PART)]
        file.executemany(f"INSERT {INSERT}", ids)
        file.commit()
    changing = directory._changing
    mine, other = (sqlite3.connect(at, isolation_level=None) for _ in range(2))

    def faster(connection: sqlite3.Connection) -> object:
        if connection is mine:
            monkeypatch.setattr(directory, "_changing", changing)
            assert directory._enter(other, time.time())
        return changing(connection)

    with closing(mine), closing(other):
        monkeypatch.setattr(directory, "_changing", faster)
        assert directory._enter(mine, time.time())
        assert parts(at) == 1 and len(entries(at)) == PART
        assert directory._enter(mine, time.time())
        assert parts(at) == 2 and len(entries(at)) == 2 * PART

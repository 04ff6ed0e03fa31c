"""What only a SQLite file can suffer."""

import logging
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shopwindow.middleware.stores import ERASED, Draft, StoreError
from shopwindow.middleware.stores.sqlite import SqliteStore
from shopwindow.middleware.stores.sqlite.file import SqliteFile
from shopwindow.rules.facts import Event, Profile
from tests.stores import event, fetched, keep, learn, logged, login, retired, views


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "shop.db"


def opened(path: Path, work: Callable[[SqliteStore], object]) -> None:
    store = SqliteStore(path)
    try:
        work(store)
    finally:
        store.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such rights")
def test_a_new_file_and_its_logs_are_for_nobody_else_to_read(path: Path) -> None:
    store = SqliteStore(path)
    keep(store, event("v1"))
    rights = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert rights == {"shop.db": 0o600, "shop.db-wal": 0o600, "shop.db-shm": 0o600}
    store.close()


def test_what_a_request_has_worked_out_is_not_learned_again(path: Path) -> None:
    store = SqliteStore(path)
    base = fetched(store, "v1")
    keep(store, event("v1"))
    for _ in range(3):  # each on top of what the one before left
        base = fetched(store, "v1")
        one = event("v1")
        after = learn(base, one)

        def twice(profile: Profile | None, event: Event) -> Profile:
            raise AssertionError("learned again")

        store.commit([one], twice, {}, {"v1": Draft(base, after)})
        assert fetched(store, "v1") == after
    assert views(store, "v1") == 4
    store.close()


def test_a_row_that_has_not_changed_is_not_decoded_again(path: Path) -> None:
    store, other = SqliteStore(path), SqliteStore(path)
    keep(store, event("v1"))
    first = fetched(store, "v1")
    assert fetched(store, "v1") is first
    keep(store, event("v1"))
    assert views(store, "v1") == 2
    assert fetched(store, "v1") is fetched(store, "v1")
    keep(other, event("v1"))
    assert views(store, "v1") == 3
    keep(other, event("v1", ERASED))
    assert retired(store, "v1")
    store.close()
    other.close()


def test_a_draft_on_top_of_what_is_stored_no_more_is_learned_anew(path: Path) -> None:
    store, other = SqliteStore(path), SqliteStore(path)
    keep(store, event("v1"))
    base = fetched(store, "v1")
    one = event("v1")
    draft = Draft(base, learn(base, one))
    keep(other, event("v1"))  # another worker's, meanwhile
    store.commit([one], learn, {}, {"v1": draft})
    assert views(store, "v1") == views(other, "v1") == 3

    base = fetched(store, "v1")
    late = event("v1")
    draft = Draft(base, learn(base, late))
    keep(other, event("v1"))
    fetched(store, "v1")  # a second request has seen that, the first one's page has not
    store.commit([late], learn, {}, {"v1": draft})
    assert views(store, "v1") == 5
    store.close()
    other.close()


def test_a_draft_of_an_event_that_is_kept_already_changes_nothing(path: Path) -> None:
    store = SqliteStore(path)
    one = event("v1")
    keep(store, one)
    base = fetched(store, "v1")
    store.commit([one], learn, {}, {"v1": Draft(base, learn(base, one))})
    assert views(store, "v1") == 1
    store.close()


def test_many_visitors_in_one_batch_are_kept_like_one(path: Path) -> None:
    store = SqliteStore(path)
    everybody = [f"v{number}" for number in range(150)]  # some statements of each size
    for seen in (1, 2):
        for visitor in everybody:
            store.fetch(visitor)
        keep(store, *(event(visitor) for visitor in everybody))
        assert {views(store, visitor) for visitor in everybody} == {seen}
    assert len(logged(store)) == 300
    store.close()


def test_the_file_and_its_folder_are_made(path: Path) -> None:
    opened(path, lambda store: keep(store, event("v1")))
    assert path.is_file()
    store = SqliteStore(path)
    assert views(store, "v1") == 1
    store.close()


def content(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()))


def test_no_byte_of_an_erased_visitor_is_left_in_any_file(path: Path) -> None:
    store = SqliteStore(path)
    secrets = [f"secret-{number:03}-thing" for number in range(40)]
    for number in range(400):  # others around, so that pages are split and moved
        keep(store, *(event(f"other-{number}", product_id=f"p{n}") for n in range(3)))
        keep(store, event("gone-visitor-id", product_id=secrets[number % 40]))
    keep(store, login("gone-visitor-id", "gone-second-id", "c.gone"))
    keep(store, event("gone-second-id", product_id=secrets[0]))
    there = content(path)
    assert secrets[7].encode() in there and b"c.gone" in there
    keep(store, event("gone-second-id", ERASED))
    left = content(path)
    traces = [b"gone-visitor-id", b"gone-second-id", b"c.gone", b"secret-"]
    assert [trace for trace in traces if trace in left] == []
    assert retired(store, "gone-visitor-id") and retired(store, "gone-second-id")
    assert views(store, "other-7", "p1") == 1
    store.close()


def test_a_visitor_s_id_is_never_in_the_file(path: Path) -> None:
    store = SqliteStore(path)
    keep(store, event("the-id-of-a-cookie"))
    assert views(store, "the-id-of-a-cookie") == 1
    assert b"the-id-of-a-cookie" not in content(path)
    store.close()


@pytest.mark.parametrize(
    "damage", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5_000]
)
def test_a_damaged_file_is_put_aside(
    path: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    path.write_bytes(damage)
    opened(path, lambda store: keep(store, event("v1")))
    opened(path, lambda store: keep(store, event("v1")))  # the new one is fine
    (aside,) = path.parent.glob("*.damaged-*")
    assert aside.read_bytes() == damage
    assert caplog.text.count("is damaged") == 1


@pytest.mark.parametrize(
    "content", [b"x", b"import os\n", b"no database " * 99, b"SQLite format 3\0" * 99]
)
@pytest.mark.parametrize("name", ["victim.py", "victim", "shop.db.txt"])
def test_a_file_that_is_not_ours_is_left_alone(
    tmp_path: Path, name: str, content: bytes
) -> None:
    victim = tmp_path / name
    victim.write_bytes(content)
    with pytest.raises(StoreError, match=r"left alone: .* \.db, \.sqlite, \.sqlite3"):
        SqliteStore(victim)
    assert [file.name for file in tmp_path.iterdir()] == [name]
    assert victim.read_bytes() == content


@pytest.mark.parametrize("name", ["shop.DB", "shop.sqlite", "a.sqlite3", "shop"])
def test_any_name_will_do_for_a_new_file_and_an_empty_one(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).touch()
    for file in (tmp_path / name, tmp_path / "new" / name):
        for _ in range(2):
            opened(file, lambda store: keep(store, event("v1")))
        store = SqliteStore(file)
        assert views(store, "v1") == 2
        store.close()


def deleted(path: Path) -> None:
    path.unlink()


def deleted_with_its_logs(path: Path) -> None:
    for file in path.parent.glob("shop.db*"):
        file.unlink()


def deleted_with_its_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


def moved_away(path: Path) -> None:
    path.rename(path.with_name("old.db"))


def replaced_by_a_backup(path: Path) -> None:
    # The old file's log stays, and must not be played into the new one.
    backup = path.with_name("backup.db")
    opened(backup, lambda store: keep(store, event("b1")))
    backup.rename(path)


def replaced_by_nonsense(path: Path) -> None:
    path.unlink()
    path.write_bytes(b"nonsense" * 500)


LOSSES = [
    deleted,
    deleted_with_its_logs,
    deleted_with_its_folder,
    moved_away,
    replaced_by_a_backup,
    replaced_by_nonsense,
]


@pytest.mark.parametrize("lose", LOSSES)
def test_what_is_kept_after_the_file_was_lost_is_in_the_new_one(
    path: Path, lose: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    stores = [SqliteStore(path), SqliteStore(path)]  # as in two workers
    for number in range(50):
        keep(stores[0], event(f"v{number}", product_id="x" * 2_000))
    keep(stores[1], event("v1"))
    stores[0].fetch("v1")
    lose(path)
    late = [event("v1") for _ in range(4)]
    for number, one in enumerate(late):
        keep(stores[number % 2], one)
    assert caplog.text.count("was deleted or replaced: opening it anew") == 2
    for store in stores:
        assert views(store, "v1") == 4
        store.close()
    fresh = SqliteStore(path)
    assert views(fresh, "v1") == 4
    assert set(logged(fresh)) >= {one.id for one in late}
    restored = lose is replaced_by_a_backup
    assert views(fresh, "b1") == restored
    assert len(logged(fresh)) == 4 + restored
    fresh.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_a_lost_file_that_cannot_be_made_anew_is_tried_again(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = SqliteStore(path)
    keep(store, event("v1"))
    shutil.rmtree(path.parent)
    path.parent.write_text("in the way")
    late = event("v1")
    for _ in range(3):
        with pytest.raises(StoreError, match="cannot be opened"):
            keep(store, late)
        with pytest.raises(StoreError):
            store.fetch("v1")
    assert caplog.text.count("opening it anew") == 1
    path.parent.unlink()
    keep(store, late)
    assert views(store, "v1") == 1
    assert logged(store) == [late.id]
    store.close()


def test_who_reads_while_the_file_is_lost_gets_an_answer_or_a_clear_error(
    path: Path,
) -> None:
    store = SqliteStore(path)
    done = threading.Event()
    wrong: list[BaseException] = []

    def read() -> None:
        while not done.is_set():
            try:
                store.fetch("v1")
            except StoreError:
                pass
            except BaseException as error:  # whatever it is, the test shows it
                wrong.append(error)
                return

    thread = threading.Thread(target=read)
    thread.start()
    try:
        for _ in range(25):
            deleted_with_its_logs(path)
            keep(store, event("v1"))
    finally:
        done.set()
        thread.join()
    assert wrong == []
    assert views(store, "v1") == 1
    store.close()


def test_a_file_of_a_newer_release_is_not_touched(path: Path) -> None:
    opened(path, lambda store: keep(store, event("v1")))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="newer shopwindow"):
        SqliteStore(path)
    assert list(path.parent.glob("*damaged*")) == []
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (1,)
    connection.close()


def test_what_is_no_file_cannot_be_opened_and_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "folder.db").mkdir()
    (tmp_path / "file").write_text("x")
    for wrong in (tmp_path / "folder.db", tmp_path / "file" / "shop.db"):
        with pytest.raises(StoreError, match="cannot be opened"):
            SqliteStore(wrong)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "folder.db"]


def test_a_locked_file_is_neither_waited_for_long_nor_put_aside(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(path, lambda store: keep(store, event("v1")))
    connect = SqliteFile._connect
    monkeypatch.setattr(SqliteFile, "_connect", lambda self, _: connect(self, 50))
    store = SqliteStore(path)
    lock = sqlite3.connect(path, isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    late = event("v1")
    with pytest.raises(StoreError, match="locked"):
        keep(store, late)
    with pytest.raises(StoreError, match="locked"):
        SqliteStore(path)
    assert views(store, "v1") == 1  # readers do not mind
    lock.execute("ROLLBACK")
    lock.close()
    keep(store, late)
    assert views(store, "v1") == 2
    assert list(path.parent.glob("*damaged*")) == []
    store.close()


def test_a_full_disk_loses_nothing_that_was_there(path: Path) -> None:
    store = SqliteStore(path)
    keep(store, event("v1"))
    (pages,) = store._writing.execute("PRAGMA page_count").fetchone()
    store._writing.execute(f"PRAGMA max_page_count = {pages}")
    many = [event(f"w{n}", product_id="x" * 90) for n in range(500)]
    with pytest.raises(StoreError, match="full"):
        keep(store, *many)
    assert views(store, "v1") == 1
    store._writing.execute("PRAGMA max_page_count = 1000000")
    keep(store, *many)
    assert len(logged(store)) == 501
    store.close()


@pytest.mark.parametrize("others", [0, 1])
def test_a_batch_that_failed_at_its_end_is_learned_once(
    path: Path, others: int
) -> None:
    store, other = SqliteStore(path), SqliteStore(path)
    for seen in (1, 2):  # a newcomer, and somebody who has a profile
        store.fetch("v1")
        one = event("v1")
        (pages,) = store._writing.execute("PRAGMA page_count").fetchone()
        store._writing.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreError, match="full"):
            store.commit([one], learn, {("product", "x" * 9_000): 1.0})
        store._writing.execute("PRAGMA max_page_count = 1000000")
        for _ in range(others):
            keep(other, event("v1", product_id="oats"))
        keep(store, one)
        assert views(store, "v1") == seen
        assert views(store, "v1", "oats") == seen * others
    store.close()
    other.close()


def test_a_profile_that_is_gone_from_the_file_is_not_brought_back(path: Path) -> None:
    store = SqliteStore(path)
    keep(store, event("v1"), event("v1"))
    store.fetch("v1")
    with sqlite3.connect(path) as shell:  # by hand, or a backup that was played back
        shell.execute("DELETE FROM profiles")
    keep(store, event("v1"))
    assert views(store, "v1") == 1
    store.close()


def test_an_event_that_no_file_can_hold_is_told_apart_from_a_busy_file(
    path: Path,
) -> None:
    store = SqliteStore(path)
    names: Any = ("a", "tuple")
    with pytest.raises(sqlite3.Error):
        keep(store, event("v1", names))
    keep(store, event("v1"))
    assert views(store, "v1") == 1
    store.close()


def test_a_closed_store_says_so_in_its_own_words(path: Path) -> None:
    store = SqliteStore(path)
    store.close()
    with pytest.raises(StoreError):
        store.fetch("v1")
    with pytest.raises(StoreError):
        store.traffic()


def test_a_look_up_takes_microseconds(path: Path) -> None:
    store = SqliteStore(path)
    for start in range(0, 2_000, 500):
        keep(store, *(event(f"v{n}") for n in range(start, start + 500)))
    times = []
    for number in range(2_000):
        begin = time.perf_counter()
        store.fetch(f"v{number}")
        times.append(time.perf_counter() - begin)
    assert sorted(times)[1_000] < 100e-6  # measured: 8
    store.close()


# -- several processes ---------------------------------------------------------------------

WRITER = """
import sys
from shopwindow.middleware.stores.sqlite import SqliteStore
from shopwindow.rules import learning
from shopwindow.rules.facts import Event

def learn(profile, event):
    return learning.learn(profile, event, lambda kind, id: ((kind, id),))

path, me, count, batch = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
store = SqliteStore(path)
print("ready", flush=True)
sys.stdin.readline()
for start in range(0, count, batch):
    events = [
        Event(f"{me}-{n:07}", "Product Viewed", "v1", 1.8e9 + n, 20778, {"product_id": "hay"})
        for n in range(start, start + batch)
    ]
    store.commit(events, learn, {("product", "hay"): float(batch)})
    print(events[-1].id, flush=True)
store.close()
"""


def writer(path: Path, name: str, count: int, batch: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, str(count), str(batch)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go(*processes: "subprocess.Popen[str]") -> None:
    for process in processes:
        assert line(process) == "ready"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()


def test_four_processes_lose_no_count_and_start_over_a_damaged_file(
    path: Path,
) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 100)
    processes = [writer(path, f"p{n}", 500, 5) for n in range(4)]
    go(*processes)
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    store = SqliteStore(path)
    assert views(store, "v1") == 2_000
    assert len(logged(store)) == 2_000
    assert store.traffic() == {("product", "hay"): 2_000.0}
    store.close()
    assert len(list(path.parent.glob("*damaged*"))) == 1


def test_a_killed_process_loses_nothing_that_was_acknowledged(path: Path) -> None:
    for round in range(3):
        process = writer(path, f"k{round}", 1_000_000, 3)
        go(process)
        said = [line(process) for _ in range(40 + 30 * round)]
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate()
        said += [word for word in rest.split() if len(word) == len(said[0])]
        store = SqliteStore(path)
        there = set(logged(store))
        assert set(said) <= there
        assert views(store, "v1") == len(there)  # profile and log agree
        assert sum(store.traffic().values()) == len(there)
        store.close()
        with sqlite3.connect(path) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
    assert list(path.parent.glob("*damaged*")) == []


def test_the_log_says_nothing_when_all_is_well(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "shopwindow"):
        opened(path, lambda store: keep(store, event("v1"), event("v1", ERASED)))
    assert caplog.records == []


# -- damage inside -------------------------------------------------------------------------


def damaged_inside(path: Path) -> bytes:
    """A file that opens, in which only a page of the log is nonsense; its content."""
    store = SqliteStore(path)
    for start in range(0, 2_000, 200):
        keep(store, *(event(f"v{start + n}") for n in range(200)))
    (size,) = store._reading.execute("PRAGMA page_size").fetchone()
    (pages,) = store._reading.execute("PRAGMA page_count").fetchone()
    store.close()
    with path.open("r+b") as file:
        file.seek(pages // 2 * size)
        file.write(b"\xa5" * size)
    return path.read_bytes()


def put_aside(path: Path) -> Path:
    """The damaged file; its logs lie beside it."""
    (aside,) = (
        one for one in path.parent.glob("*.damaged-*") if one.name[-4:] not in _LOGS
    )
    return aside


_LOGS = ("-wal", "-shm")


def test_a_page_that_is_damaged_is_met_at_the_start_not_by_a_visitor(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damage = damaged_inside(path)
    stores = [SqliteStore(path), SqliteStore(path)]  # as in two workers
    keep(stores[1], event("v1"))
    assert views(stores[0], "v1") == 1
    assert put_aside(path).read_bytes() == damage
    assert caplog.text.count("is damaged") == 1
    for store in stores:
        store.close()


def test_a_large_file_is_looked_through_beside_the_shop(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage = damaged_inside(path)
    monkeypatch.setattr("shopwindow.middleware.stores.sqlite.checking.AT_ONCE", -1.0)
    monkeypatch.setattr("shopwindow.middleware.stores.sqlite.checking._STEPS", 1)
    stores = [SqliteStore(path), SqliteStore(path)]
    end = time.monotonic() + 10
    while not list(path.parent.glob("*.damaged-*")):
        assert time.monotonic() < end
        time.sleep(0.01)
    late = [event("new") for _ in stores]
    for store, one in zip(stores, late, strict=True):
        keep(store, one)
    assert views(stores[0], "new") == views(stores[1], "new") == 2
    assert logged(stores[0]) == [one.id for one in late]
    assert put_aside(path).read_bytes() == damage
    assert caplog.text.count("is damaged") == 1
    for store in stores:
        store.close()


def test_a_large_file_does_not_hold_up_the_start_and_a_check_ends_with_the_store(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(path, lambda store: keep(store, *(event(f"v{n}") for n in range(3_000))))
    monkeypatch.setattr("shopwindow.middleware.stores.sqlite.checking.AT_ONCE", 0.0)
    monkeypatch.setattr("shopwindow.middleware.stores.sqlite.checking._STEPS", 1)
    begin = time.perf_counter()
    store = SqliteStore(path)
    took = time.perf_counter() - begin
    store.close()
    end = time.monotonic() + 10
    while any(one.name == "shopwindow-check" for one in threading.enumerate()):
        assert time.monotonic() < end
        time.sleep(0.01)
    assert took < 1
    assert list(path.parent.glob("*damaged*")) == []

"""Updates that are killed, that meet each other, and that stand still."""

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from shopwindow.middleware.rollups import turn as turn_room
from shopwindow.middleware.rollups import updating
from shopwindow.middleware.rollups.turn import TakenOver
from shopwindow.middleware.stores.sqlite import SqliteStore
from tests.counted import PLAN, Shop, kept, opened
from tests.databases import PLACES, Place
from tests.stores import open_at

KILLED = Path(__file__).with_name("killed.py")
ROOT = Path(__file__).parents[3]


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return PLACES[request.param](request, tmp_path)


@pytest.mark.parametrize("way", ["update", "rebuild"])
@pytest.mark.parametrize(
    ("at", "when"),
    [(0, "after"), (1, "after"), (3, "within"), (6, "after"), (9, "within")],
)
def test_who_is_killed_leaves_what_the_next_one_goes_on_from(
    tmp_path: Path, at: int, when: str, way: str
) -> None:
    path = tmp_path / "shop.db"
    with closing(SqliteStore(path)) as store:
        shop = Shop(store, at, visitors=20)
        shop.act(80)
        with opened(Place(f"sqlite:///{path}")) as rollups:
            rollups.update(PLAN, shop.now + 1)
        shop.act(80)
        shop.log_in()
        ran = subprocess.run(
            [
                sys.executable,
                str(KILLED),
                str(path),
                str(at),
                when,
                str(shop.now + 1),
                way,
            ],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
        assert ran.returncode == -signal.SIGKILL, ran.stdout + ran.stderr
        expected = shop.expected()
        with opened(Place(f"sqlite:///{path}")) as rollups:
            rollups.update(PLAN, shop.now + 1)
            assert kept(rollups) == expected
            rollups.update(PLAN, shop.now + 1, rebuild=True)
            assert kept(rollups) == expected


def test_the_second_of_two_waits(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updating, "BATCH", 3)
    waits, errors = threading.Event(), []
    with closing(open_at(place)) as store, opened(place) as rollups:
        shop = Shop(store, 20)
        shop.act(60)
        rollups.update(PLAN, shop.now + 1)
        shop.act(60)
        until = shop.now + 1

        def first(what: str, done: int, total: int | None) -> None:
            if not waits.wait(20):
                errors.append("the second one did not wait")

        def second(what: str, done: int, total: int | None) -> None:
            if what == "waiting for another update":
                waits.set()

        def other() -> None:
            with opened(place) as rollups:
                rollups.update(PLAN, until, second)

        thread = threading.Thread(target=other)

        def begin(what: str, done: int, total: int | None) -> None:
            if not thread.ident:
                thread.start()
            first(what, done, total)

        rollups.update(PLAN, until, begin)
        thread.join(30)
        assert not errors and waits.is_set() and not thread.is_alive()
        assert kept(rollups) == shop.expected()


def test_who_is_silent_is_taken_over_and_notices(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn_room, "SILENCE", 0.3)
    monkeypatch.setattr(updating, "BATCH", 3)
    with closing(open_at(place)) as store, opened(place) as rollups:
        shop = Shop(store, 21)
        shop.act(40)
        rollups.update(PLAN, shop.now + 1)
        shop.act(60)
        until = shop.now + 1

        def stand_still(what: str, done: int, total: int | None) -> None:
            with opened(place) as other:
                other.update(PLAN, until)

        with pytest.raises(TakenOver):
            rollups.update(PLAN, until, stand_still)
        assert kept(rollups) == shop.expected()


def test_who_is_dead_keeps_nobody_waiting(place: Place) -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    with closing(open_at(place)) as store, opened(place) as rollups:
        shop = Shop(store, 22)
        shop.act(20)
        with rollups._tables.changing():
            rollups._tables.put("turn", f"{socket.gethostname()}:{child.pid}:x")
        told = []
        rollups.update(PLAN, shop.now + 1, lambda *words: told.append(words[0]))
        assert "waiting for another update" not in told
        assert kept(rollups) == shop.expected()


def test_erased_meanwhile_is_not_written_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The update has read their story before, and writes after."""
    monkeypatch.setattr(updating, "BATCH", 3)
    with closing(open_at(place)) as store, opened(place) as rollups:
        shop = Shop(store, 23, visitors=16)
        shop.act(40)
        rollups.update(PLAN, shop.now + 1)
        for _ in range(4):
            shop.log_in()
        shop.act(120)
        gone: list[str] = []

        def erase(what: str, done: int, total: int | None) -> None:
            with opened(place) as other:
                gone.append(shop.erase(other))

        rollups.update(PLAN, shop.now + 1, erase)
        assert len(gone) > 3
        assert kept(rollups) == shop.expected()
        rollups.update(PLAN, shop.now + 1, rebuild=True)
        assert kept(rollups) == shop.expected()


def test_erased_while_all_is_built_is_not_written_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shopwindow.middleware.rollups import building

    monkeypatch.setattr(building, "BATCH", 1)
    with closing(open_at(place)) as store, opened(place) as rollups:
        shop = Shop(store, 24, visitors=16)
        for _ in range(4):
            shop.log_in()
        shop.act(160)
        rollups.update(PLAN, shop.now + 1)
        gone: list[str] = []

        def erase(what: str, done: int, total: int | None) -> None:
            if len(gone) < 6:
                with opened(place) as other:
                    gone.append(shop.erase(other))

        rollups.update(PLAN, shop.now + 1, erase, rebuild=True)
        assert len(gone) == 6
        rollups.update(PLAN, shop.now + 1)
        assert kept(rollups) == shop.expected()

"""A PostgreSQL that goes away while roll-ups are updated or somebody leaves, and comes back."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio import to_thread

from shopwindow import Shopwindow
from shopwindow.middleware.rollups import building, updating
from shopwindow.middleware.rollups import turn as turn_room
from shopwindow.middleware.rollups.planning import plan_for
from shopwindow.middleware.rollups.postgres import PostgresTables
from shopwindow.middleware.site import read_site
from shopwindow.middleware.stores import ERASED, StoreError
from shopwindow.rules.facts import Event
from tests.commands import run
from tests.counted import PLAN, Shop, kept, opened
from tests.databases import Cluster, Place, cluster
from tests.kept import STRANGER, keep, write_site
from tests.shop import KEYS
from tests.stores import open_at

ROOT = Path(__file__).parents[3]
SHOWN: dict[str, Any] = {
    "promotions": [
        {"promotion_id": "banner", "slot": "home.hero", "rule": "banner-for-all"}
    ],
    "revision": "r",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    with cluster() as one:
        yield one


class Going:
    """A server that is running, and can be sent away."""

    def __init__(self, server: Cluster) -> None:
        self._server = server
        self._stack = ExitStack()
        self.come()

    def come(self) -> None:
        self.process = self._stack.enter_context(self._server.running())

    def go(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # it ends all connections
            self.process.wait(20)

    def close(self) -> None:
        self._stack.close()


@pytest.fixture
def going(server: Cluster) -> Iterator[Going]:
    with closing(Going(server)) as going:
        yield going


def away(
    monkeypatch: pytest.MonkeyPatch, method: str, call: int, go: Callable[[], None]
) -> None:
    """Let the server go before one of the calls of a method of its tables."""
    ask, calls = getattr(PostgresTables, method), iter(range(1_000_000))

    def asked(*values: Any, **more: Any) -> Any:
        if next(calls) == call:
            go()
        return ask(*values, **more)

    monkeypatch.setattr(PostgresTables, method, asked)


@pytest.mark.parametrize("way", ["update", "rebuild"])
@pytest.mark.parametrize(("method", "call"), [("_ask", 30), ("changing", 3)])
def test_an_update_says_so_and_the_next_one_goes_on(
    server: Cluster,
    going: Going,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    method: str,
    call: int,
) -> None:
    monkeypatch.setattr(updating, "BATCH", 4)
    monkeypatch.setattr(building, "BATCH", 4)
    monkeypatch.setattr(turn_room, "SILENCE", 0.3)
    place = Place(f"{server.url}?schema={way}{method}{call}")
    with closing(open_at(place)) as store:
        shop = Shop(store, call, visitors=16)
        shop.act(60)
        with opened(place) as rollups:
            rollups.update(PLAN, shop.now + 1)
        shop.act(60)
        shop.log_in()
    with monkeypatch.context() as patch, opened(place) as rollups:
        away(patch, method, call, going.go)
        with pytest.raises(StoreError, match=r"127\.0\.0\.1.* cannot be read: "):
            rollups.update(PLAN, shop.now + 1, rebuild=way == "rebuild")
    assert going.process.returncode == 0
    going.come()
    with opened(place) as rollups:
        rollups.update(PLAN, shop.now + 1)
        assert kept(rollups) == shop.expected()
        rollups.update(PLAN, shop.now + 1, rebuild=True)
        assert kept(rollups) == shop.expected()


@pytest.mark.anyio
@pytest.mark.parametrize(("method", "call"), [("story", 0), ("changing", 0)])
async def test_who_leaves_meanwhile_is_counted_once(
    server: Cluster,
    going: Going,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    call: int,
) -> None:
    url = f"{server.url}?schema=leaving{method}{call}"
    folder = write_site(tmp_path / "site", store=url)
    keep(folder, (STRANGER, "Promotion Viewed", SHOWN, 1))
    run("measure", folder)
    gone = threading.Event()

    def go() -> None:
        going.go()
        gone.set()

    async with Shopwindow(folder, keys=KEYS) as window:
        away(monkeypatch, method, call, go)
        window.journal.note(Event("e" * 20, ERASED, STRANGER, time.time(), 0, {}))
        assert await to_thread.run_sync(gone.wait, 20)
        await anyio.sleep(0.3)  # it has tried again meanwhile
        going.come()
        assert await to_thread.run_sync(window.journal.wait_until_written, 20.0)
    with opened(Place(url)) as rollups:
        rollups.update(plan_for(read_site(folder)), time.time(), rebuild=True)
        counts = rollups.counts(0, 100_000)
        assert sorted(
            (counter, number)
            for (_, kind, _, counter), number in counts.items()
            if kind == "site"
        ) == [("impressions", 1), ("opt-outs", 1)]
        assert rollups.sizes()["units"] == 0


def test_who_measures_again_and_again_goes_on(
    server: Cluster, going: Going, tmp_path: Path
) -> None:
    folder = write_site(tmp_path / "site", store=f"{server.url}?schema=measuring")
    keep(folder, (STRANGER, "Promotion Viewed", SHOWN, 1))
    child = subprocess.Popen(
        [
            *(sys.executable, "-u", "-m", "shopwindow", "measure", str(folder)),
            *("--every", "1s", "--format", "json"),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert child.stdout is not None
    try:
        assert '"visitors":1' in child.stdout.readline()
        going.go()
        said = child.stdout.readline()
        while said.startswith("{"):
            said = child.stdout.readline()
        assert "cannot be read: " in said and said.startswith("postgresql://127")
        ran = run("report", folder, code=1)
        assert ran.stderr.startswith("postgresql://127") and not ran.stdout
        going.come()
        while not said.startswith("{"):
            assert "Traceback" not in said
            said = child.stdout.readline()
    finally:
        child.terminate()
        rest, _ = child.communicate(timeout=20)
    assert "Traceback" not in rest
    assert child.returncode == 0

"""Pages while old rows are deleted, among a million: they do not wait for it."""

import asyncio
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from shopwindow import Shopwindow
from shopwindow.middleware.stores.rows import COLUMNS, mark_of, row_of
from shopwindow.middleware.stores.sqlite import SqliteStore
from shopwindow.middleware.visitor import VisitorCookie, new_visitor
from shopwindow.rules.facts import DAY, PURPOSES, Event
from tests.asgi import ask
from tests.kept import write_site
from tests.shop import KEYS, by_attribute, mounted, page, whole

from .soaked import Soaked

ROUNDS = 5  # of a while alone, a while beside a neighbour, and one beside a purge
SECONDS = 3.0
PAUSE = 0.004  # seconds between two pages: a shop has some rest
VISITORS = 2_000
ALLOWED = 2.0  # milliseconds that the slowest page of a hundred may be slower
_PART = 20_000


def soak_purge(count: int, seed: int, step: Callable[[], None]) -> Soaked:
    """``count`` rows of the log, nine in ten of them too old."""
    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(_soak(Path(name), count, step))


async def _soak(folder: Path, count: int, step: Callable[[], None]) -> Soaked:
    more = '\n[events]\nkeep = "30 days"\n'
    write_site(folder, more)
    path = folder / "shop.db"
    SqliteStore(path).close()
    _fill(path, count, step)
    window = Shopwindow(folder, keys=KEYS)
    visitor = VisitorCookie(KEYS)
    now = time.time()
    cookies = [
        visitor.value(new_visitor(frozenset(PURPOSES), now)) for _ in range(VISITORS)
    ]
    slowest: dict[str, list[float]] = {"alone": [], "neighbour": [], "purge": []}
    deleted = 0
    async with window:
        app = mounted(whole(lambda: page(by_attribute)), window)

        async def pages(seconds: float) -> list[float]:
            times: list[float] = []
            end = time.perf_counter() + seconds
            while (begun := time.perf_counter()) < end:
                cookie = cookies[len(times) % VISITORS]
                answer = await ask(
                    app, "/p/tea-1", headers=[(b"cookie", b"shopwindow=" + cookie)]
                )
                times.append((time.perf_counter() - begun) * 1_000)
                assert answer.status == 200
                await asyncio.sleep(PAUSE)
            return times

        await pages(1.0)  # warm
        for _ in range(ROUNDS):
            slowest["alone"].append(_slowest(await pages(SECONDS)))
            neighbour = _beside("-c", _NEIGHBOUR)
            slowest["neighbour"].append(_slowest(await pages(SECONDS)))
            _end(neighbour)
            before = _rows(path)
            purge = _beside("-m", "shopwindow", "purge", str(folder))
            while _rows(path) == before and purge.poll() is None:
                await asyncio.sleep(0.05)  # it is still counting
            slowest["purge"].append(_slowest(await pages(SECONDS)))
            _end(purge)  # the next one goes on from there
            deleted += before - _rows(path)
        lost = sum(window.journal.dropped.values())
    middle = {name: statistics.median(times) for name, times in slowest.items()}
    figures = {
        "rows deleted meanwhile": deleted,
        "events dropped": lost,
        **{f"us at p99, {name}": round(ms * 1_000) for name, ms in middle.items()},
    }
    examples = []
    slower = middle["purge"] - middle["neighbour"]
    if slower > ALLOWED:
        examples.append(f"a purge makes pages {slower:.2f} ms slower (p99)")
    if lost or not deleted:
        examples.append(f"{lost} events were dropped, {deleted} rows deleted")
    return Soaked("purge", count, len(examples), figures, examples)


# Works and rests as long as a purge does, but has nothing to do with the store: what pages lose
# to it, they lose to the cores.
_NEIGHBOUR = """
import time
while True:
    end = time.perf_counter() + 0.004
    while time.perf_counter() < end:
        pass
    time.sleep(0.012)
"""


def _beside(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: os.nice(10),  # as cron is told to
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _slowest(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98]


def _rows(path: Path) -> int:
    with sqlite3.connect(path) as file:
        ((number,),) = file.execute("SELECT count(*) FROM events").fetchall()
    file.close()
    return int(number)


def _fill(path: Path, count: int, step: Callable[[], None]) -> None:
    holes = ", ".join("?" * len(COLUMNS.split(",")))
    file = sqlite3.connect(path)
    now = time.time()
    rows = _events(count, now)
    for at in range(0, count, _PART):
        with file:
            part = [row for _, row in zip(range(_PART), rows, strict=False)]
            file.executemany(f"INSERT INTO events ({COLUMNS}) VALUES ({holes})", part)
        for _ in range(min(_PART, count - at)):
            step()
    file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file.close()


def _events(count: int, now: float) -> Iterator[tuple[object, ...]]:
    for number in range(count):
        at = now - 300 * DAY + number * 300 * DAY / count
        id = f"{int(at * 1000):011x}{number:016x}"
        seen = {"product_id": f"product-{number % 5_000}"}
        event = Event(id, "Product Viewed", "", at, 0, seen)
        yield tuple(row_of(event, mark_of(f"somebody-{number % 50_000}")))

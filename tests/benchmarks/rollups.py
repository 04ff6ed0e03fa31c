"""What it costs to count a large log by the day, beside a shop that goes on writing."""

import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from shopwindow.middleware.rollups import open_rollups
from shopwindow.middleware.rollups.planning import plan_for
from shopwindow.middleware.site import read_site
from shopwindow.middleware.stores.opening import Address

from .goals import Goal

EVENTS = 5_000_000
DAYS = 90
SHOWN = 90  # days of a report
MOST_SECONDS = 60.0
MOST_BYTES = 300e6
MOST_WAIT = 0.05
MOST_READING = 2.0
PAUSE = 0.01  # seconds between two writes of the shop

_WRITER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
connection.execute("PRAGMA synchronous = NORMAL")
print(flush=True)
while not sys.stdin.closed:
    before = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    waited = time.perf_counter() - before
    connection.execute(
        "INSERT INTO traffic VALUES ('bench', 'x', 1) "
        "ON CONFLICT (dimension, key) DO UPDATE SET weight = weight + 1"
    )
    connection.execute("COMMIT")
    print(waited, flush=True)
    time.sleep(float(sys.argv[2]))
"""


class Rolled(NamedTuple):
    """Seconds, CPU seconds of all processes, bytes at most in all of them together, and what a
    writer of the shop waited: the longest time, and the time that one in a thousand exceeds."""

    events: int
    seconds: float
    cpu: float
    size: float
    waited: float
    waited_late: float
    again: float  # seconds of an update that finds nothing new
    reading: float  # seconds of all that a report reads


def measure(
    folder: Path, events: int, step: Callable[[], None] = lambda: None
) -> Rolled:
    """Make a log and count it."""
    site = read_site(
        Path(str(files("shopwindow.examples.petshop"))) / "personalization"
    )
    path = folder / "shop.db"
    made(path, events)
    step()
    plan, day = plan_for(site), site.context.day
    at = Address(f"sqlite:///{path}", "", folder)
    with open_rollups(at, day) as rollups:
        now = time.time() + 1
        with largest() as sizes, writing(path) as waits:
            before, cpu = time.perf_counter(), _cpu()
            done = rollups.update(plan, now)
            seconds, cpu = time.perf_counter() - before, _cpu() - cpu
        assert done.rebuilt and done.owners
        step()
        before = time.perf_counter()
        rollups.update(plan, now + 1)
        again = time.perf_counter() - before
        before = time.perf_counter()
        until = day(now) + 1
        cells = sum(tally.n for _, tally in rollups.cells(until - SHOWN, until))
        counts = rollups.counts(until - SHOWN, until)
        reading = time.perf_counter() - before
        assert cells and counts
    waits.sort()
    late = waits[-1 - len(waits) // 1_000] if waits else 0.0
    return Rolled(events, seconds, cpu, max(sizes), waits[-1], late, again, reading)


def made(path: Path, events: int) -> None:
    """A log of made-up visitors, as `shopwindow simulate` makes one."""
    command = [sys.executable, "-m", "shopwindow", "simulate"]
    options = ["--events", str(events), "--days", str(DAYS), "--into", str(path)]
    subprocess.run([*command, *options], check=True, stdout=subprocess.DEVNULL)


def _cpu() -> float:
    """CPU seconds of this process and of those that it has waited for."""
    every = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in every)


@contextmanager
def largest() -> Iterator[list[float]]:
    """How many bytes this process and its workers hold together, looked at again and again."""
    sizes, ended = [0.0], threading.Event()

    def look() -> None:
        while not ended.wait(0.1):
            sizes.append(sum(map(_held, [os.getpid(), *_workers()])))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield sizes
    finally:
        ended.set()
        thread.join()


def _workers() -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue  # it has ended meanwhile
        if b"shopwindow.middleware.rollups.worker" in words and parent == str(
            os.getpid()
        ):
            found.append(int(entry.name))
    return found


def _held(process: int) -> float:
    """What of its memory is not that of files that others have open as well."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    held = [line.split() for line in lines if line.startswith("VmRSS:")]
    return sum(float(words[1]) * 1024 for words in held)


@contextmanager
def writing(path: Path) -> Iterator[list[float]]:
    """A writer of the shop: the seconds that it waited each time."""
    waits: list[float] = []
    child = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path), str(PAUSE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    child.stdout.readline()

    def listen() -> None:
        assert child.stdout is not None
        waits.extend(float(line) for line in child.stdout if line.endswith("\n"))

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        yield waits
    finally:
        child.kill()
        child.wait()
        thread.join()
        child.stdout.close()
        assert child.stdin is not None
        child.stdin.close()


def rollup_goals(found: Rolled) -> list[Goal]:
    """What has to be reached; for a smaller log than that of the goal, its share of the time."""
    share = found.events / EVENTS
    what = f"roll-ups of {found.events:,} events"
    return [
        Goal(f"{what}", found.seconds, "s", most=MOST_SECONDS * share),
        Goal(f"{what}, CPU of all processes", found.cpu, "s"),
        Goal(f"{what}, memory of all processes", found.size, "MB", most=MOST_BYTES),
        Goal("longest wait of a writer beside", found.waited, "ms", most=MOST_WAIT),
        Goal("one wait in 1,000 is longer than", found.waited_late, "ms"),
        Goal("an update with nothing new", found.again, "s"),
        Goal(
            f"reading {SHOWN} days for a report", found.reading, "s", most=MOST_READING
        ),
    ]

"""How long a reload of ten thousand rules takes, and how long it stalls the event loop.

``python -m tests.benchmarks.reloading FOLDER`` measures in a process of its own and prints
the figures as JSON.
"""

import asyncio
import json
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from shopwindow import Shopwindow
from shopwindow.middleware import pacing

from .manyrules import write_many
from .work import KEY

ROOT = Path(__file__).parents[2]
TICK = 0.001  # seconds that the loop sleeps between two looks at the clock
IDLE = 3.0  # seconds of the control
FREEING = pacing.GRACE + 2.0


class Reloading(NamedTuple):
    """Seconds, and the bytes that one set of rules keeps (as tracemalloc counts them)."""

    idle_stall: float
    stall: float
    seconds: float
    kept: int


async def longest_stall(going: Callable[[], bool]) -> float:
    """The longest time by which a tick came late while ``going`` says so."""
    longest, last = 0.0, time.perf_counter()
    while going():
        await asyncio.sleep(TICK)
        now = time.perf_counter()
        longest = max(longest, now - last - TICK)
        last = now
    return longest


async def measure(folder: Path, count: int) -> Reloading:
    """Start with two rules in ``folder``, then reload ``count`` rules, then as many others."""
    folder = write_many(folder, 2)
    window = Shopwindow(folder, keys=(KEY,))
    end = time.perf_counter() + IDLE
    idle = await longest_stall(lambda: time.perf_counter() < end)
    write_many(folder, count)
    seconds, stall = await _reload(window)
    assert len(window.site.rules.rules) == count
    write_many(folder, count, "Another")
    again, stalled = await _reload(window)
    tracemalloc.start()  # what was there before is not counted, and goes
    await window.reload_soon()
    kept, _ = tracemalloc.get_traced_memory()
    return Reloading(idle, max(stall, stalled), max(seconds, again), kept)


async def _reload(window: Shopwindow) -> tuple[float, float]:
    """How long it took, and the longest stall until the old rules are freed, too."""
    before = time.perf_counter()
    reload = asyncio.create_task(window.reload_soon())
    stall = await longest_stall(lambda: not reload.done())
    await reload
    seconds = time.perf_counter() - before
    end = time.perf_counter() + FREEING
    return seconds, max(stall, await longest_stall(lambda: time.perf_counter() < end))


def reloading(folder: Path) -> Reloading:
    """Measured in a fresh process."""
    command = [sys.executable, "-m", "tests.benchmarks.reloading", str(folder)]
    ran = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return Reloading(*json.loads(ran.stdout))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(Path(sys.argv[1]), 10_000))))

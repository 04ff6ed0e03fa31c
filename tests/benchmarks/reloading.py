"""How long a reload of ten thousand rules takes, and how long it stalls the event loop.

``python -m tests.benchmarks.reloading FOLDER`` measures in a process of its own and prints
the figures as JSON.
"""

import asyncio
import gc
import json
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple

from shopwindow import Shopwindow
from shopwindow.middleware.loading import pacing

from .manyrules import write_many
from .work import KEY

ROOT = Path(__file__).parents[2]
TICK = 0.001  # seconds that the loop sleeps between two looks at the clock
IDLE = 2.0  # seconds of the control
ROUNDS = 5


class Reloading(NamedTuple):
    """Seconds, the longest stalls as medians over the rounds; and the bytes that are kept.

    A machine that does other things, too, stalls everybody now and then: hence the medians.
    The bytes are those that tracemalloc counts for one set of rules.
    """

    idle_stall: float
    stall: float
    worst_stall: float
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
    """Start with two rules in ``folder``, then reload ``count`` others in each round."""
    pacing.GRACE = 1.0  # what is measured holds the old rules no longer than that
    window = Shopwindow(write_many(folder, 2), keys=(KEY,))
    idle, stalls, seconds = [], [], []
    for round in range(ROUNDS):
        write_many(folder, count, f"Round {round} number")
        gc.collect()  # what writing left behind
        idle.append(await longest_stall(until(IDLE)))
        before = time.perf_counter()
        reload = asyncio.create_task(window.reload_soon())
        stall = await longest_stall(partial(_running, reload))
        await reload
        seconds.append(time.perf_counter() - before)
        # The old rules are freed a second later.
        stalls.append(max(stall, await longest_stall(until(pacing.GRACE + 1.0))))
        assert len(window.site.rules.rules) == count
    tracemalloc.start()  # what was there before is not counted, and goes
    await window.reload_soon()
    kept, _ = tracemalloc.get_traced_memory()
    return Reloading(median(idle), median(stalls), max(stalls), median(seconds), kept)


def _running(task: "asyncio.Task[None]") -> bool:
    return not task.done()


def until(seconds: float) -> Callable[[], bool]:
    end = time.perf_counter() + seconds
    return lambda: time.perf_counter() < end


def reloading(folder: Path) -> Reloading:
    """Measured in a fresh process."""
    command = [sys.executable, "-m", "tests.benchmarks.reloading", str(folder)]
    ran = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return Reloading(*json.loads(ran.stdout))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(Path(sys.argv[1]), 10_000))))

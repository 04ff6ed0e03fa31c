"""How long a page waits for a profile in a SQLite file: it is read where the request runs."""

import gc
import time
from contextlib import closing
from pathlib import Path
from random import Random
from statistics import median

from shopwindow.middleware.stores.sqlite import SqliteStore

from .goals import Goal
from .overredis import VISITORS, seed
from .visitors import make_visitor

BLOCKS, BLOCK = 150, 40  # reads; between two blocks somebody else may have the machine
MOST = 15e-6  # seconds


def measure(folder: Path) -> float:
    """Seconds that half of the reads of a visitor's profile take no longer than.

    That of the calmest tenth of the blocks: what other programs take is not the store's.
    """
    now = time.time()
    with closing(SqliteStore(folder / "read.db")) as store:
        seed(store, now)
        visitors = [make_visitor(n, now).id for n in range(VISITORS) if n % 3]
        chance = Random(1)
        blocks = []
        gc.collect()
        for _ in range(BLOCKS):
            seconds = []
            for visitor in chance.sample(visitors, BLOCK):
                begun = time.perf_counter()
                store.fetch(visitor)
                seconds.append(time.perf_counter() - begun)
            blocks.append(median(seconds))
            time.sleep(0.002)
    return median(sorted(blocks)[: BLOCKS // 10])


def read_goal(seconds: float) -> Goal:
    return Goal("SQLite: a visitor's profile read, p50", seconds, "µs", most=MOST)

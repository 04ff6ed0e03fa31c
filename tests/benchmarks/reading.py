"""How long a page waits for a profile in a SQLite file: it is read where the request runs."""

import gc
import time
from collections.abc import Callable
from contextlib import closing
from itertools import cycle, islice
from pathlib import Path
from random import Random
from statistics import median
from typing import NamedTuple

from shopwindow.middleware.stores.sqlite import SqliteStore
from shopwindow.middleware.stores.sqlite.store import SEEN
from shopwindow.rules.facts import Profile

from .goals import Goal
from .overredis import VISITORS, seed
from .visitors import make_visitor

BLOCKS, BLOCK = 150, 40  # reads; between two blocks somebody else may have the machine
MOST = 15e-6  # seconds


class Reads(NamedTuple):
    """Seconds that half of the reads take no longer than."""

    first: float  # of a visitor whom this process has not met lately
    asked: float  # of such a one, with two tables that rules often ask for
    again: float  # of one whose row is still what it was


def measure(folder: Path) -> Reads:
    """How long reading a visitor's profile takes.

    In the calmest tenth of the blocks: what other programs take is not the store's.
    """
    now = time.time()
    visitors = [make_visitor(n, now).id for n in range(VISITORS) if n % 3]
    Random(1).shuffle(visitors)
    # Whoever is read is forgotten until it is their turn again.
    assert len(visitors) >= 2 * SEEN
    turns = cycle(visitors)
    first, asked, again = [], [], []
    with closing(SqliteStore(folder / "read.db")) as store:
        seed(store, now)
        for visitor in islice(turns, len(visitors)):
            store.fetch(visitor)
        gc.collect()
        for _ in range(BLOCKS):
            some = list(islice(turns, BLOCK))
            first.append(_block(store, some))
            again.append(_block(store, some))
            asked.append(_block(store, list(islice(turns, BLOCK)), _ask))
            time.sleep(0.002)
    return Reads(_calm(first), _calm(asked), _calm(again))


def _no_question(profile: Profile | None) -> None:
    """What is known may be all that somebody wants."""


def _ask(profile: Profile | None) -> None:
    if profile is not None:
        profile.counts.get("viewed category")
        profile.interests.get("category")


def _block(
    store: SqliteStore,
    visitors: list[str],
    ask: Callable[[Profile | None], None] = _no_question,
) -> float:
    seconds = []
    for visitor in visitors:
        begun = time.perf_counter()
        ask(store.fetch(visitor))
        seconds.append(time.perf_counter() - begun)
    return median(seconds)


def _calm(blocks: list[float]) -> float:
    return median(sorted(blocks)[: BLOCKS // 10])


def read_goals(reads: Reads) -> list[Goal]:
    what = "SQLite: a visitor's profile read, p50"
    return [
        Goal(what, reads.first, "µs", most=MOST),
        Goal(f"{what}, with two of its tables", reads.asked, "µs", most=MOST),
        Goal(f"{what}, again", reads.again, "µs"),
    ]

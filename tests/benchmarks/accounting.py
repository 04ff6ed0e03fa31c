"""What it costs a request that its showings are counted: the same pages with and without."""

import asyncio
import gc
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from statistics import median
from typing import NamedTuple

from shopwindow.middleware.exposed import PageExposed
from shopwindow.middleware.visit import Visit
from shopwindow.rules.facts import Decision

from .contenders import PERSONALISED, contenders
from .goals import Goal
from .rounds import answer
from .work import Work

ROUNDS = 30
PEOPLE = 300  # each sees one page in each round
CALM = 10  # the calmest tenth counts: what else a machine does makes a page slower
MOST = 5e-6  # seconds of CPU of the thread that answers


class Accounting(NamedTuple):
    """CPU seconds of the answering thread for each page: counted, not counted, and again not
    counted, which says how much of a difference is chance."""

    counted: list[float]
    uncounted: list[float]
    control: list[float]

    @property
    def added(self) -> float:
        """What counting adds to a page."""
        return _calm(self.counted) - _calm([*self.uncounted, *self.control])

    @property
    def usual(self) -> float:
        """What counting adds to a page, in the middle of all pages, also of those that were
        disturbed by other programs."""
        return median(self.counted) - median([*self.uncounted, *self.control])

    @property
    def chance(self) -> float:
        """What nothing at all adds."""
        return _calm(self.control) - _calm(self.uncounted)


def _calm(pages: Sequence[float]) -> float:
    return median(sorted(pages)[: len(pages) // CALM])


@contextmanager
def switched_off() -> Iterator[None]:
    """No page exposes anything, and no link carries a decision."""
    add, counts = PageExposed.add, Visit.counts

    def forget(self: PageExposed, decision: Decision, known: object) -> None:
        """In the place of what counts."""

    PageExposed.add = forget  # type: ignore[method-assign]  # put back below
    Visit.counts = False  # type: ignore[assignment,method-assign]  # for all visits
    try:
        yield
    finally:
        PageExposed.add = add  # type: ignore[method-assign]  # as it was
        Visit.counts = counts  # type: ignore[method-assign]  # as it was


async def measure(work: Work, step: Callable[[], None]) -> Accounting:
    """Lets visitors see their start pages, each time with or without by lot: what a page leaves
    behind costs the visitor's next one, of whichever kind that is."""
    (shop,) = (one for one in contenders(work, "static") if one.name == PERSONALISED)
    scopes = [work.request(number) for number in range(PEOPLE)]
    lot = random.Random(7)
    found = Accounting([], [], [])
    for number in range(ROUNDS + 1):
        lot.shuffle(scopes)
        gc.collect()
        gc.disable()  # it would run in whichever page comes then
        for scope in scopes:
            kind = lot.randrange(len(found))
            with switched_off() if kind else nullcontext():
                before = time.thread_time_ns()
                await answer(shop.app, scope)
                taken = time.thread_time_ns() - before
            if number:  # the first round makes everything warm
                found[kind].append(taken / 1e9)
        gc.enable()
        await shop.settle()
        await asyncio.sleep(0)
        step()
    return found


def accounting_goals(found: Accounting) -> list[Goal]:
    name = "counting a page's showings, CPU of the thread that answers"
    return [
        Goal(name, found.added, "µs", most=MOST),
        Goal("the same, in the middle of all pages", found.usual, "µs"),
        Goal("the same, of two times nothing", found.chance, "µs"),
    ]

"""What it costs a request that its showings are counted: the same pages with and without."""

import asyncio
import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import NamedTuple

from starlette.types import ASGIApp, Scope

from shopwindow.middleware.exposed import PageExposed
from shopwindow.rules.facts import Decision

from .contenders import PERSONALISED, contenders
from .goals import Goal
from .rounds import answer
from .work import Work

ROUNDS = 40
PAGES = 50  # in each half of a round
MOST = 5e-6  # seconds of CPU of the thread that answers


class Accounting(NamedTuple):
    """CPU seconds per page of the answering thread, once for each round."""

    counted: Sequence[float]
    uncounted: Sequence[float]

    @property
    def added(self) -> float:
        """The median over the rounds of what counting adds."""
        pairs = zip(self.counted, self.uncounted, strict=True)
        return median(one - other for one, other in pairs)


@contextmanager
def switched_off() -> Iterator[None]:
    """No page exposes anything, so that nothing is told of it."""
    add = PageExposed.add

    def forget(self: PageExposed, decision: Decision, known: object) -> None:
        """In the place of what counts."""

    PageExposed.add = forget  # type: ignore[method-assign]  # put back below
    try:
        yield
    finally:
        PageExposed.add = add  # type: ignore[method-assign]  # as it was


async def measure(work: Work, step: Callable[[], None]) -> Accounting:
    """Lets the same visitors see their start pages in turn with and without."""
    (shop,) = (one for one in contenders(work, "static") if one.name == PERSONALISED)
    counted: list[float] = []
    uncounted: list[float] = []
    for number in range(ROUNDS + 1):
        scopes = work.requests(number, PAGES)
        for off in (number % 2, 1 - number % 2):
            if off:
                with switched_off():
                    seconds = await _half(shop.app, scopes)
            else:
                seconds = await _half(shop.app, scopes)
            await shop.settle()
            if number:  # the first round makes everything warm
                (uncounted if off else counted).append(seconds)
        step()
    return Accounting(counted, uncounted)


async def _half(app: ASGIApp, scopes: Sequence[Scope]) -> float:
    gc.collect()
    taken = []
    for scope in scopes:
        before = time.thread_time()
        await asyncio.create_task(answer(app, scope))
        taken.append(time.thread_time() - before)
    return median(taken)


def accounting_goal(found: Accounting) -> Goal:
    name = "counting a page's showings, CPU of the thread that answers"
    return Goal(name, found.added, "µs", most=MOST)

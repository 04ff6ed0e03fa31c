"""What it costs a request that its showings are counted: the same pages with and without."""

import asyncio
import gc
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from statistics import median
from typing import NamedTuple

from shopwindow import PersonalizationMiddleware
from shopwindow.middleware import display
from shopwindow.middleware.exposed import PageExposed
from shopwindow.rules.facts import Decision

from .contenders import PERSONALISED, serve, static_pages
from .goals import Goal
from .rounds import answer
from .shop import FRAGMENTS
from .work import Opened, Work, seed, seed_traffic, write_site

ROUNDS = 60
PEOPLE = 300  # each sees one page in each round
CALM = 10  # the calmest tenth
MOST = 5e-6  # seconds of CPU of the thread that answers


Pages = dict[int, list[float]]


class Accounting(NamedTuple):
    """CPU seconds of the answering thread for each page of each visitor: counted, not counted,
    and again not counted, which says how much of a difference is chance.

    A visitor's pages are compared with their own: one has a longer page than another.
    """

    counted: Pages
    uncounted: Pages
    control: Pages

    @property
    def added(self) -> float:
        """What counting adds to a page."""
        return self._between(self.counted, self._without, median)

    @property
    def calm(self) -> float:
        """The same of each visitor's calmest pages: what else a machine does makes a page slower."""
        return self._between(self.counted, self._without, _calmest)

    @property
    def chance(self) -> float:
        """What nothing at all adds."""
        return self._between(self.control, self.uncounted, median)

    @property
    def _without(self) -> Pages:
        return {who: self.uncounted[who] + self.control[who] for who in self.uncounted}

    def _between(
        self, pages: Pages, others: Pages, typical: Callable[[list[float]], float]
    ) -> float:
        return median(typical(pages[who]) - typical(others[who]) for who in pages)


def _calmest(pages: list[float]) -> float:
    return median(sorted(pages)[: max(1, len(pages) // CALM)])


class Accountings(NamedTuple):
    """Of a page without links that count clicks, and of one with 13 of them."""

    plain: Accounting
    linked: Accounting


_NAME = PageExposed.__name__


class Forgotten(list[Decision]):
    """In the place of what counts."""

    def append(self, decision: Decision) -> None:
        pass


class Uncounted(PageExposed):
    """Exposes nothing, and no link carries a decision."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__()
        self.decisions = Forgotten()

    def beginning(self, now: float) -> bytes:
        return b""

    def mark(self, beginning: bytes) -> bytes:
        return b""


@contextmanager
def switched_off() -> Iterator[None]:
    """No page exposes anything.

    No class is changed: the interpreter would forget what it has learned of it, and whoever
    calls it next would pay for that, which in a shop nobody does.
    """
    setattr(display, _NAME, Uncounted)
    try:
        yield
    finally:
        setattr(display, _NAME, PageExposed)


class Linked(Opened):
    """The visitors of ``work`` in a shop whose fragments have links that count clicks."""

    def __init__(self, work: Work, folder: Path) -> None:
        write_site(folder)
        for name, text in FRAGMENTS.items():
            counted = re.sub(r'href="{{ (.*?) }}"', r'href="{{ click(\1) }}"', text)
            path = folder / "fragments" / f"{name}.html"
            path.write_text(counted, encoding="utf-8")
        super().__init__(folder)
        seed_traffic(self.store)
        seed(self.store, [work.visitor(one) for one in range(PEOPLE)], work.now)


async def measure(work: Work, folder: Path, step: Callable[[], None]) -> Accountings:
    """What counting adds to a page without links that count clicks, and to one with them."""
    plain = await _measure(work, work, step)
    linked = Linked(work, folder)
    async with linked.window:
        return Accountings(plain, await _measure(linked, work, step))


async def _measure(opened: Opened, work: Work, step: Callable[[], None]) -> Accounting:
    """Lets visitors see their start pages, each time with or without by lot: what a page leaves
    behind costs the visitor's next one, of whichever kind that is."""
    page = serve(static_pages(opened)[PERSONALISED])
    app, journal = PersonalizationMiddleware(page, opened.window), opened.window.journal
    scopes = [(number, work.request(number)) for number in range(PEOPLE)]
    lot = random.Random(7)
    found = Accounting(defaultdict(list), defaultdict(list), defaultdict(list))
    for number in range(ROUNDS + 1):
        lot.shuffle(scopes)
        gc.collect()
        gc.disable()  # it would run in whichever page comes then
        for who, scope in scopes:
            kind = lot.randrange(len(found))
            with switched_off() if kind else nullcontext():
                before = time.thread_time_ns()
                await answer(app, scope)
                taken = time.thread_time_ns() - before
            if number:  # the first round makes everything warm
                found[kind][who].append(taken / 1e9)
        gc.enable()
        while journal.waiting:
            await asyncio.sleep(0.02)
        step()
    return found


def accounting_goals(found: Accountings) -> list[Goal]:
    goals = []
    for page, counting in (
        ("showings", found.plain),
        ("showings and 13 links", found.linked),
    ):
        name = f"counting a page's {page}, CPU of the thread that answers"
        goals += [
            Goal(name, counting.added, "µs", most=MOST),
            Goal(
                "the same, the calmest tenth of pages", counting.calm, "µs", most=MOST
            ),
            Goal("the same, of two times nothing", counting.chance, "µs"),
        ]
    return goals

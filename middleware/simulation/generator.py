"""A log of about so many events over so many days, in order of time and in little memory."""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from random import Random
from typing import NamedTuple

import msgspec

from ...rules.facts import DAY
from ..keys import pseudonym
from ..stores.rows import mark_of
from .assortment import Shelf
from .history import Person, Walk, Written, person
from .logs import Log
from .tastes import hour, taste

VISITS = (1, 1, 1, 1, 1, 1, 2, 2, 3, 4, 5, 8)
BETWEEN = 6.0  # days between two visits, on average
AT_ONCE = 50_000  # rows that are sorted and written together
LOGS_IN = 0.08  # part of the visitors who turn out to be customers
TRIED = 800  # visitors who are made to find out how much one does
MOST = 2**32 - 1  # visitors

_KEY = (b"made-up visitors",)  # nobody is called by what it makes


class Plan(msgspec.Struct, frozen=True):
    """What is to be made: about ``events`` of the ``days`` before ``until``, from ``seed``.

    ``revision`` is that of the rules which are said to have decided.
    """

    events: int
    days: int
    seed: int
    until: float
    revision: str = ""


class Schedule(NamedTuple):
    """When who comes: a visit is its second of the day, shifted, and the visitor's number."""

    days: list["array[int]"]
    visits: "array[int]"  # of each visitor


class Silent:
    """A log that keeps nothing."""

    def write(self, rows: list[Written]) -> None: ...

    def link(self, customer: str, mark: str) -> None: ...


def generate(
    plan: Plan,
    shelves: Mapping[str, Shelf],
    log: Log,
    done: Callable[[int], None] = lambda number: None,
) -> dict[str, int]:
    """Write the log of ``plan``; ``done`` hears how many events have come to it.

    The same plan makes the same log. Returns the number of events by name. Raises
    :class:`~shopwindow.middleware.stores.StoreError` as ``log`` does.
    """
    tried = sum(len(rows) for _, rows in _visits(plan, TRIED, shelves, Silent()))
    visitors = min(MOST, max(1, round(TRIED * plan.events / tried)))
    counts: Counter[str] = Counter()
    for batch in _batches(_visits(plan, visitors, shelves, log)):
        log.write(batch)
        counts.update(map(itemgetter(3), batch))
        done(len(batch))
    return dict(sorted(counts.items()))


def _batches(visits: Iterator[tuple[float, list[Written]]]) -> Iterator[list[Written]]:
    """All rows by time: what happens in one visit lies between what happens in others."""
    waiting: list[Written] = []
    enough = AT_ONCE
    for begins, rows in visits:
        if len(waiting) >= enough:
            waiting.sort()
            # Nothing that is still to come is older than this visit.
            at = bisect_left(waiting, f"{int(begins * 1000):011x}", key=itemgetter(0))
            yield waiting[:at]
            del waiting[:at]
            enough = len(waiting) + AT_ONCE
        waiting += rows
    waiting.sort()
    if waiting:
        yield waiting


def _visits(
    plan: Plan, visitors: int, shelves: Mapping[str, Shelf], log: Log
) -> Iterator[tuple[float, list[Written]]]:
    """Each visit's begin and what happens in it, by begin."""
    luck = Random(plan.seed)
    midnight = plan.until // DAY * DAY - (plan.days - 1) * DAY
    schedule = _schedule(plan.days, visitors, luck)
    people: dict[int, Person] = {}
    for day, starts in enumerate(schedule.days):
        for start in sorted(starts):
            number = start & MOST
            time = midnight + day * DAY + (start >> 32)
            who = people.pop(number, None) or _met(
                plan, number, schedule.visits[number], luck, log
            )
            shelf = shelves[who.taste.favourite]
            rows = Walk(who, time, shelf, plan.revision, luck).rows()
            if who.left:
                people[number] = who
            if time < plan.until:
                yield time, [row for row in rows if row[1] < plan.until]


def _met(plan: Plan, number: int, visits: int, luck: Random, log: Log) -> Person:
    mark = mark_of(f"made-up {plan.seed} {number}")
    if luck.random() < LOGS_IN:
        log.link(pseudonym(_KEY, f"{plan.seed} {number}"), mark)
    return person(number, mark, taste(luck), visits, luck)


def _schedule(days: int, visitors: int, luck: Random) -> Schedule:
    found: list[array[int]] = [array("Q") for _ in range(days)]
    visits = array("B", bytes(visitors))
    for number in range(visitors):
        day = luck.random() * days
        for _ in range(VISITS[int(luck.random() * len(VISITS))]):
            second = hour(luck) * 3600 + int(luck.random() * 3600)
            found[int(day)].append(second << 32 | number)
            visits[number] += 1
            day += 1 + luck.expovariate(1 / (BETWEEN - 1))
            if day >= days:
                break
    return Schedule(found, visits)

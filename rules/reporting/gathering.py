"""Cells and counts of many days, summed up by what a report shows."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from ..measurement.cells import Cell, Tally
from .piles import Pile

Counts = Mapping[tuple[int, str, str, str], int]
Key = tuple[str, str, str]  # kind, name, context


class Gathered(NamedTuple):
    """``cells``: by kind, name and context the tallies of each arm. ``totals``: by kind and name
    the counters of all days; ``series``: by kind, name and counter how many on each day. ``firsts``
    and ``lasts``: the first and the last day of each of ``cells``, on which somebody new came. ``daily``: the tallies of each day and arm, of the experiments
    that were asked for."""

    cells: Mapping[Key, Mapping[str, Tally]]
    totals: Mapping[tuple[str, str], Mapping[str, int]]
    series: Mapping[tuple[str, str, str], Mapping[int, int]]
    firsts: Mapping[Key, int]
    lasts: Mapping[Key, int]
    daily: Mapping[Key, Mapping[int, Mapping[str, Tally]]]

    def arms(self, kind: str, name: str, context: str = "") -> Mapping[str, Tally]:
        return self.cells.get((kind, name, context), {})

    def names(self, kind: str, context: str = "") -> list[str]:
        """Those of ``kind`` that any visitor belongs to."""
        return sorted(
            key[1] for key in self.cells if (key[0], key[2]) == (kind, context)
        )

    def contexts(self, kind: str, name: str) -> list[str]:
        return sorted(
            key[2] for key in self.cells if key[:2] == (kind, name) and key[2]
        )

    def total(self, kind: str, name: str, counter: str) -> int:
        return self.totals.get((kind, name), {}).get(counter, 0)

    def days(self, kind: str, name: str, counter: str) -> Mapping[int, int]:
        return self.series.get((kind, name, counter), {})


def gathered(
    cells: Iterable[tuple[Cell, Tally]],
    counts: Counts,
    since: int,
    until: int,
    by_day: Collection[str] = (),
) -> Gathered:
    """Sums up; what the experiments ``by_day`` did is kept by day, too. ``counts`` may reach further back than ``since``, for what is said of the course
    of things; totals are those of ``since`` to ``until``, both included."""
    piles: dict[Key, dict[str, Pile]] = {}
    firsts: dict[Key, int] = {}
    lasts: dict[Key, int] = {}
    daily: dict[Key, dict[int, dict[str, Tally]]] = {}
    for cell, tally in cells:
        key = cell.kind, cell.name, cell.context
        arms = piles.setdefault(key, {})
        firsts[key] = min(cell.day, firsts.get(key, cell.day))
        lasts[key] = max(cell.day, lasts.get(key, cell.day))
        if cell.kind == "experiment" and cell.name in by_day:
            days = daily.setdefault(key, {}).setdefault(cell.day, {})
            days[cell.arm] = tally
        pile = arms.get(cell.arm)
        if pile is None:
            pile = arms[cell.arm] = Pile()
        pile.put(tally)
    totals: dict[tuple[str, str], dict[str, int]] = {}
    series: dict[tuple[str, str, str], dict[int, int]] = {}
    for (day, kind, name, counter), number in counts.items():
        course = series.setdefault((kind, name, counter), {})
        course[day] = course.get(day, 0) + number
        if since <= day <= until:
            total = totals.setdefault((kind, name), {})
            total[counter] = total.get(counter, 0) + number
    summed = {
        key: {arm: pile.total() for arm, pile in arms.items()}
        for key, arms in piles.items()
    }
    return Gathered(summed, totals, series, firsts, lasts, daily)

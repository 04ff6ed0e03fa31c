"""Cells and counts as they would have come from made-up visitors; the same seed, the same ones."""

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from shopwindow.rules.experiments import Split, Variant
from shopwindow.rules.facts import Decision
from shopwindow.rules.measurement.cells import Cell, Tally
from shopwindow.rules.reporting.asked import Asked
from shopwindow.rules.reporting.making import reported
from shopwindow.rules.reporting.report import Report
from shopwindow.rules.reporting.writing import Writing
from shopwindow.rules.rule import Rule
from shopwindow.rules.ruleset import ruleset

TODAY = 20_783  # 2026-11-26
NOW = TODAY * 86_400.0 + 36_000


class Book:
    """Cells and counts, unit by unit."""

    def __init__(self, seed: int = 1) -> None:
        self.chance = Random(seed)
        self.cells: dict[Cell, Tally] = {}
        self.counts: dict[tuple[int, str, str, str], int] = {}

    def units(self, cell: Cell, number: int, **rates: float) -> None:
        """``number`` units that do, with these chances, what is named: clicked, added, ordered,
        opt-out (``opt_out``); an order is worth about ``worth`` hundredths."""
        tally = self.tally(cell)
        worth = rates.pop("worth", 5_000)
        for _ in range(number):
            tally.count(self._unit(cell.arm, worth, rates))

    def tally(self, cell: Cell) -> Tally:
        """That of ``cell``, to be added to."""
        return self.cells.setdefault(cell, Tally())

    def _unit(
        self, arm: str, worth: float, rates: Mapping[str, float]
    ) -> dict[str, int]:
        chance = self.chance
        told = {"visits": 1, "pages": 1 + int(chance.expovariate(0.5))}
        told["bounces"] = int(told["pages"] == 1)
        if arm not in ("control", "held", "holdout", "none"):
            told["impressions"] = 1
            if chance.random() < rates.get("clicked", 0.1):
                told |= {"clicks": 1, "clicked": 1}
        if chance.random() < rates.get("added", 0.2):
            told["added"] = 1
        if chance.random() < rates.get("ordered", 0.1):
            revenue = round(worth * chance.lognormvariate(0, 0.5))
            told |= {"ordered": 1, "orders": 1, "revenue": revenue, "net": revenue}
        if chance.random() < rates.get("opt_out", 0.002):
            told |= {"opt-out": 1, "net": told.get("net", 0) - 4_000}
        return told

    def daily(
        self,
        kind: str,
        name: str,
        days: Mapping[int, int] | range,
        number: int = 0,
        **counters: int,
    ) -> None:
        """The same counters on each of ``days``."""
        for day in days:
            for counter, count in counters.items():
                key = (day, kind, name, counter.replace("_", "-"))
                self.counts[key] = self.counts.get(key, 0) + count

    def report(self, *rules: Rule, **asked: Any) -> Report:
        return reported(
            iter(self.cells.items()),
            self.counts,
            ruleset(list(rules), {}),
            ask(**asked),
        )

    def sorted(self) -> Iterator[tuple[Cell, Tally]]:
        return iter(sorted(self.cells.items()))


def ask(**changes: Any) -> Asked:
    known: dict[str, Any] = {
        "site": "Tierbedarf",
        "since": TODAY - 27,
        "until": TODAY,
        "today": TODAY,
        "now": NOW,
        "write": Writing(lambda amount: f"€{amount:,.2f}"),
        "slots": ("hero", "shelf"),
        "updated": NOW,
    }
    return Asked(**{**known, **changes})


def rule(id: str, slot: str = "hero", **more: Any) -> Rule:
    """A rule that always holds."""
    return Rule(
        *(id, slot, 0, "rules/start.yaml", 1, (), frozenset()),
        lambda _: True,
        lambda _: True,
        Decision(slot, "rule", rule=id, fragment="hero"),
        **more,
    )


def split(
    experiment: str = "tone", *names: str, control: float = 0.2, **more: Any
) -> Split:
    levels = more.pop("levels", {})
    variants = tuple(
        Variant(name, 1.0, "hero", level=levels.get(name, "individual"))
        for name in names or ("plain", "cosy")
    )
    return Split(experiment, variants, control=control, **more)


def experiment(
    book: Book,
    name: str = "tone",
    arms: Mapping[str, tuple[int, float]] = {},
    days: range = range(TODAY - 10, TODAY),
    context: str = "",
) -> None:
    """Arms with so many units a day, and the chance that one of them orders."""
    usual = {"control": (100, 0.1), "plain": (200, 0.1), "cosy": (200, 0.1)}
    for arm, (number, ordered) in (arms or usual).items():
        for day in days:
            book.units(
                Cell(day, "experiment", name, context, arm), number, ordered=ordered
            )

"""Adaptive experiments on made-up visitors, through the allocation that shops use.

Each visitor is allotted by :func:`allocate`, what they do is added up in cells as measuring adds
it up, and each batch the weights are learned from the cells, as ``shopwindow measure`` does it.
"""

import random
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from shopwindow.rules.allocating.adapting import learned
from shopwindow.rules.experiments import (
    Adapting,
    Allocations,
    Split,
    Units,
    Variant,
    allocate,
)
from shopwindow.rules.facts import DAY
from shopwindow.rules.measurement.cells import Cell, Tally

from .soaked import Soaked

RATES = (0.020, 0.022, 0.024, 0.030)
VISITORS = 100_000
BATCHES = 200
METRIC = "conversion-rate"
AT_ONCE = Adapting(METRIC, floor=0.05, delay=0.0)
LATER = Adapting(METRIC, floor=0.05, delay=float(DAY))
_FIRST_DAY = 20_000


class Market(NamedTuple):
    """Visitors and what they do. ``rates`` are the chances of the variants, by segment, in
    each of several equally long periods; a visitor is of one segment. Orders come ``wait`` days
    after the showing on average."""

    rates: Sequence[Mapping[str, Sequence[float]]] = ({"": RATES},)
    days: float = 10.0
    wait: float = 0.0
    visitors: int = VISITORS
    batches: int = BATCHES


class Ran(NamedTuple):
    """``saved`` is the part of an equal split's regret that was not had; ``least`` the least
    share of a variant at any time."""

    saved: float
    least: float


def run(market: Market, adapt: Adapting, seed: int) -> Ran:
    """One experiment from its first visitor to its last."""
    dice = random.Random(seed)
    names = [f"arm-{number}" for number in range(len(RATES))]
    split = Split(
        f"adaptive-{seed}",
        tuple(Variant(name, 1.0, "hero") for name in names),
        adapt=adapt,
    )
    books = _Books()
    allocations = Allocations()
    regret = equal = 0.0
    least = 1.0
    each = market.visitors // market.batches
    for batch in range(market.batches):
        now = _FIRST_DAY + batch / market.batches * market.days
        books.arrive(now)
        if batch:
            weights = learned(split, books.cells(), now)
            allocations = Allocations(weights={split.experiment: weights})
            for found in weights.values():
                least = min(least, min(found.values()) / sum(found.values()))
        period = market.rates[batch * len(market.rates) // market.batches]
        segments = list(period)
        for number in range(each):
            segment = segments[number % len(segments)]
            rates = period[segment]
            context = f"segment:{segment}" if segment in adapt.by else ""
            who = Units(f"{seed}-{batch}-{number}")
            variant = allocate(
                split, who, allocations=allocations, context=context
            ).variant
            assert variant is not None
            rate = rates[names.index(variant.name)]
            regret += max(rates) - rate
            equal += max(rates) - sum(rates) / len(rates)
            ordered = None
            if dice.random() < rate:
                ordered = now + (
                    dice.expovariate(1 / market.wait) if market.wait else 0.0
                )
            books.show(now, segment, variant.name, ordered)
    return Ran(1 - regret / equal, least)


class _Books:
    """What the roll-ups hold: visitors by day, segment and variant, and who has ordered yet."""

    def __init__(self) -> None:
        self.shown: Counter[tuple[int, str, str]] = Counter()
        self.ordered: Counter[tuple[int, str, str]] = Counter()
        self.waiting: list[tuple[float, tuple[int, str, str]]] = []

    def show(self, now: float, segment: str, arm: str, ordered: float | None) -> None:
        for context in {"", f"segment:{segment}" if segment else ""}:
            key = int(now), context, arm
            self.shown[key] += 1
            if ordered is not None:
                self.waiting.append((ordered, key))

    def arrive(self, now: float) -> None:
        """The orders until ``now``."""
        left = []
        for moment, key in self.waiting:
            if moment <= now:
                self.ordered[key] += 1
            else:
                left.append((moment, key))
        self.waiting = left

    def cells(self) -> list[tuple[Cell, Tally]]:
        found = []
        for (day, context, arm), n in self.shown.items():
            y = self.ordered[day, context, arm]
            moments = {METRIC: [y, y, 0, 0, 0, 0, 0, 0]} if y else {}
            cell = Cell(day, "experiment", "adaptive", context, arm)
            found.append((cell, Tally(n, moments)))
        return found


SEGMENTS = ({"dogs": RATES, "cats": RATES[::-1]},)
TURNED = ({"": RATES}, {"": RATES[::-1]})

#: Name -> market, adaptive split, and the least median of what it saves.
MARKETS: Mapping[str, tuple[Market, Adapting, float]] = {
    "at once": (Market(days=200 / 144), AT_ONCE, 0.4),
    "over ten days": (Market(), AT_ONCE, 0.4),
    "delayed": (Market(wait=0.3), LATER, 0.4),
    "turned half-way": (
        Market(TURNED),
        Adapting(METRIC, delay=0.0, half_life=2.0 * DAY),
        0.3,
    ),
    "two tastes, plain": (Market(SEGMENTS), AT_ONCE, -1.0),
    "two tastes, by segment": (
        Market(SEGMENTS),
        Adapting(METRIC, delay=0.0, by=("dogs", "cats")),
        0.3,
    ),
    "two tastes, by one segment": (
        Market(SEGMENTS),
        Adapting(METRIC, delay=0.0, by=("dogs",)),
        0.3,
    ),
}


def soak_adapting(count: int, seed: int, step: Callable[[], None]) -> Soaked:
    """``count`` experiments in each of the markets."""
    ran: dict[str, list[Ran]] = {name: [] for name in MARKETS}
    for number in range(count):
        for name, (market, adapt, _) in MARKETS.items():
            ran[name].append(run(market, adapt, seed * 1_000 + number))
        step()
    figures: dict[str, int] = {}
    examples = []
    for name, (_, adapt, wanted) in MARKETS.items():
        saved = statistics.median(each.saved for each in ran[name])
        figures[f"% of the regret saved, {name}"] = round(saved * 100)
        if saved < wanted:
            examples.append(
                f"{name}: {saved:.0%} of the regret saved, not {wanted:.0%}"
            )
        for each in ran[name]:
            if each.least < adapt.floor - 1e-9:
                examples.append(
                    f"{name}: a variant had {each.least:.2%} of the visitors"
                )
    return Soaked("adaptive experiments", count, len(examples), figures, examples[:5])

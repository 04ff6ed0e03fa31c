"""Thousands of experiments whose truth is known, and another engine's answers."""

import os
from collections import Counter
from collections.abc import Callable, Iterator

from shopwindow.rules.statistics import binomial
from tests.rules.statistics.compared import asked, differences, engine
from tests.rules.statistics.generated import cases
from tests.rules.statistics.looking import WORLDS, Plan, looked

from .soaked import KEPT, Soaked

NO_EFFECT = Plan(days=14, visitors=300)
EFFECT = Plan(days=14, visitors=300, effect=0.1)
LEVEL = 0.05
STRANGE = 0.0005  # of so few counts, on either side, a run is a fault
AT_ONCE = 1_000  # cases that the other engine gets


def soak_no_effect(
    count: int, seed: int, step: Callable[[], None] = lambda: None
) -> Soaked:
    """A/A: how many of ``count`` experiments find what is not there, by one look and by many."""
    return _soak("experiments without an effect", NO_EFFECT, count, seed, step)


def soak_effect(
    count: int, seed: int, step: Callable[[], None] = lambda: None
) -> Soaked:
    """A/B: how many of ``count`` experiments leave the planted effect out of their interval."""
    return _soak("experiments with an effect", EFFECT, count, seed, step)


def _soak(
    name: str, plan: Plan, count: int, seed: int, step: Callable[[], None]
) -> Soaked:
    figures: Counter[str] = Counter()
    faults: list[str] = []
    each = max(1, count // len(WORLDS))
    for kind, world in WORLDS.items():
        found = looked(world, plan, each, seed, peek=not plan.effect, step=step)
        for how, number in found.items():
            figures[how if how == "unsaid" else f"{kind}: wrong {how}"] += number
        faults += (f"{kind}: {fault}" for fault in _faults(found, each))
    return Soaked(name, each * len(WORLDS), len(faults), dict(figures), faults[:KEPT])


def _faults(found: Counter[str], experiments: int) -> Iterator[str]:
    low = binomial.quantile(STRANGE, experiments, LEVEL)
    high = binomial.quantile(1 - STRANGE, experiments, LEVEL)
    if not low <= found["once"] <= high:
        yield f"{found['once']} wrong by one look, not {low} to {high} of {experiments}"
    if found["daily"] > high:
        yield f"{found['daily']} wrong by daily looks, more than {high} of {experiments}"


def soak_growthbook(
    count: int, seed: int, step: Callable[[], None] = lambda: None
) -> Soaked:
    """What GrowthBook's engine says of ``count`` new cases, and this package of the same.

    Where it cannot be installed (no python3.11 with pip, no index), nothing is compared; that
    is a fault only where nothing may be left out.
    """
    name = "cases beside GrowthBook's engine"
    python = engine()
    if python is None:
        faults = (
            ["no gbstats: install python3.11 with pip, which gets it"]
            if os.environ.get("NO_SKIPPED_TESTS")
            else []
        )
        return Soaked(name, 0, len(faults), {"left out, no gbstats": count}, faults)
    figures: Counter[str] = Counter()
    told: list[str] = []
    for first in range(0, count, AT_ONCE):
        drawn = cases(seed * 1_000_003 + first, min(AT_ONCE, count - first))
        for case, answers in zip(drawn, asked(python, drawn), strict=True):
            figures["answered" if answers["relative"] else "without an answer"] += 1
            told += differences(case, answers)
            step()
    return Soaked(name, count, len(told), dict(figures), told[:KEPT])

"""Decisions against an independent interpreter of the rules."""

from collections import Counter
from collections.abc import Callable
from random import Random

from tests.rules.judged import judged

from .soaked import KEPT, Soaked

PEOPLE = 100  # who visit one site
RULES = (5, 20, 60)


def soak_decisions(
    count: int, seed: int, step: Callable[[], None] = lambda: None
) -> Soaked:
    """Lets the oracle judge what is decided for ``count`` visitors, on a site for every hundred."""
    chance = Random(seed)
    figures: Counter[str] = Counter()
    faults: list[str] = []
    for first in range(0, count, PEOPLE):
        people = min(PEOPLE, count - first)
        for found, verdict in judged(chance, people, chance.choice(RULES), step):
            figures[verdict.reason] += 1
            if found != verdict:
                faults.append(f"visitor {first} or later: {found}, not {verdict}")
    return Soaked("judged decisions", count, len(faults), dict(figures), faults[:KEPT])

"""Decisions are what an independent interpreter of the rules as data says."""

from collections import Counter
from random import Random

import pytest

from tests.rules.judged import judged


@pytest.mark.parametrize(
    ("sites", "people", "rules", "reasons"),
    [
        (100, 20, 12, {"shown", "no-rule", "consent"}),
        (6, 40, 150, {"shown"}),
    ],
    ids=["small sites", "large sites"],
)
def test_the_oracle_agrees_with_every_decision(
    sites: int, people: int, rules: int, reasons: set[str]
) -> None:
    chance = Random(rules)
    often: Counter[str] = Counter()
    winners: set[str | None] = set()
    for _ in range(sites):
        for found, verdict in judged(chance, people, rules):
            assert found == verdict
            often[verdict.reason] += 1
            winners.add(verdict.rule)
    # They come up often enough to say something.
    assert {reason for reason, count in often.items() if count > 100} >= reasons
    assert len(winners) > rules / 3

"""A 95 % interval leaves the truth out in 5 % of all experiments, also if one looks every day.

In small; ``make soak`` does thousands of each kind.
"""

import pytest
from scipy import stats

from tests.rules.statistics.looking import WORLDS, Plan, looked

EXPERIMENTS = 300
LOW, HIGH = stats.binom.ppf([0.005, 0.995], EXPERIMENTS, 0.05)


USUAL = [name for name in WORLDS if name != "rare shares"]


@pytest.mark.parametrize("world", USUAL)
def test_where_there_is_no_effect_one_in_twenty_is_found(world: str) -> None:
    found = looked(WORLDS[world], Plan(days=7, visitors=300), EXPERIMENTS, seed=1)
    assert LOW <= found["once"] <= HIGH
    assert found["daily"] <= 0.05 * EXPERIMENTS


@pytest.mark.parametrize("world", USUAL)
def test_an_effect_is_within_its_interval_in_nineteen_of_twenty(world: str) -> None:
    plan = Plan(days=7, visitors=300, effect=0.1)
    found = looked(WORLDS[world], plan, EXPERIMENTS, seed=2)
    assert LOW <= found["once"] <= HIGH
    assert found["daily"] <= 0.05 * EXPERIMENTS


def test_an_interval_for_one_look_does_not_bear_a_look_each_day() -> None:
    """Why the other one is there."""
    plan = Plan(days=14, visitors=300)
    found = looked(WORLDS["shares"], plan, EXPERIMENTS, seed=3, peek=True)
    assert found["peeked"] > 2 * HIGH
    assert found["daily"] <= 0.05 * EXPERIMENTS


def test_among_few_successes_it_stays_silent_or_keeps_its_word() -> None:
    """A success every other day in each arm: from the first on, whoever has fewer would seem to lose."""
    plan = Plan(days=50, visitors=30)
    found = looked(WORLDS["rare shares"], plan, EXPERIMENTS, seed=4, eager=True)
    assert found["eager"] > 0.05 * EXPERIMENTS
    assert found["daily"] <= 0.05 * EXPERIMENTS
    assert found["unsaid"] > 0

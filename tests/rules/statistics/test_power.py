"""What can be seen, and when, beside statsmodels' normal power."""

import math
from random import Random

import pytest
from statsmodels.stats.power import NormalIndPower

from shopwindow.rules.statistics.power import chance, detectable, time_to_go
from shopwindow.rules.statistics.samples import Mean, Share
from shopwindow.rules.statistics.sequences import Sequential
from shopwindow.rules.statistics.uplift import uplift

CLOSE = 1e-9


def sample(n: int, mean: float, deviation: float) -> Mean:
    return Mean(n, n * mean, (n - 1) * deviation**2 + n * mean * mean)


@pytest.mark.parametrize("seed", range(20))
def test_power_and_effect_are_those_of_statsmodels(seed: int) -> None:
    draw = Random(seed)
    n, times = draw.randint(50, 5_000), draw.uniform(0.2, 5)
    m = round(n * times)
    mean, deviation = draw.uniform(1, 9), draw.uniform(0.5, 9)
    alpha, power = draw.uniform(0.01, 0.2), draw.uniform(0.5, 0.95)
    arms = sample(n, mean, deviation), sample(m, mean * 1.03, deviation)
    found = detectable(*arms, confidence=1 - alpha, power=power)
    assert found is not None
    theirs = NormalIndPower()
    # Their solver stops some 1e-6 away from it; their power says that ours is there.
    back = theirs.power(found * mean / deviation, n, alpha, ratio=m / n)
    assert back == pytest.approx(power, rel=CLOSE)
    effect = draw.uniform(0.0, 0.3)
    expected = theirs.power(effect * mean / deviation, n, alpha, ratio=m / n)
    assert chance(*arms, effect, confidence=1 - alpha) == pytest.approx(
        expected, rel=CLOSE
    )


def test_a_harm_is_seen_as_well_as_a_gain() -> None:
    arms = sample(500, 5, 3), sample(500, 5, 3)
    assert chance(*arms, -0.1) == chance(*arms, 0.1)
    assert time_to_go(*arms, -0.1, 3) == time_to_go(*arms, 0.1, 3)
    assert chance(*arms, 0.0) == pytest.approx(0.05, rel=CLOSE)


@pytest.mark.parametrize("sequential", [None, Sequential(5_000), Sequential(1e6)])
def test_after_the_days_to_go_the_effect_can_be_seen(
    sequential: Sequential | None,
) -> None:
    n, days, effect = 400, 4.0, 0.05
    arms = sample(n, 5, 3), sample(n, 5, 3)
    more = time_to_go(*arms, effect, days, sequential=sequential)
    assert more is not None
    assert more > 0
    times = (days + more) / days
    later = Mean(round(n * times), 5 * n * times, (n * times - 1) * 9 + 25 * n * times)
    seen = detectable(later, later, sequential=sequential)
    assert seen == pytest.approx(effect, rel=1e-3)  # visitors are whole
    assert time_to_go(later, later, effect * 1.01, 1.0, sequential=sequential) == 0.0


def test_without_early_looks_the_days_grow_with_the_square() -> None:
    arms = sample(400, 5, 3), sample(400, 5, 3)
    smallest = detectable(*arms)
    assert smallest is not None
    more = time_to_go(*arms, smallest / 3, 2.0)
    assert more == pytest.approx(2.0 * 8, rel=CLOSE)


def test_what_is_never_seen_has_no_day() -> None:
    arms = sample(400, 5, 3), sample(400, 5, 3)
    assert time_to_go(*arms, 0.0, 2.0) is None
    assert time_to_go(*arms, 1e-12, 2.0) is None
    assert time_to_go(*arms, math.nan, 2.0) is None
    assert time_to_go(*arms, 0.1, 0.0) is None
    assert chance(*arms, math.nan) is None


@pytest.mark.parametrize("sequential", [None, Sequential(2_000)])
def test_seen_is_what_the_uplift_sees(sequential: Sequential | None) -> None:
    """An effect as large as can be detected half of the time just touches 0."""
    control = sample(1_000, 5, 3)
    effect = detectable(control, control, power=0.5, sequential=sequential)
    assert effect is not None
    treated = sample(1_000, 5 * (1 + effect), 3)
    found = uplift(control, treated, sequential=sequential)
    assert found is not None
    assert found.absolute_low / found.absolute == pytest.approx(0, abs=1e-3)


def test_before_the_least_number_of_successes_nothing_is_said() -> None:
    sequential, few = Sequential(least=25), (Share(1_000, 20), Share(1_000, 25))
    assert uplift(*few, sequential=sequential) is None
    assert detectable(*few, sequential=sequential) is None
    assert chance(*few, 5.0, sequential=sequential) == 0.0
    at_once = sequential._replace(least=0)
    assert uplift(*few, sequential=at_once) is not None
    # 22 or 23 are expected in each arm after 10 days, 25 after 11; so large an effect is seen then.
    more = time_to_go(*few, 9.0, 10.0, sequential=sequential)
    assert more == pytest.approx(10 * (25 / 22.5 * (1 - 0.0225) - 1), rel=0.01)
    assert time_to_go(*few, 9.0, 10.0, sequential=at_once) == 0.0


def test_a_great_harm_is_told_though_the_harmed_have_few_successes() -> None:
    found = uplift(Share(5_000, 100), Share(5_000, 3), sequential=Sequential())
    assert found is not None
    assert found.high < -0.5

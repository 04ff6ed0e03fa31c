"""Chances to be the best one, beside closed forms and beside scipy's draws."""

import math

import pytest
from scipy import stats

from shopwindow.rules.statistics.posteriors import Posterior, chances


def beta(a: float, b: float) -> Posterior:
    mean = a / (a + b)
    return Posterior("beta", mean, mean * (1 - mean) / (a + b + 1))


def gamma(shape: float, rate: float) -> Posterior:
    return Posterior("gamma", shape / rate, shape / rate**2)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Posterior("normal", 10, 4), Posterior("normal", 11, 1)),
        (Posterior("normal", -3, 0.25), Posterior("normal", -3, 9)),
        (Posterior("normal", 0, 1e-8), Posterior("normal", 1, 100)),
    ],
)
def test_two_normals_are_compared_as_their_difference(
    one: Posterior, other: Posterior
) -> None:
    z = (one.mean - other.mean) / math.sqrt(one.variance + other.variance)
    wanted = float(stats.norm.cdf(z))
    assert chances([one, other]) == pytest.approx([wanted, 1 - wanted], abs=2e-4)
    less = chances([one, other], less=True)
    assert less == pytest.approx([1 - wanted, wanted], abs=2e-4)


def test_four_shares_win_as_often_as_in_a_million_draws() -> None:
    arms = [(21, 980), (23, 978), (25, 976), (6, 180)]
    draws = [stats.beta(a, b).rvs(1_000_000, random_state=17 + a) for a, b in arms]
    best = sum((draws[3] > draws[i]) * 1 for i in range(3)) == 3
    worst = sum((draws[0] < draws[i]) * 1 for i in range(1, 4)) == 3
    found = chances([beta(*each) for each in arms])
    assert sum(found) == pytest.approx(1)
    assert found[3] == pytest.approx(best.mean(), abs=3e-3)
    found = chances([beta(*each) for each in arms], less=True)
    assert found[0] == pytest.approx(worst.mean(), abs=3e-3)


def test_what_cannot_be_negative_is_skewed() -> None:
    one = stats.gamma(3, scale=1).rvs(1_000_000, random_state=3)
    other = stats.gamma(30, scale=1 / 10).rvs(1_000_000, random_state=4)
    wanted = float((one > other).mean())
    assert wanted < 0.49  # though both are 3 on average
    found = chances([gamma(3, 1), gamma(30, 10)])
    assert found == pytest.approx([wanted, 1 - wanted], abs=3e-3)


def test_whoever_is_alone_or_alike_gets_an_equal_part() -> None:
    assert chances([]) == []
    assert chances([beta(1, 2)]) == [1.0]
    assert chances([beta(20, 100)] * 4) == pytest.approx([0.25] * 4)
    nothing = Posterior("normal", 0.0, 0.0)
    assert chances([nothing] * 3) == pytest.approx([1 / 3] * 3)


def test_sure_knowledge_is_sure() -> None:
    few = Posterior("normal", 5.0, 0.0)
    assert chances([few, Posterior("normal", 4.0, 0.0)]) == pytest.approx([1, 0])

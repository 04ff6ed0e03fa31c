"""Intervals and p of several arms together, beside scipy and statsmodels."""

from random import Random

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from shopwindow.rules.statistics.samples import Mean
from shopwindow.rules.statistics.sequences import Sequential
from shopwindow.rules.statistics.simultaneous import confidence_of_each, raised
from shopwindow.rules.statistics.uplift import uplift

ARMS = 4


def mean(values: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> Mean:
    return Mean(len(values), int(values.sum()), int((values * values).sum()))


@pytest.mark.parametrize("seed", range(20))
def test_ps_are_raised_as_statsmodels_raises_them(seed: int) -> None:
    chance = Random(seed)
    ps = [chance.random() ** 4 for _ in range(chance.randint(1, 12))]
    expected = multipletests(ps, method="bonferroni")[1]
    assert [raised(p, len(ps)) for p in ps] == pytest.approx(list(expected), rel=1e-12)


def test_one_arm_is_compared_as_before_and_none_is_refused() -> None:
    assert confidence_of_each(0.95, 1) == pytest.approx(0.95, rel=1e-15)
    assert raised(0.03, 1) == 0.03 and raised(0.4, 3) == 1.0
    with pytest.raises(ValueError, match="it takes one"):
        confidence_of_each(0.95, 0)


@pytest.mark.parametrize("arms", [2, 4, 10])
def test_intervals_are_scipys_at_their_level_and_hardly_wider_than_dunnetts(
    arms: int,
) -> None:
    chance = np.random.default_rng(arms)
    groups = [chance.poisson(50, 500).astype(np.int64) for _ in range(arms + 1)]
    control, treated = groups[0], groups[1:]
    confidence = confidence_of_each(0.95, arms)
    dunnett = stats.dunnett(*treated, control=control).confidence_interval(0.95)
    for at, group in enumerate(treated):
        found = uplift(mean(control), mean(group), confidence=confidence)
        welch = stats.ttest_ind(group, control, equal_var=False)
        low, high = welch.confidence_interval(1 - 0.05 / arms)
        assert found is not None
        assert (found.absolute_low, found.absolute_high) == pytest.approx((low, high))
        width = (high - low) / (dunnett.high[at] - dunnett.low[at])
        assert 0.9 < width < 1.12  # Dunnett's spread is that of all arms together


def test_the_sequence_leaves_out_zero_just_where_its_raised_p_is_below_5_percent() -> (
    None
):
    chance = np.random.default_rng(7)
    control = mean(chance.poisson(50, 2_000).astype(np.int64))
    confidence, left_out = confidence_of_each(0.95, ARMS), 0
    for step in range(40):
        group = chance.poisson(50 + step / 20, 2_000).astype(np.int64)
        found = uplift(
            control, mean(group), confidence=confidence, sequential=Sequential()
        )
        assert found is not None
        sure = found.low > 0 or found.high < 0
        assert sure == (raised(found.p, ARMS) < 0.05)
        left_out += sure
    assert 0 < left_out < 40


def test_four_intervals_for_one_look_miss_any_truth_in_5_percent_of_experiments() -> (
    None
):
    """An A/A experiment with four arms beside its control: each interval by itself would find
    something in some 15 of 100."""
    experiments = 1_000
    low, high = stats.binom.ppf([0.005, 0.995], experiments, 0.05)
    chance = np.random.default_rng(3)
    together = alone = 0
    for _ in range(experiments):
        groups = [
            mean(one.astype(np.int64)) for one in chance.poisson(9, (ARMS + 1, 200))
        ]
        for confidence in (0.95, confidence_of_each(0.95, ARMS)):
            found = [
                uplift(groups[0], one, confidence=confidence) for one in groups[1:]
            ]
            missed = any(one and not one.low <= 0 <= one.high for one in found)
            if confidence == 0.95:
                alone += missed
            else:
                together += missed
    assert alone > 2 * high
    assert low * 0.8 <= together <= high  # shared controls make it a little too careful

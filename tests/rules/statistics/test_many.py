"""Many arms and many questions, beside scipy and statsmodels."""

import math
from random import Random

import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from shopwindow.rules.statistics.discoveries import adjusted
from shopwindow.rules.statistics.sample_ratio import ratio_check


@pytest.mark.parametrize("seed", range(20))
def test_many_ps_are_raised_as_statsmodels_raises_them(seed: int) -> None:
    chance = Random(seed)
    ps = [
        chance.random() ** chance.choice((1, 6)) for _ in range(chance.randint(1, 60))
    ]
    ps += chance.choices([0.0, 1.0, *ps], k=5)  # some alike
    expected = multipletests(ps, method="fdr_bh")[1]
    assert adjusted(ps) == pytest.approx(list(expected), rel=1e-12, abs=0)


def test_no_question_has_no_answer_and_no_probability_is_refused() -> None:
    assert adjusted([]) == []
    assert adjusted([0.04]) == [0.04]
    for wrong in (math.nan, -0.1, 1.1):
        with pytest.raises(ValueError, match="no probability"):
            adjusted([0.1, wrong])


@pytest.mark.parametrize("seed", range(20))
def test_counts_are_as_strange_as_chi_square_says(seed: int) -> None:
    chance = Random(seed)
    weights = [chance.uniform(0.1, 3) for _ in range(chance.randint(2, 6))]
    total = chance.randint(10, 10**6)
    counts = [0] * len(weights)
    for arm in chance.choices(range(len(weights)), weights, k=min(total, 2_000)):
        counts[arm] += max(1, total // 2_000)
    came = sum(counts)
    expected = stats.chisquare(counts, [came * one / sum(weights) for one in weights])
    assert ratio_check(counts, weights) == pytest.approx(expected.pvalue, rel=1e-9)


def test_a_broken_split_is_seen_and_a_good_one_is_not() -> None:
    assert ratio_check([50_600, 49_400], [1, 1]) < 0.001
    assert ratio_check([50_100, 49_900], [1, 1]) > 0.5
    assert ratio_check([90_050, 9_950], [0.9, 0.1]) > 0.5


def test_arms_that_nobody_can_come_into_are_left_out() -> None:
    assert ratio_check([], []) == 1.0
    assert ratio_check([0, 0], [1, 1]) == 1.0
    assert ratio_check([7], [1]) == 1.0
    assert ratio_check([7, 100], [1, 0]) == 1.0
    assert ratio_check([500, 510, 3], [1, 1, 0]) == ratio_check([500, 510], [1, 1])


def test_counts_of_any_size_have_an_answer() -> None:
    assert ratio_check([10**300, 10**300], [1, 1]) == 1.0
    assert ratio_check([10**300, 2 * 10**300], [1, 1]) == 0.0
    assert ratio_check([10**400, 1], [1e-300, 1e300]) == 0.0


def test_what_is_no_count_or_weight_is_refused() -> None:
    for counts, weights in (
        ([1, 2], [1.0]),
        ([-1, 2], [1.0, 1.0]),
        ([1, 2], [1.0, -1.0]),
        ([1, 2], [1.0, math.nan]),
        ([1, 2], [1.0, math.inf]),
    ):
        with pytest.raises(ValueError, match=r"\d|nan|inf"):
            ratio_check(counts, weights)

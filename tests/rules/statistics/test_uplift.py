"""Uplift from sums beside scipy's and statsmodels' answers from the values themselves."""

import math
from fractions import Fraction

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from shopwindow.rules.statistics.covariates import adjustment
from shopwindow.rules.statistics.samples import Mean, Ratio, Sample, Share
from shopwindow.rules.statistics.sequences import Sequential
from shopwindow.rules.statistics.uplift import Uplift, uplift

CLOSE = 1e-9
Values = np.ndarray[tuple[int], np.dtype[np.int64]]


def mean(y: Values, x: Values | None = None) -> Mean:
    if x is None:
        return Mean(len(y), int(y.sum()), int((y * y).sum()))
    sums = (y.sum(), (y * y).sum(), x.sum(), (x * x).sum(), (x * y).sum())
    return Mean(len(y), *map(int, sums))


def ratio(y: Values, d: Values) -> Ratio:
    sums = (y.sum(), (y * y).sum(), d.sum(), (d * d).sum(), (y * d).sum())
    return Ratio(len(y), *map(int, sums))


def told(
    control: Sample, treated: Sample, sequential: Sequential | None = None
) -> Uplift:
    found = uplift(control, treated, sequential=sequential)
    assert found is not None
    return found


def drawn(seed: int) -> tuple[np.random.Generator, int, int]:
    chance = np.random.default_rng(seed)
    return chance, int(chance.integers(5, 400)), int(chance.integers(5, 400))


@pytest.mark.parametrize("seed", range(20))
def test_the_absolute_difference_is_welchs(seed: int) -> None:
    chance, n, m = drawn(seed)
    a, b = chance.poisson(5, n), chance.poisson(6, m)
    found = told(mean(a), mean(b))
    expected = stats.ttest_ind(b, a, equal_var=False).confidence_interval(0.95)
    assert found.absolute == pytest.approx(b.mean() - a.mean(), rel=CLOSE)
    assert found.absolute_low == pytest.approx(expected.low, rel=CLOSE)
    assert found.absolute_high == pytest.approx(expected.high, rel=CLOSE)


@pytest.mark.parametrize("seed", range(10))
def test_the_relative_one_has_the_variance_of_the_delta_method(seed: int) -> None:
    chance, n, m = drawn(seed)
    a, b = chance.poisson(5, n), chance.poisson(6, m)
    found = told(mean(a), mean(b))
    gradient = np.array([-b.mean() / a.mean() ** 2, 1 / a.mean()])
    variances = np.diag([a.var(ddof=1) / n, b.var(ddof=1) / m])
    error = math.sqrt(gradient @ variances @ gradient)
    df = stats.ttest_ind(b, a, equal_var=False).df
    assert found.relative == pytest.approx(b.mean() / a.mean() - 1, rel=CLOSE)
    width = stats.t.ppf(0.975, df) * error
    assert found.low == pytest.approx(found.relative - width, rel=CLOSE)
    assert found.high == pytest.approx(found.relative + width, rel=CLOSE)
    assert found.p == pytest.approx(
        2 * stats.t.sf(abs(found.relative) / error, df), rel=CLOSE
    )


@pytest.mark.parametrize("seed", range(10))
def test_a_ratio_varies_as_what_is_left_of_its_upper_part(seed: int) -> None:
    chance, n, _ = drawn(seed)
    d = 1 + chance.poisson(3, n)
    y = chance.binomial(d, 0.2)
    sample = ratio(y, d)
    share = y.sum() / d.sum()
    assert sample.mean == pytest.approx(share, rel=CLOSE)
    left = (y - share * d) / d.mean()
    assert sample.variance == pytest.approx(left.var(ddof=1), rel=CLOSE)


def test_a_ratio_over_one_each_is_a_mean() -> None:
    chance, n, m = drawn(3)
    a, b = chance.poisson(5, n), chance.poisson(6, m)
    as_ratios = told(ratio(a, np.ones_like(a)), ratio(b, np.ones_like(b)))
    assert as_ratios == pytest.approx(told(mean(a), mean(b)), rel=CLOSE)


@pytest.mark.parametrize("seed", range(10))
def test_adjusting_takes_off_the_regression_on_what_was_before(seed: int) -> None:
    chance, n, m = drawn(seed)
    before_a, before_b = chance.poisson(5, n), chance.poisson(5, m)
    a, b = chance.poisson(before_a + 1), chance.poisson(1.2 * before_b + 1)
    control, treated = mean(a, before_a), mean(b, before_b)
    y, x = np.concatenate([a, b]), np.concatenate([before_a, before_b])
    theta = sm.OLS(y, sm.add_constant(x)).fit().params[1]
    assert adjustment(control, treated) == pytest.approx(theta, rel=CLOSE)
    found = told(control, treated)
    expected = stats.ttest_ind(
        b - theta * before_b, a - theta * before_a, equal_var=False
    ).confidence_interval(0.95)
    assert found.absolute_low == pytest.approx(expected.low, rel=CLOSE)
    assert found.absolute_high == pytest.approx(expected.high, rel=CLOSE)
    assert (found.control, found.treated) == pytest.approx((a.mean(), b.mean()))
    plain = uplift(control, treated, adjusted=False)
    assert plain == told(mean(a), mean(b))


def test_a_share_is_a_mean_with_the_binomial_variance() -> None:
    assert Share(200, 30).variance == pytest.approx(0.15 * 0.85, rel=1e-15)
    as_mean = Mean(200, 30, 30).variance
    assert as_mean == pytest.approx(0.15 * 0.85 * 200 / 199, rel=1e-15)
    known = Share(4, 2, 2, 1)
    assert known.covariate_variance == 0.25
    assert known.covariance == 0.0


def test_looking_early_is_paid_for_by_a_wider_interval() -> None:
    control, treated = Mean(1000, 2000, 9000), Mean(1000, 2300, 10000)
    once, always = told(control, treated), told(control, treated, Sequential())
    assert always.low < once.low < once.relative < once.high < always.high
    assert always.p > once.p


@pytest.mark.parametrize("p", [0.2, 0.1, 0.05, 0.01, 1e-6])
def test_an_interval_leaves_out_nothing_if_p_is_below_its_level(p: float) -> None:
    """Where the always-valid p is just the level, the interval just touches 0."""
    sequential = Sequential(5_000)
    for units in (10.0, 5_000.0, 1e7):
        z = sequential.deviations(units, p)
        assert sequential.p(z, units, p) == pytest.approx(p, rel=CLOSE)


@pytest.mark.parametrize("units", [100.0, 5_000.0, 1e6])
def test_the_sequence_is_tightest_where_it_was_tuned_for(units: float) -> None:
    sequential = Sequential(units)
    there = sequential.deviations(units, 0.05)
    places = [units * 10 ** (step / 100) for step in range(-300, 300)]
    assert there <= 1.002 * min(sequential.deviations(n, 0.05) for n in places)
    assert there > stats.norm.ppf(0.975)


def test_below_nothing_more_is_more() -> None:
    """What costs 10 less than it did is better by 10 per cent, not worse."""
    control, treated = Mean(100, -10_000, 1_100_000), Mean(100, -9_000, 900_000)
    found = told(control, treated)
    assert found.relative == pytest.approx(0.1)
    assert found.low < 0.1 < found.high
    assert found.absolute == pytest.approx(10)
    assert (found.control, found.treated) == (-100, -90)


def test_sums_of_any_size_are_reckoned_without_rounding() -> None:
    """10^15 hundredths each, which differ by 1: doubles would know nothing of it."""
    n, base = 1_000, 10**15
    values = [base + number % 2 for number in range(n)]
    sample = Mean(n, sum(values), sum(value * value for value in values))
    assert sample.variance == float(Fraction(n, 4 * (n - 1)))
    pairs = Ratio(n, sample.y, sample.yy, sample.y, sample.yy, sample.yy)
    assert pairs.variance == 0.0  # what is divided by itself does not vary


def test_ints_and_floats_are_the_same_numbers() -> None:
    ints = Mean(1000, 2000, 9000, 100, 200, 300), Mean(900, 2000, 9500, 90, 150, 320)
    floats = [Mean(one.n, *map(float, one[1:])) for one in ints]
    assert uplift(*floats) == uplift(*ints)


def test_what_is_divided_the_other_way_round_has_the_same_absolute_difference() -> None:
    control, treated = Mean(500, 2000, 9000), Mean(300, 1400, 7000)
    there, back = told(control, treated), told(treated, control)
    assert there.absolute == -back.absolute
    assert there.absolute_low == -back.absolute_high

"""Distributions beside scipy's, over wide ranges, and as their own inverses."""

import math
import sys
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from shopwindow.rules.statistics import beta, binomial, chi_square, normal, student

TIMES = 600
CLOSE = 1e-9


def power_of_ten(chance: Random, low: float, high: float) -> float:
    return float(10 ** chance.uniform(low, high))


def probability(chance: Random) -> float:
    """From one in 10^60, and nearly 1."""
    return chance.choice(
        (
            chance.random(),
            power_of_ten(chance, -60, -1),
            1 - power_of_ten(chance, -12, -1),
        )
    )


def degrees(chance: Random) -> float:
    return chance.choice((power_of_ten(chance, 0, 6), float(chance.randint(1, 60))))


def of_normal(chance: Random) -> tuple[float, ...]:
    return (chance.uniform(-36, 36),)


def of_student(chance: Random) -> tuple[float, ...]:
    far = chance.choice((-1, 1)) * power_of_ten(chance, -3, 5)
    return chance.choice((chance.gauss(0, 3), far)), degrees(chance)


def of_chi_square(chance: Random) -> tuple[float, ...]:
    df = degrees(chance)
    near = df + chance.gauss(0, 6) * math.sqrt(2 * df)
    far = df * power_of_ten(chance, -3, 2)
    return max(1e-9, chance.choice((near, far))), df


def of_beta(chance: Random) -> tuple[float, ...]:
    a, b = power_of_ten(chance, -1, 6), power_of_ten(chance, -1, 6)
    spread = math.sqrt(a * b / (a + b + 1)) / (a + b)
    near = a / (a + b) + chance.gauss(0, 5) * spread
    far = power_of_ten(chance, -8, -0.01)
    return min(max(1e-12, chance.choice((near, far))), 1 - 1e-9), a, b


def of_binomial(chance: Random) -> tuple[float, ...]:
    n = chance.choice((chance.randint(0, 30), chance.randint(0, 10**6)))
    p = chance.choice((chance.random(), power_of_ten(chance, -6, -1)))
    k = round(n * p + chance.gauss(0, 5) * math.sqrt(n * p * (1 - p)))
    return min(n, max(0, k)), n, p


Draw = Callable[[Random], tuple[float, ...]]


@pytest.mark.parametrize(
    ("ours", "theirs", "drawn"),
    [
        (normal.cdf, stats.norm.cdf, of_normal),
        (normal.sf, stats.norm.sf, of_normal),
        (student.cdf, stats.t.cdf, of_student),
        (student.sf, stats.t.sf, of_student),
        (chi_square.cdf, stats.chi2.cdf, of_chi_square),
        (chi_square.sf, stats.chi2.sf, of_chi_square),
        (beta.cdf, stats.beta.cdf, of_beta),
        (beta.sf, stats.beta.sf, of_beta),
        (binomial.cdf, stats.binom.cdf, of_binomial),
        (binomial.sf, stats.binom.sf, of_binomial),
    ],
)
def test_probabilities_are_those_of_scipy(
    ours: Callable[..., float], theirs: Callable[..., Any], drawn: Draw
) -> None:
    chance = Random(1)
    asked = [drawn(chance) for _ in range(TIMES)]
    expected = theirs(*np.array(asked).T)
    for values, wanted in zip(asked, expected, strict=True):
        close = math.isclose(ours(*values), wanted, rel_tol=CLOSE, abs_tol=1e-290)
        assert close, (values, ours(*values), wanted)


def shapes(chance: Random) -> tuple[float, ...]:
    return power_of_ten(chance, -0.5, 5), power_of_ten(chance, -0.5, 5)


def no_shape(chance: Random) -> tuple[float, ...]:
    return ()


def one_shape(chance: Random) -> tuple[float, ...]:
    return (degrees(chance),)


@pytest.mark.parametrize(
    ("ours", "theirs", "drawn"),
    [
        (normal.quantile, stats.norm.ppf, no_shape),
        (normal.upper_quantile, stats.norm.isf, no_shape),
        (student.quantile, stats.t.ppf, one_shape),
        (student.upper_quantile, stats.t.isf, one_shape),
        (chi_square.quantile, stats.chi2.ppf, one_shape),
        (chi_square.upper_quantile, stats.chi2.isf, one_shape),
        (beta.quantile, stats.beta.ppf, shapes),
        (beta.upper_quantile, stats.beta.isf, shapes),
    ],
)
def test_quantiles_are_those_of_scipy(
    ours: Callable[..., float], theirs: Callable[..., Any], drawn: Draw
) -> None:
    chance = Random(2)
    asked = [(probability(chance), *drawn(chance)) for _ in range(TIMES // 2)]
    expected = theirs(*np.array(asked).T)
    for values, wanted in zip(asked, expected, strict=True):
        close = math.isclose(ours(*values), wanted, rel_tol=CLOSE)
        assert close, (values, ours(*values), wanted)


@pytest.mark.parametrize(
    ("quantile", "back", "drawn"),
    [
        (student.quantile, student.cdf, one_shape),
        (student.upper_quantile, student.sf, one_shape),
        (chi_square.quantile, chi_square.cdf, one_shape),
        (chi_square.upper_quantile, chi_square.sf, one_shape),
        (beta.quantile, beta.cdf, shapes),
    ],
)
def test_the_probability_of_a_quantile_is_the_one_that_was_asked(
    quantile: Callable[..., float], back: Callable[..., float], drawn: Draw
) -> None:
    """Also where scipy loses its way: one in 10^90."""
    chance = Random(3)
    for _ in range(TIMES // 2):
        p, shape = power_of_ten(chance, -90, -0.5), drawn(chance)
        assert math.isclose(back(quantile(p, *shape), *shape), p, rel_tol=1e-7), (
            p,
            shape,
        )


def test_many_degrees_of_freedom_are_normal() -> None:
    for df in (1e13, 1e15, 1e17, 1e19, 1e300):
        for t in (1e-9, 0.5, 1.96, 3.0, 12.0):
            assert math.isclose(student.sf(t, df), normal.sf(t), rel_tol=CLOSE)
        assert math.isclose(
            student.quantile(0.975, df), normal.quantile(0.975), rel_tol=1e-9
        )


def test_a_t_with_one_degree_of_freedom_is_cauchys() -> None:
    for t in (1e-6, 0.3, 1.0, 50.0, 1e6):
        assert math.isclose(student.cdf(t, 1), 0.5 + math.atan(t) / math.pi)
    assert math.isclose(student.sf(1e200, 1), 1e-200 / math.pi)
    assert math.isclose(student.upper_quantile(1e-200, 1), 1e200 / math.pi)
    assert student.upper_quantile(1e-200, 0.5) == sys.float_info.max


def test_what_lies_beyond_everything() -> None:
    assert student.cdf(-math.inf, 3) == 0.0
    assert student.sf(-math.inf, 3) == 1.0
    assert chi_square.sf(math.inf, 3) == 0.0
    assert chi_square.cdf(-1.0, 3) == 0.0
    assert beta.cdf(2.0, 1, 1) == 1.0
    assert beta.cdf(-1.0, 1, 1) == 0.0
    assert beta.quantile(1e-300, 0.01, 1) == 0.0
    assert chi_square.quantile(1e-300, 0.01) == 0.0
    assert binomial.cdf(-1, 10, 0.5) == 0.0
    assert binomial.sf(10, 10, 0.5) == 0.0
    assert binomial.cdf(math.inf, 10, 0.5) == 1.0


def test_a_binomial_quantile_is_scipys() -> None:
    chance = Random(4)
    for _ in range(300):
        q, n, p = (
            chance.uniform(0.001, 0.999),
            chance.randint(0, 2_000),
            chance.random(),
        )
        assert binomial.quantile(q, n, p) == stats.binom.ppf(q, n, p)


def test_the_interval_of_a_share_is_that_of_clopper_and_pearson() -> None:
    for k, n in ((0, 10), (10, 10), (3, 10), (51, 1000), (99_000, 1_000_000)):
        expected = proportion_confint(k, n, alpha=0.05, method="beta")
        assert binomial.interval(k, n) == pytest.approx(expected, rel=CLOSE, abs=1e-15)
    assert binomial.interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    "asked",
    [
        lambda: normal.quantile(0.0),
        lambda: normal.quantile(1.0),
        lambda: normal.upper_quantile(math.nan),
        lambda: student.cdf(1.0, 0.0),
        lambda: student.sf(1.0, math.nan),
        lambda: student.quantile(0.5, math.inf),
        lambda: student.quantile(-0.1, 3.0),
        lambda: chi_square.sf(1.0, -1.0),
        lambda: chi_square.quantile(0.5, 2e9),
        lambda: beta.cdf(0.5, 0.0, 1.0),
        lambda: beta.quantile(2.0, 1.0, 1.0),
        lambda: beta.sf(0.5, 1.0, math.inf),
        lambda: binomial.cdf(1, -1, 0.5),
        lambda: binomial.sf(1, 10, 1.5),
        lambda: binomial.interval(11, 10),
        lambda: binomial.interval(1, 10, 1.0),
    ],
)
def test_what_has_no_answer_raises_an_error_that_says_so(
    asked: Callable[[], object],
) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        asked()

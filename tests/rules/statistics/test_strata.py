"""Adaptive variants are compared day by day: the pooled means are wrong, these are not."""

import random

import pytest

from shopwindow.rules.statistics.samples import Mean
from shopwindow.rules.statistics.strata import Sums, standardised
from shopwindow.rules.statistics.uplift import Uplift, uplift


def share(n: int, y: int) -> Sums:
    return Sums(n, y, y, 0, 0, 0)


def means(found: dict[str, Sums]) -> dict[str, float]:
    return {arm: each.a / each.n for arm, each in found.items()}


def test_a_good_day_does_not_help_who_had_most_visitors_on_it() -> None:
    days = [
        {"a": share(9_000, 900), "b": share(1_000, 110)},
        {"a": share(1_000, 20), "b": share(9_000, 198)},
    ]
    a, b = means(standardised(days, "ab")).values()
    assert b / a == pytest.approx(1.1)


def test_of_one_day_nothing_changes() -> None:
    day = {"a": Sums(50, 90, 400, 30, 70, 95), "b": Sums(60, 80, 300, 20, 60, 70)}
    for arm, sums in standardised([day], "ab").items():
        assert sums == pytest.approx(day[arm])


def test_the_variance_is_that_of_the_weighted_days() -> None:
    days = [
        {"a": Sums(10, 20, 90, 0, 0, 0), "b": Sums(30, 20, 90, 0, 0, 0)},
        {"a": Sums(40, 10, 70, 0, 0, 0), "b": Sums(20, 20, 90, 0, 0, 0)},
    ]
    weights = [1 / (1 / 10 + 1 / 30), 1 / (1 / 40 + 1 / 20)]
    shares = [each / sum(weights) for each in weights]
    wanted = sum(
        share**2 * (yy - y * y / n) / (n - 1) / n
        for share, (n, y, yy) in zip(shares, [(10, 20, 90), (40, 10, 70)], strict=True)
    )
    found = standardised(days, "ab")["a"]
    sample = Mean(50, found.a, found.aa)
    assert found.n == 50
    assert sample.variance is not None
    assert sample.variance / 50 == pytest.approx(wanted)


def test_days_without_one_of_them_say_nothing() -> None:
    days = [{"a": share(900, 90)}, {"a": share(9, 1), "b": share(1, 1)}]
    assert standardised(days, "ab") == {}
    assert standardised([], "ab") == {}
    days.append({"a": share(100, 10), "b": share(100, 20)})
    assert means(standardised(days, "ab")) == pytest.approx({"a": 0.1, "b": 0.2})


def judged(seed: int, by_day: bool) -> Uplift:
    """Two variants of equal worth: their shares follow the days' luck, and days differ."""
    dice = random.Random(seed)
    days = []
    part = 0.5
    for day in range(10):
        rate = 0.04 + 0.03 * (day % 2)
        sums = {}
        for arm, n in (("a", round(2_000 * (1 - part))), ("b", round(2_000 * part))):
            y = sum(dice.random() < rate for _ in range(n))
            sums[arm] = share(n, y)
        days.append(sums)
        part = 0.9 if day % 2 == 0 else 0.1  # b is shown on the good days
    if by_day:
        found = standardised(days, "ab")
    else:
        found = {
            arm: Sums(
                *(sum(each) for each in zip(*(d[arm] for d in days), strict=True))
            )
            for arm in "ab"
        }
    a, b = (Mean(int(s.n), s.a, s.aa) for s in (found["a"], found["b"]))
    effect = uplift(a, b)
    assert effect is not None
    return effect


def test_intervals_by_day_hold_the_truth_where_pooled_ones_do_not() -> None:
    runs = range(60)
    holds = [(u := judged(seed, True)).low <= 0 <= u.high for seed in runs]
    wrong = [(u := judged(seed, False)).low <= 0 <= u.high for seed in runs]
    assert sum(holds) >= 53  # 57 are usual
    assert sum(wrong) <= 10

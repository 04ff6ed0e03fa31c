"""Days are compared with themselves."""

import pytest

from shopwindow.rules.allocating.evidence import NOTHING, Days, Evidence


def share(n: float, y: float) -> Evidence:
    return Evidence(n, y, y)


def values(days: Days, *arms: str) -> list[float]:
    sizes = days.sizes(arms)
    return [days.total(arm).y / sizes[arm] for arm in arms]


def test_whoever_had_most_visitors_on_the_good_day_is_not_better_by_that() -> None:
    days = Days()
    # 10 % of everybody on the first day, 2 % on the second.
    days.add(1, "a", share(9_000, 900))
    days.add(1, "b", share(1_000, 100))
    days.add(2, "a", share(1_000, 20))
    days.add(2, "b", share(9_000, 180))
    pooled = [days.total(arm).y / days.total(arm).n for arm in "ab"]
    assert pooled[0] > 3 * pooled[1]
    a, b = values(days, "a", "b")
    assert a == pytest.approx(b, rel=0.03)
    assert sum(days.sizes("ab").values()) == pytest.approx(20_000)


def test_what_differs_on_every_day_is_found() -> None:
    days = Days()
    for day, level in enumerate((0.10, 0.02, 0.05)):
        n = 1_000 * (day + 1)
        days.add(day, "a", share(n, n * level))
        days.add(day, "b", share(5_000 - n, (5_000 - n) * level * 1.5))
    a, b = values(days, "a", "b")
    assert b / a == pytest.approx(1.5, rel=0.02)


def test_a_day_that_few_came_on_hardly_says_how_good_it_was() -> None:
    days = Days()
    days.add(1, "a", share(10_000, 200))
    days.add(1, "b", share(10_000, 200))
    days.add(2, "a", share(10, 2))
    sizes = days.sizes("ab")
    assert sizes["a"] == pytest.approx(10_010, rel=0.01)


def test_of_ratios_what_is_divided_by_is_compared() -> None:
    days = Days(ratio=True)
    days.add(1, "a", Evidence(100, 50, 70, 900, 9_000, 500))
    days.add(1, "b", Evidence(100, 10, 12, 100, 130, 11))
    days.add(2, "a", Evidence(100, 5, 5, 100, 130, 6))
    days.add(2, "b", Evidence(100, 50, 70, 900, 9_000, 500))
    assert sum(days.sizes("ab").values()) == pytest.approx(2_000)


def test_losses_are_left_as_they_are() -> None:
    days = Days()
    days.add(1, "a", Evidence(10, -5, 30))
    days.add(2, "b", Evidence(20, 50, 300))
    assert days.sizes("ab") == {"a": 10, "b": 20}
    assert Days().sizes("ab") == {"a": 0, "b": 0}


def test_parts_that_overlap_leave_nothing_rather_than_less() -> None:
    whole, part = Days(), Days()
    whole.add(1, "a", share(10, 3))
    whole.add(1, "b", share(10, 3))
    part.add(1, "a", share(4, 1))
    part.add(1, "b", share(6, 1))
    left = Days.of(False, (whole, 1.0), (part, -1.0), (part, -1.0))
    assert left.total("a") == share(2, 1)
    assert left.total("b") == NOTHING

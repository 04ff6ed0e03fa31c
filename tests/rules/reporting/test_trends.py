from math import isclose, sqrt
from random import Random

import numpy as np
from scipy import stats

from shopwindow.rules.reporting.trends import falling

WEEKS = [(60, 1_000), (52, 900), (49, 1_100), (30, 800), (33, 950), (20, 1_000)]


def test_it_is_a_weighted_regression_with_a_dispersion_of_its_own() -> None:
    weeks = [(90, 1_000), (40, 900), (70, 1_100), (10, 800), (60, 950), (15, 1_000)]
    rates = np.array([hits / tries for hits, tries in weeks])
    tries = np.array([each for _, each in weeks], dtype=float)
    design = np.stack([np.ones(6), np.arange(6.0)], axis=1)
    inverse = np.linalg.inv(design.T * tries @ design)
    first, slope = inverse @ (design.T * tries @ rates)
    rest = rates - design @ (first, slope)
    # The weeks lie farther from the line than coins would: the spread is that of the residuals.
    t = slope / np.sqrt(inverse[1, 1] * (tries * rest**2).sum() / 4)
    trend = falling(weeks)

    assert trend is not None
    assert isclose(trend.first, first, rel_tol=1e-9)
    assert isclose(trend.last, first + 5 * slope, rel_tol=1e-9)
    assert isclose(trend.p, stats.t.cdf(t, 4), rel_tol=1e-9)


def test_weeks_that_lie_on_a_line_are_still_coins() -> None:
    even = [(100 - 10 * week, 1_000) for week in range(5)]
    trend = falling(even)
    share = sum(hits for hits, _ in even) / 5_000
    t = -0.01 / sqrt(share * (1 - share) / (1_000 * 10))

    assert trend is not None
    assert isclose(trend.p, stats.t.cdf(t, 3), rel_tol=1e-9)


def test_two_points_are_no_trend() -> None:
    assert falling([(90, 1_000), (10, 1_000)]) is None
    assert falling([(90, 1_000), (0, 0), (50, 1_000), (0, 0), (10, 1_000)]) is None
    assert falling([(0, 1_000)] * 6) is None


def test_what_falls_is_found_and_what_rises_is_not() -> None:
    down, up = falling(WEEKS), falling(WEEKS[::-1])

    assert down is not None and down.p < 0.01 and down.last < down.first
    assert up is not None and up.p > 0.99


def test_chance_is_called_a_trend_no_more_often_than_it_may() -> None:
    """Visitors who click several times at once, and weeks of their own."""
    chance, found, of = Random(7), 0, 400
    for _ in range(of):
        weeks = []
        for _ in range(8):
            rate = chance.gauss(0.1, 0.02)
            clicks = sum(3 for _ in range(200) if chance.random() < rate / 3)
            weeks.append((clicks, 600))
        trend = falling(weeks)
        found += trend is not None and trend.p < 0.05
    assert found <= of * 0.05 + 3 * sqrt(of * 0.05 * 0.95)

"""Weights follow what variants earn, and nobody is starved."""

import statistics
from collections.abc import Iterable

import pytest

from shopwindow.rules.allocating.adapting import MINIMUM, learned
from shopwindow.rules.experiments import Adapting, Split, Variant
from shopwindow.rules.facts import DAY
from shopwindow.rules.measurement.cells import Cell, Tally
from tests.soak.adapting import AT_ONCE, LATER, MARKETS, Market, run

TODAY = 20_000


def split(adapt: Adapting, **weights: float) -> Split:
    variants = tuple(Variant(name, weight, "hero") for name, weight in weights.items())
    return Split("hero", variants, adapt=adapt)


def cell(
    arm: str, n: int, y: int, day: int = TODAY, context: str = ""
) -> tuple[Cell, Tally]:
    tally = Tally()
    tally.count(
        {
            "ordered": 1,
            "revenue": 5_000,
            "net": 5_000,
            "orders": 1,
            "visits": 1,
            "bounces": 1,
        },
        y,
    )
    tally.count({"visits": 1}, n - y)
    return Cell(day, "experiment", "hero", context, arm), tally


CONVERSION = Adapting("conversion-rate", delay=0.0)


def weights(
    cells: Iterable[tuple[Cell, Tally]], adapt: Adapting = CONVERSION
) -> dict[str, float]:
    return learned(split(adapt, a=1, b=1), cells, TODAY + 0.5)[""]


@pytest.mark.parametrize(
    "metric", ["conversion-rate", "revenue-per-visitor", "net-value", "leads"]
)
def test_the_better_one_gets_more(metric: str) -> None:
    cells = [cell("a", 1_000, 20), cell("b", 1_000, 60)]
    found = weights(cells, Adapting(metric, delay=0.0))
    if metric == "leads":  # nothing is known of these
        assert found == pytest.approx({"a": 0.5, "b": 0.5})
    else:
        assert found["b"] > 0.9
    assert sum(found.values()) == pytest.approx(1)


def test_where_less_is_better_less_gets_more() -> None:
    cells = [cell("a", 1_000, 200), cell("b", 1_000, 300)]
    assert weights(cells, Adapting("bounce-rate", delay=0.0))["a"] > 0.9


def test_the_same_cells_give_the_same_weights() -> None:
    cells = [cell("a", 1_000, 33), cell("b", 1_100, 41)]
    assert weights(cells) == weights(list(cells))


def test_nobody_has_less_than_the_floor() -> None:
    cells = [cell("a", 10_000, 10), cell("b", 10_000, 900)]
    adapt = Adapting("conversion-rate", floor=0.07, delay=0.0)
    assert weights(cells, adapt) == pytest.approx({"a": 0.07, "b": 0.93})
    # A floor that is no longer possible: all the same.
    wide = Adapting("conversion-rate", floor=0.9, delay=0.0)
    assert weights(cells, wide) == pytest.approx({"a": 0.5, "b": 0.5})


def test_few_visitors_move_nothing() -> None:
    few = MINIMUM - 1
    adapt = split(CONVERSION, a=3, b=1)
    cells = [cell("a", few, 0), cell("b", 5_000, 900)]
    wanted = {"a": 0.05 + 0.9 * 0.75, "b": 0.05 + 0.9 * 0.25}
    assert learned(adapt, cells, TODAY + 0.5)[""] == pytest.approx(wanted)


def test_a_variant_that_is_new_has_its_written_share_meanwhile() -> None:
    adapt = split(CONVERSION, a=1, b=1, new=2)
    cells = [cell("a", 9_000, 90), cell("b", 9_000, 900), cell("new", 20, 1)]
    found = learned(adapt, cells, TODAY + 0.5)[""]
    assert found["new"] == pytest.approx(0.05 + 0.85 * 0.5)
    assert found["a"] == pytest.approx(0.05, abs=1e-6)
    assert sum(found.values()) == pytest.approx(1)


def test_a_variant_that_the_metric_says_nothing_of_has_its_written_share() -> None:
    def clicked(arm: str, n: int, clicks: int) -> tuple[Cell, Tally]:
        tally = Tally()
        tally.count({"impressions": 2, "clicks": 1}, clicks)
        tally.count({"impressions": 2}, n - clicks)
        return Cell(TODAY, "experiment", "hero", "", arm), tally

    adapt = split(Adapting("click-rate", delay=0.0), a=1, b=1, nothing=1)
    cells = [clicked("a", 900, 30), clicked("b", 900, 90), cell("nothing", 900, 0)]
    found = learned(adapt, cells, TODAY + 0.5)[""]
    assert found["nothing"] == pytest.approx(0.05 + 0.85 / 3)
    assert found["b"] > 0.6


def test_what_is_switched_off_stays_off_and_strangers_are_passed_over() -> None:
    adapt = split(CONVERSION, a=1, b=1, off=0)
    cells = [cell("a", 900, 9), cell("b", 900, 90), cell("off", 900, 900)]
    cells.append(cell("gone", 900, 900))
    cells.append(cell("control", 900, 900))
    found = learned(adapt, cells, TODAY + 0.5)[""]
    assert found.keys() == {"a", "b", "off"}
    assert found["off"] == 0
    assert found["b"] > 0.9


def test_who_came_within_the_delay_does_not_count_yet() -> None:
    adapt = Adapting("conversion-rate", delay=1.0 * DAY)
    for age, counts in ((0, False), (1, False), (2, True)):
        cells = [cell("a", 900, 9, TODAY - age), cell("b", 900, 90, TODAY - age)]
        assert (weights(cells, adapt)["b"] > 0.6) is counts
    # Most of a day are enough.
    half = Adapting("conversion-rate", delay=DAY / 2)
    yesterday = [cell("a", 900, 9, TODAY - 1), cell("b", 900, 90, TODAY - 1)]
    assert learned(split(half, a=1, b=1), yesterday, TODAY + 0.2)[""]["b"] == 0.5
    assert learned(split(half, a=1, b=1), yesterday, TODAY + 0.4)[""]["b"] > 0.9


def test_what_is_long_ago_counts_less() -> None:
    cells = [
        *(cell("a", 1_000, 60, TODAY - 60), cell("b", 1_000, 30, TODAY - 60)),
        *(cell("a", 1_000, 30), cell("b", 1_000, 45)),
    ]
    forever = Adapting("conversion-rate", delay=0.0, half_life=0.0)
    assert weights(cells, forever)["a"] > 0.7
    forgets = Adapting("conversion-rate", delay=0.0, half_life=7.0 * DAY)
    assert weights(cells, forgets)["b"] > 0.8


def test_revenue_of_one_large_order_does_not_win() -> None:
    cells = [cell("a", 5_000, 150), cell("b", 5_000, 110)]
    cells[1][1].count(
        {"ordered": 1, "orders": 1, "revenue": 9_000_000, "net": 9_000_000}
    )
    found = weights(cells, Adapting("revenue-per-visitor", delay=0.0))
    assert found["a"] > 0.8


# -- by segment ----------------------------------------------------------------------------

BY = Adapting("conversion-rate", delay=0.0, by=("dogs", "rare"))


def in_both(arm: str, n: int, y: int, segment: str) -> list[tuple[Cell, Tally]]:
    return [cell(arm, n, y), cell(arm, n, y, context=f"segment:{segment}")]


def by_segment(cells: Iterable[tuple[Cell, Tally]]) -> dict[str, dict[str, float]]:
    return learned(split(BY, a=1, b=1), cells, TODAY + 0.5)


def test_segments_that_differ_get_weights_of_their_own() -> None:
    cells = [
        *(cell("a", 5_000, 300), cell("b", 5_000, 150)),
        *in_both("a", 5_000, 150, "dogs"),
        *in_both("b", 5_000, 300, "dogs"),
    ]
    found = by_segment(cells)
    assert found["segment:dogs"]["b"] > 0.9
    assert found[""]["a"] > 0.9  # for everybody else


def test_a_segment_that_nearly_nobody_is_in_goes_by_all_others() -> None:
    cells = [
        *(cell("a", 5_000, 300), cell("b", 5_000, 150)),
        *in_both("a", 20, 0, "rare"),
        *in_both("b", 20, 1, "rare"),
    ]
    found = by_segment(cells)
    assert found["segment:rare"]["a"] > 0.85
    assert found["segment:dogs"]["a"] > 0.85  # nobody at all


# -- simulated -----------------------------------------------------------------------------


def smaller(name: str, visitors: int = 20_000) -> tuple[Market, Adapting]:
    market, adapt, _ = MARKETS[name]
    return market._replace(visitors=visitors, batches=40), adapt


def test_an_adaptive_split_saves_regret_and_starves_nobody() -> None:
    ran = [run(*smaller("over ten days"), seed) for seed in range(3)]
    assert statistics.median(each.saved for each in ran) > 0.3
    assert min(each.least for each in ran) >= AT_ONCE.floor - 1e-9


def test_rewards_may_come_late() -> None:
    market = Market(wait=0.3, visitors=20_000, batches=40)
    assert run(market, LATER, 5).saved > 0.2


def test_tastes_that_differ_need_weights_by_segment() -> None:
    plain = run(*smaller("two tastes, plain"), 1)
    by = run(*smaller("two tastes, by segment"), 1)
    assert plain.saved < 0.15
    assert by.saved > 0.3

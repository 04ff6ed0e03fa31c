"""Sums that can be added, taken off, written down and cut."""

from collections.abc import Iterable, Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwindow.rules.measurement.buckets import bucket, largest
from shopwindow.rules.measurement.cells import Cell, Tally, cap
from shopwindow.rules.measurement.metrics import ADDED_UP, METRICS
from shopwindow.rules.measurement.quantities import (
    NAMES,
    NO_SHOWINGS,
    OF_OUTCOMES,
    OF_PAST,
    OF_SHOWINGS,
    ONCE,
    Quantities,
    together,
)
from shopwindow.rules.measurement.terms import fits, of_outcomes, of_showings, unpacked
from shopwindow.rules.statistics.samples import Mean, Ratio, Share

EDGES = [0, 1, 2, 63, 64, 65, 10**6, 10**14, 2**59 + 1, 2**62]
NUMBERS = st.one_of(st.integers(0, 5), st.sampled_from(EDGES))


@st.composite
def units(draw: st.DrawFn) -> Quantities:
    """One unit; most of it is 0, and a net may be below."""
    values = {
        name: min(draw(NUMBERS), 1) if name in ONCE else draw(NUMBERS)
        for name in draw(st.lists(st.sampled_from(NAMES), max_size=8, unique=True))
    }
    if draw(st.booleans()):
        values["net"] = -draw(NUMBERS)
    row = [values.get(name, 0) for name in NAMES]
    split = len(OF_SHOWINGS)
    return Quantities(tuple(row[:split]), tuple(row[split:]))


def summed(several: Iterable[Quantities]) -> Tally:
    tally = Tally()
    for one in several:
        tally.count(one.told())
    return tally


# -- adding up -----------------------------------------------------------------------------


@given(st.lists(units(), max_size=6), st.lists(units(), max_size=6))
def test_adding_and_taking_off_is_nothing(
    first: list[Quantities], second: list[Quantities]
) -> None:
    tally = summed(first)
    tally.add(summed(second))
    tally.add(summed(first), -1)
    assert tally == summed(second)
    for one in second:
        tally.count(one.told(), -1)
    assert tally == Tally()


@given(st.lists(units(), max_size=6), st.randoms())
def test_the_order_does_not_matter(several: list[Quantities], chance: object) -> None:
    shuffled = sorted(several, key=lambda one: hash((one, id(chance))))
    assert summed(shuffled).encode() == summed(several).encode()


@given(st.lists(units(), max_size=6))
def test_what_was_written_down_is_read_again(several: list[Quantities]) -> None:
    tally = summed(several)
    assert Tally.decode(tally.encode()) == tally


def test_numbers_of_more_than_64_bits_are_kept_exactly() -> None:
    tally = Tally()
    tally.count({"revenue": 2**63 - 1, "orders": 3}, 1_000_000)
    again = Tally.decode(tally.encode())
    assert again.moments["revenue-per-visitor"][1] == (2**63 - 1) ** 2 * 1_000_000


@pytest.mark.parametrize("text", [b"", b"{}", b'["n"]', b"[1,[]]"])
def test_what_is_no_tally_is_refused(text: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        Tally.decode(text)


@given(st.lists(st.tuples(units(), st.sampled_from([1, 1, 1, -1])), max_size=9))
def test_lanes_of_one_number_hold_the_same_sums(
    signed: Sequence[tuple[Quantities, int]],
) -> None:
    total, tally = 0, Tally()
    for (showings, outcomes), sign in signed:
        if fits(showings) and fits(outcomes):
            total += sign * (of_showings(showings) + of_outcomes(outcomes))
            tally.count(Quantities(showings, outcomes).told(), sign)
    assert unpacked(total) == (tally.n, tally.moments)


def test_squares_of_all_that_fits_leave_room_for_two_thousand_million_units() -> None:
    most = 2**32 - 1
    net = OF_OUTCOMES.index("net")
    outcomes = [0] * (len(OF_OUTCOMES) + len(OF_PAST))
    for value in (most, -most):
        outcomes[net] = value
        assert fits(tuple(outcomes))
        units = 2**31 - 1
        total = units * (of_showings(NO_SHOWINGS) + of_outcomes(tuple(outcomes)))
        n, moments = unpacked(total)
        assert (n, moments["net-value"][:2]) == (
            units,
            [value * units, most**2 * units],
        )
        outcomes[net] = value + (1 if value > 0 else -1)
        assert not fits(tuple(outcomes))


def test_a_cell_is_the_tuple_that_it_is_written_as() -> None:
    cell = Cell(1, "rule", "greet", "", "shown")
    assert cell == (1, "rule", "greet", "", "shown") and {cell: 1}[cell] == 1


# -- samples -------------------------------------------------------------------------------

UNITS = [
    {"impressions": 4, "clicks": 1, "clicked": 1, "thumbs-up": 1, "thumbs-down": 2},
    {"impressions": 2, "revenue": 500, "orders": 2, "ordered": 1, "before:ordered": 1},
    {"revenue": 100, "orders": 1, "ordered": 1, "before:revenue": 30},
]


def test_a_ratio_is_sampled_with_both_its_sides() -> None:
    sample = summed_up(UNITS).sample("click-rate")
    assert sample == Ratio(3, 1, 1, 6, 20, 4)
    assert summed_up(UNITS).sample("approval") == Ratio(3, 1, 1, 3, 9, 3)


def test_a_share_and_a_mean_are_sampled_with_what_was_before() -> None:
    assert summed_up(UNITS).sample("conversion-rate") == Share(3, 2, 1, 1)
    assert summed_up(UNITS).sample("clicked") == Share(3, 1)
    mean = summed_up(UNITS).sample("revenue-per-visitor")
    assert mean == Mean(3, 600, 260_000, 30, 900, 3_000)


@pytest.mark.parametrize("name", ADDED_UP)
def test_every_metric_can_be_sampled_of_nobody(name: str) -> None:
    assert set(Tally().sample(name)) == {0}


def summed_up(several: Iterable[dict[str, int]]) -> Tally:
    tally = Tally()
    for one in several:
        tally.count(one)
    return tally


# -- buckets and caps ----------------------------------------------------------------------


@given(st.integers(-(2**70), 2**70), st.integers(-(2**70), 2**70))
def test_larger_numbers_never_have_a_smaller_bucket(a: int, b: int) -> None:
    low, high = sorted((a, b))
    assert bucket(low) <= bucket(high)


@given(st.integers(-(2**70), 2**70))
def test_a_bucket_ends_before_the_next_one_and_is_three_per_cent_wide(
    value: int,
) -> None:
    end = largest(bucket(value))
    assert (
        end >= value and bucket(end) == bucket(value) and bucket(end + 1) > bucket(end)
    )
    assert end - value <= abs(value) / 32


def arm(values: Iterable[int]) -> Tally:
    return summed_up(
        {"revenue": value, "orders": 1, "before:revenue": 7} if value else {}
        for value in values
    )


def test_the_cap_is_the_99_9th_percentile_of_all_arms_together() -> None:
    control, treated = arm([10] * 998 + [20]), arm([10] * 999 + [40, 50])
    assert cap([control, treated], "revenue-per-visitor") == 20  # two of 2,000 above
    assert cap([control], "revenue-per-visitor") == 20
    assert cap([arm([10] * 1_001 + [50])], "revenue-per-visitor") == 10
    assert cap([control, treated], "conversion-rate") is None


def test_where_hardly_anybody_bought_nothing_is_cut() -> None:
    assert cap([arm([0] * 9_999 + [50])], "revenue-per-visitor") is None
    assert cap([], "revenue-per-visitor") is None
    lost = summed_up([{"net": -4000}] * 5)
    assert cap([lost], "net-value") is None


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=30), st.integers(0, 10**6))
def test_what_lies_above_a_cap_counts_as_the_cap(values: list[int], at: int) -> None:
    limit = largest(bucket(at))
    found = arm(values).sample("revenue-per-visitor", limit)
    cut = [min(value, limit) for value in values]
    past = [7 if value else 0 for value in values]
    assert found == Mean(
        len(values),
        sum(cut),
        sum(value * value for value in cut),
        sum(past),
        sum(one * one for one in past),
        sum(a * b for a, b in zip(cut, past, strict=True)),
    )


# -- the catalogue -------------------------------------------------------------------------


def test_every_metric_asks_for_quantities_that_are_counted() -> None:
    known = {*NAMES, "ratings", ""}
    for metric in ADDED_UP.values():
        assert {metric.over, metric.under} <= known
        assert (metric.kind == "ratio") == bool(metric.under)
        assert (metric.kind == "share") == (metric.over in ONCE and not metric.under)
        assert metric.words and metric.words == metric.words.strip(". ")


def test_the_catalogue_is_the_one_that_rules_may_name() -> None:
    assert list(METRICS) == [
        *("click-rate", "conversion-rate", "revenue-per-visitor"),
        *("average-order-value", "add-to-cart", "bounce-rate", "pages-per-visit"),
        *("time-to-first-product", "repurchase-rate", "leads", "net-value"),
        *("opt-outs", "dismissals", "approval"),
    ]
    assert {name for name, metric in METRICS.items() if metric.better == "less"} == {
        *("bounce-rate", "time-to-first-product", "opt-outs", "dismissals"),
    }
    assert len(OF_OUTCOMES) + len(OF_PAST) + len(OF_SHOWINGS) == len(NAMES)


@given(units(), units())
def test_owners_of_one_account_did_it_once_if_any_did(
    a: Quantities, b: Quantities
) -> None:
    both, of_a, of_b = together([a, b]).told(), a.told(), b.told()
    for name in NAMES:
        one, other = of_a.get(name, 0), of_b.get(name, 0)
        wanted = max(one, other) if name in ONCE else one + other
        assert both.get(name, 0) == wanted

"""Numbers that nobody wants: there is no answer, or one that can be read."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopwindow.rules.statistics.power import chance, detectable, time_to_go
from shopwindow.rules.statistics.samples import Mean, Ratio, Sample, Share
from shopwindow.rules.statistics.sequences import Sequential
from shopwindow.rules.statistics.uplift import uplift

NUMBERS = st.one_of(
    st.integers(-5, 50),
    st.integers(-(10**400), 10**400),
    st.floats(),
    st.sampled_from([0.0, -0.0, 5e-324, 1e308, math.inf, -math.inf, math.nan]),
)
SIZES = st.one_of(st.integers(-1, 20), st.integers(0, 10**400), NUMBERS)
LIKELY = st.integers(0, 100)
SAMPLES: st.SearchStrategy[Sample] = st.one_of(
    st.builds(Mean, SIZES, *[NUMBERS] * 5),
    st.builds(Mean, st.integers(0, 20), *[LIKELY] * 5),
    st.builds(Share, SIZES, *[NUMBERS] * 3),
    st.builds(Share, st.integers(0, 20), *[LIKELY] * 3),
    st.builds(Ratio, SIZES, *[NUMBERS] * 5),
    st.builds(Ratio, st.integers(0, 20), *[LIKELY] * 5),
)
LOOKS = st.sampled_from([None, Sequential(), Sequential(1, 0), Sequential(1e300, 0)])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(SAMPLES, SAMPLES, LOOKS, st.booleans())
def test_an_uplift_is_numbers_or_nothing(
    control: Sample, treated: Sample, sequential: Sequential | None, adjusted: bool
) -> None:
    found = uplift(control, treated, sequential=sequential, adjusted=adjusted)
    if found is not None:
        assert all(map(math.isfinite, found))
        assert 0 <= found.p <= 1
        assert found.low <= found.relative <= found.high
        assert found.absolute_low <= found.absolute <= found.absolute_high


@settings(max_examples=150, deadline=None, derandomize=True)
@given(SAMPLES, SAMPLES, LOOKS, st.floats(), st.floats())
def test_what_can_be_seen_is_a_number_or_nothing(
    control: Sample,
    treated: Sample,
    sequential: Sequential | None,
    effect: float,
    days: float,
) -> None:
    found = (
        detectable(control, treated, sequential=sequential),
        chance(control, treated, effect, sequential=sequential),
        time_to_go(control, treated, effect, days, sequential=sequential),
    )
    for number in found:
        assert number is None or (math.isfinite(number) and number >= 0)


@pytest.mark.parametrize(
    ("control", "treated"),
    [
        (Mean(0, 0, 0), Mean(0, 0, 0)),
        (Mean(1, 5, 25), Mean(100, 500, 3000)),
        (Mean(100, 500, 3000), Mean(1, 5, 25)),
        (Mean(100, 500, 2500), Mean(100, 500, 3000)),  # all had 5
        (Mean(100, 500, 3000), Mean(100, 0, 0)),
        (Mean(100, 0, 3000), Mean(100, 500, 3000)),  # nothing, on average
        (Share(1000, 0), Share(1000, 30)),
        (Share(1000, 1000), Share(1000, 30)),
        (Ratio(100, 0, 0, 0, 0, 0), Ratio(100, 10, 10, 300, 1000, 30)),
        (Ratio(100, 10, 10, 300, 1000, 30), Ratio(100, 10, 10, 0, 0, 0)),
        (Mean(100, 10**400, 10**900), Mean(100, 10**400, 10**900)),
        (Mean(100, math.nan, 3000), Mean(100, 500, 3000)),
        (Mean(100, 500, math.inf), Mean(100, 500, 3000)),
    ],
)
def test_there_is_not_enough_to_say(control: Sample, treated: Sample) -> None:
    assert uplift(control, treated) is None
    assert uplift(control, treated, sequential=Sequential()) is None
    assert detectable(control, treated) is None
    assert chance(control, treated, 0.1) is None
    assert time_to_go(control, treated, 0.1, 7) is None


def test_a_covariate_that_tells_nothing_changes_nothing() -> None:
    plain = uplift(Mean(100, 500, 3000), Mean(120, 700, 5000))
    constant = (
        Mean(100, 500, 3000, 300, 900, 1500),
        Mean(120, 700, 5000, 360, 1080, 2100),
    )
    assert uplift(*constant) == plain is not None
    of_two_kinds = uplift(Mean(100, 20, 20, 10, 10, 5), Share(120, 40, 30, 10))
    assert of_two_kinds == uplift(Mean(100, 20, 20), Share(120, 40))
    # What was before tells all: nothing is left to vary.
    told = Mean(100, 500, 3000, 500, 3000, 3000), Mean(120, 700, 5000, 700, 5000, 5000)
    assert uplift(*told) is None


@pytest.mark.parametrize(
    "asked",
    [
        lambda one, other: uplift(one, other, confidence=1.0),
        lambda one, other: uplift(one, other, confidence=0.0),
        lambda one, other: uplift(one, other, confidence=math.nan),
        lambda one, other: uplift(one, other, sequential=Sequential(0.5)),
        lambda one, other: uplift(one, other, sequential=Sequential(math.inf)),
        lambda one, other: detectable(one, other, power=1.0),
        lambda one, other: chance(one, other, 0.1, confidence=2.0),
        lambda one, other: time_to_go(one, other, 0.1, 7, power=0.0),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    asked: Callable[[Sample, Sample], object],
) -> None:
    with pytest.raises(ValueError, match=r"\d|nan|inf"):
        asked(Mean(100, 500, 3000), Mean(120, 700, 5000))

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwindow.rules.facts import DAY, Interest, Profile
from shopwindow.rules.interests import Leanings, Traffic, decayed
from tests.rules.shop import NOW, ask, rule

EVEN = Traffic({"category": {f"c{n}": 0.1 for n in range(10)}})


def profile(**scores: float) -> Profile:
    return Profile(
        interests={
            "category": {key: Interest(score, NOW) for key, score in scores.items()}
        }
    )


def test_a_score_halves_in_thirty_days() -> None:
    assert decayed(Interest(8.0, NOW - 60 * DAY), NOW) == pytest.approx(2.0)
    assert decayed(Interest(8.0, NOW + DAY), NOW) == 8.0


@pytest.mark.parametrize(
    ("scores", "traffic", "wanted"),
    [
        ({}, EVEN, 0.0),
        ({"c1": 1.0}, EVEN, 1 - 0.1 / (1.2 / 3)),
        ({"c0": 8.0, "c1": 2.0}, EVEN, 1 - 0.1 / (2.2 / 12)),
        ({"c0": 18.0, "c1": 2.0}, EVEN, 0.0),
        ({"c1": 1.0}, Traffic(), 1 - 0.1 / (1.2 / 3)),
        ({"c1": 1.0}, Traffic({"category": {"other": 1.0}}), 1 - 0.01 / (1.02 / 3)),
        ({"c1": 10.0}, Traffic({"category": {"c1": 1.0}}), 0.0),
    ],
)
def test_affinity_is_a_shrunken_lift(
    scores: dict[str, float], traffic: Traffic, wanted: float
) -> None:
    found = Leanings(profile(**scores), "category", NOW, traffic).affinity("c1")
    assert found == pytest.approx(wanted)


@given(
    st.dictionaries(st.sampled_from("abcde"), st.floats(0, 1e6), max_size=5),
    st.dictionaries(st.sampled_from("abcde"), st.floats(0, 1), max_size=5),
    st.floats(-1e9, 1e9),
)
def test_affinity_lies_between_zero_and_one(
    scores: dict[str, float], shares: dict[str, float], later: float
) -> None:
    traffic = Traffic({"category": shares})
    leanings = Leanings(profile(**scores), "category", NOW + later, traffic)
    for key in "abcde":
        assert 0.0 <= leanings.affinity(key) <= 1.0


@pytest.mark.parametrize("scores", [(-1.0, -1.0), (-9.0, 1.0), (math.nan, 1.0)])
def test_a_damaged_profile_leans_to_nothing(scores: tuple[float, float]) -> None:
    one, other = scores
    leanings = Leanings(profile(c1=one, c2=other), "category", NOW, EVEN)
    assert (leanings.affinity("c1"), leanings.affinity("c2")) == (0.0, 0.0)


def test_a_rule_asks_for_the_same_affinity() -> None:
    rules = rule("[{affinity: {category: wood, at-least: 0.75}}]")
    keen = Profile(interests={"category": {"wood": Interest(1.0, NOW)}})
    for known, wanted in ((keen, True), (Profile(), False)):
        assert rules.rules[0].holds(ask(rules, profile=known)) is wanted
    assert not rules.rules[0].holds(
        ask(rules, profile=keen, traffic=Traffic({"category": {"wood": 0.9, "x": 0.1}}))
    )

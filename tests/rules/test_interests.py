import math
from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shopwindow.rules.decide import decide
from shopwindow.rules.facts import DAY, Answer, Interest, Profile
from shopwindow.rules.interests import (
    HALF_LIFE,
    LESS,
    MORE,
    Leanings,
    Traffic,
    add_interests,
    decayed,
    strengths,
)
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


def with_answers(known: Profile, **answers: str) -> Profile:
    said = {key: Answer(wish, NOW) for key, wish in answers.items()}
    return replace(known, answers={"category": said})


@pytest.mark.parametrize(
    "scores", [{}, {"c1": 0.1}, {"c1": 50.0}, {"c1": 1.0, "c2": 99.0}]
)
def test_what_was_said_goes_before_what_was_done(scores: dict[str, float]) -> None:
    known = profile(**scores)
    plain = Leanings(known, "category", NOW, EVEN).affinity("c1")

    def said(wish: str) -> float:
        answered = with_answers(known, c1=wish)
        return Leanings(answered, "category", NOW, EVEN).affinity("c1")

    assert said("never") == 0.0 <= said("less") <= LESS < MORE <= said("more") <= 1.0
    assert said("less") == pytest.approx(LESS * plain)
    assert said("more") == pytest.approx(MORE + (1 - MORE) * plain)
    assert said("") == plain


def test_an_answer_changes_nothing_about_other_things() -> None:
    known = profile(c1=3.0, c2=1.0)
    for traffic in (EVEN, Traffic()):
        plain = Leanings(known, "category", NOW, traffic)
        answered = Leanings(with_answers(known, c3="more"), "category", NOW, traffic)
        for key in ("c1", "c2", "c4"):
            assert answered.affinity(key) == plain.affinity(key)


@pytest.mark.parametrize(
    ("bound", "wish", "holds"),
    [
        ("at-least: 0.5", "more", True),
        ("at-least: 0.5", "less", False),
        ("at-least: 0.5", "never", False),
        ("at-most: 0", "never", True),
        ("at-most: 0.2", "less", True),
        ("at-most: 0.2", "more", False),
    ],
)
def test_a_rule_hears_what_was_said(bound: str, wish: str, holds: bool) -> None:
    rules = rule(f"[{{affinity: {{category: wood, {bound}}}}}]")
    for scores in ({}, {"wood": 9.0}, {"screws": 1.0}):
        known = with_answers(profile(**scores), wood=wish)
        asked = ask(rules, profile=known)
        assert rules.rules[0].holds(asked) is holds
        assert (decide(rules, asked, "home.hero").rule is not None) is holds


def test_things_stand_in_the_order_that_was_asked_for() -> None:
    known = profile(c1=9.0, c2=1.0, c3=5.0, c4=7.0)
    answered = with_answers(
        known, c2="more", c0="more", c3="less", c4="never", c9="less"
    )
    found = strengths(answered, "category", NOW)
    found.setdefault("unknown", 0.0)
    assert sorted(found, key=lambda key: -found[key]) == [
        "c2",
        "c0",
        "c1",
        "unknown",
        "c3",
        "c9",
        "c4",
    ]
    assert strengths(known, "category", NOW + 30 * DAY)["c1"] == pytest.approx(4.5)


@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.integers(0, 400 * DAY)), min_size=1, max_size=9
    ),
    st.floats(0, 400),
)
def test_a_score_is_kept_in_whole_numbers_and_is_the_same_score(
    added: list[tuple[int, int]], days: float
) -> None:
    first = int(NOW) - 400 * DAY
    table: Mapping[str, Mapping[str, Interest]] = {}
    for weight, since in sorted(added, key=lambda one: one[1]):
        table = add_interests(table, weight, [("tag", "sale")], first + since)
    (found,) = table["tag"].values()
    assert found.score == int(found.score) and found.time == int(found.time) <= NOW
    later = NOW + days * DAY
    true = sum(
        weight * 0.5 ** ((later - first - since) / HALF_LIFE) for weight, since in added
    )
    assert decayed(found, later) == pytest.approx(true, rel=1e-5)
    assert len(msgspec.msgpack.encode(found)) <= 9


def test_a_late_event_counts_as_it_would_have() -> None:
    before = {"tag": {"sale": Interest(4, NOW)}}
    table = add_interests(before, 2, [("tag", "sale")], NOW - HALF_LIFE)
    assert table["tag"]["sale"] == Interest(5.0, NOW)


@pytest.mark.parametrize("score", [-5.0, math.nan, math.inf, 1e300])
def test_a_damaged_score_gives_way(score: float) -> None:
    before = {"tag": {"sale": Interest(score, NOW - DAY)}}
    table = add_interests(before, 3, [("tag", "sale")], NOW)
    assert decayed(table["tag"]["sale"], NOW) == pytest.approx(3.0)

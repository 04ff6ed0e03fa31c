"""More, less, never: what visitors say about things."""

import pytest

from shopwindow.rules.answers import answered, never, united, wish
from shopwindow.rules.decide import decide
from shopwindow.rules.events import PREFERENCE_SET
from shopwindow.rules.facts import DAY, KEYS_KEPT, Answer, Event, Profile
from tests.rules.shop import NOW, ask, counter, event, lived, rule


def says(
    ago: float, answer: object, key: object = "sale", dimension: str = "tag"
) -> Event:
    return event(PREFERENCE_SET, ago, dimension=dimension, key=key, answer=answer)


def test_the_latest_answer_counts_whenever_it_arrives() -> None:
    assert wish(Profile(), "tag", "sale") == ""
    for events in (
        [says(2, "more"), says(1, "less")],
        [says(1, "less"), says(2, "more")],
    ):
        profile = lived(events)
        assert profile.answers == {"tag": {"sale": Answer("less", NOW - DAY)}}
        assert wish(profile, "tag", "sale") == "less"


def test_an_answer_is_taken_back() -> None:
    profile = lived([says(2, "never"), says(1, "")])
    assert wish(profile, "tag", "sale") == "" and never(profile) == {}
    assert lived([says(3, "never")], profile).answers == profile.answers


@pytest.mark.parametrize(
    "odd",
    [says(1, 7), says(1, None), says(1, "more", key=""), says(1, "more", key=None), says(1, "more", dimension="colour")],
)  # fmt: skip
def test_what_is_no_answer_changes_nothing(odd: Event) -> None:
    assert lived([odd]).answers == {}


def test_an_unknown_word_takes_back() -> None:
    assert wish(lived([says(2, "never"), says(1, "perhaps")]), "tag", "sale") == ""


def test_what_is_never_wanted_is_told_by_dimension() -> None:
    profile = lived(
        [
            says(1, "never"),
            says(1, "never", key="p1", dimension="product"),
            says(1, "never", key=7, dimension="product"),
            says(1, "more", key="wood", dimension="category"),
        ]
    )
    assert never(profile) == {"tag": {"sale"}, "product": {"p1", "7"}}


def test_answers_are_bounded_and_those_taken_back_go_first() -> None:
    answers: dict[str, dict[str, Answer]] = {}
    for number in range(KEYS_KEPT):
        said = Answer("" if number == 30 else "more", number)
        answers = answered(answers, "tag", f"t{number}", said)
    answers = answered(answers, "tag", "new", Answer("more", 99))
    assert len(answers["tag"]) == KEYS_KEPT and "t30" not in answers["tag"]
    answers = answered(answers, "tag", "newer", Answer("more", 100))
    assert "t0" not in answers["tag"] and "t1" in answers["tag"]
    both = united(answers, {"tag": {f"o{n}": Answer("less", 200) for n in range(9)}})
    assert len(both["tag"]) == KEYS_KEPT and "o8" in both["tag"]


def test_the_favourite_is_none_that_is_never_wanted() -> None:
    rules = rule("[{viewed: {category: any, at-least: 2, as: cat}}]")
    profile = Profile(
        counts={"viewed category": {"wood": counter((1, 3)), "screws": counter((0, 2))}}
    )
    for said, found in (("more", "wood"), ("never", "screws")):
        known = lived([says(0, said, "wood", "category")], profile)
        decision = decide(rules, ask(rules, profile=known), "home.hero")
        assert decision.bound["cat"] == ("category", found)
    known = lived([says(0, "never", "screws", "category")], known)
    assert decide(rules, ask(rules, profile=known), "home.hero").rule is None

"""The answers are those of a published engine, GrowthBook's gbstats 0.8.0."""

import json

from tests.rules.statistics.compared import FROZEN, differences
from tests.rules.statistics.generated import cases


def test_two_hundred_cases_are_answered_as_growthbook_answers_them() -> None:
    frozen = json.loads(FROZEN.read_text())
    assert len(frozen) == 200
    told = [difference for one in frozen for difference in differences(**one)]
    assert told == []


def test_the_cases_are_of_every_kind_and_most_of_them_have_an_answer() -> None:
    frozen = json.loads(FROZEN.read_text())
    kinds = {
        (one["case"]["kind"], one["case"]["adjusted"], one["case"]["units"] is None)
        for one in frozen
    }
    assert (
        len(kinds) == 10
    )  # means and shares adjusted or not, ratios; each to look at early or not
    assert sum(one["answers"]["relative"] is not None for one in frozen) >= 160


def test_a_wrong_answer_would_be_told() -> None:
    one = next(
        one
        for one in json.loads(FROZEN.read_text())
        if one["answers"]["relative"] is not None
    )
    one["answers"]["relative"]["high"] *= 1 + 1e-7
    assert len(differences(**one)) == 1
    one["answers"]["absolute"] = None
    assert "said something" in differences(**one)[0]


def test_cases_can_be_drawn_again() -> None:
    assert cases(seed=7, count=20) == cases(seed=7, count=20)

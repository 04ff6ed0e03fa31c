"""Goals and guardrails: read as written, and found where nobody could keep to them."""

import pytest

from shopwindow.rules.goals import Goal, Guardrail
from shopwindow.rules.reading import RuleSet, read_rules
from shopwindow.rules.rule import Rule
from tests.rules.shop import VOCABULARY

DAY = 86_400.0
TWO = (
    "split: {experiment: e, variants: [{name: a, show: hero}, {name: b, show: plain}]}"
)
ONE = "split: {experiment: e, control: 10%, variants: [{name: a, show: hero}]}"


def said(*lines: str) -> tuple[RuleSet, list[str]]:
    text = "rules:\n  - id: first\n    slot: home.hero\n"
    text += "".join(f"    {line}\n" for line in lines)
    rules, findings = read_rules({"f.yaml": text}, VOCABULARY)
    return rules, [str(finding) for finding in findings]


def only(*lines: str) -> Rule:
    rules, findings = said(*lines)
    assert findings == []
    (rule,) = rules.rules
    return rule


def test_a_goal_is_a_metric_how_far_and_how_long() -> None:
    rule = only("goal: {metric: conversion-rate, target: +25%, window: 14 days}", TWO)
    assert rule.goal == Goal("conversion-rate", 0.25, 14 * DAY, 4)
    assert rule.about["goal"] == "conversion-rate +25% within 14 days"
    assert {one.goal for one in rule.variants.values()} == {rule.about["goal"]}


def test_a_goal_may_leave_all_but_its_metric_away() -> None:
    rule = only("goal: {metric: bounce-rate}", TWO)
    assert rule.goal == Goal("bounce-rate", None, 0.0, 4)
    assert rule.about["goal"] == "bounce-rate"


def test_a_goal_in_words_stays_words() -> None:
    rule = only("goal: more puppies", "show: hero")
    assert (rule.goal, rule.about["goal"]) == (None, "more puppies")
    assert only("show: hero").about == {}


def test_guardrails_are_one_or_a_list() -> None:
    both = only(
        "guardrails:",
        "  - {metric: bounce-rate, at-most: +2%}",
        "  - {metric: revenue-per-visitor, at-least: -3.5%, at-most: +90%}",
        TWO,
    )
    assert both.guardrails == (
        Guardrail("bounce-rate", None, 0.02, 5),
        Guardrail("revenue-per-visitor", -0.035, 0.9, 6),
    )
    assert [str(one) for one in both.guardrails] == [
        "bounce-rate at most +2%",
        "revenue-per-visitor at least -3.5% and at most +90%",
    ]
    one = only("guardrails: {metric: opt-outs, at-most: +0%}", TWO)
    assert one.guardrails == (Guardrail("opt-outs", None, 0.0, 4),)


WRONG = {
    "goal: []": '4:11: error: "goal" must be `key: value` lines, not a list',
    "goal: {target: +25%}": '4:5: error: "goal" needs `metric:`: write for example',
    "goal: {metric: conversion}": "4:20: error: unknown metric "
    '"conversion": did you mean "conversion-rate"?',
    "goal: {metric: click-rate, by: +2%}": '4:32: error: unknown key "by" in "goal"',
    "goal: {metric: leads, target: 25%}": '4:35: error: "target" needs a change with '
    'its sign, not "25%": write `+25%` for more, `-25%` for less',
    "goal: {metric: leads, target: 25}": "write `+25%` for more, `-25%` for less",
    "goal: {metric: leads, target: +25}": 'not "+25": write `+25%`',
    "goal: {metric: leads, target: more}": 'not "more": write for example `+25%`',
    "goal: {metric: leads, target: -25%}": '4:35: error: "target" -25% is for the '
    "worse: more leads is better: write for example `+25%`",
    "goal: {metric: bounce-rate, target: +25%}": '"target" +25% is for the worse: less '
    "bounce-rate is better: write for example `-25%`",
    "goal: {metric: bounce-rate, target: -100%}": '"target" -100% leaves nothing',
    "goal: {metric: leads, target: +0%}": '"target" +0% changes nothing',
    "goal: {metric: leads, window: soon}": '4:35: error: "soon" is not a duration',
    "goal: {metric: leads, window: 1 year}": '"window" is at most 90 days, not 1 year',
    "guardrails: []": '4:5: error: "guardrails" guards nothing: write for example',
    "guardrails: soon": '4:17: error: guardrail must be `key: value` lines, not "soon"',
    "guardrails: {at-most: +2%}": '4:17: error: "guardrail" needs `metric:`',
    "guardrails: {metric: bounce-rat, at-most: +2%}": "unknown metric "
    '"bounce-rat": did you mean "bounce-rate"?',
    "guardrails: {metric: leads}": 'nothing bounds "leads"',
    "guardrails: {metric: leads, at-least: 3%}": '"at-least" needs a change with its',
    "guardrails: {metric: leads, at-least: +3%}": '4:43: error: "at-least" +3% cannot '
    "hold: it is broken as long as nothing changes: what is to change is a `goal:`",
    "guardrails: {metric: bounce-rate, at-most: -3%}": '"at-most" -3% cannot hold',
    "guardrails: {metric: leads, at-least: -100%}": '"at-least" -100% always holds',
    "guardrails: [{metric: leads, at-least: -3%}, {metric: leads, at-least: -2%}]": (
        '"leads" is guarded twice: write both bounds into one'
    ),
    "guardrails: {metric: bounce-rate, at-least: -3%}": "4:49: warning: less bounce-rate "
    "is better, and this keeps it from getting so: to guard against the worse write for "
    "example `at-most: +2%`",
    "guardrails: {metric: leads, at-most: +3%}": "warning: more leads is better, and",
}


@pytest.mark.parametrize("line", WRONG)
def test_what_is_wrong_is_found_where_it_stands(line: str) -> None:
    rules, findings = said(line, TWO)
    assert len(findings) == 1 and WRONG[line] in findings[0], findings
    assert len(rules.rules) == ("warning" in findings[0])


def test_a_guardrail_that_the_goal_breaks_cannot_hold() -> None:
    goal = "goal: {metric: revenue-per-visitor, target: +25%}"
    bad = "guardrails: {metric: revenue-per-visitor, at-least: -3%, at-most: +10%}"
    _, findings = said(goal, bad, TWO)
    assert findings == [
        "f.yaml:5:17: error: this guardrail cannot hold: the goal revenue-per-visitor +25% "
        "breaks it: let the goal be less, or guard something else"
    ]
    only(goal, bad.replace("+10%", "+25%"), TWO)


# -- what nobody could tell afterwards -----------------------------------------------------


@pytest.mark.parametrize("shows", [ONE, "show: hero"])
def test_what_is_held_back_has_no_clicks_to_compare_with(shows: str) -> None:
    _, findings = said("goal: {metric: click-rate}", shows)
    assert findings == [
        "f.yaml:4:11: warning: nothing moves the goal click-rate: who is held back is shown "
        "nothing: compare two variants that show something, or name another metric"
    ]
    _, findings = said("guardrails: {metric: dismissals, at-most: +5%}", shows)
    assert "nobody can tell whether dismissals at most +5% holds" in findings[0]
    only("goal: {metric: conversion-rate}", shows)
    only("goal: {metric: click-rate}", TWO)


def test_a_variant_of_level_none_has_no_clicks_either() -> None:
    variants = "[{name: a, show: hero}, {name: off, level: none}]"
    _, findings = said(
        "goal: {metric: approval}", f"split: {{experiment: e, variants: {variants}}}"
    )
    assert "nothing moves the goal approval" in findings[0]


def test_one_variant_alone_is_compared_with_nothing() -> None:
    alone = "split: {experiment: e, variants: [{name: a, show: hero}]}"
    _, findings = said("goal: {metric: leads}", alone)
    assert findings == [
        'f.yaml:5:5: warning: experiment "e" compares its variant with nothing: '
        "add `control: 10%`"
    ]
    only(alone)  # who asks for nothing need not compare


def test_a_roll_out_without_guardrails_is_warned_of() -> None:
    growing = "split: {experiment: e, rollout: true, variants: [{name: a, show: hero}]}"
    _, findings = said(growing)
    assert findings == [
        'f.yaml:4:5: warning: nothing stops the roll-out of "e": add `guardrails:`, for '
        "example `[{metric: revenue-per-visitor, at-least: -3%}]`"
    ]
    only("guardrails: {metric: leads, at-least: -3%}", growing)

"""Adaptive weights and roll-outs out of a document."""

import pytest

from shopwindow.rules.experiments import Adapting, Rollout, Split
from shopwindow.rules.reading import read_rules
from tests.rules.shop import VOCABULARY

DAY = 86_400.0
TWO = "[{name: a, show: hero}, {name: b, show: plain}]"
GUARD = "    guardrails: {metric: leads, at-least: -3%}\n"


def said(split: str, more: str = "") -> tuple[Split | None, list[str]]:
    text = (
        "segments: {dogs: [{country: DE}], cats: [{country: AT}]}\n"
        f"rules:\n  - id: first\n    slot: home.hero\n{more}"
        f"    split: {{experiment: e, {split}}}\n"
    )
    rules, findings = read_rules({"f.yaml": text}, VOCABULARY)
    found = rules.rules[0].split if rules.rules else None
    return found, [str(finding).partition(": ")[2] for finding in findings]


def read(split: str, more: str = "") -> Split:
    found, findings = said(split, more)
    assert findings == [] and found is not None
    return found


def test_true_is_enough() -> None:
    assert read(f"adapt: true, variants: {TWO}").adapt == Adapting()
    assert read(f"adapt: false, variants: {TWO}").adapt is None
    growing = read(f"rollout: true, variants: {TWO}", GUARD)
    assert growing.rollout == Rollout((0.01, 0.05, 0.25, 0.5, 1.0), DAY)
    assert read(f"rollout: false, variants: {TWO}").rollout is None


def test_it_adapts_by_what_the_rule_is_to_bring_about() -> None:
    goal = "    goal: {metric: revenue-per-visitor}\n"
    assert read(f"adapt: true, variants: {TWO}", goal).adapt == Adapting(
        "revenue-per-visitor"
    )
    own = read(f"adapt: {{metric: leads}}, variants: {TWO}", goal).adapt
    assert own == Adapting("leads")
    words = "    goal: more sales\n"
    assert read(f"adapt: true, variants: {TWO}", words).adapt == Adapting("click-rate")


def test_all_of_it_can_be_said() -> None:
    adapt = (
        "{metric: add-to-cart, floor: 10%, delay: 2 hours, half-life: 4 weeks, "
        "by: [dogs, cats]}"
    )
    assert read(f"adapt: {adapt}, variants: {TWO}").adapt == Adapting(
        "add-to-cart", 0.1, 7_200.0, 28 * DAY, ("dogs", "cats")
    )
    rollout = "{steps: [2%, 20%], every: 12 hours}"
    growing = read(f"rollout: {rollout}, variants: {TWO}", GUARD)
    assert growing.rollout == Rollout((0.02, 0.2), 43_200.0)


WRONG = {
    f"adapt: maybe, variants: {TWO}": 'error: "adapt" is true or false, not "maybe": '
    "write `true`, or for example `{metric: click-rate, floor: 5%}`",
    f"adapt: {{metrics: x}}, variants: {TWO}": 'error: unknown key "metrics" in "adapt": '
    'did you mean "metric"?',
    f"adapt: {{metric: clicks}}, variants: {TWO}": 'error: unknown metric "clicks": did '
    'you mean "click-rate"?',
    f"adapt: {{floor: 5}}, variants: {TWO}": '"floor" needs a percentage',
    f"adapt: {{floor: 60%}}, variants: {TWO}": 'error: "floor" promises 2 variants more '
    "than there is: it is at most 50%",
    f"adapt: {{delay: later}}, variants: {TWO}": '"later" is not a duration',
    f"adapt: {{by: [dog]}}, variants: {TWO}": 'error: unknown segment "dog": did you mean '
    '"dogs"?',
    f"adapt: {{by: [dogs, dogs]}}, variants: {TWO}": 'segment "dogs" is here twice',
    "adapt: true, variants: [{name: a, show: hero}]": 'error: "adapt" has nothing to '
    "choose from: there is one variant: add a variant with a weight",
    "adapt: true, variants: [{name: a, weight: 1, show: hero}, {name: b, weight: 0, show: plain}]": (
        '"adapt" has nothing to choose from'
    ),
    f"adapt: true, unit: account, variants: {TWO}": 'error: "adapt" cannot go by account: '
    "when weights move, its people would differ: write `unit: customer`",
    "adapt: true, variants: [{name: a, show: hero}, {name: off, level: none}]": (
        'error: variant "off" shows nothing: it has no click-rate to adapt by'
    ),
    f"adapt: true, rollout: true, variants: {TWO}": 'error: "adapt" and "rollout" cannot '
    "both say who sees what: let the variants adapt first, then roll the best one out",
    f"rollout: true, control: 10%, variants: {TWO}": "error: a roll-out has a control "
    'group of its own: leave "control" away',
    f"rollout: {{steps: [5%, 1%]}}, variants: {TWO}": "error: step 1% is not more than the "
    "one before it: steps go up",
    f"rollout: {{steps: [5%, 5%]}}, variants: {TWO}": "step 5% is not more than",
    f"rollout: {{steps: [0%, 5%]}}, variants: {TWO}": "step 0% shows it to nobody",
    f"rollout: {{steps: [5%, 75%, 100%]}}, variants: {TWO}": "at step 75% fewer can be held",
    f"rollout: {{steps: []}}, variants: {TWO}": '"steps" must be a list of percentages',
    f"rollout: {{steps: [5]}}, variants: {TWO}": "a step needs a percentage",
    f"rollout: {{every: day}}, variants: {TWO}": '"day" is not a duration',
}


@pytest.mark.parametrize("split", WRONG)
def test_what_does_not_go_is_found(split: str) -> None:
    found, findings = said(split, GUARD if "rollout" in split else "")
    assert found is None
    assert len(findings) == 1 and WRONG[split] in findings[0], findings


def test_a_segment_in_a_circle_takes_the_rule_along_that_adapts_by_it() -> None:
    text = (
        "segments: {a: [{segment: b}], b: [{segment: a}]}\nrules:\n"
        "  - {id: x, slot: home.hero, split: "
        f"{{experiment: e, adapt: {{by: a}}, variants: {TWO}}}}}\n"
    )
    rules, findings = read_rules({"f.yaml": text}, VOCABULARY)
    assert rules.rules == () and findings

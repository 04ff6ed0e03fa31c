"""A mistyped word of any part of the language is answered with the right one."""

import pytest

from shopwindow.rules.reading import read_rules
from tests.rules.shop import VOCABULARY

ARMS = "variants: [{name: a, show: hero}]"
# What is written, and what was meant; `plain` has no parameters, `category-hero` some.
TYPOS = {
    "slott: home.hero, show: hero": "slot",
    "slot: home.heroo, show: hero": "home.hero",
    "slot: HOME.HERO, show: hero": "home.hero",
    "slot: home.hero, show: herro": "hero",
    "slot: home.hero, show: hero, priorty: 3": "priority",
    "slot: home.hero, show: hero, shedule: {until: 2027-01-01}": "schedule",
    "slot: home.hero, show: hero, schedule: {untill: 2027-01-01}": "until",
    "slot: home.hero, show: hero, schedule: {days: [Mon]}": "mon",
    "slot: home.hero, show: hero, cap: {time: 3}": "times",
    "slot: home.hero, show: hero, cap: {cooldwn: 1 day}": "cooldown",
    "slot: home.hero, show: hero, cap: {until: click}": "clicked",
    "slot: home.hero, show: hero, cap: [{times: 1}, {adaptiv: true}]": "adaptive",
    "slot: home.hero, show: hero, cap: {times: 1}, cap-grup: x": "cap-group",
    "slot: home.hero, show: hero, explor: 10%": "explore",
    "slot: home.hero, show: hero, hypotesis: x": "hypothesis",
    "slot: home.hero, show: hero, reviewby: 2027-01-01": "review-by",
    f"slot: home.hero, splt: {{experiment: e, {ARMS}}}": "split",
    f"slot: home.hero, split: {{experimnt: e, {ARMS}}}": "experiment",
    f"slot: home.hero, split: {{experiment: e, trafic: 5%, {ARMS}}}": "traffic",
    f"slot: home.hero, split: {{experiment: e, controll: 5%, {ARMS}}}": "control",
    f"slot: home.hero, split: {{experiment: e, unit: acount, {ARMS}}}": "account",
    "slot: home.hero, split: {experiment: e, variant: [{name: a, show: hero}]}": "variants",
    "slot: home.hero, split: {experiment: e, variants: [{nam: a, show: hero}]}": "name",
    "slot: home.hero, split: {experiment: e, variants: [{name: a, shw: hero}]}": "show",
    "slot: home.hero, split: {experiment: e, variants: [{name: a, show: plian}]}": "plain",
    "slot: home.hero, split: {experiment: e, variants: [{name: a, weigth: 1, show: hero}]}": "weight",
    "slot: home.hero, split: {experiment: e, variants: [{name: a, show: category-hero, with: {category: x, headlin: y}}]}": "headline",
    "slot: home.hero, show: category-hero, with: {categry: x}": "category",
    "slot: home.hero, show: shelf, recomend: {strategy: similar}": "recommend",
    "slot: home.hero, show: shelf, recommend: {stratgy: similar}": "strategy",
    "slot: home.hero, show: shelf, recommend: {strategy: similr}": "similar",
    "slot: home.hero, show: shelf, recommend: {strategy: [similar, trendig]}": "trending",
    "slot: home.hero, show: shelf, recommend: {strategy: similar, limt: 3}": "limit",
    "slot: home.hero, show: shelf, recommend: {strategy: similar, only: {categry: wood}}": "category",
    "slot: home.hero, show: shelf, recommend: {strategy: similar, except: {category: Schraubn}}": "Schrauben",
    "slot: home.hero, show: shelf, recommend: {strategy: similar, boost: {brand: Spx}}": "Spax",
    "slot: home.hero, show: shelf, recommend: {strategy: similar, pin: [p1, pp3]}": "p3",
    "slot: home.hero, show: shelf, recommend: {strategy: similar, discovry: 20%}": "discovery",
    "slot: home.hero, show: hero, when: [contry: DE]": "country",
    "slot: home.hero, show: hero, when: [country: DEE]": "DE",
    "slot: home.hero, show: hero, when: [not-viewd: {category: wood}]": "not-viewed",
    "slot: home.hero, show: hero, when: [viewed: {categoy: wood}]": "category",
    "slot: home.hero, show: hero, when: [viewed: {category: wod}]": "wood",
    "slot: home.hero, show: hero, when: [shown: {fragment: plan}]": "plain",
    "slot: home.hero, show: hero, when: [affinity: {category: wood, atleast: 0.5}]": "at-least",
    "slot: home.hero, show: hero, when: [segment: regulr]": "regular",
    "slot: home.hero, show: hero, when: [consent: personalisation]": "personalization",
    "slot: home.hero, show: hero, unless: [any: [contry: DE]]": "country",
    "slot: home.hero, show: hero, when: [viewed: {category: any, as: cat}, bought: {category: $cta}]": "$cat",
    "slot: home.hero, show: hero, when: [viewed: {category: any, as: cat}], with: {a: [$caat]}": "$cat",
    "slot: home.hero, show: shelf, when: [viewed: {category: any, as: cat}], recommend: {strategy: similar, only: {category: $catt}}": "$cat",
    'slot: home.hero, show: hero, when: [viewed: {category: any, as: cat}], with: {a: "Neu in {caat.title}"}': "cat",
    'slot: home.hero, show: hero, with: {headline: x, a: {b: ["Neu: {haedline}"]}}': "headline",
    'slot: home.hero, show: hero, with: {a: "Hallo {vistor.first_name}"}': "visitor",
    'slot: home.hero, split: {experiment: e, variants: [{name: a, show: hero, with: {text: x, b: "{txt}"}}]}': "text",
}


@pytest.mark.parametrize("rule", TYPOS)
def test_the_word_that_was_meant_is_suggested(rule: str) -> None:
    text = f"segments:\n  regular: [orders: 3]\nrules:\n  - {{id: a, {rule}}}\n"
    _, findings = read_rules({"rules/a.yaml": text}, VOCABULARY)
    hints = [finding.hint for finding in findings]
    assert f'did you mean "{TYPOS[rule]}"?' in hints
    assert {finding.severity for finding in findings} == {"error"}


def test_every_kind_of_finding_has_its_code() -> None:
    text = """\
rules:
  - id: a
    slott: home.hero
    slot: home.herro
    show: hero
    show: hero
    priority: much
"""
    codes = [one.code for one in read_rules({"rules/a.yaml": text}, VOCABULARY)[1]]
    assert codes == ["unknown", "unknown", "duplicate", "invalid"]
    _, findings = read_rules({"rules/a.yaml": "rules: *a\n"}, VOCABULARY)
    assert findings[0].code == "yaml"


PLACES = [
    ('{a: "{visitor.first_name}, {b}", b: x}', ""),
    ('{a: "100 {%} {} { b }"}', ""),
    ('{my-text: x, a: "{my_text} and {my-text}"}', ""),
    (
        '{a: "Sie mögen {health-note}"}',
        'nothing fills "{health-note}": '
        '"health-note" can be asked in `when:`, not printed',
    ),
    (
        '{a: "{b}", b: "{c}", c: x}',
        '"{b}" stands for a text that has to be filled itself: write out what it says',
    ),
]


@pytest.mark.parametrize(("given", "error"), PLACES)
def test_what_stands_in_braces_can_be_filled(given: str, error: str) -> None:
    text = f"rules:\n  - {{id: a, slot: home.hero, show: hero, with: {given}}}\n"
    _, findings = read_rules({"rules/a.yaml": text}, VOCABULARY)
    said = [f"{one.message}: {one.hint}" for one in findings]
    assert said == ([error] if error else [])

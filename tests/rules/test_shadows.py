"""Which rules leave nothing to those behind them, and which are told apart by their place alone."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopwindow.rules.attributes import Facts
from shopwindow.rules.facts import DAY
from shopwindow.rules.rule import Rule
from shopwindow.rules.shadows import shadowed, tied
from tests.rules.shop import NOW, TODAY, ask, read
from tests.rules.test_index import RULE, VISITOR, site
from tests.sizes import runs


def pair(first: str, second: str) -> str:
    return f"""\
segments:
  regular: [orders: {{at-least: 3}}]
rules:
  - {{id: first, slot: home.hero, priority: 2, show: hero, {first}}}
  - {{id: second, slot: home.hero, priority: 1, show: hero, {second}}}
"""


SHADOWED = [
    ("", "when: [country: DE]"),
    ("", "cap: {times: 1}"),
    ("", ""),
    ("when: [country: DE]", "when: [country: DE]"),
    ("when: [country: DE]", "when: [visits: 2, country: DE]"),
    ("when: [country: [DE, AT]]", "when: [country: DE]"),
    ("when: [country: {is-not: DE}]", "when: [country: [AT, CH]]"),
    ("when: [country: {known: true}]", "when: [country: DE]"),
    ("when: [visits: {at-least: 2}]", "when: [visits: {at-least: 3}]"),
    ("when: [visits: {at-least: 2}]", "when: [visits: 2], explore: 10%"),
    ("when: [orders: {at-least: 2}]", "when: [segment: regular]"),
    ("when: [segment: regular]", "when: [orders: {more-than: 2.5}, orders: 3]"),
    (
        "when: [any: [country: DE, country: AT]]",
        "when: [any: [country: AT, country: DE]]",
    ),
    ("when: [any: [country: DE, visits: 2]]", "when: [visits: 2]"),
    ("unless: [has-account: true]", "when: [has-account: false]"),
    ("when: [path: {starts-with: /c}]", "when: [path: {starts-with: /c/d}]"),
    ("when: [path: {contains: c}]", "when: [path: /c/d]"),
    ("when: [hobbies: {has-any: [a, b]}]", "when: [hobbies: {has-all: [b, c]}]"),
    (
        "when: [viewed: {product: p1, within: 30 days}]",
        "when: [viewed: {product: p1, at-least: 3, within: 7 days}]",
    ),
    (
        "when: [not-viewed: {product: p1, within: 7 days}]",
        "when: [not-viewed: {product: p1, within: 30 days}]",
    ),
    (
        "when: [pet-born: {older-than: 7 days}]",
        "when: [pet-born: {older-than: 8 days}]",
    ),
    (
        "when: [pet-born: {older-than: 12 months}]",
        "when: [country: DE, pet-born: {older-than: 12 months}]",
    ),
    (
        "when: [pet-born: {older-than: 6 months}]",
        "when: [pet-born: {older-than: 1 year}]",
    ),
    ("when: [consent: personalization]", "when: [visits: {at-least: 1}]"),
    (
        "schedule: {from: 2026-12-01, until: 2027-01-01}",
        "schedule: {from: 2026-12-05, until: 2026-12-24, days: [sat]}",
    ),
    ("schedule: {days: [sat]}", "schedule: {days: [sat], until: 2027-01-01}"),
]
APART = [
    ("cap: {times: 1}", ""),
    ("explore: 1%", ""),
    ("off: true", ""),
    ("when: [country: DE]", ""),
    ("when: [country: DE]", "when: [country: [DE, AT]]"),
    ("when: [visits: {at-least: 1}]", "when: [country: DE]"),
    ("when: [visits: {at-least: 3}]", "when: [visits: {at-least: 2}]"),
    # Whoever gave no consent sees the second one.
    ("when: [country: DE, visits: {at-least: 0}]", "when: [country: DE]"),
    ("unless: [country: DE]", "when: [visits: 2]"),  # the country may be unknown
    (
        "when: [viewed: {product: p1, within: 7 days}]",
        "when: [viewed: {product: p1, within: 30 days}]",
    ),
    ("when: [viewed: {product: p1}]", "when: [viewed: {product: p2}]"),
    ("schedule: {until: 2027-01-01}", ""),
    ("schedule: {days: [sat]}", "schedule: {days: [sat, sun]}"),
    ("schedule: {hours: 08:00-10:00}", "schedule: {hours: 08:00-09:00}"),
    ("schedule: {from: 2026-12-02}", "schedule: {from: 2026-12-01}"),
]


@pytest.mark.parametrize(("first", "second"), SHADOWED)
def test_a_rule_behind_one_that_holds_whenever_it_does_is_warned_of(
    first: str, second: str
) -> None:
    (finding,) = shadowed(read(pair(first, second)))
    how = "holds whenever it does" if first else "always holds"
    assert str(finding) == (
        'rules/start.yaml:5:1: warning: rule "second" can never win: "first" '
        f"(rules/start.yaml:4) comes before it and {how}"
    )
    assert finding.code == "shadowed"


@pytest.mark.parametrize(("first", "second"), APART)
def test_a_rule_that_may_win_is_left_alone(first: str, second: str) -> None:
    assert shadowed(read(pair(first, second))) == []


def test_a_split_lets_those_through_who_have_no_id() -> None:
    split = "split: {experiment: e, variants: [{name: a, show: hero}, {name: b, show: hero}]}"
    text = pair("", "").replace("show: hero, }", f"{split}}}", 1)
    assert shadowed(read(text)) == []


def test_another_slot_and_what_always_fails_shadow_nothing() -> None:
    rules = read("""\
rules:
  - {id: a, slot: home.prompt, show: hero}
  - {id: b, slot: home.hero, show: hero, when: [hour: 1, hour: 2]}
  - {id: c, slot: home.hero, show: hero, when: [hour: 1]}
""")
    assert shadowed(rules) == []


TIES = [
    ("when: [country: DE]", "when: [visits: 2]", True),
    ("when: [country: DE]", "when: [country: [DE, AT]]", True),
    ("cap: {times: 1}", "", True),
    ("when: [country: DE]", "when: [country: AT]", False),
    ("when: [visits: {less-than: 2}]", "when: [visits: {at-least: 2}]", False),
    ("when: [segment: regular]", "when: [orders: 1]", False),
    ("when: [any: [hour: 1, hour: 2]]", "when: [any: [hour: 3, hour: 4]]", False),
    ("schedule: {until: 2026-12-01}", "schedule: {from: 2026-12-01}", False),
    ("schedule: {until: 2026-12-02}", "schedule: {from: 2026-12-01}", True),
    ("when: [country: DE], off: true", "when: [country: DE]", False),
    ("", "when: [country: DE]", False),  # shadowed, which was said
]


@pytest.mark.parametrize(("first", "second", "tie"), TIES)
def test_equal_priorities_are_a_tie_where_both_may_hold(
    first: str, second: str, tie: bool
) -> None:
    text = pair(first, second)
    assert tied(read(text)) == []
    found = tied(read(text.replace("priority: 2", "priority: 1")))
    assert [str(finding) for finding in found] == [
        'rules/start.yaml:5:1: warning: rule "second" has the same priority as "first" '
        "(rules/start.yaml:4), and both may hold: only their order in the files decides: "
        "give one a higher priority"
    ] * tie


def test_experiments_of_one_layer_share_no_visitor_and_cannot_tie() -> None:
    rules = read(
        "rules:\n"
        + "".join(
            f"  - {{id: {name}, slot: home.hero, split: {{experiment: {name}, layer: l,"
            f" slice: {part}, variants: [{{name: a, show: hero}}]}}}}\n"
            for name, part in (("e", "0-50%"), ("f", "50-100%"))
        )
    )
    assert tied(rules) == []


def test_every_pair_of_a_tie_is_named() -> None:
    rules = read(
        "rules:\n"
        + "".join(
            f"  - {{id: r{hour}, slot: home.hero, show: hero, when: [{name}: {hour}]}}\n"
            for hour, name in enumerate(["visits", "orders", "hour", "hour"])
        )
    )
    pairs = {tuple(f.message.split('"')[1:4:2]) for f in tied(rules)}
    assert pairs == {
        ("r1", "r0"),
        ("r2", "r0"),
        ("r2", "r1"),
        ("r3", "r0"),
        ("r3", "r1"),
    }


def holds(rule: Rule, facts: Facts) -> bool:
    on = rule.schedule is None or rule.schedule.active(facts.context.now)
    return on and rule.purposes <= facts.consent and rule.holds(facts)


@settings(max_examples=runs(100, 25))
@given(st.lists(RULE, max_size=12), st.lists(VISITOR, min_size=4, max_size=8))
def test_what_is_said_of_two_rules_is_true_for_every_visitor(
    written: list[dict[str, Any]], visitors: list[Any]
) -> None:
    rules = site(written)
    shadows = {f.message.split('"')[1]: f.hint.split('"')[1] for f in shadowed(rules)}
    ties = {tuple(f.message.split('"')[1:4:2]) for f in tied(rules)}
    for given_values, profile, consent, traffic, days, _ in visitors:
        moment = {"now": NOW + days * DAY, "day": TODAY + days}
        facts = ask(rules, given_values, profile, consent, traffic, **moment)
        for slot in rules.by_slot.values():
            holding = [rule for rule in slot if holds(rule, facts)]
            ids = {rule.id for rule in holding}
            assert {shadows[id] for id in ids & shadows.keys()} <= ids
            free = [rule for rule in holding if rule.id not in shadows]
            for number, rule in enumerate(free):
                for other in free[:number]:
                    if other.priority == rule.priority:
                        assert (rule.id, other.id) in ties

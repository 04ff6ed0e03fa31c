from typing import Any

import pytest

from shopwindow.rules.attributes import Facts
from shopwindow.rules.decide import decide
from shopwindow.rules.facts import Context, Counter, Profile
from shopwindow.rules.reading import read_rules
from tests.rules.shop import (
    BOTH,
    NOW,
    PERSONALIZATION,
    TODAY,
    VOCABULARY,
    ask,
    counter,
    event,
    lived,
    read,
)

NOBODY: frozenset[str] = frozenset()

RULES = read("""\
rules:
  - {id: context, slot: home.hero, priority: 1, when: [{country: DE}], show: plain}
  - {id: events, slot: home.hero, priority: 5, when: [{viewed: {product: p1}}], show: hero}
  - {id: capped, slot: home.hero, priority: 9, when: [{device: mobile}], show: hero, cap: {times: 2, per: 7 days}}
  - {id: off, slot: home.hero, priority: 99, show: hero, off: true}
  - {id: statistics, slot: home.prompt, when: [{consent: statistics}], show: hero}
""")
SEEN = lived([event("Product Viewed", product_id="p1")])


def test_the_first_rule_by_priority_that_holds_wins() -> None:
    found = decide(RULES, ask(RULES, {"country": "DE"}, SEEN), "home.hero")
    assert (found.rule, found.fragment, found.reason, found.line) == (
        "events",
        "hero",
        "shown",
        3,
    )
    assert found.skipped == ()


def test_ties_go_by_file_then_line() -> None:
    head = "slot: home.hero, show: plain, when: [{hour: 11}]"
    files = {
        "rules/b.yaml": f"rules:\n  - {{id: third, {head}}}\n",
        "rules/a.yaml": f"rules:\n  - {{id: first, {head}}}\n  - {{id: second, {head}}}\n",
    }
    rules, _ = read_rules(files, VOCABULARY)
    assert [rule.id for rule in rules.by_slot["home.hero"]] == [
        "first",
        "second",
        "third",
    ]


def test_without_consent_rules_over_context_alone_are_left() -> None:
    found = decide(
        RULES,
        ask(RULES, {"country": "DE"}, consent=NOBODY, device="mobile"),
        "home.hero",
    )
    assert found.rule == "context"
    assert found.skipped == (("capped", "consent"), ("events", "consent"))


def test_the_reason_is_consent_where_nothing_else_stood_in_the_way() -> None:
    found = decide(RULES, ask(RULES, consent=NOBODY), "home.hero")
    assert (found.reason, found.fragment, found.skipped) == (
        "consent",
        None,
        (("events", "consent"),),
    )
    assert decide(RULES, ask(RULES), "home.hero").reason == "no-rule"
    assert decide(RULES, ask(RULES), "home.prompt").reason == "consent"
    assert decide(RULES, ask(RULES, consent=BOTH), "home.prompt").reason == "shown"


def test_a_slot_without_rules_has_none() -> None:
    assert decide(RULES, ask(RULES), "elsewhere").reason == "no-rule"


@pytest.mark.parametrize(
    ("showings", "rule"),
    [
        ([(1, 1)], "capped"),
        ([(6, 1), (1, 1)], "context"),
        ([(7, 1), (1, 1)], "capped"),
        ([(1, 2)], "context"),
    ],
)
def test_a_reached_cap_leaves_the_place_to_the_next(
    showings: list[tuple[int, int]], rule: str
) -> None:
    profile = Profile(counts={"shown rule": {"capped": counter(*showings)}})
    found = decide(
        RULES, ask(RULES, {"country": "DE"}, profile, device="mobile"), "home.hero"
    )
    assert found.rule == rule
    assert found.skipped == ((("capped", "cap"),) if rule == "context" else ())


def test_a_cap_of_hours_counts_to_the_second() -> None:
    rules = read(
        "rules:\n  - {id: a, slot: home.hero, show: plain, cap: {times: 1, per: 2 hours}}\n"
    )
    for seconds, reason in ((7199, "no-rule"), (7200, "shown")):
        shown = Counter(NOW - seconds, (TODAY, 1))
        profile = Profile(counts={"shown rule": {"a": shown}})
        assert decide(rules, ask(rules, profile=profile), "home.hero").reason == reason


def test_a_showing_is_learned_for_the_cap() -> None:
    shown = event(
        "Promotion Viewed", promotion_id="hero", rule="capped", slot="home.hero"
    )
    profile = lived([shown, shown])
    found = decide(
        RULES, ask(RULES, {"country": "DE"}, profile, device="mobile"), "home.hero"
    )
    assert found.skipped == (("capped", "cap"),)


def test_a_fault_in_a_condition_keeps_the_default_content() -> None:
    counts: Any = {"viewed product": 3}  # what no store would give
    broken = Facts(
        {"country": "DE"}, Profile(counts=counts), PERSONALIZATION, Context(NOW, TODAY)
    )
    found = decide(RULES, broken, "home.hero")
    assert (found.reason, found.rule, found.fragment) == ("error", "events", None)


def test_other_consents_than_the_known_ones_do_no_harm() -> None:
    found = decide(
        RULES, ask(RULES, {"country": "DE"}, consent=frozenset({"x"})), "home.hero"
    )
    assert found.rule == "context"


@pytest.mark.parametrize(
    ("condition", "purposes"),
    [
        ("country: DE", set()),
        ("path: /", set()),
        ("device: mobile", set()),
        ("language: de", set()),
        ("hour: {at-least: 18}", set()),
        ("weekday: [sat, sun]", set()),
        ("campaign: autumn", set()),
        ("app-version: 1.2", set()),
        ("logged-in: true", set()),
        ("first-name: {known: true}", set()),
        ("visits: {at-least: 2}", {"personalization"}),
        ("stage: cart", {"personalization"}),
        ("entry-page: /", {"personalization"}),
        ("cart-value: {at-least: 2}", {"personalization"}),
        ("pet-born: {known: true}", {"personalization"}),
        ("customer-type: b2b", {"personalization"}),
        ("survey: yes", {"statistics"}),
        ("viewed: {product: p1}", {"personalization"}),
        ("not-bought: {product: p1}", {"personalization"}),
        ("affinity: {category: wood, at-least: 0.5}", {"personalization"}),
        ("segment: dog", {"personalization"}),
        ("none: [survey: yes, segment: dog]", {"personalization", "statistics"}),
        ("consent: statistics", {"statistics"}),
        ("none: [consent: statistics]", set()),
    ],
)
def test_a_rule_needs_the_consents_its_conditions_imply(
    condition: str, purposes: set[str]
) -> None:
    rules = read(
        f"segments:\n  dog: [bought: {{product: p1}}]\nrules:\n  - {{id: a, slot: home.hero, show: plain, when: [{condition}]}}\n"
    )
    assert rules.rules[0].purposes == purposes


def test_a_cap_needs_consent() -> None:
    assert {rule.id: rule.purposes for rule in RULES.rules}["capped"] == PERSONALIZATION

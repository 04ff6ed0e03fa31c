"""Rules that hold and step aside all the same, and those that stop their slot."""

import pytest

from shopwindow.rules.attributes import Facts, facts
from shopwindow.rules.decide import decide, one_by_one
from shopwindow.rules.experiments import Units
from shopwindow.rules.explain import explain
from shopwindow.rules.facts import (
    DAY,
    KEYS_KEPT,
    RULE_REASONS,
    SLOT_REASONS,
    Decision,
    Event,
    Profile,
)
from shopwindow.rules.merging import merge
from shopwindow.rules.reading import RuleSet
from tests.rules.shop import PERSONALIZATION, context, event, lived, read

SLOT = "home.hero"
NEXT = "  - {id: next, slot: home.hero, priority: -1, show: plain}\n"


def shop(first: str) -> RuleSet:
    return read(f"rules:\n  - {{id: first, slot: home.hero, {first}}}\n{NEXT}")


def split(more: str = "") -> RuleSet:
    return shop(
        f"split: {{experiment: e, {more}variants: [{{name: a, weight: 50, show: hero}}, "
        "{name: b, weight: 50, show: category-hero, with: {category: wood}}]}"
    )


def visit(
    rules: RuleSet,
    visitor: str | None = "v",
    pins: dict[str, str] | None = None,
    consent: frozenset[str] = PERSONALIZATION,
    days: float = 0,
    account: str | None = None,
) -> Facts:
    now = context()
    later = context(now=now.now + days * DAY, day=now.day + int(days))
    units = Units(visitor, account)
    return facts(rules, None, later, consent, {}, units=units, pins=pins or {})


def decided(rules: RuleSet, known: Facts) -> Decision:
    decision = decide(rules, known, SLOT)
    assert decision == one_by_one(rules, known, SLOT)
    assert decision.reason in SLOT_REASONS
    assert {reason for _, reason in decision.skipped} <= RULE_REASONS.keys()
    return decision


def said(rules: RuleSet, known: Facts) -> list[str]:
    return str(explain(rules, known, SLOT)).splitlines()


# -- splits --------------------------------------------------------------------------------


def test_every_visitor_sees_one_variant_and_always_the_same() -> None:
    rules = split()
    seen = {}
    for number in range(400):
        known = visit(rules, f"v{number}")
        decision = decided(rules, known)
        assert decision is decide(rules, known, SLOT)  # nothing is built per request
        assert (decision.rule, decision.experiment) == ("first", "e")
        seen[decision.variant, decision.fragment] = number
    assert seen.keys() == {("a", "hero"), ("b", "category-hero")}


def test_the_control_group_stops_the_slot() -> None:
    rules = split("control: 10%, ")
    known = visit(rules, pins={"e": "control"})
    decision = decided(rules, known)
    assert (decision.reason, decision.rule, decision.variant, decision.fragment) == (
        "control",
        "first",
        "control",
        None,
    )
    assert decision.held and not decision.shown
    share = sum(decide(rules, visit(rules, f"v{n}"), SLOT).held for n in range(2_000))
    assert 140 <= share <= 260


def test_who_is_not_in_the_traffic_sees_the_next_rule() -> None:
    rules = split("traffic: 0%, ")
    known = visit(rules)
    decision = decided(rules, known)
    assert (decision.rule, decision.skipped) == ("next", (("first", "traffic"),))
    assert said(rules, known)[1] == (
        "not first (rules/start.yaml:2): experiment e is for 0% of visitors; "
        "this one is not among them"
    )


def test_a_split_needs_consent_and_an_id() -> None:
    rules = split()
    for known in (visit(rules, consent=frozenset()), visit(rules, None)):
        decision = decided(rules, known)
        assert (decision.rule, decision.skipped) == ("next", (("first", "consent"),))
    assert said(rules, visit(rules, None))[1] == (
        "not first (rules/start.yaml:2): the visitor has no id that its experiment goes by"
    )


def test_a_pin_is_seen_whatever_the_bucket_says() -> None:
    rules = split("control: 50%, ")
    for visitor in ("v", "w", "x", None):
        for pin in ("a", "b"):
            known = visit(rules, visitor, pins={"e": pin})
            assert decided(rules, known).variant == pin
            assert said(rules, known)[0].startswith(
                f"shown first/{pin} (rules/start.yaml:2): experiment e, 50 of 100"
            )


def test_one_account_sees_one_variant_on_every_device() -> None:
    rules = split("unit: account, ")
    for number in range(20):
        one, other = (
            decided(rules, visit(rules, visitor, account=f"c{number}")).variant
            for visitor in ("phone", "desk")
        )
        assert one == other


SAW = [
    ("", "b", "b"),
    ("", "gone", None),  # no longer a variant: the hash decides
    ("control: 50%, ", "control", "control"),
    ("", "control", None),  # no longer a control group
    ("traffic: 0%, ", "b", "b"),
    ("unit: account, ", "b", None),
]


@pytest.mark.parametrize(("more", "saw", "sees"), SAW)
def test_what_was_seen_first_stays(more: str, saw: str, sees: str | None) -> None:
    rules = split(more)
    for number in range(20):
        known = visit(rules, f"v{number}", account="c")
        hashed = decided(rules, known).variant
        known.profile = Profile(variants={"e": saw})
        assert decided(rules, known).variant == (sees or hashed)


def test_a_first_showing_is_learned_and_wins_over_later_ones() -> None:
    def showing(variant: str, ago: float) -> Event:
        shown = {"promotion_id": "hero", "experiment": "e", "variant": variant}
        return event("Promotion Viewed", ago, promotions=[shown])

    profile = lived([showing("a", 2), showing("b", 1)])
    assert profile.variants == {"e": "a"}
    many = [
        event("Promotion Viewed", experiment=f"e{number}", variant="a")
        for number in range(KEYS_KEPT)
    ]
    variants = lived(many, profile).variants
    assert len(variants) == KEYS_KEPT
    assert "e" not in variants and "e0" in variants


def test_a_login_keeps_what_was_seen_a_moment_ago() -> None:
    stored = Profile(last_seen=1.0, variants={"e": "a", "f": "a"})
    here = Profile(last_seen=2.0, variants={"e": "b"})
    for merged in (merge(stored, here), merge(here, stored)):
        assert merged.variants == {"e": "b", "f": "a"}


def test_explain_names_the_slice_and_what_decided() -> None:
    rules = split("unit: account, layer: hero, slice: 0-0.01%, ")
    assert said(rules, visit(rules))[1] == (
        "not first (rules/start.yaml:2): experiment e is for 100% of visitors, from 0% to "
        "0.01% of layer hero; this one is not among them "
        "(nobody is logged in: the visitor id decided, not the account)"
    )
    rules = shop(
        "schedule: {from: 2026-11-20}, "
        "split: {experiment: e, variants: [{name: a, show: hero}]}"
    )
    known = visit(rules)
    known.profile = Profile(variants={"e": "a"})
    assert said(rules, known)[0] == (
        "shown first/a (rules/start.yaml:2): from 2026-11-20 (Europe/Berlin); "
        "experiment e, 1 of 1 (as seen first)"
    )


def test_explain_names_the_group_that_stopped_the_slot() -> None:
    rules = split("control: 10%, ")
    lines = said(rules, visit(rules, pins={"e": "control"}))
    assert lines == [
        "default content: the visitor is in the control group of the experiment, else "
        "first/control (rules/start.yaml:2) would have won: experiment e, control 10% (pinned)",
        "not next (rules/start.yaml:3): it holds, but first comes before it",
    ]


# -- exploring -----------------------------------------------------------------------------


def test_a_rule_steps_aside_on_some_days_of_each_visitor() -> None:
    rules = shop("show: hero, explore: 10%")
    aside = 0
    for number in range(2_000):
        known = visit(rules, f"v{number % 50}", days=number // 50)
        decision = decided(rules, known)
        if decision.rule == "next":
            assert decision.skipped == (("first", "explore"),)
            aside += 1
            assert said(rules, known)[1] == (
                "not first (rules/start.yaml:2): it steps aside on 10% of a visitor's days"
            )
    assert 140 <= aside <= 260


def test_nobody_explores_without_consent() -> None:
    rules = shop("show: hero, explore: 10%")
    known = visit(rules, consent=frozenset())
    assert decided(rules, known).skipped == (("first", "consent"),)


# -- schedules -----------------------------------------------------------------------------

SCHEDULES = [  # now is Saturday, 2026-11-21 11:00 in Berlin
    ("{from: 2026-11-20, until: 2026-12-25}", 0.0, True),
    ("{from: 2026-11-20, until: 2026-12-25}", 34.0, False),
    ("{from: 2026-11-22}", 0.0, False),
    ("{from: 2026-11-22}", 0.6, True),
    ("{until: 2026-11-21 11:00}", 0.0, False),
    ("{days: [mon, sat]}", 0.0, True),
    ("{days: [mon, sat]}", 1.0, False),
    ("{hours: 22:00-06:00}", 0.0, False),
    ("{hours: 22:00-06:00}", 0.5, True),
]


@pytest.mark.parametrize(("schedule", "days", "active"), SCHEDULES)
def test_a_rule_out_of_its_schedule_is_not_there(
    schedule: str, days: float, active: bool
) -> None:
    rules = shop(f"show: hero, schedule: {schedule}")
    known = visit(rules, days=days)
    assert (decided(rules, known).rule == "first") is active


def test_one_index_follows_the_clock_in_both_directions() -> None:
    rules = shop("show: hero, schedule: {from: 2026-11-25, until: 2026-11-27}")
    for days in (0, 3.6, 4, 5.5, 5.6, 9, 4, 0, 5):
        active = 3.55 < days < 5.55
        assert (decided(rules, visit(rules, days=days)).rule == "first") is active


def test_explain_says_when_a_rule_will_have_its_time() -> None:
    rules = shop(
        "show: hero, when: [device: {known: false}], schedule: {from: 2027-01-01}"
    )
    (miss,) = explain(rules, visit(rules), SLOT).misses
    assert (miss.reason, miss.failing) == ("schedule", 1)
    assert miss.words == "it is not its time: from 2027-01-01 (Europe/Berlin)"

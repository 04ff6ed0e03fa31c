"""The plan: which windows, and when everything has to be counted anew."""

import pickle
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from shopwindow.rules.facts import DAY
from shopwindow.rules.measurement.accounts import CROSSED, combined
from shopwindow.rules.measurement.cells import Cell
from shopwindow.rules.measurement.days import Days
from shopwindow.rules.measurement.plan import MeasureSettings, Plan, plan_of
from shopwindow.rules.measurement.quantities import NOTHING
from shopwindow.rules.moments import day_of
from shopwindow.rules.ruleset import EMPTY, RuleSet
from tests.rules.measurement.stories import drawn, exposed, order, told
from tests.rules.shop import read

SPLIT = "split: {experiment: tone, variants: [{name: a, show: hero}]}"


def rule(id: str, more: str = "") -> str:
    return f"{{id: {id}, slot: home.hero, {more or 'show: plain'}}}"


def plan(*rules: str, settings: MeasureSettings | None = None) -> Plan:
    return plan_of(ruleset(*rules), settings or MeasureSettings())


def ruleset(*rules: str) -> RuleSet:
    return read(f"rules: [{', '.join(rules)}]")


# -- windows -------------------------------------------------------------------------------


def test_without_goals_every_window_is_that_of_the_site() -> None:
    made = plan(rule("one"), settings=MeasureSettings(window=3.0 * DAY))
    assert (made.window, dict(made.rules), dict(made.experiments)) == (3 * DAY, {}, {})


def test_a_goal_has_a_window_of_its_own() -> None:
    goal = "goal: {metric: conversion-rate, window: 14 days}"
    made = plan(rule("one", f"{goal}, show: plain"), rule("two"))
    assert dict(made.rules) == {"one": 14.0 * DAY}


def test_the_longest_window_of_its_rules_is_that_of_an_experiment() -> None:
    made = plan(
        *(
            rule(id, f"goal: {{metric: leads, window: {days} days}}, {SPLIT}")
            for id, days in (("one", 2), ("two", 20), ("three", 9))
        )
    )
    assert dict(made.experiments) == {"tone": 20.0 * DAY}


def test_roll_outs_are_known_by_name() -> None:
    growing = SPLIT.replace("tone,", "tone, rollout: true,")
    made = plan(rule("one", growing), rule("two", SPLIT.replace("tone", "other")))
    assert made.rollouts == {"tone"}
    assert made.fingerprint != plan(rule("one", SPLIT)).fingerprint


# -- fingerprints --------------------------------------------------------------------------

CHANGES = {
    "customer-value": MeasureSettings(customer_value=7.0),
    "repurchase-days": MeasureSettings(repurchase_days=7),
    "window": MeasureSettings(window=7.0),
    "lead-events": MeasureSettings(lead_events=("Call",)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_other_settings_count_anew(name: str) -> None:
    assert plan(settings=CHANGES[name]).fingerprint != plan().fingerprint


def test_another_window_or_time_zone_counts_anew() -> None:
    other = rule("one", "goal: {metric: leads, window: 9 days}, show: plain")
    assert plan(other).fingerprint != plan(rule("one")).fingerprint
    zoned = msgspec.structs.replace(EMPTY, zone=ZoneInfo("Asia/Tokyo"))
    assert plan_of(zoned, MeasureSettings()).fingerprint != plan().fingerprint


def test_new_rules_and_experiments_count_nothing_anew() -> None:
    assert plan(rule("one"), rule("two", SPLIT)).fingerprint == plan().fingerprint


def test_a_plan_goes_to_other_processes() -> None:
    zoned = msgspec.structs.replace(EMPTY, zone=ZoneInfo("Asia/Tokyo"))
    there = pickle.loads(pickle.dumps(plan_of(zoned, MeasureSettings())))
    assert there.day(20 * 3_600.0) == 1


# -- days ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"]
)
def test_remembered_days_are_the_true_ones(zone: str) -> None:
    where = ZoneInfo(zone)
    days = Days(lambda time: day_of(time, where))
    begin = datetime(2026, 10, 1, tzinfo=UTC).timestamp()
    times = [begin + step * 1_713.5 for step in range(2_000)]  # over a change of clocks
    for _ in range(2):
        assert [days.day(time) for time in times] == [day_of(t, where) for t in times]


def test_a_day_may_begin_at_any_second() -> None:
    days = Days(lambda time: int((time + 100) // DAY))
    assert [days.day(DAY - ago) for ago in (101, 100, 99, 101)] == [0, 1, 1, 0]


# -- accounts ------------------------------------------------------------------------------


def test_an_account_did_what_its_members_did_together() -> None:
    one = told(exposed(DAY, by_account("cosy"), segments=["b2b"]), order(DAY + 5, 10))
    two = told(exposed(0, by_account("cosy")), order(5, 7), order(9, 3))
    cells, counts = combined([one.accounts["acme"], two.accounts["acme"]])
    assert counts == {}
    assert cells.keys() == {
        Cell(20_000, "experiment", "tone", context, "cosy")
        for context in ("", "segment:b2b")
    }
    for values in cells.values():
        assert values.told() == {
            **{"impressions": 2, "visits": 2, "pages": 2, "bounces": 2},
            **{"ordered": 1, "orders": 3, "revenue": 2000, "net": 2000},
            "repurchased": 1,
        }


def test_members_of_different_arms_take_their_account_out() -> None:
    one = told(exposed(DAY, by_account("cosy")))
    two = told(exposed(0, by_account("plain")))
    parts = [one.accounts["acme"], two.accounts["acme"]]
    assert combined(parts) == ({}, {(20_000, "experiment", "tone", "crossed"): 1})
    crossed = {Cell(20_000, "experiment", "tone", "", CROSSED): NOTHING}
    assert combined([crossed])[0] == {}


def by_account(arm: str) -> dict[str, object]:
    return drawn(arm, unit="account", of="acme")

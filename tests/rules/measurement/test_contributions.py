"""What one visitor adds to the sums, case by case."""

from time import process_time
from typing import Any

import msgspec
import pytest

from shopwindow.rules.facts import DAY, Event
from shopwindow.rules.measurement.accounts import CROSSED
from shopwindow.rules.measurement.plan import MeasureSettings, plan_of
from shopwindow.rules.ruleset import EMPTY
from tests.rules.measurement.stories import (
    BEGIN,
    HOUR,
    MINUTE,
    PLAN,
    arms,
    at,
    click,
    count,
    dismiss,
    drawn,
    exposed,
    held,
    old,
    order,
    page,
    quantities,
    rate,
    shown,
    told,
    view,
)

WEEK = 7 * float(DAY)
HERO = shown()


def of_site(*story: Event, **more: Any) -> dict[str, int]:
    found = quantities(told(*story, **more))
    assert found is not None
    return found


# -- who counts ----------------------------------------------------------------------------


def test_who_was_never_exposed_counts_nowhere() -> None:
    made = told(page(0), view(10), order(20))
    assert (made.cells, made.counts, made.accounts) == ({}, {}, {})


def test_who_saw_something_counts_for_all_that_it_was() -> None:
    made = told(
        exposed(
            0, drawn("cosy"), stage="new", campaign="spring", segments=["cat", "dog"]
        )
    )
    assert {cell[1:] for cell in made.cells} == {
        ("site", "", "", "shown"),
        ("experiment", "tone", "", "cosy"),
        ("experiment", "tone", "segment:cat", "cosy"),
        ("experiment", "tone", "segment:dog", "cosy"),
        ("rule", "greet", "", "shown"),
        ("slot", "top", "", "shown"),
        ("slot", "top", "stage:new", "shown"),
        ("segment", "cat", "", "shown"),
        ("segment", "dog", "", "shown"),
        ("stage", "new", "", "shown"),
        ("campaign", "spring", "", "shown"),
    }
    assert {cell.day for cell in made.cells} == {20_000}


def test_who_is_held_back_counts_from_when_they_would_have_seen_it() -> None:
    made = told(page(0), exposed(5, drawn("control")), order(9))
    assert arms(made, "experiment", "tone") == ["control"]
    assert arms(made, "rule", "greet") == ["held"]
    # Who is in a control group is no holdout.
    assert arms(made, "slot", "top") == arms(made, "site") == ["shown"]
    assert quantities(made, "experiment", "tone") == {
        **{"visits": 1, "pages": 1, "orders": 1, "ordered": 1},
        **{"revenue": 1000, "net": 1000},
    }
    assert count(made, "held", "experiment", "tone/control") == 1
    assert count(made, "impressions") == 0


def test_the_holdout_is_in_no_experiment() -> None:
    made = told(exposed(0, held("holdout", experiment="tone", variant="cosy")))
    assert arms(made, "site") == ["holdout"]
    assert arms(made, "rule", "greet") == ["held"]
    assert arms(made, "slot", "top") == ["holdout"]
    assert arms(made, "experiment", "tone") == []


def test_of_a_segment_only_the_holdout_is_the_other_side() -> None:
    """Who meets more rules is held back by all of them less often: that would compare others."""
    more: dict[str, Any] = {"segments": ["cat"], "stage": "new", "campaign": "spring"}
    cells = [("segment", "cat"), ("stage", "new"), ("campaign", "spring")]
    for why, arm in (("control", "shown"), ("holdout", "holdout")):
        made = told(exposed(0, held(why), **more))
        assert [arms(made, *each) for each in cells] == [[arm]] * 3


@pytest.mark.parametrize("why", ["error", "late", "too-large", "unsupported"])
def test_what_failed_was_neither_shown_nor_held(why: str) -> None:
    failed = {"failed": why, "rule": "greet", "slot": "top", "experiment": "tone"}
    made = told(exposed(0, {**failed, "variant": "cosy"}))
    assert made.cells == {}
    assert made.counts == {}, "nobody was exposed"
    made = told(exposed(0, {**failed, "variant": "cosy"}, shown(slot="side")))
    assert arms(made, "experiment", "tone") == arms(made, "slot", "top") == []
    assert count(made, "failed") == 1
    assert count(made, "failed", "experiment", "tone/cosy") == 1


def test_who_saw_two_arms_of_an_experiment_counts_for_neither() -> None:
    made = told(exposed(0, drawn("cosy")), exposed(DAY, drawn("plain")))
    assert arms(made, "experiment", "tone") == []
    assert count(made, "crossed", "experiment", "tone") == 1
    assert arms(made, "rule", "greet") == ["shown"]
    assert quantities(made) is not None


def test_of_a_roll_out_the_first_side_stays() -> None:
    """It is for everybody in the end. If those of the control group who come back then counted
    for nobody, only those who bought little would be left of it."""
    story = exposed(0, drawn("control")), exposed(DAY, drawn("cosy")), order(2 * DAY)
    plan = msgspec.structs.replace(PLAN, rollouts=frozenset({"tone"}))
    made = told(*story, click(DAY + 1, f"{DAY:g}.0"), plan=plan)
    assert arms(made, "experiment", "tone") == ["control"]
    found = quantities(made, "experiment", "tone")
    assert found is not None and found["ordered"] == 1
    assert "impressions" not in found and "clicks" not in found
    assert count(made, "crossed", "experiment", "tone") == 0


def test_who_left_the_holdout_counts_for_neither_side_of_the_site() -> None:
    made = told(exposed(0, held("holdout")), exposed(DAY, HERO))
    assert arms(made, "site") == []
    assert count(made, "crossed") == 1
    assert arms(made, "slot", "top") == ["holdout"]  # as it was first


def test_a_level_without_personalisation_is_a_variant_that_shows_nothing() -> None:
    made = told(exposed(0, held("control", experiment="tone", variant="none")))
    assert arms(made, "experiment", "tone") == ["none"]


def test_segments_are_those_of_the_first_exposure() -> None:
    made = told(
        exposed(0, drawn("cosy"), segments=["new"]),
        exposed(9, drawn("cosy"), segments=["old"]),
    )
    contexts = {cell.context for cell in made.cells if cell.kind == "experiment"}
    assert contexts == {"", "segment:new"}
    assert quantities(made, "segment", "old") is not None


def test_who_has_not_agreed_to_statistics_counts_nowhere() -> None:
    made = told(exposed(0, HERO, uncounted=True), click(5, "0.0"), order(9))
    assert (made.cells, made.counts) == ({}, {})


def test_from_one_agreement_to_the_next_refusal_everything_counts() -> None:
    refused = exposed(0, HERO, uncounted=True), order(1), view(2)
    agreed = exposed(60, HERO), order(90)
    again = exposed(120, HERO, uncounted=True), order(150), click(160, "60.0")
    made = told(*refused, *agreed, *again)
    assert quantities(made) == {
        **{"impressions": 1, "visits": 1, "pages": 1, "bounces": 1},
        **{"orders": 1, "ordered": 1, "revenue": 1000, "net": 1000},
    }
    assert count(made, "orders") == 1 and count(made, "clicks") == 0


def test_what_the_shop_itself_tells_of_promotions_is_not_ours() -> None:
    promotion = {"promotion_id": "poster", "slot": "top"}
    made = told(at(0, "Promotion Viewed", promotions=[promotion], promotion_id="x"))
    assert made.cells == {} and made.skipped == 0


# -- windows -------------------------------------------------------------------------------

WINDOWS: dict[str, tuple[float, int, int]] = {
    # when an order is, seconds after the exposure: whether it counts, and as of before
    "at the same moment": (0, 1, 0),
    "just before it": (-1, 0, 1),
    "28 days before": (-28 * DAY, 0, 1),
    "earlier than that": (-28 * DAY - 1, 0, 0),
    "at the end of the window": (WEEK - 1, 1, 0),
    "after the window": (WEEK, 0, 0),
}


@pytest.mark.parametrize("case", WINDOWS)
def test_an_order_counts_within_the_window(case: str) -> None:
    after, ordered, before = WINDOWS[case]
    start = 40.0 * DAY
    found = of_site(exposed(start, HERO), order(start + after))
    assert found.get("ordered", 0) == ordered
    assert found.get("before:ordered", 0) == before
    assert found.get("before:revenue", 0) == before * 1000


def test_each_cell_begins_with_its_own_first_exposure() -> None:
    made = told(
        exposed(0, HERO), order(10), exposed(DAY, shown(rule="late", slot="side"))
    )
    late = quantities(made, "rule", "late")
    assert late is not None and "orders" not in late
    assert late["before:revenue"] == 1000
    assert [cell.day for cell in made.cells if cell.name == "late"] == [20_001]


def test_the_window_is_that_of_the_goal() -> None:
    plan = msgspec.structs.replace(
        PLAN, experiments={"tone": 2 * HOUR}, rules={"greet": HOUR}
    )
    made = told(
        exposed(0, drawn("cosy")), order(1.5 * HOUR), order(3 * HOUR), plan=plan
    )
    orders = [
        (quantities(made, kind, name) or {}).get("orders", 0)
        for kind, name in (("rule", "greet"), ("experiment", "tone"), ("site", ""))
    ]
    assert orders == [0, 1, 2]
    assert count(made, "orders", "experiment", "tone/cosy") == 1


def test_what_comes_after_until_is_not_there_yet() -> None:
    story = exposed(0, HERO), order(10), order(20, id="later")
    assert of_site(*story, until=BEGIN + 10)["orders"] == 1
    assert told(*story, until=BEGIN - 1).cells == {}


def test_time_alone_changes_nothing() -> None:
    story = exposed(0, drawn("cosy")), click(5, "0.0"), order(10), page(3 * DAY)
    early, late = told(*story, until=BEGIN + 3 * DAY), told(*story)
    assert early == late


# -- what came of it -----------------------------------------------------------------------


def test_a_click_counts_for_the_showing_that_it_names() -> None:
    made = told(
        exposed(0, HERO, shown("shelf", "own", "side")),
        exposed(60, HERO),
        click(70, "0.1", "shelf"),
    )
    assert of_site(exposed(0, HERO), click(9, "0.0"))["clicked"] == 1
    shelf, hero = quantities(made, "rule", "own"), quantities(made, "rule", "greet")
    assert shelf is not None and hero is not None
    assert (shelf["impressions"], shelf["clicks"], shelf["clicked"]) == (1, 1, 1)
    assert (hero["impressions"], hero.get("clicks")) == (2, None)
    assert count(made, "clicks", "slot", "side") == 1


def test_a_showing_is_clicked_once() -> None:
    made = told(exposed(0, HERO), click(5, "0.0"), click(5, "0.0"), click(9, "0.0"))
    assert (quantities(made) or {})["clicks"] == count(made, "clicks") == 1


def test_the_first_click_and_the_first_dismissal_are_the_ones_that_count() -> None:
    twice = click(5, "0.0"), click(DAY, "0.0"), dismiss(6, "0.0"), dismiss(DAY, "0.0")
    made = told(exposed(0, HERO), *twice)
    days = {key[0] for key in made.counts if key[3] in ("clicks", "dismissals")}
    assert days == {20_000}


def test_of_two_showings_with_one_decision_the_first_is_meant() -> None:
    again = exposed(60, shown(rule="other", slot="side", decision="0.0"))
    made = told(exposed(0, HERO), again, click(90, "0.0"))
    assert count(made, "clicks", "rule", "greet") == 1


def test_a_click_on_what_the_visitor_never_had_is_none() -> None:
    story = exposed(0, HERO), click(5, "7.0"), click(6, "0.1"), click(7, "", "other")
    made = told(*story)
    assert "clicks" not in (quantities(made) or {}) and count(made, "clicks") == 0


def test_a_click_without_decision_belongs_to_the_last_showing_before_it() -> None:
    first, second = exposed(0, HERO), exposed(60, shown(rule="other", slot="side"))
    made = told(old(first), old(second), click(30), click(90))
    assert (quantities(made, "rule", "greet") or {})["clicks"] == 1
    assert (quantities(made, "rule", "other") or {})["clicks"] == 1
    assert "clicks" not in (quantities(told(click(0), exposed(1, HERO))) or {})


def test_a_click_on_what_was_held_back_is_none() -> None:
    made = told(exposed(0, drawn("control")), click(5, "0.0"), click(6, ""))
    assert count(made, "clicks") == 0


def test_a_click_may_be_written_before_its_showing() -> None:
    assert of_site(click(0, "1.0"), exposed(1, HERO))["clicks"] == 1


def test_dismissals_count_once_for_a_showing() -> None:
    made = told(exposed(0, HERO), dismiss(4, "0.0"), dismiss(5, "0.0"), dismiss(6))
    assert (quantities(made) or {})["dismissals"] == count(made, "dismissals") == 1


def test_of_several_ratings_the_last_counts() -> None:
    found = of_site(exposed(0, HERO), rate(1, "up", "0.0"), rate(2, "down", "0.0"))
    assert (found.get("thumbs-up"), found["thumbs-down"]) == (None, 1)
    made = told(exposed(0, HERO), rate(1, "up", "0.0"), rate(2, "sideways", "0.0"))
    assert count(made, "thumbs-up", "rule", "greet") == 1


def test_responses_count_on_the_day_on_which_they_happen() -> None:
    made = told(exposed(0, HERO), click(2 * DAY, "0.0"))
    assert made.counts[20_000, "site", "", "impressions"] == 1
    assert made.counts[20_002, "site", "", "clicks"] == 1


def test_a_response_after_the_window_does_not_count_for_the_unit() -> None:
    for late in (WEEK, WEEK + 1):
        made = told(exposed(0, HERO), click(late, "0.0"))
        assert "clicks" not in (quantities(made) or {})
        assert count(made, "clicks") == 1


# -- orders --------------------------------------------------------------------------------


def test_an_order_counts_once() -> None:
    found = of_site(exposed(0, HERO), order(5, 12.34, "A"), order(9, 12.34, "A"))
    assert (found["orders"], found["revenue"], found["ordered"]) == (1, 1234, 1)
    assert of_site(exposed(0, HERO), order(5), order(9))["orders"] == 2


REVENUES: dict[str, tuple[object, int]] = {
    "a number": (19.99, 1999),
    "a whole number": (20, 2000),
    "a number as text": ("19.99", 1999),
    "with its currency": ("19.99 EUR", 0),
    "below zero": (-5, 0),
    "yes": (True, 0),
    "not a number": (float("nan"), 0),
    "endless": ("inf", 0),
    "too much for a shop": (1e13, 0),
    "a number of 400 digits": (10**400, 0),
    "a list": ([3], 0),
    "nothing": (None, 0),
    "near 2**63 hundredths": (92_233_720_368.54, 9_223_372_036_854),
}


@pytest.mark.parametrize("case", REVENUES)
def test_revenue_is_what_can_be_read_as_money(case: str) -> None:
    revenue, cents = REVENUES[case]
    from shopwindow.rules.measurement.contributions import contribution

    story = [exposed(0, HERO), order(5, revenue)]
    found = quantities(contribution(story, PLAN, BEGIN + DAY))
    assert found is not None
    assert (found["orders"], found.get("revenue", 0)) == (1, cents)


def test_an_order_without_revenue_is_worth_its_lines() -> None:
    lines = [
        {"price": 2.5, "quantity": 2},
        {"price": "1.10"},
        {"price": True, "quantity": 3},
        {"price": 1, "quantity": -4},
        "no line",
    ]
    bought = at(5, "Order Completed", products=lines)
    assert of_site(exposed(0, HERO), bought)["revenue"] == 500 + 110 + 100


def test_a_second_order_soon_after_the_first_is_a_repurchase() -> None:
    def again(days: float) -> int:
        story = exposed(0, HERO), order(5), order(5 + days * DAY)
        return of_site(*story).get("repurchased", 0)

    assert [again(1), again(30), again(31)] == [1, 1, 0]


def test_leads_and_carts_count_once() -> None:
    added = at(3, "Product Added", product_id="p")
    lead = at(4, "Lead Generated")
    found = of_site(exposed(0, HERO), added, added, lead, lead)
    assert (found["added"], found["leads"]) == (1, 1)
    plan = plan_of(EMPTY, MeasureSettings(lead_events=("Callback Wanted",)))
    story = exposed(0, HERO), at(3, "Callback Wanted")
    assert of_site(*story, plan=plan)["leads"] == 1


# -- visits --------------------------------------------------------------------------------


def test_half_an_hour_of_silence_ends_a_visit() -> None:
    pause = 30 * MINUTE
    found = of_site(exposed(0, HERO), page(pause), page(2 * pause + 1))
    assert (found["visits"], found["pages"], found["bounces"]) == (2, 3, 1)


def test_what_happens_at_one_moment_is_one_page() -> None:
    found = of_site(page(0), view(0), exposed(0, HERO))
    assert (found["visits"], found["pages"], found["bounces"]) == (1, 1, 1)


def test_clicks_and_orders_are_no_pages_but_keep_a_visit_alive() -> None:
    story = exposed(0, HERO), click(20 * MINUTE, "0.0"), page(40 * MINUTE)
    found = of_site(*story)
    assert (found["visits"], found["pages"]) == (1, 2)


def test_a_visit_that_has_begun_before_counts_with_what_is_left_of_it() -> None:
    found = of_site(page(0), page(60), exposed(120, HERO))
    assert (found["visits"], found["pages"]) == (1, 1)
    assert "bounces" not in found  # it has three pages


def test_the_first_product_is_timed_from_the_beginning_of_its_visit() -> None:
    found = of_site(page(0), exposed(10, HERO), view(30), view(90))
    assert (found["product-visits"], found["product-seconds"]) == (1, 30)
    assert "product-visits" not in of_site(view(0), exposed(10, HERO), view(30))


# -- who leaves ----------------------------------------------------------------------------


def test_who_leaves_costs_what_a_customer_is_worth() -> None:
    made = told(exposed(0, drawn("cosy")), order(5, 15), left=BEGIN + DAY)
    found = quantities(made) or {}
    assert (found["opt-out"], found["revenue"], found["net"]) == (1, 1500, -2500)
    for kind, name in (
        *(("site", ""), ("experiment", "tone/cosy"), ("rule", "greet")),
        ("slot", "top"),
    ):
        assert count(made, "opt-outs", kind, name) == 1
    assert made.counts[20_001, "site", "", "opt-outs"] == 1


def test_who_leaves_after_the_window_leaves_the_site_alone() -> None:
    made = told(exposed(0, HERO), left=BEGIN + WEEK)
    assert "opt-out" not in (quantities(made) or {})
    assert count(made, "opt-outs") == 0 + 1
    assert count(made, "opt-outs", "rule", "greet") == 0


# -- first and last touch ------------------------------------------------------------------


def credit(*story: Event) -> tuple[dict[str, int], dict[str, int]]:
    """Revenue by rule, for the first and for the last that was touched."""
    made = told(*story)
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for (_, kind, name, what), number in made.counts.items():
        if kind == "rule" and what in ("first-revenue", "last-revenue"):
            (first if what == "first-revenue" else last)[name] = number
    return first, last


def test_an_order_goes_to_the_first_and_to_the_last_rule_shown() -> None:
    a, b = shown(rule="a", slot="1"), shown(rule="b", slot="2")
    assert credit(exposed(0, a, b), order(9)) == ({"a": 1000}, {"b": 1000})
    assert credit(exposed(0, a), exposed(5, b), order(9)) == ({"a": 1000}, {"b": 1000})


def test_what_was_clicked_comes_before_what_was_only_shown() -> None:
    a, b, c = (shown(rule=name, slot=name) for name in "abc")
    story = exposed(0, a, b, c), click(5, "0.1"), order(9)
    assert credit(*story) == ({"b": 1000}, {"b": 1000})
    both = exposed(0, a, b, c), click(5, "0.2"), click(7, "0.0"), order(9)
    assert credit(*both) == ({"c": 1000}, {"a": 1000})
    late = exposed(0, a, b, c), order(9), click(10, "0.1")
    assert credit(*late) == ({"a": 1000}, {"c": 1000})


def test_what_was_shown_earlier_than_the_window_leads_to_no_order() -> None:
    a, b = shown(rule="a", slot="1"), shown(rule="b", slot="2")
    story = exposed(0, a), exposed(DAY, b), order(WEEK + 1)
    assert credit(*story) == ({"b": 1000}, {"b": 1000})
    assert credit(exposed(0, a), order(WEEK + 1)) == ({}, {})


def test_what_was_held_back_has_led_to_nothing() -> None:
    assert credit(exposed(0, drawn("control")), order(9)) == ({}, {})


# -- accounts ------------------------------------------------------------------------------


def by_account(arm: str, account: str = "acme") -> dict[str, Any]:
    return drawn(arm, unit="account", of=account)


def test_an_experiment_by_account_counts_for_the_account() -> None:
    made = told(exposed(0, by_account("cosy"), segments=["b2b"]), order(5))
    assert arms(made, "experiment", "tone") == []
    part = made.accounts["acme"]
    assert {cell[1:] for cell in part} == {
        ("experiment", "tone", "", "cosy"),
        ("experiment", "tone", "segment:b2b", "cosy"),
    }
    assert {values.told()["revenue"] for values in part.values()} == {1000}
    assert count(made, "impressions", "experiment", "tone/cosy") == 1


def test_what_a_member_saw_before_the_login_is_not_counted() -> None:
    made = told(exposed(0, drawn("plain")), exposed(60, by_account("cosy")))
    assert arms(made, "experiment", "tone") == []
    assert [cell.arm for cell in made.accounts["acme"]] == ["cosy"]
    assert count(made, "crossed", "experiment", "tone") == 0


def test_a_member_who_saw_two_arms_takes_the_account_out() -> None:
    made = told(exposed(0, by_account("plain")), exposed(60, by_account("cosy")))
    assert [cell.arm for cell in made.accounts["acme"]] == [CROSSED]


def test_a_customer_is_the_owner_of_the_story() -> None:
    made = told(exposed(0, drawn("cosy", unit="customer")))
    assert arms(made, "experiment", "tone") == ["cosy"] and made.accounts == {}


# -- what the log may hold -----------------------------------------------------------------


def test_showings_of_long_ago_are_read() -> None:
    story = old(exposed(0, drawn("cosy"), shown(slot="side"))), order(5)
    assert of_site(*story)["impressions"] == 2
    assert arms(told(*story), "experiment", "tone") == ["cosy"]


def test_the_order_of_the_log_does_not_matter() -> None:
    story = [
        exposed(0, HERO),
        click(5, "0.0"),
        view(60),
        order(90),
        exposed(DAY, HERO),
        order(-60),
    ]
    assert told(*story) == told(*reversed(story))


BAD: dict[str, tuple[str, bytes]] = {
    "no JSON": ("Promotion Viewed", b"{"),
    "no text": ("Promotion Viewed", b'{"promotions": ["\xff"]}'),
    "no object": ("Order Completed", b"[1, 2]"),
    "no list": ("Promotion Viewed", b'{"promotions": 7}'),
    "a list of anything": ("Promotion Viewed", b'{"promotions": [7]}'),
    "a rule that is a number": ("Promotion Viewed", b'{"promotions": [{"rule": 7}]}'),
    "a decision that is a list": ("Promotion Clicked", b'{"decision": []}'),
    "too deep": ("Order Completed", b'{"revenue": ' + b"[" * 100_000),
    "a text of no JSON": ("Promotion Rated", b"NaN"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_row_that_cannot_be_read_is_skipped_and_counted(case: str) -> None:
    from shopwindow.rules.measurement.contributions import contribution_of

    name, raw = BAD[case]
    good = exposed(0, HERO)
    rows = [
        (good.time, good.name, msgspec.json.encode(good.properties)),
        (BEGIN + 5, name, raw),
    ]
    made = contribution_of(rows, PLAN, BEGIN + DAY)
    assert made.skipped == 1
    assert quantities(made) == {"impressions": 1, "visits": 1, "pages": 1, "bounces": 1}


def test_events_outside_of_time_are_skipped() -> None:
    made = told(at(-BEGIN - 5, "Order Completed"), exposed(0, HERO))
    assert made.skipped == 1 and "before:ordered" not in (quantities(made) or {})
    assert told(exposed(0, HERO), order(1e15), until=1e300).skipped == 0


def test_events_that_mean_nothing_here_are_passed_over() -> None:
    strange = (
        at(5, "Wished For", anything=[{}]),
        at(6, "Attributes Set", **{"$source": 1}),
    )
    assert told(exposed(0, HERO), *strange) == told(exposed(0, HERO))


def test_a_day_is_one_of_the_site() -> None:
    plan = plan_of(EMPTY, MeasureSettings(), day=lambda time: int((time + HOUR) // DAY))
    made = told(exposed(DAY - 1, HERO), click(DAY + 1, "86399.0"), plan=plan)
    assert {key[0] for key in made.counts} == {20_001}
    assert {cell.day for cell in made.cells} == {20_001}


def test_a_flood_of_clicks_on_nothing_takes_no_time() -> None:
    shown_often = [exposed(number, HERO) for number in range(3_000)]
    flood = [click(3_000 + number, fragment="never") for number in range(3_000)]
    begin = process_time()
    made = told(*shown_often, *flood)
    assert (
        process_time() - begin < 1.5
    )  # 9 million looks would take three times as long
    assert count(made, "clicks") == 0


def test_a_click_without_a_decision_belongs_to_the_last_showing_before_it() -> None:
    story = [old(exposed(second, HERO)) for second in (0, 10, 20)]
    made = told(*story, click(10), click(15), click(25))
    assert count(made, "clicks") == 2
    assert count(told(*story, click(-1)), "clicks") == 0


def test_who_comes_by_a_new_campaign_each_time_is_in_some_of_them() -> None:
    made = told(
        *(exposed(number, HERO, campaign=f"made-up-{number}") for number in range(200))
    )
    assert sum(cell.kind == "campaign" for cell in made.cells) == 50
    assert count(made, "impressions") == 200

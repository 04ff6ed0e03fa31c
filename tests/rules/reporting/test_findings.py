from math import isclose

import pytest

from shopwindow.rules.facts import DAY
from shopwindow.rules.measurement.cells import Cell, Tally
from shopwindow.rules.reporting.report import Counts, Report, Touch
from shopwindow.rules.schedule import Schedule
from tests.rules.reporting.madeup import NOW, TODAY, Book, experiment, rule, split

MONTH = range(TODAY - 30, TODAY)


def book_of(**slots: range) -> Book:
    """Somebody was shown something, so that there is a report; slots on these days."""
    book = Book()
    book.units(Cell(TODAY - 1, "site", "", "", "shown"), 50)
    for name, days in slots.items():
        book.daily("slot", name, days, impressions=100)
    return book


def codes(report: Report) -> list[tuple[str, str]]:
    return [(one.code, one.name) for one in report.findings]


def alarms(report: Report) -> list[tuple[str, str, str]]:
    return [(one.code, one.kind, one.name) for one in report.alerts]


def test_rules_that_nobody_sees_are_named_unless_they_are_not_to_be_seen() -> None:
    book = book_of()
    book.daily("rule", "seen", MONTH, impressions=10, clicks=1)
    book.daily("rule", "held-back", MONTH, held=10)
    later = Schedule(start=NOW + DAY)
    report = book.report(
        rule("seen"),
        rule("held-back"),
        rule("ghost"),
        rule("switched-off", off=True),
        rule("later", schedule=later),
    )

    assert codes(report) == [("unseen", "ghost")]


def test_rules_that_nobody_clicks_are_named_once_they_had_their_chance() -> None:
    book = book_of()
    book.daily("rule", "dull", range(TODAY - 3, TODAY), impressions=100)
    book.daily("rule", "new", range(TODAY - 3, TODAY), impressions=50)
    book.daily("rule", "fine", MONTH, impressions=100, clicks=1)

    assert codes(book.report(rule("dull"), rule("new"), rule("fine"))) == [
        ("unclicked", "dull")
    ]


def test_a_rule_whose_click_rate_falls_is_tired() -> None:
    book = book_of()
    for week in range(8):
        days = range(TODAY - 56 + week * 7, TODAY - 49 + week * 7)
        book.daily("rule", "tired", days, impressions=500, clicks=50 - 5 * week)
        book.daily("rule", "steady", days, impressions=500, clicks=50)
        # Up and down and low at its end: two points would call it a fall.
        odd = 80 if week in (0, 4) else 20
        book.daily("rule", "restless", days, impressions=500, clicks=odd)
    report = book.report(rule("tired"), rule("steady"), rule("restless"))

    assert codes(report) == [("tired", "tired")]
    assert "in 8 weeks its click rate fell from 10.0" in report.findings[0].words


def test_slots_that_serve_a_stage_nothing_are_gaps_where_the_stage_has_visitors() -> (
    None
):
    book = book_of(hero=MONTH)
    book.daily("slot", "hero@new", MONTH, impressions=50)
    book.daily("slot", "hero@cart", MONTH, impressions=50)
    book.daily("slot", "shelf@new", MONTH, impressions=50)
    book.units(Cell(TODAY, "stage", "lapsed", "", "held"), 5)
    report = book.report(rule("a"), rule("b", "shelf"))

    assert report.coverage is not None
    assert set(report.coverage.gaps) == {
        ("hero", "lapsed"),
        ("shelf", "cart"),
        ("shelf", "lapsed"),
    }
    new = report.coverage.stages.index("new")
    assert report.coverage.rows["hero"][new] == 27 * 50  # of the report's days alone
    assert ("uncovered", "shelf") in codes(report)
    words = next(one.words for one in report.findings if one.name == "shelf")
    assert "visitors of the stages cart and lapsed" in words


def test_a_review_that_is_due_is_named_with_whose_it_is() -> None:
    book = book_of()
    for name in ("past", "today"):
        book.daily("rule", name, MONTH, impressions=10, clicks=1)
    past = rule("past", about={"review-by": "2026-11-25", "owner": "Marketing"})
    report = book.report(past, rule("today", about={"review-by": "2026-11-26"}))

    assert codes(report) == [("review", "past")]
    assert "by Marketing" in report.findings[0].words


def test_silence_of_who_spoke_is_an_alert_and_that_of_the_quiet_is_not() -> None:
    book = book_of(hero=range(TODAY - 30, TODAY - 1), shelf=range(TODAY - 30, TODAY))
    book.daily("rule", "gone", range(TODAY - 30, TODAY - 1), impressions=30)
    book.daily("rule", "rare", range(TODAY - 30, TODAY - 1), impressions=5)
    book.daily("rule", "off", range(TODAY - 30, TODAY - 1), impressions=30)
    report = book.report(
        rule("gone"), rule("rare", "shelf"), rule("off", "shelf", off=True)
    )

    assert alarms(report) == [("silent", "slot", "hero"), ("silent", "rule", "gone")]


def test_what_is_not_counted_yet_is_no_silence() -> None:
    book = book_of(hero=range(TODAY - 30, TODAY - 3))

    assert alarms(book.report(rule("a"), counted=TODAY - 3)) == []
    assert alarms(book.report(rule("a"), counted=TODAY - 1)) == [
        ("silent", "slot", "hero")
    ]


def test_what_is_held_back_is_not_silent() -> None:
    book = book_of()
    book.daily("rule", "held", range(TODAY - 30, TODAY - 1), impressions=30)
    book.daily("rule", "held", range(TODAY - 1, TODAY), held=3)

    assert alarms(book.report(rule("held"))) == []


@pytest.mark.parametrize(
    ("failed", "shown", "alert"),
    [(30, 400, True), (3, 20, False), (5, 5_000, False), (300, 5_000, True)],
)
def test_failures_are_an_alert_where_they_surely_are_many(
    failed: int, shown: int, alert: bool
) -> None:
    book = book_of(shelf=MONTH)
    for kind, name in (("slot", "hero"), ("rule", "a")):
        days = range(TODAY, TODAY + 1)
        book.daily(kind, name, days, impressions=shown, failed=failed)

    assert alarms(book.report(rule("a"), rule("b", "shelf"))) == (
        [("errors", "slot", "hero"), ("errors", "rule", "a")] if alert else []
    )


def test_of_a_rule_that_is_gone_nobody_is_told_nor_of_its_slot() -> None:
    book = book_of()
    for kind, name in (("slot", "hero"), ("rule", "broken")):
        book.daily(kind, name, range(TODAY, TODAY + 1), impressions=50, failed=50)
    for kind, name in (("slot", "hero"), ("rule", "fine")):
        book.daily(kind, name, range(TODAY, TODAY + 1), impressions=500, failed=1)
    left = rule("fine")

    assert alarms(book.report(left)) == []
    assert alarms(book.report(left, rule("broken", off=True))) == []
    assert alarms(book.report(left, rule("broken"))) == [
        ("errors", "slot", "hero"),
        ("errors", "rule", "broken"),
    ]


def test_a_slot_that_is_gone_raises_none() -> None:
    book = book_of()
    book.daily("slot", "cellar", range(TODAY, TODAY + 1), failed=50)
    book.daily("rule", "a", range(TODAY - 9, TODAY), impressions=90, clicks=1)

    assert alarms(book.report(rule("a"))) == []


def test_what_everything_together_earned_is_the_difference_times_the_visitors() -> None:
    book = Book()
    for day in range(TODAY - 10, TODAY):
        book.units(Cell(day, "site", "", "", "shown"), 400, ordered=0.3, opt_out=0.1)
        book.units(Cell(day, "site", "", "", "holdout"), 100, ordered=0.1, opt_out=0.0)
    report = book.report(holdout=0.2)
    earned, total = report.earned, report.total

    assert earned is not None and total is not None
    effect = {one.metric: one for one in total.effects}["revenue-per-visitor"]
    assert (earned.visitors, earned.held) == (4_000, 1_000)
    assert isclose(earned.total, effect.absolute * 4_000)
    assert isclose(earned.total_low, effect.absolute_low * 4_000)
    assert earned.words.startswith("Personalisation earned €")
    assert earned.net_total is not None and earned.net_total < earned.total


def test_counts_are_those_of_the_reports_days_and_money_is_whole() -> None:
    book = book_of()
    book.daily("rule", "a", MONTH, impressions=10, clicks=2, dismissals=1)
    told = {"first_orders": 1, "first_revenue": 1_999, "last_revenue": 150}
    book.daily("rule", "a", range(TODAY, TODAY + 1), thumbs_up=3, thumbs_down=1, **told)
    found = book.report(rule("a")).rules[0]

    assert found.response.impressions == 270 and found.response.clicks == 54
    assert (found.response.thumbs_up, found.response.thumbs_down) == (3, 1)
    assert found.touch is not None
    assert (found.touch.first_revenue, found.touch.last_revenue) == (19.99, 1.5)
    assert (found.touch.first_orders, found.touch.last_orders) == (1, 0)


def test_an_experiment_is_counted_arm_by_arm_and_crossed_visitors_by_themselves() -> (
    None
):
    book = book_of()
    experiment(book)
    for arm in ("plain", "cosy", "control"):
        told = {"orders": 2, "revenue": 500, "first_revenue": 150, "first_orders": 1}
        book.daily("experiment", f"tone/{arm}", range(TODAY, TODAY + 1), **told)
    book.daily("experiment", "tone", range(TODAY, TODAY + 1), crossed=7)
    found = book.report(rule("hero", split=split())).experiments[0]

    assert (found.response.orders, found.response.revenue) == (6, 15.0)
    assert found.crossed == 7
    assert found.arms[1].touch == Touch(1, 1.5) and found.touch == Touch(3, 4.5)


def test_the_funnel_counts_visitors() -> None:
    book = book_of()
    cell = Cell(TODAY, "rule", "a", "", "shown")
    book.units(cell, 100, clicked=1.0, added=1.0, ordered=0.0)
    book.units(cell, 50, clicked=0.0, added=0.0, ordered=1.0)
    funnel = book.report(rule("a")).rules[0].arms[0].funnel

    assert funnel.rows == (
        ("exposed", 150, 1.0),
        ("clicked", 100, 100 / 150),
        ("added to cart", 100, 100 / 150),
        ("ordered", 50, 50 / 150),
    )


def test_an_arm_tells_what_its_visitors_did_in_whole_numbers() -> None:
    book = book_of()
    tally = book.cells.setdefault(Cell(TODAY, "rule", "a", "", "shown"), Tally())
    tally.count({"impressions": 3, "clicks": 2, "clicked": 1, "dismissals": 1})
    tally.count({"impressions": 2, "thumbs-up": 1, "thumbs-down": 2, "opt-out": 1})
    tally.count({"ordered": 1, "orders": 2, "revenue": 12_345, "impressions": 1})
    counts = book.report(rule("a")).rules[0].arms[0].counts

    assert counts == Counts(6, 2, 1, 1, 2, 2, 123.45, 1)


def test_only_one_experiment_and_one_metric_are_looked_at_if_asked() -> None:
    book = book_of()
    experiment(book)
    experiment(book, "other")
    rules = (
        rule("hero", split=split()),
        rule("else", split=split("other")),
        rule("plain"),
    )
    report = book.report(*rules, experiment="tone", metric="add-to-cart")

    assert [one.name for one in report.experiments] == ["tone"]
    assert [one.name for one in report.rules] == ["hero"]
    assert {one.metric for one in report.experiments[0].effects} == {"add-to-cart"}
    assert not report.slots and not report.stages


def test_of_one_experiment_only_its_own_findings_and_alerts_are_told() -> None:
    book = book_of(hero=range(TODAY - 30, TODAY - 1))
    experiment(book, "tone", {"control": (100, 0.1), "plain": (100, 0.1)})
    experiment(book, "other", {"control": (100, 0.1), "plain": (300, 0.1)})
    for name in ("else", "plain"):
        days = range(TODAY, TODAY + 1)
        book.daily("rule", name, days, impressions=50, clicks=1, failed=50)
    rules = (
        rule("hero", split=split("tone", "plain", control=0.5)),
        rule("else", split=split("other", "plain", control=0.5)),
        rule("plain"),
        rule("ghost", "shelf"),
    )
    every = book.report(*rules)
    tone = book.report(*rules, experiment="tone")
    other = book.report(*rules, experiment="other")

    assert codes(every)[:2] == [("unseen", "hero"), ("unseen", "ghost")]
    assert {one[2] for one in alarms(every)} == {"hero", "else", "plain", "other"}
    assert codes(tone) == [("unseen", "hero")] and alarms(tone) == []
    assert codes(other) == []
    assert alarms(other) == [
        ("errors", "rule", "else"),
        ("sample-ratio", "experiment", "other"),
    ]
    assert (every.experiment, tone.experiment) == ("", "tone")
    assert tone.total == every.total and tone.coverage is None


def test_a_verdict_does_not_change_with_how_much_of_the_report_is_looked_at() -> None:
    """Among twenty that do nothing one that stands out is luck, also where only that is asked for."""
    book = book_of()
    names = [f"test-{number}" for number in range(20)]
    for name in names:
        lucky = 0.137 if name == "test-0" else 0.1
        experiment(book, name, {"control": (200, 0.1), "plain": (200, lucky)})
    rules = [rule(name, split=split(name, "plain", control=0.5)) for name in names]
    whole = book.report(*rules).experiments[0]

    assert whole.effects and whole.effects[0].p < 0.05 < whole.effects[0].adjusted
    assert book.report(*rules, experiment="test-0").experiments == (whole,)


def test_experiments_by_segment_stand_within_them() -> None:
    book = book_of()
    experiment(book)
    experiment(book, context="segment:gardeners")
    found = book.report(rule("hero", split=split())).experiments

    assert len(found) == 1
    assert [part.context for part in found[0].parts] == ["segment:gardeners"]


def test_what_is_no_longer_in_the_rules_is_still_told() -> None:
    book = book_of()
    experiment(book)
    book.units(Cell(TODAY, "rule", "old", "", "shown"), 10)
    report = book.report()

    assert [one.name for one in report.experiments] == ["tone"]
    assert report.experiments[0].base == "control"
    assert [(one.name, one.off) for one in report.rules] == [("old", True)]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"updated": None}, "Nothing has been summed up yet"),
        ({"events": 0}, "There are no events yet"),
        ({"events": 5}, "agreed to personalisation and to statistics"),
    ],
)
def test_a_report_without_numbers_says_what_to_do(
    asked: dict[str, object], words: str
) -> None:
    report = Book().report(**asked)

    assert words in report.empty
    assert not report.alerts and not report.experiments

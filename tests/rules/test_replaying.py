"""A visitor's story, decided again: by the log, and by two sets of rules."""

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from shopwindow.rules.facts import Event, Profile
from shopwindow.rules.hindsight import hindsight
from shopwindow.rules.learning import learn
from shopwindow.rules.placement import UNLIMITED, Limits
from shopwindow.rules.replaying import Story, replayed
from shopwindow.rules.sides import Side
from shopwindow.rules.turnover import Turnover
from tests.rules.shop import NOW, VOCABULARY, context, event, read, relatives

DAY = 86_400.0
WEEK = (NOW - 7 * DAY, NOW)
HIDDEN = frozenset({"campaign", "device", *VOCABULARY.attributes})
HERO = frozenset({"home.hero"})
SLOTS = ("home.hero", "home.prompt")


def side(rules: str, limits: Limits = UNLIMITED) -> Side:
    def known(profile: Profile | None, event: Event) -> Profile:
        return learn(profile, event, relatives)

    return Side(
        hindsight(read(f"rules: [{rules}]"), HIDDEN, frozenset({"statistics"})),
        limits,
        SLOTS,
        known,
        lambda time: context(now=time, day=int(time // DAY)),
    )


def showing(ago: float, *promotions: Mapping[str, Any], **more: Any) -> Event:
    return event("Promotion Viewed", ago, promotions=[*promotions], **more)


def promotion(fragment: str | None, rule: str, **more: Any) -> dict[str, Any]:
    told = {"slot": "home.hero", "rule": rule, "promotion_id": fragment, **more}
    return {key: value for key, value in told.items() if value is not None}


def view(ago: float, product: str = "p1") -> Event:
    return event("Product Viewed", ago, product_id=product)


def changes(story: Story) -> list[tuple[str | None, str | None, tuple[str, ...]]]:
    return [(d.old.rule, d.new.rule, d.unless) for d in story.differences]


ALWAYS = "{id: always, slot: home.hero, show: hero}"
ONCE = "{id: seen, slot: home.hero, priority: 5, when: [{viewed: {product: p1}}], show: plain}"
TWICE = "{id: seen, slot: home.hero, priority: 5, when: [{viewed: {product: p1, at-least: 2}}], show: plain}"
NEWS = "{id: news, slot: home.hero, priority: 9, when: [{campaign: news}], show: plain}"


# -- against the log -----------------------------------------------------------------------


def test_what_the_rules_still_show_is_no_difference() -> None:
    story = replayed(
        [showing(1, promotion("hero", "always"))], None, side(ALWAYS), WEEK
    )
    assert (story.looks, changes(story), story.unknown) == (1, [], frozenset())


def test_another_fragment_is_a_difference_and_another_rule_is_none() -> None:
    events = [
        showing(1, promotion("plain", "gone")),
        showing(0.9, promotion("hero", "gone")),
    ]
    assert changes(replayed(events, None, side(ALWAYS), WEEK)) == [
        ("gone", "always", ())
    ]


def test_the_profile_is_the_one_of_that_moment() -> None:
    hero = promotion("hero", "always")
    events = [showing(2, hero), view(1.5), showing(1, hero)]
    (found,) = replayed(events, None, side(f"{ONCE}, {ALWAYS}"), WEEK).differences
    assert (found.time, found.new.rule) == (NOW - DAY, "seen")
    assert found.why(side(f"{ONCE}, {ALWAYS}")) == (
        "viewed 1 x p1; not always: it holds, but seen comes before it"
    )


def test_only_the_window_is_looked_at_and_all_before_it_is_known() -> None:
    events = [
        view(20),
        showing(9, promotion("x", "x")),
        showing(3, promotion("hero", "y")),
    ]
    story = replayed(events, None, side(f"{ONCE}, {ALWAYS}"), WEEK)
    assert story.looks == 1
    assert changes(story) == [("y", "seen", ())]


def test_what_these_very_rules_have_shown_is_the_same() -> None:
    after = side(ALWAYS)
    revision = after.rules.rules.revision
    shown = showing(1, promotion("plain", "seen"), revision=revision)
    assert changes(replayed([shown], None, after, WEEK)) == []


def test_slots_that_the_log_does_not_name_are_not_compared() -> None:
    prompt = "{id: p, slot: home.prompt, show: plain}"
    story = replayed(
        [showing(1, promotion("hero", "always"))],
        None,
        side(f"{ALWAYS}, {prompt}"),
        WEEK,
    )
    assert changes(story) == []


def test_a_rule_over_what_is_not_in_the_log_is_not_guessed() -> None:
    shown = showing(1, promotion("hero", "always"))
    story = replayed([shown], None, side(f"{NEWS}, {ALWAYS}"), WEEK)
    assert (changes(story), story.unknown) == ([], HERO)


SPLIT = """{id: test, slot: home.hero, split: {experiment: e, control: 10%,
 variants: [{name: a, show: hero}, {name: b, show: plain}]}}"""


@pytest.mark.parametrize(
    ("shown", "different", "unknown"),
    [
        (promotion("hero", "test", experiment="e", variant="a"), [], frozenset()),
        (promotion("plain", "test", experiment="e", variant="b"), [], frozenset()),
        (promotion(None, "test", experiment="e", variant="control", held="control"), [], frozenset()),
        (promotion("shelf", "test", experiment="e", variant="a"), [("test", "test", ())], frozenset()),
        (promotion("shelf", "old"), [], HERO),  # the draw needs the visitor's id
    ],
)  # fmt: skip
def test_experiments_keep_the_variant_that_was_seen(
    shown: dict[str, Any], different: list[Any], unknown: frozenset[str]
) -> None:
    story = replayed([showing(1, shown)], None, side(SPLIT), WEEK)
    assert (changes(story), story.unknown) == (different, unknown)


def test_who_was_held_out_still_sees_nothing() -> None:
    events = [showing(1, promotion(None, "seen", held="holdout"))]
    assert (
        changes(replayed(events, None, side(ALWAYS, Limits(holdout=0.1)), WEEK)) == []
    )
    assert changes(replayed(events, None, side(ALWAYS), WEEK)) == [
        ("seen", "always", ())
    ]


def test_a_rule_that_may_have_stepped_aside_makes_no_difference() -> None:
    exploring = "{id: fresh, slot: home.hero, priority: 2, explore: 5%, show: plain}"
    shown = showing(1, promotion("hero", "always"))
    story = replayed([shown], None, side(f"{exploring}, {ALWAYS}"), WEEK)
    assert (changes(story), story.unknown) == ([], HERO)


@pytest.mark.parametrize(
    "junk", [None, 3, "x", [3], [{}], [{"slot": 4}], [{"slot": "no"}]]
)
def test_showings_that_shops_track_themselves_do_no_harm(junk: object) -> None:
    shown = event("Promotion Viewed", 1, promotions=junk)
    assert replayed([shown], None, side(ALWAYS), WEEK).looks == 1


# -- against other rules -------------------------------------------------------------------


def test_a_visit_without_a_showing_is_looked_at_once_at_its_end() -> None:
    events = [view(3), view(2.999), view(1)]
    story = replayed(
        events, side(f"{ONCE}, {ALWAYS}"), side(f"{TWICE}, {ALWAYS}"), WEEK
    )
    assert story.looks == 2
    assert changes(story) == []
    story = replayed(
        events[:1], side(f"{ONCE}, {ALWAYS}"), side(f"{TWICE}, {ALWAYS}"), WEEK
    )
    assert changes(story) == [("seen", "always", ())]


def test_visits_are_told_by_their_gaps() -> None:
    returning = (
        "{id: again, slot: home.hero, when: [{visits: {at-least: 2}}], show: plain}"
    )
    story = replayed([view(3), view(2)], side(ALWAYS), side(returning), WEEK)
    assert changes(story) == [("always", None, ()), ("always", "again", ())]


def test_the_same_rules_differ_in_nothing_whatever_cannot_be_known() -> None:
    rules = f"{NEWS}, {SPLIT}, {ONCE}"
    story = replayed([view(3)], side(rules), side(rules), WEEK)
    assert (changes(story), story.unknown) == ([], frozenset())


def test_parameters_count_between_rules() -> None:
    other = "{id: always, slot: home.hero, show: hero, with: {text: Hello}}"
    assert changes(replayed([view(1)], side(ALWAYS), side(other), WEEK)) == [
        ("always", "always", ())
    ]


def test_behind_a_rule_that_both_have_a_change_is_told_with_unless() -> None:
    before, after = f"{NEWS}, {ALWAYS}", f"{NEWS}, {ONCE}, {ALWAYS}"
    story = replayed([view(1)], side(before), side(after), WEEK)
    assert changes(story) == [("always", "seen", ("news",))]


def test_behind_a_rule_that_one_side_has_nothing_can_be_known() -> None:
    story = replayed([view(1)], side(ALWAYS), side(f"{NEWS}, {ALWAYS}"), WEEK)
    assert (changes(story), story.unknown) == ([], HERO)


def test_a_place_that_may_be_taken_leaves_the_next_slot_unknown() -> None:
    prompt = "{id: p, slot: home.prompt, show: plain}"
    before, after = (
        side(f"{NEWS}, {prompt}"),
        side(f"{NEWS}, {prompt}", Limits(at_most=1)),
    )
    story = replayed([view(1)], before, after, WEEK)
    assert story.unknown == {"home.prompt"}
    groups = Limits(groups={"home.hero": "g", "home.prompt": "g"})
    story = replayed([view(1)], before, side(f"{NEWS}, {prompt}", groups), WEEK)
    assert story.unknown == {"home.prompt"}


def test_a_slot_that_surely_stays_as_it_is_takes_no_place() -> None:
    rules = f"{ONCE}, {{id: p, slot: home.prompt, show: plain}}"
    story = replayed(
        [view(1, "p2")], side(ALWAYS), side(rules, Limits(at_most=1)), WEEK
    )
    assert story.unknown == frozenset()
    assert changes(story) == [("always", None, ()), (None, "p", ())]


def test_the_budget_of_the_page_applies() -> None:
    both = f"{ALWAYS}, {{id: p, slot: home.prompt, show: plain}}"
    story = replayed([view(1)], side(both), side(both, Limits(at_most=1)), WEEK)
    (found,) = story.differences
    assert (found.slot, found.new.reason) == ("home.prompt", "budget")
    assert "as many personalised slots" in found.why(side(both, Limits(at_most=1)))


def test_caps_count_what_was_shown() -> None:
    capped = ALWAYS.replace("show:", "cap: {times: 1}, show:")
    events = [
        showing(2, promotion("hero", "always")),
        showing(1, promotion("hero", "always")),
    ]
    story = replayed(events, side(ALWAYS), side(capped), WEEK)
    assert [(d.time, d.new.rule) for d in story.differences] == [(NOW - DAY, None)]


# -- adding up -----------------------------------------------------------------------------


def test_each_visitor_counts_once_in_a_row_and_once_in_all() -> None:
    turnover = Turnover(examples=2)
    before, after = side(ALWAYS), side(f"{ONCE}, {ALWAYS}")
    for number in range(4):
        events = [view(3), view(2)] if number else [view(3, "p2")]
        events = [replace(one, visitor=f"v{number}") for one in events]
        turnover.add(replayed(events, before, after, WEEK))
    turnover.add(replayed([view(30)], before, after, WEEK))  # not in the window
    assert (turnover.visitors, turnover.changed, turnover.looks) == (4, 3, 7)
    assert turnover.share == 0.75
    ((kind, visitors),) = turnover.rows()
    assert (kind.old_rule, kind.new_rule, visitors) == ("always", "seen", 3)
    examples = turnover.examples()
    assert [each.visitor for each in examples] == ["v1", "v2"]
    assert examples[0].difference.time == NOW - 3 * DAY  # the first look that differs


def test_who_only_likely_sees_something_else_is_counted_apart() -> None:
    turnover = Turnover()
    before, after = side(f"{NEWS}, {ALWAYS}"), side(f"{NEWS}, {ONCE}, {ALWAYS}")
    turnover.add(replayed([view(1)], before, after, WEEK))
    turnover.add(replayed([view(1)], side(ALWAYS), side(f"{NEWS}, {ALWAYS}"), WEEK))
    assert (turnover.changed, turnover.likely, turnover.uncertain) == (0, 1, 1)
    assert turnover.unknown == {"home.hero": 1}


def test_nobody_has_no_share() -> None:
    assert Turnover().share is None


# -- levels, customers and roll-outs -------------------------------------------------------

LEVELS = (
    "{id: levels, slot: home.hero, priority: 5, split: {experiment: e, %svariants: ["
    "{name: none, level: none}, {name: all, level: segment, show: hero}]}}"
)


@pytest.mark.parametrize("more", ["", "unit: customer, ", "unit: account, "])
@pytest.mark.parametrize(
    "shown",
    [
        {"promotion_id": "hero", "variant": "all"},
        {"held": "control", "variant": "none"},
    ],
)
def test_a_level_stays_what_the_log_names(more: str, shown: dict[str, str]) -> None:
    rules = f"{LEVELS % more}, {ALWAYS}"
    logged = {"slot": "home.hero", "rule": "levels", "experiment": "e", **shown}
    story = replayed([showing(1, logged)], None, side(rules), WEEK)
    assert (story.looks, changes(story), story.unknown) == (1, [], frozenset())


@pytest.mark.parametrize("more", ["unit: customer, ", "rollout: true, "])
def test_nobody_knows_who_would_be_dealt_what(more: str) -> None:
    rules = f"{LEVELS % more}, {ALWAYS}"
    events = [showing(1, promotion("hero", "always"))]
    story = replayed(events, None, side(rules), WEEK)
    assert story.unknown == HERO

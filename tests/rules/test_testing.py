"""Rule tests, run: what passes, what fails, and what is said of it."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from shopwindow.rules.expectations import Because
from shopwindow.rules.facts import Context, Decision, Event, Profile
from shopwindow.rules.learning import learn
from shopwindow.rules.moments import Duration, day_of, later, read_time, weekday
from shopwindow.rules.placement import UNLIMITED, Limits
from shopwindow.rules.rule_tests import read_tests
from shopwindow.rules.testing import Coverage, Result, coverage, run
from shopwindow.rules.visiting import Look, Shop, Sighting, settled
from tests.rules.shop import NOW, VOCABULARY, errors, read, relatives

BERLIN = ZoneInfo("Europe/Berlin")


def look(address: str, now: float) -> Look:
    wall, day = datetime.fromtimestamp(now, BERLIN), day_of(now, BERLIN)
    path, _, query = address.partition("?")
    context = Context(now, day, wall.hour, weekday(day), path)
    said = {"app-version": query.removeprefix("v=")} if query.startswith("v=") else {}
    return Look(context, said, sighting(path, query))


def keep(profile: Profile | None, event: Event) -> Profile | None:
    return learn(profile, event, relatives)


def sighting(path: str, query: str) -> Sighting | None:
    if path == "/search":
        return "Products Searched", {"query": query.removeprefix("q=")}
    product = path.removeprefix("/p/")
    return ("Product Viewed", {"product_id": product}) if product != path else None


def shop(rules: str, limits: Limits = UNLIMITED) -> Shop:
    slots = ("home.hero", "home.prompt")
    found = settled(read(f"rules:\n{rules}"))
    return Shop(found, slots, limits, BERLIN, look, keep)


ANNA = """\
now: 2026-11-21 11:00
personas:
  anna:
    visits: 2
    country: DE
    consent: [personalization]
    events:
      - {viewed: {category: wood}, at: 2 days ago, times: 2}
tests:
"""


def tried(place: Shop, tests: str) -> list[Result]:
    texts = {"t.yaml": ANNA + tests}
    read, findings = read_tests(texts, VOCABULARY, relatives, place.rules, NOW)
    assert errors(findings) == []
    return [run(test, place) for test in read]


def outcome(place: Shop, keys: str) -> list[str]:
    """The failures of one test of Anna, with the reasons below each."""
    (result,) = tried(place, f"  - {{name: t, given: anna, {keys}}}\n")
    return [
        line for failure in result.failures for line in (str(failure), *failure.why)
    ]


WOOD = """\
  - id: wood
    slot: home.hero
    priority: 10
    when: [{viewed: {category: wood, at-least: 3, within: 30 days}}]
    show: category-hero
    with: {category: wood}
  - {id: plain, slot: home.hero, when: [{country: AT}], show: plain}
"""


# -- one look --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "keys",
    [
        "expect: {home.hero: default}",
        "expect: {home.hero: [hero, default], home.prompt: default}",
        "expect-not: {home.hero: [category-hero, plain]}",
        "but: {country: AT}, expect: {home.hero: plain}, because: plain",
        "but: {country: AT}, expect-not: {home.hero: default}",
        "but: {events: [{viewed: {product: p1}, times: 3}]}, because: wood",
        "path: /p/p1, because: wood",  # the page's own view is the third
        "now: 2027-01-21 11:00, path: /p/p1, because: wood",
    ],
)
def test_what_is_as_expected_passes(keys: str) -> None:
    assert outcome(shop(WOOD), keys) == []


def test_a_failure_says_what_was_expected_and_shown_and_the_nearest_miss() -> None:
    assert outcome(shop(WOOD), "expect: {home.hero: category-hero}") == [
        "home.hero: expected category-hero, shown is default content",
        "default content: no rule for this slot holds",
        "not wood (rules/start.yaml:2): viewed (line 5): "
        "wanted 3 x wood in 30 days, visitor has 2",
    ]


def test_a_failure_says_which_rule_was_shown_instead() -> None:
    head, shown, miss = outcome(
        shop(WOOD), "but: {country: AT}, expect: {home.hero: category-hero}"
    )
    assert head == "home.hero: expected category-hero, shown is plain"
    assert shown.startswith("shown plain (rules/start.yaml:8): country is AT")
    assert miss.startswith("not wood (rules/start.yaml:2): viewed")


def test_of_what_must_not_be_there_only_the_rule_that_shows_it_is_named() -> None:
    head, shown = outcome(
        shop(WOOD), "but: {country: AT}, expect-not: {home.hero: [plain, hero]}"
    )
    assert head == "home.hero: expected not plain or hero, shown is plain"
    assert shown.startswith("shown plain")


def test_default_content_that_was_expected_has_no_rule_that_missed() -> None:
    said = outcome(shop(WOOD), "but: {country: AT}, expect: {home.hero: default}")
    assert said[0] == "home.hero: expected default content, shown is plain"
    assert len(said) == 2


def test_a_fragment_that_no_rule_of_the_slot_shows_is_said_to_be_none() -> None:
    said = outcome(shop(WOOD), "expect: {home.prompt: hero}")
    assert said[-1] == "no rule of home.prompt shows hero"


def test_the_right_fragment_by_the_wrong_rule_fails() -> None:
    rules = WOOD + "  - {id: sure, slot: home.hero, priority: 20, show: plain}\n"
    head, shown, miss = outcome(
        shop(rules), "but: {country: AT}, expect: {home.hero: plain}, because: plain"
    )
    assert head == "home.hero: expected decided by plain, shown is plain"
    assert shown.startswith("shown sure (rules/start.yaml:9)")
    assert miss == "not plain (rules/start.yaml:8): it holds, but sure comes before it"


@pytest.mark.parametrize(
    ("decision", "met"),
    [
        (Decision("home.hero", "shown", "wood", "hero"), True),
        (Decision("home.hero", "control", "wood"), True),
        (Decision("home.hero", "budget", "wood"), True),
        (Decision("home.hero", "shown", "other", "hero"), False),
        (Decision("home.hero", "error", "wood"), False),
        (Decision("home.hero", "no-rule"), False),
    ],
)
def test_a_rule_that_keeps_the_default_content_decides_one_that_fails_does_not(
    decision: Decision, met: bool
) -> None:
    assert Because("wood", "home.hero", 1).met(decision) is met


def test_one_slot_fails_once() -> None:
    said = outcome(shop(WOOD), "expect: {home.hero: category-hero}, because: wood")
    assert len(said) == 3


def test_a_failure_stands_at_the_line_of_its_expectation() -> None:
    (result,) = tried(
        shop(WOOD),
        "  - name: t\n    given: anna\n    expect:\n"
        "      home.prompt: default\n      home.hero: hero\n",
    )
    (failure,) = result.failures
    assert (failure.line, failure.slot, failure.step) == (14, "home.hero", None)


def test_without_consent_nothing_is_remembered_from_step_to_step() -> None:
    rules = (
        "  - {id: back, slot: home.hero, when: [{visits: {at-least: 2}}], show: hero}\n"
    )
    steps = (
        "sequence: [{expect: {home.hero: %s}}, {after: 1 day, expect: {home.hero: %s}}]"
    )
    assert outcome(shop(rules), steps % ("hero", "hero")) == []
    refused = "but: {consent: []}, " + steps % ("default", "default")
    assert outcome(shop(rules), refused) == []


# -- again and again -------------------------------------------------------------------------

CAPPED = """\
  - id: prompt
    slot: home.prompt
    priority: 10
    cap: %s
    show: hero
  - {id: next, slot: home.prompt, show: plain}
"""


def steps(*shown: str) -> str:
    """A step for each fragment: ``1 day: hero`` waits, ``click: hero`` clicks before it."""
    told = []
    for one in shown:
        before, _, fragment = one.rpartition(": ")
        first = f"after: {before}, " if before else ""
        if before == "click":
            first = "clicked: {fragment: hero}, "
        told.append(f"{{{first}expect: {{home.prompt: {fragment}}}}}")
    return f"sequence: [{', '.join(told)}]"


@pytest.mark.parametrize(
    ("cap", "shown"),
    [
        ("{times: 2, per: 7 days}", ["hero", "1 day: hero", "1 day: plain"]),
        (
            "{times: 2, per: 7 days}",
            ["hero", "1 day: hero", "5 days: plain", "1 day: hero", "1 minute: plain"],
        ),
        ("{cooldown: 1 day}", ["hero", "23 hours: plain", "1 hour: hero"]),
        ("{until: clicked}", ["hero", "1 day: hero", "click: plain", "9 weeks: plain"]),
        (
            "{adaptive: true}",
            ["hero", "1 minute: hero", "23 hours: plain", "1 hour: hero"],
        ),
    ],
)
def test_what_a_page_showed_counts_for_the_caps_of_the_next(
    cap: str, shown: list[str]
) -> None:
    place = shop(CAPPED % cap)
    assert outcome(place, steps(*shown)) == []
    for number, one in enumerate(shown, 1):
        other = one.replace("hero", "HERO").replace("plain", "hero")
        turned = [*shown[: number - 1], other.replace("HERO", "plain"), *shown[number:]]
        said = outcome(place, steps(*turned))
        assert said[0].startswith(f"step {number}, home.prompt: expected")
        assert len(said) == 3, "one step fails, and no other"


def test_a_third_showing_that_does_not_come_is_explained() -> None:
    place = shop(CAPPED % "{times: 2, per: 7 days}")
    assert outcome(place, steps("hero", "1 day: hero", "1 day: hero")) == [
        "step 3, home.prompt: expected hero, shown is plain",
        "shown next (rules/start.yaml:7): it has no conditions",
        "not prompt (rules/start.yaml:2): "
        "cap 2 x in 7 days is reached, it was shown 2 x",
    ]


def test_what_the_visitor_does_between_two_pages_counts() -> None:
    place = shop(WOOD)
    sequence = (
        "sequence: [{expect: {home.hero: default}},"
        " {after: 1 hour, viewed: {category: wood}, because: wood},"
        " {after: 1 hour, bought: {product: p1, price: 9}, searched: {query: x}, because: wood}]"
    )
    assert outcome(place, sequence) == []


def test_a_step_after_a_while_is_a_visit_of_its_own() -> None:
    rules = "  - {id: third, slot: home.hero, when: [{visits: 3}], show: hero}\n"
    sequence = (
        "sequence: [{expect: {home.hero: default}},"
        " {after: 20 minutes, expect: {home.hero: default}},"
        " {after: 31 minutes, expect: {home.hero: hero}}]"
    )
    assert outcome(shop(rules), sequence) == []


# -- clocks ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        ("2026-03-28 10:00", Duration(1, "day"), "2026-03-29 10:00"),  # 23 hours
        ("2026-10-24 10:00", Duration(1, "day"), "2026-10-25 10:00"),  # 25 hours
        ("2026-03-28 10:00", Duration(24, "hour"), "2026-03-29 11:00"),
        ("2026-10-24 10:00", Duration(24, "hour"), "2026-10-25 09:00"),
        ("2026-03-28 02:30", Duration(1, "day"), "2026-03-29 03:00"),  # is skipped
        ("2026-11-21 10:00", Duration(2, "week"), "2026-12-05 10:00"),
        ("2026-11-21 10:00", Duration(90, "minute"), "2026-11-21 11:30"),
    ],
)
def test_a_day_later_the_clock_shows_the_same(
    start: str, length: Duration, end: str
) -> None:
    time = read_time(start, BERLIN)
    assert time is not None
    assert later(time, length, BERLIN) == read_time(end, BERLIN)


def test_on_the_day_the_clocks_change_each_day_is_still_one() -> None:
    rules = """\
  - {id: morning, slot: home.hero, schedule: {hours: 09:00-11:00}, show: hero}
  - {id: sunday, slot: home.prompt, when: [{weekday: sun}], cap: {times: 1, per: 1 day}, show: plain}
"""
    for saturday in ("2026-03-28", "2026-10-24"):
        sequence = (
            f"now: {saturday} 10:00, sequence: ["
            "{expect: {home.hero: hero, home.prompt: default}},"
            "{after: 1 day, expect: {home.hero: hero, home.prompt: plain}},"
            "{after: 12 hours, expect: {home.hero: default, home.prompt: default}},"
            "{after: 6 days, expect: {home.prompt: default}},"
            "{after: 1 day, expect: {home.prompt: plain}}]"
        )
        assert outcome(shop(rules), sequence) == []


def test_a_pause_of_a_day_is_not_over_after_one_of_23_hours() -> None:
    place = shop(CAPPED % "{cooldown: 1 day}")
    spring = f"now: 2026-03-28 10:00, {steps('hero', '1 day: plain', '1 hour: hero')}"
    assert outcome(place, spring) == []


# -- chance ----------------------------------------------------------------------------------

SPLIT = """\
  - id: advent
    slot: home.hero
    split:
      experiment: advent
      %s
      variants:
        - {name: cosy, show: hero}
        - {name: bright, show: plain}
  - {id: next, slot: home.hero, priority: -1, show: category-hero, with: {category: wood}}
"""


@pytest.mark.parametrize(
    ("more", "pin", "shown"),
    [
        ("control: 10%", "cosy", "hero"),
        ("control: 10%", "bright", "plain"),
        ("control: 0%", "control", "default"),
        ("traffic: 0%", "bright", "plain"),
        ("control: 90%", "cosy", "hero"),
    ],
)
def test_a_variant_that_is_pinned_is_dealt_out(more: str, pin: str, shown: str) -> None:
    place = shop(SPLIT % more)
    pinned = f"variant: {{advent: {pin}}}"
    assert outcome(place, f"{pinned}, expect: {{home.hero: {shown}}}") == []
    assert outcome(place, f"{pinned}, because: advent") == []
    said = outcome(place, f"{pinned}, expect: {{home.hero: category-hero}}")
    assert said and said[0].startswith("home.hero: expected category-hero")
    assert "advent" in said[1]


def test_without_a_pin_the_same_persona_always_lands_in_the_same_place() -> None:
    place = shop(SPLIT % "control: 0%")
    results = tried(
        place,
        "".join(
            f"  - {{name: t, given: anna, now: {day} 10:00, expect: {{home.hero: {shown}}}}}\n"
            for shown in ("hero", "plain")
            for day in ("2026-11-21", "2026-11-22", "2027-02-03")
        ),
    )
    failed = [bool(result.failures) for result in results]
    assert failed in ([True] * 3 + [False] * 3, [False] * 3 + [True] * 3)


def test_nobody_is_held_out_who_does_not_ask_for_it() -> None:
    place = shop(WOOD, Limits(holdout=1.0))
    assert outcome(place, "path: /p/p1, expect: {home.hero: category-hero}") == []
    asked = "path: /p/p1, holdout: true, "
    assert outcome(place, asked + "expect: {home.hero: default}, because: wood") == []
    head, why = outcome(place, asked + "expect: {home.hero: category-hero}")
    assert head == "home.hero: expected category-hero, shown is default content"
    assert "never see anything personalised" in why and "wood" in why


def test_no_rule_steps_aside_by_chance() -> None:
    rules = "  - {id: sometimes, slot: home.hero, explore: 100%, show: hero}\n"
    assert outcome(shop(rules), "expect: {home.hero: hero}") == []


# -- the page --------------------------------------------------------------------------------

BOTH = """\
  - {id: top, slot: home.hero, show: hero}
  - {id: below, slot: home.prompt, show: plain}
"""


@pytest.mark.parametrize(
    ("limits", "word"),
    [
        (Limits(at_most=1), "as many personalised slots"),
        (Limits(groups={"home.hero": "g", "home.prompt": "g"}), "another slot of its"),
    ],
)
def test_slots_share_their_page(limits: Limits, word: str) -> None:
    place = shop(BOTH, limits)
    assert outcome(place, "expect: {home.hero: hero, home.prompt: default}") == []
    head, why = outcome(place, "expect: {home.prompt: plain}")
    assert "shown is default content" in head
    assert word in why and "else below (rules/start.yaml:3) would have won" in why
    assert len(outcome(shop(BOTH), "expect: {home.prompt: default}")) == 2


def test_what_was_not_on_the_page_does_not_count_as_shown() -> None:
    capped = BOTH.replace("id: below,", "id: below, cap: {times: 1},")
    one = shop(capped, Limits(at_most=1))
    two = shop(capped)
    sequence = "sequence: [{because: top}, {after: 1 day, because: below}]"
    assert outcome(one, sequence) == []
    assert outcome(two, sequence) != []


def test_a_search_is_known_by_the_query_of_its_path() -> None:
    rules = "  - {id: found, slot: home.hero, when: [{searched: {query: budgie}}], show: hero}\n"
    path = "path: '/search?q=budgie', expect: {home.hero: %s}"
    assert outcome(shop(rules), path % "hero") == []
    assert outcome(shop(rules), path.replace("budgie", "x") % "default") == []


def test_what_the_address_says_of_an_attribute_is_known_but_the_persona_knows_better() -> (
    None
):
    rules = "  - {id: new, slot: home.hero, when: [{app-version: {at-least: 2}}], show: hero}\n"
    page = "path: '/?v=2.1', expect: {home.hero: %s}"
    assert outcome(shop(rules), page % "hero") == []
    assert outcome(shop(rules), page % "default" + ", but: {app-version: 1.9}") == []


# -- coverage --------------------------------------------------------------------------------


def covered(tests: str, more: str = "") -> Coverage:
    place = shop(WOOD + more)
    return coverage(tried(place, tests), place.rules)


def never(found: Coverage) -> Mapping[str, int]:
    return {rule.id: rule.line for rule in found.never}


def test_rules_that_no_test_shows_are_named_with_their_lines() -> None:
    found = covered("  - {name: t, given: anna, path: /p/p1, because: wood}\n")
    assert never(found) == {"plain": 8} and found.share == 0.5
    assert never(covered("  []\n")) == {"wood": 2, "plain": 8}


def test_a_failing_test_shows_rules_too_and_a_control_group_none() -> None:
    found = covered("  - {name: t, given: anna, path: /p/p1, because: plain}\n")
    assert never(found) == {"plain": 8}
    place = shop(SPLIT % "control: 10%")
    pinned = "variant: {advent: control}, because: advent"
    held = tried(place, f"  - {{name: t, given: anna, {pinned}}}\n")
    assert not held[0].failures
    assert coverage(held, place.rules).share == 0.0


def test_rules_that_are_switched_off_do_not_count() -> None:
    off = "  - {id: asleep, slot: home.prompt, show: hero, off: true}\n"
    found = covered("  []\n", off)
    assert len(found.rules) == 2
    assert coverage([], shop("  []\n").rules).share == 1.0

"""When it is enough: each kind of cap, against what is on record."""

import pytest

from shopwindow.rules.decide import decide
from shopwindow.rules.explain import explain
from shopwindow.rules.facts import DAY, Counter, Profile
from tests.rules.shop import NOW, TODAY, ask, counter, event, lived, read

HOUR = 3600.0


def after(cap: str, shown: Counter | None, clicked: Counter | None = None) -> str:
    """What becomes of the rule: ``shown``, or why it is over."""
    rules = read(
        f"rules:\n  - {{id: a, slot: home.hero, show: hero, cap: {cap}}}\n"
        "  - {id: b, slot: home.hero, show: plain}\n"
    )
    counts = {"shown rule": {"a": shown} if shown else {}}
    if clicked:
        counts["clicked fragment"] = {"hero": clicked}
    known = ask(rules, profile=Profile(counts=counts))
    if decide(rules, known, "home.hero").rule == "a":
        return "shown"
    (miss,) = (m for m in explain(rules, known, "home.hero").misses if m.rule == "a")
    assert miss.reason == "cap"
    return miss.words


def at(ago: float, times: int = 1) -> Counter:
    """``times``, the last one ``ago`` seconds before now and all on that day."""
    return Counter(NOW - ago, (TODAY - int(ago > 10 * HOUR), times))


CAPS = [
    ("{times: 2, per: 7 days}", None, None, "shown"),
    ("{times: 2, per: 7 days}", counter((6, 1)), None, "shown"),
    (
        "{times: 2, per: 7 days}",
        counter((6, 1), (1, 1)),
        None,
        "cap 2 x in 7 days is reached, it was shown 2 x",
    ),
    ("{times: 2, per: 7 days}", counter((7, 1), (1, 1)), None, "shown"),
    ("{cooldown: 1 day}", at(DAY), None, "shown"),
    (
        "{cooldown: 1 day}",
        at(DAY - HOUR),
        None,
        "cap pause of 1 day is reached, it was shown 23 hours ago",
    ),
    (
        "{cooldown: 1 day}",
        at(30),
        None,
        "cap pause of 1 day is reached, it was shown less than a minute ago",
    ),
    ("{until: clicked}", counter((6, 9)), None, "shown"),
    ("{until: clicked}", counter((6, 9)), counter((7, 1)), "shown"),
    (
        "{until: clicked}",
        counter((6, 1), (1, 1)),
        counter((3, 1)),
        "cap until clicked is reached, it was clicked",
    ),
    # Of a single showing the second is known, of several the day of the first alone.
    ("{until: clicked}", at(1 * HOUR), at(2 * HOUR), "shown"),
    (
        "{until: clicked}",
        at(1 * HOUR, 2),
        at(2 * HOUR),
        "cap until clicked is reached, it was clicked",
    ),
    ("{adaptive: true}", at(0), None, "shown"),
    (
        "{adaptive: true}",
        at(9 * HOUR, 2),
        None,
        "cap adaptive is reached, it was shown 2 x without a click, the last time 9 hours ago",
    ),
    ("{adaptive: true}", counter((1, 2)), None, "shown"),
    (
        "{adaptive: true}",
        counter((2, 3), (1, 1)),
        None,
        "cap adaptive is reached, it was shown 4 x without a click, the last time 1 day ago",
    ),
    ("{adaptive: true}", counter((2, 4)), None, "shown"),
    (
        "{adaptive: true}",
        counter((3, 8)),
        None,
        "cap adaptive is reached, it was shown 8 x without a click, the last time 3 days ago",
    ),
    ("{adaptive: true}", counter((3, 8)), counter((3, 1)), "shown"),
    ("[{times: 9}, {cooldown: 2 days}]", counter((2, 1)), None, "shown"),
    (
        "[{times: 9}, {cooldown: 3 days}]",
        counter((2, 1)),
        None,
        "cap pause of 3 days is reached, it was shown 2 days ago",
    ),
    (
        "{times: 1, cooldown: 1 minute}",
        counter((9, 1)),
        None,
        "cap 1 x is reached, it was shown 1 x",
    ),
]


@pytest.mark.parametrize(("cap", "shown", "clicked", "outcome"), CAPS)
def test_a_cap_is_reached_where_the_record_says_so(
    cap: str, shown: Counter | None, clicked: Counter | None, outcome: str
) -> None:
    assert after(cap, shown, clicked) == outcome


def test_a_click_that_was_learned_ends_a_rule_until_clicked() -> None:
    rules = read(
        "rules:\n  - {id: a, slot: home.hero, show: hero, cap: {until: clicked}}\n"
    )
    seen = event("Promotion Viewed", 2, promotion_id="hero", rule="a")
    profile = lived([seen])
    assert decide(rules, ask(rules, profile=profile), "home.hero").shown
    profile = lived([event("Promotion Clicked", 1, promotion_id="hero")], profile)
    found = decide(rules, ask(rules, profile=profile), "home.hero")
    assert found.skipped == (("a", "cap"),)


GROUP = """\
rules:
  - {id: a, slot: home.hero, show: hero, cap: {times: 2}, cap-group: offers}
  - {id: b, slot: home.prompt, show: plain, cap: {until: clicked}, cap-group: offers}
"""


@pytest.mark.parametrize(
    ("shown", "clicked", "left"),
    [
        ({"a": counter((1, 1))}, {}, {"home.hero", "home.prompt"}),
        ({"a": counter((1, 1)), "b": counter((1, 1))}, {}, {"home.prompt"}),
        ({"b": counter((1, 2))}, {}, {"home.prompt"}),
        ({"a": counter((2, 1))}, {"hero": counter((1, 1))}, {"home.hero"}),
    ],
)
def test_a_cap_group_shares_showings_and_clicks(
    shown: dict[str, Counter], clicked: dict[str, Counter], left: set[str]
) -> None:
    rules = read(GROUP)
    profile = Profile(counts={"shown rule": shown, "clicked fragment": clicked})
    known = ask(rules, profile=profile)
    slots = ("home.hero", "home.prompt")
    assert {slot for slot in slots if decide(rules, known, slot).shown} == left

"""What one page holds: a budget, one slot of each group, and the visitors held out."""

import pytest

from shopwindow.rules.attributes import Facts
from shopwindow.rules.experiments import Units
from shopwindow.rules.facts import Context, Counter, Decision, Profile
from shopwindow.rules.holdout import EVERYTHING, HOLDOUT
from shopwindow.rules.placement import UNLIMITED, Limits, Placement
from tests.rules.shop import NOW, PERSONALIZATION, TODAY, event, lived

SHOWN, CONTROL = "shown", "control"


def facts(visitor: str | None = "v") -> Facts:
    context = Context(NOW, TODAY)
    return Facts({}, Profile(), PERSONALIZATION, context, units=Units(visitor))


def page(limits: Limits, *slots: tuple[str, str], visitor: str | None = "v") -> str:
    """The reasons of slots that come in this order; each with what it would be alone."""
    placement = Placement(limits)
    reasons = []
    for slot, reason in slots:
        fragment = "hero" if reason == SHOWN else None
        alone = Decision(slot, reason, "rule", fragment)
        decision = placement.placed(alone, facts(visitor))
        placement.take(decision)
        reasons.append(decision.reason)
        assert decision.shown is (decision.reason == SHOWN)
        assert decision.rule == "rule"
    return " ".join(reasons)


GROUPED = Limits(groups={"a": "offers", "b": "offers"})
PAGES: list[tuple[Limits, list[tuple[str, str]], str]] = [
    (UNLIMITED, [("a", SHOWN), ("b", SHOWN), ("c", SHOWN)], "shown shown shown"),
    (Limits(2), [("a", SHOWN), ("b", SHOWN), ("c", SHOWN)], "shown shown budget"),
    (Limits(0), [("a", SHOWN)], "budget"),
    (Limits(1), [("a", "no-rule"), ("b", SHOWN)], "no-rule shown"),
    (Limits(1), [("a", SHOWN), ("a", SHOWN)], "shown shown"),
    (Limits(1), [("a", CONTROL), ("b", SHOWN)], "control budget"),
    (Limits(1), [("a", SHOWN), ("b", CONTROL)], "shown budget"),
    (GROUPED, [("a", SHOWN), ("b", SHOWN), ("c", SHOWN)], "shown group shown"),
    (GROUPED, [("b", SHOWN), ("a", SHOWN)], "shown group"),
    (GROUPED, [("a", "no-rule"), ("b", SHOWN)], "no-rule shown"),
    (Limits(holdout=1.0), [("a", SHOWN), ("b", "no-rule")], "holdout no-rule"),
    (Limits(1, holdout=1.0), [("a", SHOWN), ("b", SHOWN)], "holdout budget"),
]


@pytest.mark.parametrize(("limits", "slots", "reasons"), PAGES)
def test_slots_take_their_places_in_page_order(
    limits: Limits, slots: list[tuple[str, str]], reasons: str
) -> None:
    assert page(limits, *slots) == reasons


def test_a_slot_that_keeps_its_default_leaves_its_place_to_another() -> None:
    placement = Placement(Limits(1))
    first, second = (Decision(slot, SHOWN, "r", "hero") for slot in "ab")
    placement.take(placement.placed(first, facts()))
    assert placement.placed(second, facts()).reason == "budget"
    placement.leave("a")
    assert placement.placed(second, facts()).reason == SHOWN


def test_nobody_is_held_out_without_an_id() -> None:
    assert page(Limits(holdout=1.0), ("a", SHOWN), visitor=None) == SHOWN


def test_the_share_held_out_is_what_was_asked_for() -> None:
    limits = Limits(holdout=0.05)
    held = sum(
        page(limits, ("a", SHOWN), visitor=f"v{number}") == "holdout"
        for number in range(4_000)
    )
    assert 150 <= held <= 250


# -- who is held out stays so --------------------------------------------------------------

HELD = Profile(variants={EVERYTHING: HOLDOUT})
SEEN = Profile(counts={"shown fragment": {"hero": Counter(NOW, (TODAY, 1))}})


def holds(profile: Profile, visitor: str | None, share: float = 0.5) -> bool:
    context = Context(NOW, TODAY)
    known = Facts({}, profile, PERSONALIZATION, context, units=Units(visitor))
    placed = Placement(Limits(holdout=share)).placed(
        Decision("a", SHOWN, "rule", "hero"), known
    )
    return placed.reason == "holdout"


def test_a_login_moves_nobody_into_the_holdout_or_out_of_it() -> None:
    ids = [f"v{number}" for number in range(40)]
    assert {holds(Profile(), id) for id in ids} == {True, False}
    assert {holds(HELD, id) for id in (*ids, None)} == {True}
    assert {holds(SEEN, id) for id in (*ids, None)} == {False}


def test_without_a_holdout_nobody_is_held_out_and_with_all_of_them_everybody() -> None:
    assert not holds(HELD, "v", 0.0)
    assert holds(SEEN, "v", 1.0)


def test_who_was_held_out_is_remembered_as_that() -> None:
    held = {"held": "holdout", "slot": "a", "rule": "r"}
    profile = lived([event("Promotion Viewed", promotions=[held])])
    assert profile.variants == {EVERYTHING: HOLDOUT}
    held["held"] = "control"
    assert lived([event("Promotion Viewed", promotions=[held])]).variants == {}

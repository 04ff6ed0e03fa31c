"""Adaptive weights and roll-outs: who moves when they do, and who need not."""

from collections import Counter

import pytest
from msgspec.structs import replace

from shopwindow.rules.experiments import (
    NO_ALLOCATIONS,
    Adapting,
    Allocation,
    Allocations,
    Rollout,
    Split,
    Units,
    Variant,
    allocate,
    position,
    reached,
    weighed,
)

VISITORS = 100_000
A, B, C = (Variant(name, 50, "hero") for name in "abc")
ADAPTIVE = Split("tone-2026", (A, B, C), adapt=Adapting())
GROWING = Split("cart-2026", (A,), rollout=Rollout())
TWO = replace(GROWING, variants=(A, B))


def name(found: Allocation) -> str:
    return found.variant.name if found.variant else found.outcome


_LANDED: dict[str, list[str]] = {}


def landed(split: Split, allocations: Allocations = NO_ALLOCATIONS) -> list[str]:
    """Where each of the visitors lands: a variant's name, or why none."""
    key = f"{split} {allocations}"
    if key not in _LANDED:
        _LANDED[key] = [
            name(allocate(split, Units(f"v{number:06}"), allocations=allocations))
            for number in range(VISITORS)
        ]
    return _LANDED[key]


def weights(experiment: str, context: str = "", **given: float) -> Allocations:
    return Allocations(weights={experiment: {context: given}})


def at(share: float, split: Split = GROWING) -> Allocations:
    return Allocations(shares={split.experiment: share})


def moves(before: list[str], after: list[str]) -> set[tuple[str, str]]:
    pairs = zip(before, after, strict=True)
    return {(was, now) for was, now in pairs if was != now}


# -- adaptive weights ----------------------------------------------------------------------


def test_without_allocations_an_adaptive_split_is_like_any_other() -> None:
    plain = replace(ADAPTIVE, adapt=None)
    for number in range(500):
        units = Units(f"v{number:06}")
        found = allocate(ADAPTIVE, units)
        assert found.variant == allocate(plain, units).variant
        assert found.propensity == pytest.approx(1 / 3)
        assert allocate(plain, units).propensity is None


def test_a_heavier_variant_takes_from_the_others_and_nobody_moves_between_these() -> (
    None
):
    learned = weights("tone-2026", a=0.2, b=0.6, c=0.2)
    before, after = landed(ADAPTIVE), landed(ADAPTIVE, learned)
    assert moves(before, after) == {("a", "b"), ("c", "b")}
    shares = {arm: count / VISITORS for arm, count in Counter(after).items()}
    assert shares == pytest.approx({"a": 0.2, "b": 0.6, "c": 0.2}, abs=0.006)
    # No more than there have to be.
    moved = sum(was != now for was, now in zip(before, after, strict=True))
    assert moved / VISITORS == pytest.approx(0.6 - 1 / 3, abs=0.006)


def test_the_propensity_is_the_weight_of_that_moment() -> None:
    learned = weights("tone-2026", a=2, b=6, c=2)
    for number in range(100):
        found = allocate(ADAPTIVE, Units(f"v{number}"), allocations=learned)
        assert found.variant in (A, B, C)  # as it was written, not as it is weighed
        wanted = 0.6 if found.variant is B else 0.2
        assert found.propensity == pytest.approx(wanted)


def test_a_new_variant_has_its_written_share_and_takes_the_least() -> None:
    two = replace(ADAPTIVE, variants=(A, B))
    learned = weights("tone-2026", a=0.25, b=0.75)
    before, after = landed(two, learned), landed(ADAPTIVE, learned)
    assert moves(before, after) == {("a", "c"), ("b", "c")}
    assert Counter(after)["c"] / VISITORS == pytest.approx(1 / 3, abs=0.006)


def test_a_variant_that_was_written_with_0_stays_there() -> None:
    split = replace(ADAPTIVE, variants=(A, B, replace(C, weight=0)))
    learned = weights("tone-2026", a=0.2, b=0.2, c=0.6)
    assert weighed(split, learned) == pytest.approx((50, 50, 0))


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"gone": 1.0},
        {"a": 0.0, "b": 0.0},
        {"a": float("nan"), "b": 1.0},
        {"a": float("inf"), "b": 1.0},
        {"a": 5e-324, "b": 5e-324},
        {"a": -1.0, "b": 2.0},
    ],
)
def test_weights_that_make_no_sense_are_passed_over(wrong: dict[str, float]) -> None:
    two = replace(ADAPTIVE, variants=(A, B))
    learned = Allocations(weights={"tone-2026": {"": wrong}})
    assert weighed(two, learned) == (50, 50)


def test_a_context_has_its_own_weights_and_else_those_of_all() -> None:
    learned = Allocations(
        weights={
            "tone-2026": {
                "": {"a": 1, "b": 1, "c": 1},
                "segment:dogs": {"a": 8, "b": 1, "c": 1},
            }
        }
    )
    dogs = weighed(ADAPTIVE, learned, "segment:dogs")
    assert dogs == pytest.approx((120, 15, 15))
    for other in ("", "segment:cats"):
        assert weighed(ADAPTIVE, learned, other) == (50, 50, 50)
    found = allocate(ADAPTIVE, Units("v"), allocations=learned, context="segment:dogs")
    assert found.propensity in (pytest.approx(0.8), pytest.approx(0.1))


def test_only_what_adapts_has_other_weights_than_its_own() -> None:
    plain = replace(ADAPTIVE, adapt=None)
    assert weighed(plain, weights("tone-2026", a=9, b=1, c=1)) == (50, 50, 50)


def test_what_was_seen_first_stays_whatever_the_weights() -> None:
    learned = weights("tone-2026", a=0.01, b=0.98, c=0.01)
    for number in range(50):
        units = Units(f"v{number}")
        found = allocate(ADAPTIVE, units, kept="a", allocations=learned)
        assert (found.variant, found.kept, found.propensity) == (A, True, None)


def test_what_was_seen_first_stays_where_a_roll_out_of_this_name_began_anew_once() -> (
    None
):
    learned = weights("tone-2026", a=0.01, b=0.98, c=0.01)
    rolled = replace(learned, again=frozenset({"tone-2026"}))
    for split in (ADAPTIVE, replace(ADAPTIVE, adapt=None)):
        for number in range(50):
            units = Units(f"v{number}")
            found = allocate(split, units, kept="a", allocations=rolled)
            assert (found.variant, found.kept) == (A, True)


# -- roll-outs -----------------------------------------------------------------------------


def test_a_roll_out_begins_at_its_first_step() -> None:
    assert reached(GROWING, NO_ALLOCATIONS) == 0.01
    for number in range(2_000):
        units = Units(f"v{number}")
        assert allocate(GROWING, units) == allocate(
            GROWING, units, allocations=at(0.01)
        )


def test_a_roll_out_that_grows_reshuffles_nobody() -> None:
    steps = [landed(TWO, at(share, TWO)) for share in (0.01, 0.05, 0.25, 0.5)]
    for before, after in zip(steps, steps[1:], strict=False):
        # Who was outside comes in, on either side; nobody changes sides or variants.
        assert moves(before, after) == {
            ("traffic", "a"),
            ("traffic", "b"),
            ("traffic", "control"),
        }
    whole = landed(TWO, at(1.0, TWO))
    assert moves(steps[-1], whole) == {("control", "a"), ("control", "b")}
    assert set(whole) == {"a", "b"}


@pytest.mark.parametrize("share", [0.01, 0.05, 0.25, 0.5])
def test_a_roll_out_holds_back_as_many_as_it_shows(share: float) -> None:
    found = Counter(landed(GROWING, at(share)))
    for arm in ("a", "control"):
        assert found[arm] / VISITORS == pytest.approx(share, abs=0.005)


def test_a_roll_out_that_went_back_is_seen_by_nobody_but_editors() -> None:
    for number in range(200):
        units = Units(f"v{number}")
        for kept in (None, "a", "control"):
            found = allocate(GROWING, units, kept=kept, allocations=at(0.0))
            assert (found.outcome, found.note) == ("traffic", "its roll-out went back")
        found = allocate(GROWING, units, {"cart-2026": "a"}, allocations=at(0.0))
        assert found.variant is A


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_a_share_that_nobody_understands_is_shown_to_nobody(share: float) -> None:
    assert reached(GROWING, at(share)) == 0.0


def test_a_roll_out_that_begins_anew_shows_its_first_step_no_more_than_that() -> None:
    """Who saw it before it went back is not kept: a new version is new to them."""
    again = Allocations(shares={"cart-2026": 0.01}, again=frozenset({"cart-2026"}))
    for number in range(300):
        units = Units(f"v{number}")
        for kept in ("a", "control"):
            anew = allocate(GROWING, units, kept=kept, allocations=again)
            assert name(anew) == name(allocate(GROWING, units, allocations=again))


def test_who_sees_a_roll_out_sees_it_after_a_login_too() -> None:
    """With a login they have another id."""
    for number in range(100):
        found = allocate(TWO, Units(f"w{number}"), kept="b", allocations=at(0.05, TWO))
        assert (found.variant, found.kept) == (B, True)


def test_who_was_held_back_stays_so_until_it_is_their_turn() -> None:
    outside = [
        units
        for number in range(300)
        if position(
            "rollout:cart-2026", f"visitor:{(units := Units(f'v{number}')).visitor}"
        )
        >= 0.75
    ]
    assert outside
    for units in outside:
        found = allocate(GROWING, units, kept="control", allocations=at(0.75))
        assert found.outcome == "control"
        assert (
            name(allocate(GROWING, units, kept="control", allocations=at(1.0))) == "a"
        )


def test_traffic_and_layers_hold_for_roll_outs_too() -> None:
    split = replace(GROWING, traffic=0.5, layer="hero", slice=(0.0, 0.5))
    plain = replace(split, rollout=None)
    for number in range(2_000):
        units = Units(f"v{number}")
        if allocate(plain, units).outcome == "traffic":
            assert allocate(split, units, allocations=at(1.0)).outcome == "traffic"


# -- customers and accounts ----------------------------------------------------------------


def test_a_split_by_customer_is_for_those_who_are_logged_in() -> None:
    split = Split("e", (A, B), unit="customer")
    found = allocate(split, Units("v1"))
    assert (found.outcome, found.unit) == ("traffic", "customer")
    assert found.note == "nobody is logged in, and it is for customers"
    assert allocate(split, Units()).outcome == "nothing"
    # Not even what was seen once is seen without them.
    assert allocate(split, Units("v1"), kept="a").outcome == "traffic"
    assert allocate(split, Units("v1", "c1"), kept="a").kept
    for number in range(50):
        one = allocate(split, Units("phone", f"c{number}", "x"))
        other = allocate(split, Units("desk", f"c{number}", "y"))
        assert one == other
        assert (one.unit, one.note) == ("customer", "")


def test_by_account_who_buys_for_none_goes_by_themselves() -> None:
    split = Split("e", (A, B), unit="account")
    found = allocate(split, Units("v", "c"))
    assert (found.unit, found.note) == (
        "customer",
        "they buy for no account: the customer decided",
    )
    # As it was before there were accounts: nobody who takes part moves.
    drawn = {each: position(f"variants:e/{each}", "account:c") for each in ("a", "b")}
    assert found.variant is (A if drawn["a"] < drawn["b"] else B)


def test_a_customer_and_an_account_of_one_name_are_two() -> None:
    customer, account = (
        [
            name(allocate(Split("e", (A, B), unit=unit), units))
            for number in range(200)
            for units in (Units("v", f"{number}", f"{number}"),)
        ]
        for unit in ("customer", "account")
    )
    same = sum(one == other for one, other in zip(customer, account, strict=True))
    assert 70 < same < 130

"""Buckets: frozen, even, independent, and nobody moves who need not."""

from collections import Counter
from itertools import product

import pytest
from msgspec.structs import replace

from shopwindow.rules.experiments import (
    Allocation,
    Split,
    Units,
    Variant,
    allocate,
    explores,
    position,
)
from shopwindow.rules.holdout import held_out

VISITORS = 100_000
A, B, C = (Variant(name, 50, "hero") for name in "abc")
AB = Split("hero-2026", (A, B))
DAY = 20_778


def visitor(number: int) -> Units:
    return Units(f"v{number:06}")


_LANDED: dict[str, list[str]] = {}


def landed(split: Split) -> list[str]:
    """Where each of the visitors lands: a variant's name, or why none."""
    if known := _LANDED.get(repr(split)):
        return known
    places = _LANDED[repr(split)] = []
    for number in range(VISITORS):
        found = allocate(split, visitor(number))
        places.append(found.variant.name if found.variant else found.outcome)
    return places


def chi_square(counts: Counter[object], shares: dict[object, float]) -> float:
    """How far counts are from what they should be; about one for each of them is usual."""
    total = sum(counts.values())
    return sum(
        (counts[each] - share * total) ** 2 / (share * total)
        for each, share in shares.items()
    )


# -- frozen --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("salt", "id", "wanted"),
    [
        ("traffic:hero-2026", "visitor:v000001", 0.8011548298206715),
        ("control:hero-2026", "visitor:v000001", 0.8285227823597308),
        ("layer:hero", "account:17", 0.6646609355350158),
        ("variants:hero-2026/a", "visitor:v000001", 0.06800186447247669),
        ("holdout", "visitor:Zoë", 0.8140474165633808),
        ("explore:shelf:20778", "visitor:v000001", 0.8576401739617256),
        ("", "", 0.24800023490342427),
    ],
)
def test_a_position_is_the_same_for_ever(salt: str, id: str, wanted: float) -> None:
    assert position(salt, id) == wanted


def test_allocations_are_the_same_for_ever() -> None:
    split = replace(AB, traffic=0.8, control=0.1, variants=(A, B, replace(C, weight=5)))
    outcomes = [allocate(split, visitor(number)) for number in range(24)]
    assert " ".join(f.variant.name if f.variant else f.outcome for f in outcomes) == (
        "traffic traffic b b traffic a b traffic a a b a "
        "a traffic b control b b b b traffic a a b"
    )


# -- even and independent ------------------------------------------------------------------


def test_positions_are_even() -> None:
    # 99 degrees of freedom: above 149 in one of a thousand.
    buckets = Counter[object](
        int(100 * position("traffic:hero-2026", f"visitor:v{number:06}"))
        for number in range(VISITORS)
    )
    assert chi_square(buckets, dict.fromkeys(range(100), 0.01)) < 149


def test_variants_get_their_weights() -> None:
    split = replace(AB, variants=(replace(A, weight=70), B, replace(C, weight=5)))
    shares: dict[object, float] = {"a": 70 / 125, "b": 50 / 125, "c": 5 / 125}
    assert chi_square(Counter(landed(split)), shares) < 14


def test_a_variant_without_weight_is_switched_off() -> None:
    split = replace(AB, variants=(A, replace(B, weight=0)))
    assert set(landed(split)) == {"a"}


def test_two_experiments_are_independent() -> None:
    pairs = zip(landed(AB), landed(replace(AB, experiment="teaser")), strict=True)
    shares: dict[object, float] = {pair: 0.25 for pair in product("ab", "ab")}
    assert chi_square(Counter(pairs), shares) < 17


def test_the_questions_of_one_experiment_are_independent() -> None:
    split = replace(AB, traffic=0.5, control=0.5)
    shares: dict[object, float] = {
        "traffic": 0.5,
        "control": 0.25,
        "a": 0.125,
        "b": 0.125,
    }
    assert chi_square(Counter(landed(split)), shares) < 17


def test_the_holdout_is_independent_of_experiments() -> None:
    held = [held_out(0.05, f"v{number:06}") for number in range(VISITORS)]
    inside = Counter[object](
        where for where, out in zip(landed(AB), held, strict=True) if out
    )
    assert sum(held) == pytest.approx(0.05 * VISITORS, rel=0.05)
    assert chi_square(inside, {"a": 0.5, "b": 0.5}) < 11


# -- who moves -----------------------------------------------------------------------------


def test_a_ramp_moves_nobody() -> None:
    before = landed(replace(AB, traffic=0.1))
    after = landed(replace(AB, traffic=0.5))
    assert Counter(before)["traffic"] == pytest.approx(90_000, rel=0.01)
    assert Counter(after)["traffic"] == pytest.approx(50_000, rel=0.02)
    moved = [
        was
        for was, now in zip(before, after, strict=True)
        if was not in ("traffic", now)
    ]
    assert moved == []


def test_a_larger_control_group_takes_from_the_variants_alone() -> None:
    before = landed(replace(AB, control=0.1))
    after = landed(replace(AB, control=0.2))
    assert {
        (was, now) for was, now in zip(before, after, strict=True) if was != now
    } == {("a", "control"), ("b", "control")}


def test_a_third_variant_moves_the_minimum() -> None:
    after = landed(replace(AB, variants=(A, B, C)))
    moved = [now for was, now in zip(landed(AB), after, strict=True) if was != now]
    assert set(moved) == {"c"}
    assert len(moved) / VISITORS == pytest.approx(1 / 3, abs=0.01)


def test_another_weight_moves_the_minimum() -> None:
    after = landed(replace(AB, variants=(replace(A, weight=70), replace(B, weight=30))))
    moved = [now for was, now in zip(landed(AB), after, strict=True) if was != now]
    assert set(moved) == {"a"}
    assert len(moved) / VISITORS == pytest.approx(0.2, abs=0.01)


def test_the_order_of_variants_does_not_matter() -> None:
    assert landed(replace(AB, variants=(B, A))) == landed(AB)


def test_experiments_of_a_layer_never_meet() -> None:
    first = landed(replace(AB, layer="hero", slice=(0.0, 0.333)))
    second = landed(
        replace(AB, experiment="other", layer="hero", slice=(0.333, 1.0), traffic=0.9)
    )
    met = [pair for pair in zip(first, second, strict=True) if "traffic" not in {*pair}]
    assert met == []
    shares: dict[object, float] = {"traffic": 0.667, "a": 0.1665, "b": 0.1665}
    assert chi_square(Counter(first), shares) < 14
    # Nobody stands between the two slices either.
    whole = landed(replace(AB, experiment="other", layer="hero", slice=(0.333, 1.0)))
    assert all("traffic" in {*pair} for pair in zip(first, whole, strict=True))
    assert all({*pair} != {"traffic"} for pair in zip(first, whole, strict=True))


def test_a_rule_that_explores_steps_aside_for_some_on_each_day() -> None:
    def aside(share: float, day: int, rule: str = "shelf") -> set[int]:
        return {
            number
            for number in range(20_000)
            if explores(rule, share, f"v{number:06}", day)
        }

    today = aside(0.1, DAY)
    assert len(today) == pytest.approx(2_000, rel=0.1)
    assert today == aside(0.1, DAY)
    assert today < aside(0.2, DAY)
    for other in (aside(0.1, DAY + 1), aside(0.1, DAY, "hero")):
        assert len(today & other) == pytest.approx(200, rel=0.3)


# -- by what -------------------------------------------------------------------------------


def test_a_split_by_account_goes_by_the_account() -> None:
    split = replace(AB, unit="account")
    for number in range(50):
        here = allocate(split, Units(f"v{number}", f"c{number}", f"a{number % 9}"))
        elsewhere = allocate(split, Units(f"w{number}", "c", f"a{number % 9}"))
        assert here == elsewhere
        assert (here.unit, here.note) == ("account", "")


def test_without_an_account_the_visitor_decides_and_it_says_so() -> None:
    found = allocate(replace(AB, unit="account"), Units("v1"))
    assert found.variant == allocate(AB, Units("v1")).variant
    assert found.unit == "visitor"
    assert found.note == "nobody is logged in: the visitor id decided, not the account"


def test_an_account_and_a_visitor_of_the_same_name_are_two() -> None:
    by_account = replace(AB, unit="account")
    same = [
        allocate(AB, Units(f"{n}")) == allocate(by_account, Units(account=f"{n}"))
        for n in range(100)
    ]
    variants = [
        allocate(AB, Units(f"{n}")).variant
        == allocate(by_account, Units(account=f"{n}")).variant
        for n in range(100)
    ]
    assert not any(same)
    assert 30 < sum(variants) < 70


@pytest.mark.parametrize(
    ("split", "units", "note"),
    [
        (AB, Units(), "there is no visitor id"),
        (AB, Units(None, "c1", "a1"), "there is no visitor id"),
        (AB, Units(""), "there is no visitor id"),
        (
            replace(AB, unit="account"),
            Units(),
            "there is no account and no visitor id",
        ),
    ],
)
def test_without_an_id_there_is_nothing(split: Split, units: Units, note: str) -> None:
    assert allocate(split, units) == Allocation("nothing", unit=split.unit, note=note)


def test_nobody_without_an_id_is_held_out_or_explored_on() -> None:
    assert not held_out(1.0, None)
    assert not explores("shelf", 1.0, None, DAY)
    assert held_out(1.0, "v1") and explores("shelf", 1.0, "v1", DAY)
    assert not held_out(0.0, "v1") and not explores("shelf", 0.0, "v1", DAY)


# -- pins ----------------------------------------------------------------------------------


def test_a_pin_wins_over_everything() -> None:
    split = replace(AB, traffic=0.0, control=0.5, layer="hero", slice=(0.9, 1.0))
    for units in (Units(), *map(visitor, range(20))):
        found = allocate(split, units, {"hero-2026": "b"})
        assert found == Allocation("variant", B, pinned=True)
        found = allocate(split, units, {"hero-2026": "control"})
        assert found == Allocation("control", pinned=True)


def test_a_pin_that_names_nothing_here_is_passed_over() -> None:
    for number in range(20):
        plain = allocate(AB, visitor(number))
        assert allocate(AB, visitor(number), {"hero-2026": "gone"}) == plain
        assert allocate(AB, visitor(number), {"other": "b"}) == plain

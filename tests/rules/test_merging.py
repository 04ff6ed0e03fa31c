"""Two histories of one person become one, in whichever order they come."""

import math

import pytest
from hypothesis import given, settings

from shopwindow.rules.facts import (
    KEYS_KEPT,
    Counter,
    Interest,
    Profile,
)
from shopwindow.rules.interests import HALF_LIFE, decayed
from shopwindow.rules.learning import ORDERS_KEPT
from shopwindow.rules.merging import merge
from tests.rules.profiles import PROFILES
from tests.sizes import runs


@given(PROFILES, PROFILES)
def test_the_order_of_two_does_not_matter(one: Profile, other: Profile) -> None:
    assert merge(one, other) == merge(other, one)


@settings(max_examples=runs(60, 20))
@given(PROFILES, PROFILES, PROFILES)
def test_the_order_of_three_does_not_matter(a: Profile, b: Profile, c: Profile) -> None:
    one, other = merge(merge(a, b), c), merge(a, merge(b, c))
    for field in ("first_seen", "last_seen", "visits", "previous_visit", "orders"):
        assert getattr(one, field) == getattr(other, field)
    for field in ("last_order", "cart", "cart_since", "counts", "visit_starts"):
        assert getattr(one, field) == getattr(other, field)
    assert math.isclose(one.order_value, other.order_value, rel_tol=1e-9)
    assert one.interests.keys() == other.interests.keys()
    for name, table in one.interests.items():
        assert table.keys() == other.interests[name].keys()
        for key, interest in table.items():
            again = other.interests[name][key]
            assert interest.time == again.time
            assert math.isclose(interest.score, again.score, rel_tol=1e-9, abs_tol=1e-9)


@settings(max_examples=runs(40, 15))
@given(PROFILES, PROFILES, PROFILES)
def test_the_visit_is_that_of_the_latest_of_three(
    a: Profile, b: Profile, c: Profile
) -> None:
    # Attributes have no time of their own: of three, only two can be put in order.
    latest = max((a, b, c), key=lambda profile: profile.last_seen)
    if [a.last_seen, b.last_seen, c.last_seen].count(latest.last_seen) == 1:
        assert merge(merge(a, b), c).visit == latest.visit
        assert merge(a, merge(b, c)).visit == latest.visit


@settings(max_examples=runs(40, 15))
@given(PROFILES)
def test_a_merge_with_nobody_changes_nothing(one: Profile) -> None:
    nobody = Profile()
    merged = merge(one, nobody)
    for field in ("first_seen", "last_seen", "visits", "orders", "order_value"):
        assert getattr(merged, field) == getattr(one, field)
    assert merged.counts == one.counts and merged.interests == one.interests
    assert merged.customer == one.customer and merged.cart == one.cart


@settings(max_examples=runs(60, 20))
@given(PROFILES, PROFILES)
def test_no_count_is_lost_and_the_parts_stay_as_they_were(
    one: Profile, other: Profile
) -> None:
    before = repr(one), repr(other)
    merged = merge(one, other)
    assert (repr(one), repr(other)) == before

    def total(profile: Profile) -> int:
        tables = profile.counts.values()
        return sum(counter.total for table in tables for counter in table.values())

    assert total(merged) == total(one) + total(other)


def with_views(*keys: str, last: float = 10.0) -> Profile:
    table = {key: Counter(last + number, (5, 1)) for number, key in enumerate(keys)}
    return Profile(last_seen=last, counts={"viewed product": table})


def test_only_the_latest_keys_are_kept() -> None:
    old = with_views(*(f"old-{n}" for n in range(40)), last=100.0)
    new = with_views(*(f"new-{n}" for n in range(40)), last=900.0)
    table = merge(old, new).counts["viewed product"]
    assert len(table) == KEYS_KEPT
    assert {f"new-{n}" for n in range(40)} <= table.keys()
    assert {f"old-{n}" for n in range(32, 40)} <= table.keys()


def test_days_that_no_window_reaches_are_dropped() -> None:
    even = Counter(1.0, tuple(n for day in range(0, 802, 2) for n in (day, 1)))
    odd = Counter(2.0, tuple(n for day in range(1, 802, 2) for n in (day, 2)))
    table = {"viewed product": {"hay": even}}, {"viewed product": {"hay": odd}}
    merged = merge(Profile(counts=table[0]), Profile(counts=table[1]))
    counter = merged.counts["viewed product"]["hay"]
    assert counter.days[::2] == tuple(range(402, 802))
    assert counter.days[:4] == (402, 1, 403, 2)
    assert counter.last == 2.0


def test_interests_are_added_at_the_later_time() -> None:
    one = Profile(interests={"category": {"rabbit": Interest(8.0, 0.0)}})
    other = Profile(interests={"category": {"rabbit": Interest(3.0, float(HALF_LIFE))}})
    (merged,) = merge(one, other).interests["category"].values()
    assert merged == Interest(7.0, float(HALF_LIFE))
    later = 3.0 * HALF_LIFE
    apart = decayed(Interest(8.0, 0.0), later) + decayed(
        Interest(3.0, float(HALF_LIFE)), later
    )
    assert decayed(merged, later) == pytest.approx(apart)


def test_a_cart_filled_on_two_devices_holds_both() -> None:
    one = Profile(cart={"hay": 2, "box": 1}, cart_since=50.0)
    other = Profile(cart={"hay": 3, "grass": 1}, cart_since=20.0)
    merged = merge(one, other)
    assert merged.cart == {"hay": 3, "box": 1, "grass": 1}  # the same hay, not five
    assert merged.cart_since == 20.0


def test_the_newer_visit_and_its_attributes_win() -> None:
    old = Profile(last_seen=10.0, visit={"campaign": "x"}, attributes={"a": 1, "b": 1})
    new = Profile(last_seen=20.0, visit={"referrer": "y"}, attributes={"a": 2})
    merged = merge(new, old)
    assert merged.visit == {"referrer": "y"}
    assert merged.attributes == {"a": 2, "b": 1}


def test_the_last_orders_are_known_once() -> None:
    one = Profile(last_seen=1.0, recent_orders=("A1", "A2", "A3", "A4"))
    other = Profile(last_seen=2.0, recent_orders=("A4", "A5", "A6"))
    orders = merge(one, other).recent_orders
    assert orders == ("A2", "A3", "A4", "A5", "A6")
    assert len(orders) == ORDERS_KEPT


@pytest.mark.parametrize(
    ("one", "other", "customer"),
    [("", "", ""), ("c.a", "", "c.a"), ("", "c.a", "c.a"), ("c.a", "c.b", "c.b")],
)
def test_the_customer_is_whoever_was_there_last(
    one: str, other: str, customer: str
) -> None:
    pair = Profile(last_seen=1.0, customer=one), Profile(last_seen=2.0, customer=other)
    assert merge(*pair).customer == merge(*reversed(pair)).customer == customer

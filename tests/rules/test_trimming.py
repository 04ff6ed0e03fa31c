"""A profile stays small, and forgets first what is least useful."""

from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shopwindow.rules.encoding import CAP, WORTH, decode, encode, encode_small
from shopwindow.rules.events import (
    ATTRIBUTES_SET,
    PREFERENCE_SET,
    PROMOTION_VIEWED,
    SAYS,
    VISITED,
)
from shopwindow.rules.facts import (
    DAY,
    RULES_KEPT,
    WINDOW_DAYS,
    Answer,
    Counter,
    Interest,
    Profile,
    Told,
)
from shopwindow.rules.learning import learn
from shopwindow.rules.trimming import trimmed
from tests.rules.shop import NOW, TODAY, event
from tests.sizes import runs

CATEGORIES = (
    *("holzverbinder", "schrauben", "terrassenbau", "duebel-und-anker", "werkzeug"),
    *("pfostentraeger", "winkelverbinder", "holzbauschrauben", "bohrer-und-bits"),
)
BRANDS = ("Spax", "Fischer", "Simpson", "Bosch")


def fasteners(kind: str, id: str) -> tuple[tuple[str, str], ...]:
    """A catalogue: each product has a category below one for all, and a brand."""
    if kind != "product":
        return ((kind, id),)
    number = int(id.rpartition("-")[2])
    return (
        (kind, id),
        ("category", CATEGORIES[number % len(CATEGORIES)]),
        ("category", "eisenwaren"),
        ("brand", BRANDS[number % len(BRANDS)]),
    )


def typical() -> Profile:
    """Six visits in two months, 20 views of 14 products in 10 categories, five orders."""
    products = [f"{CATEGORIES[n % 9]}-{n}" for n in range(14)]
    profile: Profile | None = None
    for visit in range(6):
        ago = 60 - 10 * visit
        happened = [event("Visited", ago, path="/c/holzverbinder")]
        for look in range(4 if visit < 2 else 3):
            product = products[(visit * 3 + look) % 14]
            happened.append(event("Product Viewed", ago, product_id=product))
        if visit < 5:
            order = {"product_id": products[2 * visit]}
            number = f"R-2026-{1000 + visit}"
            happened.append(
                event("Order Completed", ago, order_id=number, products=[order])
            )
        for one in happened:
            profile = learn(profile, one, fasteners)
    assert profile is not None
    return profile


def test_a_typical_visitor_takes_less_than_a_kilobyte_where_it_is_deflated() -> None:
    profile = typical()
    assert sum(c.total for c in profile.counts["viewed product"].values()) == 20
    assert len(profile.counts["viewed category"]) == 10
    assert profile.orders == 5
    assert len(encode(profile)) < 1_800
    assert len(encode_small(profile)) < 800
    assert decode(encode_small(profile)) == decode(encode(profile)) == profile


def test_what_is_small_is_not_deflated() -> None:
    profile = Profile(visits=3)
    assert encode_small(profile) == encode(profile) < b"\xff"
    assert len(encode(profile)) < WORTH


def test_a_damaged_row_is_no_profile() -> None:
    data = bytearray(encode_small(typical()))
    data[40] ^= 0xFF
    with pytest.raises(msgspec.DecodeError):
        decode(bytes(data))


def busy(events: int, seed: int, unit: str = "thing") -> Profile:
    chance, profile = Random(seed), None
    names = [*SAYS, VISITED, ATTRIBUTES_SET, PREFERENCE_SET]
    for number in range(events):
        things = [f"{unit}-{chance.randrange(600)}" for _ in range(3)]
        one, other, third = things
        properties: dict[str, Any] = {
            "product_id": one,
            "article_id": one,
            "rule": other,
        }
        properties |= {"promotion_id": third, "query": one, "answer": "never"}
        properties |= {"category": one, "key": one}
        name = chance.choice(names)
        if name == ATTRIBUTES_SET:
            properties = {one: f"{other} " * 20}
        elif name == "Order Completed":
            properties = {"products": [{"product_id": thing} for thing in things]}
            properties |= {"order_id": f"order-{number}", "revenue": 10}
        dimension = chance.choice(("category", "brand", "tag", "product"))
        ago = 500 * (events - number) / events
        happened = event(name, ago, dimension=dimension, **properties)
        profile = learn(profile, happened, fasteners)
        if number % 100 == 99:
            profile = decode(encode(profile))
    assert profile is not None
    return profile


@pytest.mark.parametrize("unit", ["thing", "Ein langer Name für eine Sache" * 3])
def test_ten_thousand_events_stay_below_the_cap(unit: str) -> None:
    profile = busy(10_000, 5, unit)
    data = encode(profile)
    assert len(data) <= CAP
    assert profile.orders > 300 and profile.order_value == 10 * profile.orders
    assert len(profile.recent_orders) == 5
    assert decode(data).orders == profile.orders


@settings(max_examples=runs(10, 4), deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 30))
def test_however_long_the_names_are(seed: int, length: int) -> None:
    profile = busy(300, seed, "ä" * length)
    assert len(encode(profile)) <= CAP
    assert decode(encode(profile)).order_value == 10 * profile.orders


def full() -> Profile:
    """Every table of a profile, with one thing that is dear and many that are not."""
    long_ago, old, now = NOW - 500 * DAY, NOW - 100 * DAY, NOW

    def counters(*last: float) -> dict[str, Counter]:
        return {
            f"thing-{number}": Counter(time, (TODAY - int((NOW - time) // DAY), 1))
            for number, time in enumerate(last)
        }

    return Profile(
        last_seen=now,
        orders=7,
        order_value=70.0,
        recent_orders=("o1", "o2"),
        customer="c.1",
        cart={"p1": 1},
        counts={
            "viewed product": counters(*[old] * 100, *[now] * 100),
            "viewed category": {"daily": Counter(now, _days(90)), "gone": Counter(long_ago, (TODAY - 500, 9))},
            "bought product": counters(*[old] * 100),
            "shown rule": counters(*[old] * 100),
            "dismissed fragment": counters(*[old] * 20),
        },
        interests={"tag": {f"t{n}": Interest(1 if n else 9, old) for n in range(50)}},
        attributes={f"a{n}": n for n in range(20)},
        told={f"a{n}": Told("app", now - n) for n in range(21)},
        variants={f"e{n}": "control" for n in range(20)},
        answers={"tag": {f"t{n}": Answer("never", old + n) for n in range(20)}},
    )  # fmt: skip


def _days(number: int) -> tuple[int, ...]:
    return tuple(n for ago in range(number, 0, -1) for n in (TODAY - ago, 1))


def test_the_least_useful_goes_first() -> None:
    profile = full()
    size = len(encode(profile))

    def less(bytes: int) -> Profile:
        found = trimmed(profile, size - bytes)
        assert len(encode(found)) <= size - bytes
        return found

    # Days out of every window cost nothing more; then old looks before those of today.
    assert less(10).counts["viewed category"].keys() == {"daily"}
    assert len(less(10).counts["viewed product"]) == 200
    some = less(1_500)
    kept = some.counts["viewed product"].keys()
    assert {f"thing-{n}" for n in range(100, 200)} < kept and len(kept) < 200
    assert (
        some.counts["viewed category"]["daily"]
        == profile.counts["viewed category"]["daily"]
    )
    assert "t0" in some.interests["tag"] and "a20" not in some.told
    for name in ("bought product", "shown rule", "dismissed fragment"):
        assert some.counts[name] == profile.counts[name]
    # Then all looks, then purchases, then what was told.
    some = less(7_000)
    assert "viewed product" not in some.counts and not some.interests
    assert 0 < len(some.counts["bought product"]) < 100
    assert some.attributes == profile.attributes and some.cart == profile.cart
    some = less(8_700)
    assert "bought product" not in some.counts
    assert some.counts["shown rule"] == profile.counts["shown rule"]
    assert some.answers == profile.answers


def test_orders_and_who_it_is_stay_however_little_room_there_is() -> None:
    profile = full()
    least = trimmed(profile, 0)
    assert least == Profile(
        last_seen=NOW,
        orders=7,
        order_value=70.0,
        recent_orders=("o1", "o2"),
        customer="c.1",
    )
    last = trimmed(profile, 575)
    assert not last.counts and not last.attributes
    assert set(last.answers["tag"]) == {f"t{n}" for n in range(20)}


def test_days_are_counted_together_before_purchases_go() -> None:
    days = _days(300)
    profile = Profile(
        last_seen=NOW,
        counts={
            f"bought {name}": {"p1": Counter(NOW, days)} for name in ("product", "tag")
        },
    )
    found = trimmed(profile, 600)
    for table in found.counts.values():
        assert table["p1"].total == 300
        assert len(table["p1"].days) < 60


def test_the_caps_of_all_rules_have_room() -> None:
    rules = [f"a-rule-with-a-name-of-its-own-{n}" for n in range(RULES_KEPT)]
    shown = [{"promotion_id": "hero", "rule": rule} for rule in rules]
    profile = replace(busy(3_000, 5), answers={})
    profile = learn(profile, event(PROMOTION_VIEWED, promotions=shown), fasteners)
    kept = decode(encode(profile))
    assert len(encode(profile)) <= CAP
    assert kept.counts["shown rule"].keys() == set(rules)
    assert kept.orders == profile.orders


@given(st.integers(0, 20_000))
def test_what_stays_is_as_it_was(most: int) -> None:
    profile = full()
    kept = trimmed(profile, most)
    for name, table in kept.counts.items():
        assert table.items() <= {**profile.counts[name], **table}.items()
        assert all(table[key].total == profile.counts[name][key].total for key in table)
    assert replace(kept, counts={}, interests={}, attributes={}, told={}, variants={}, answers={}, cart={}) == replace(
        profile, counts={}, interests={}, attributes={}, told={}, variants={}, answers={}, cart={}
    )  # fmt: skip
    assert profile == full()
    assert WINDOW_DAYS >= 400

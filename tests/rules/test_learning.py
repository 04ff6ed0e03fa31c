from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwindow.rules.counters import DAYS_LEAST, counted
from shopwindow.rules.encoding import decode, encode
from shopwindow.rules.events import (
    ATTRIBUTES_SET,
    ORDER_COMPLETED,
    PRODUCT_REMOVED,
    SAYS,
    SOURCE,
    VISITED,
)
from shopwindow.rules.facts import (
    DAY,
    DAYS_KEPT,
    KEYS_KEPT,
    RULES_KEPT,
    WINDOW_DAYS,
    Counter,
    Event,
    Interest,
    Profile,
)
from shopwindow.rules.learning import learn
from shopwindow.rules.merging import merge
from tests.rules.shop import NOW, TODAY, event, lived, relatives

VIEW = event("Product Viewed", product_id="p1")


def totals(profile: Profile) -> dict[str, dict[str, int]]:
    return {
        name: {key: counter.total for key, counter in table.items()}
        for name, table in profile.counts.items()
    }


COUNTS: list[tuple[Event, dict[str, dict[str, int]]]] = [
    (
        VIEW,
        {
            "viewed product": {"p1": 1},
            "viewed category": {"wood": 1},
            "viewed brand": {"Spax": 1},
            "viewed tag": {"sale": 1},
        },
    ),
    (
        event("Product List Viewed", category="screws"),
        {"viewed category": {"screws": 1, "wood": 1}},
    ),
    (
        event("Article Viewed", article_id="a1"),
        {
            "viewed article": {"a1": 1},
            "viewed category": {"wood": 1},
            "viewed tag": {"sale": 1},
            "read article": {"a1": 1},
            "read category": {"wood": 1},
            "read tag": {"sale": 1},
        },
    ),
    (
        event("Products Searched", query="  Big SCREWS "),
        {"searched query": {"big screws": 1}},
    ),
    (
        event("Product Added", product_id="p2", quantity=3),
        {
            "added-to-cart product": {"p2": 1},
            "added-to-cart category": {"screws": 1, "wood": 1},
        },
    ),
    (
        event(
            "Order Completed",
            order_id="o1",
            products=[{"product_id": "p2"}, {"product_id": "p1"}],
        ),
        {
            "bought product": {"p2": 1, "p1": 1},
            "bought category": {"screws": 1, "wood": 2},
            "bought brand": {"Spax": 1},
            "bought tag": {"sale": 1},
        },
    ),
    (
        event("Promotion Viewed", promotion_id="hero", rule="r1", slot="home.hero"),
        {"shown fragment": {"hero": 1}, "shown rule": {"r1": 1}},
    ),
    (
        event("Promotion Clicked", promotion_id="hero", rule="r1"),
        {"clicked fragment": {"hero": 1}},
    ),
    (
        event("Promotion Dismissed", promotion_id="hero"),
        {"dismissed fragment": {"hero": 1}},
    ),
    (event("Product Viewed", product_id="unknown"), {}),
    (event("Product Viewed"), {}),
    (event("Something Else", product_id="p1"), {}),
]


@pytest.mark.parametrize(
    ("one", "wanted"), COUNTS, ids=lambda value: getattr(value, "name", "")
)
def test_an_event_counts_for_all_it_is_about(
    one: Event, wanted: dict[str, dict[str, int]]
) -> None:
    profile = lived([one])
    assert totals(profile) == wanted
    assert (profile.first_seen, profile.last_seen) == (NOW, NOW)


def test_every_event_that_counts_has_a_case() -> None:
    assert {one.name for one, _ in COUNTS} >= SAYS.keys()


def test_what_does_not_change_is_shared_and_nothing_is_changed_in_place() -> None:
    before = lived([VIEW, event("Products Searched", query="x")])
    copy = decode(encode(before))
    after = learn(before, VIEW, relatives)
    assert before == copy
    assert after.counts["searched query"] is before.counts["searched query"]
    assert after.counts["viewed product"]["p1"].total == 2


def test_a_field_that_learning_does_not_know_stays() -> None:
    assert (
        learn(Profile(customer="c", attributes={"a": 1}), VIEW, relatives).customer
        == "c"
    )


@pytest.mark.parametrize("source", ["import:pos", "webhook:crm"])
def test_what_others_tell_is_no_visit(source: str) -> None:
    visit = event(VISITED)
    seen = learn(None, visit, relatives)
    order = {"order_id": "1", "revenue": 5, SOURCE: source}
    later = seen.last_seen + 600
    for name, said in (
        (ATTRIBUTES_SET, {"a": 1, SOURCE: source}),
        (ORDER_COMPLETED, order),
    ):
        after = learn(seen, Event("x", name, "v", later, TODAY, said), relatives)
        assert after.last_seen == seen.last_seen and after != seen
    # Of whom nobody knows a visit it says how old the profile is.
    never = learn(
        None, Event("x", ORDER_COMPLETED, "v", later, TODAY, order), relatives
    )
    assert (never.last_seen, never.visits, never.orders) == (later, 0, 1)
    app = Event("x", ATTRIBUTES_SET, "v", later, TODAY, {"a": 1, SOURCE: "app"})
    assert learn(seen, app, relatives).last_seen == later


def test_days_are_counted_apart_and_late_events_find_theirs() -> None:
    profile = lived(
        [event("Product Viewed", ago, product_id="p1") for ago in (5, 3, 3, 4, 9)]
    )
    found = profile.counts["viewed product"]["p1"]
    assert found == Counter(
        NOW - 3 * DAY, (TODAY - 9, 1, TODAY - 5, 1, TODAY - 4, 1, TODAY - 3, 2)
    )
    assert profile.last_seen == NOW - 3 * DAY
    assert profile.first_seen == NOW - 9 * DAY


def test_a_day_too_many_is_added_to_the_oldest() -> None:
    found = None
    for day in range(50):
        found = counted(found, day * DAY, day, 48)
    assert found is not None
    assert len(found.days) == 2 * 48
    assert found.days[:4] == (0, 3, 3, 1)
    assert found.total == 50


@given(st.lists(st.integers(0, 900), min_size=1, max_size=120), st.booleans())
def test_every_window_up_to_400_days_is_exact(days: list[int], late: bool) -> None:
    found = None
    for day in days if late else sorted(days):
        found = counted(found, day * DAY, day)
    assert found is not None
    today = max(days)
    for window in (1, 7, 30, 90, 365, WINDOW_DAYS):
        first = today - window + 1
        assert found.since(first) == sum(day >= first for day in days)
    assert found.days[0] > today - WINDOW_DAYS  # older ones are dropped
    assert len(found.days) <= 2 * DAYS_KEPT


@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=80),
    st.integers(DAYS_LEAST, DAYS_KEPT),
)
def test_windows_never_count_too_much_and_small_numbers_exactly(
    days: list[int], kept: int
) -> None:
    found = None
    for day in sorted(days):
        found = counted(found, day * DAY, day, kept)
    assert found is not None
    assert found.total == len(days)
    for first in range(61):
        true = sum(day >= first for day in days)
        assert min(true, kept - 1) <= found.since(first) <= true


def test_of_many_rules_on_many_pages_none_is_forgotten_that_has_a_cap() -> None:
    rules = [f"r{number}" for number in range(RULES_KEPT)]
    pages = [
        event("Promotion Viewed", promotions=[{"promotion_id": "hero", "rule": rule}])
        for rule in rules
    ]
    profile = lived([*pages, pages[0]])
    assert profile.counts["shown rule"].keys() == set(rules)
    assert profile.counts["shown rule"]["r0"].total == 2

    again = event("Promotion Viewed", promotion_id="hero", rule="one more")
    assert len(lived([again], profile).counts["shown rule"]) == RULES_KEPT
    both = merge(profile, lived([again]))
    assert len(both.counts["shown rule"]) == RULES_KEPT


def test_the_least_recent_key_goes_first() -> None:
    def known(kind: str, id: str) -> tuple[tuple[str, str], ...]:
        return ((kind, id),)

    profile: Profile | None = None
    for number in range(KEYS_KEPT + 1):
        # p1 is the oldest but one that is seen again.
        again = event("Product Viewed", 1, product_id="p0")
        profile = learn(
            profile,
            event("Product Viewed", 90 - number, product_id=f"p{number}"),
            known,
        )
        profile = learn(profile, again, known)
    assert profile is not None
    kept = profile.counts["viewed product"]
    assert len(kept) == KEYS_KEPT
    assert "p0" in kept and "p1" not in kept


def test_a_visit_starts_after_half_an_hour_of_rest() -> None:
    def visit(minutes: float, **facts: str) -> Event:
        return event("Visited", -minutes / 1440, **facts)

    profile = lived([visit(0, path="/c/wood", campaign="autumn"), visit(29, path="/")])
    assert (profile.visits, profile.previous_visit) == (1, 0.0)
    assert profile.visit == {"entry-page": "/c/wood", "campaign": "autumn"}
    again = lived([visit(29 + 31, path="/")], profile)
    assert (again.visits, again.previous_visit) == (2, NOW + 29 * 60)
    assert again.visit == {"entry-page": "/"}


def test_the_beginnings_of_the_last_twelve_visits_are_kept() -> None:
    profile = lived(
        event("Visited", ago - minutes / 1440)
        for ago in range(14, 0, -1)
        for minutes in (0, 5)
    )
    assert profile.visit_starts == tuple(
        int(NOW - ago * DAY) for ago in range(12, 0, -1)
    )


def test_an_event_before_the_first_visit_does_not_swallow_it() -> None:
    assert lived([VIEW, event("Visited", path="/")]).visits == 1


def test_the_cart_fills_and_an_order_empties_it() -> None:
    profile = lived(
        [
            event("Product Added", 3, product_id="p1", quantity=2),
            event("Product Added", 2, product_id="p2"),
            event("Product Added", 2, product_id="p1"),
            event("Product Removed", 1, product_id="p1", quantity=1),
        ]
    )
    assert (profile.cart, profile.cart_since) == ({"p1": 2, "p2": 1}, NOW - 3 * DAY)
    empty = lived(
        [
            event("Product Removed", product_id="p1"),
            event("Product Removed", product_id="p2", quantity=9),
        ],
        profile,
    )
    assert (empty.cart, empty.cart_since) == ({}, 0.0)
    bought = lived([event("Order Completed", products=[{"product_id": "p1"}])], profile)
    assert (bought.cart, bought.cart_since) == ({}, 0.0)
    late = lived(
        [event("Order Completed", 5, products=[{"product_id": "p1"}])], profile
    )
    assert late.cart == profile.cart


def test_an_order_counts_once() -> None:
    order = event(
        "Order Completed", order_id="o1", revenue=59.9, products=[{"product_id": "p1"}]
    )
    profile = lived([order, order])
    assert (profile.orders, profile.order_value, profile.last_order) == (1, 59.9, NOW)
    assert totals(profile)["bought product"] == {"p1": 1}
    many = lived(
        [event("Order Completed", order_id=f"o{n}") for n in range(2, 7)], profile
    )
    assert many.recent_orders == ("o2", "o3", "o4", "o5", "o6")
    nameless = event("Order Completed", revenue=1)
    assert lived([nameless, nameless]).orders == 2


@pytest.mark.parametrize(
    ("properties", "value"),
    [
        ({"revenue": 10}, 10.0),
        ({"revenue": "10.5"}, 10.5),
        ({"products": [{"price": 2.5, "quantity": 3}, {"price": 1}]}, 8.5),
        ({"revenue": -5}, 0.0),
        ({"revenue": float("nan")}, 0.0),
        ({"revenue": True, "products": "p1"}, 1.0),
    ],
)
def test_an_order_has_a_value(properties: dict[str, Any], value: float) -> None:
    assert lived([event("Order Completed", **properties)]).order_value == value


ODD = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.lists(st.integers(), max_size=2)
    | st.dictionaries(st.text(max_size=2), st.integers(), max_size=2)
)
NAMES = [
    "product_id",
    "category",
    "article_id",
    "query",
    "quantity",
    "order_id",
    "revenue",
    "promotion_id",
    "rule",
    "path",
    "campaign",
]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*SAYS, PRODUCT_REMOVED, VISITED, ATTRIBUTES_SET]),
            st.dictionaries(
                st.sampled_from(NAMES), ODD | st.sampled_from(["p1", "a1", "wood"])
            ),
            st.lists(
                ODD
                | st.fixed_dictionaries(
                    {"product_id": ODD, "price": ODD, "quantity": ODD}
                ),
                max_size=3,
            ),
        ),
        max_size=6,
    )
)
def test_properties_of_a_wrong_type_never_raise(
    events: list[tuple[str, dict[str, Any], list[Any]]],
) -> None:
    profile = Profile()
    for name, properties, products in events:
        profile = learn(
            profile, event(name, **properties, products=products), relatives
        )
    assert decode(encode(profile)) == profile


def test_interests_weigh_looking_adding_and_buying() -> None:
    profile = lived(
        [
            VIEW,
            event("Product Added", product_id="p1"),
            event("Order Completed", products=[{"product_id": "p1"}]),
        ]
    )
    assert profile.interests["category"] == {"wood": Interest(9.0, NOW)}
    assert profile.interests.keys() == {"category", "brand", "tag"}


def test_attributes_that_are_set_stay_and_the_newest_longest() -> None:
    profile = lived([event("Attributes Set", a=1, b=2), event("Attributes Set", a=3)])
    assert list(profile.attributes.items()) == [("b", 2), ("a", 3)]
    many = lived(
        [event("Attributes Set", **{f"n{n}": n}) for n in range(KEYS_KEPT - 1)], profile
    )
    assert "a" in many.attributes and "b" not in many.attributes


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (True, True),
        (7, 7),
        (1 << 70, None),
        (float("nan"), None),
        (Decimal("2.5"), 2.5),
        (Decimal("sNaN"), None),
        ("x" * 501, None),
        (date(2026, 11, 21), "2026-11-21"),
        (datetime(2026, 11, 21, 8), "2026-11-21T08:00:00"),
        (["a"], ["a"]),
        ([1], None),
        (object(), None),
    ],
)
def test_only_what_a_profile_can_hold_is_kept(raw: object, kept: object) -> None:
    assert lived([event("Attributes Set", a=raw)]).attributes.get("a") == kept


def test_an_article_is_one_look() -> None:
    assert (
        lived([event("Article Viewed", article_id="a1")])
        .interests["category"]["wood"]
        .score
        == 1.0
    )

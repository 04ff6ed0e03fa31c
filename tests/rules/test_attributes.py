import math
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwindow.rules.attributes import BUILT_IN, Attribute, typed
from shopwindow.rules.facts import DAY, Interest, Profile
from tests.rules.shop import BOTH, NOW, TODAY, VOCABULARY, ask, counter, read, rule

JUNE = (date(2026, 6, 1) - date(1970, 1, 1)).days

CASES: list[tuple[str, str, object, object]] = [
    ("number", "app", 3, 3),
    ("number", "app", 3.5, 3.5),
    ("number", "app", Decimal("3.5"), 3.5),
    ("number", "app", True, None),
    ("number", "app", "3", None),
    ("number", "query:x", "3", 3),
    ("number", "query:x", " -3.5 ", -3.5),
    ("number", "query:x", "1_000", None),
    ("number", "query:x", "012", None),
    ("number", "query:x", "٣", None),
    ("number", "query:x", "9" * 5000, None),
    ("number", "query:x", "1.0e999", None),
    ("number", "app", float("nan"), None),
    ("number", "app", float("inf"), None),
    ("number", "app", 10**400, None),
    ("number", "app", Decimal("NaN"), None),
    ("number", "app", Fraction(1, 2), None),
    ("text", "app", "DE", "DE"),
    ("text", "app", "", None),
    ("text", "app", b"DE", None),
    ("text", "app", 3, None),
    ("text", "header:x", "x" * 5000, None),
    ("yes-no", "app", True, True),
    ("yes-no", "app", 1, None),
    ("yes-no", "app", "yes", None),
    ("yes-no", "query:x", "Yes", True),
    ("yes-no", "query:x", "false", False),
    ("yes-no", "query:x", "on", None),
    ("date", "app", date(2026, 6, 1), JUNE),
    ("date", "app", datetime(2026, 6, 1, 23, tzinfo=UTC), JUNE),
    ("date", "app", "2026-06-01", JUNE),
    ("date", "app", "2026-13-01", None),
    ("date", "app", "20260601", None),
    ("date", "app", 20600, None),
    ("time", "app", datetime(2026, 6, 1, tzinfo=UTC), JUNE * DAY),
    ("time", "app", "2026-06-01T02:00", JUNE * DAY),  # Berlin, in summer
    ("time", "app", "2026-06-01 00:00+00:00", JUNE * DAY),
    ("time", "app", JUNE * DAY, JUNE * DAY),
    ("time", "app", datetime.max, 253402297199.999999),
    ("time", "app", "yesterday", None),
    ("version", "app", "1.10.0", (1, 10)),
    ("version", "app", "v2", (2,)),
    ("version", "app", 2, (2,)),
    ("version", "app", 1.1, None),
    ("version", "app", "1.0-beta", None),
    ("version", "app", "1." * 50, None),
    ("list", "app", ["a", "b", "a"], frozenset("ab")),
    ("list", "app", (), frozenset()),
    ("list", "app", ["a", 1], None),
    ("list", "app", "a,b", None),
    ("list", "query:x", "a, b,", frozenset("ab")),
    ("list", "app", {"a": 1}, None),
]


@pytest.mark.parametrize(("type", "origin", "raw", "wanted"), CASES)
def test_a_value_has_its_type_or_is_unknown(
    type: str, origin: str, raw: object, wanted: object
) -> None:
    attribute = Attribute("x", type, origin)  # type: ignore[arg-type]  # from the table
    value = typed(attribute, raw, ZoneInfo("Europe/Berlin"))
    assert value == wanted
    assert isinstance(value, bool) == isinstance(wanted, bool)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=5)
    | st.decimals()
    | st.dates()
    | st.datetimes()
    | st.builds(object),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(
    st.sampled_from(["number", "text", "yes-no", "date", "time", "version", "list"]),
    st.sampled_from(["app", "query:x"]),
    ANYTHING,
)
def test_no_value_raises(type: str, origin: str, raw: object) -> None:
    attribute = Attribute("x", type, origin)  # type: ignore[arg-type]  # from the list above
    hash(typed(attribute, raw))


PROFILE = Profile(
    first_seen=NOW - 40.5 * DAY,
    last_seen=NOW,
    visits=3,
    previous_visit=NOW - 2.5 * DAY,
    orders=2,
    order_value=80.5,
    last_order=NOW - 100 * DAY,
    cart={"p1": 2, "p2": 1},
    cart_since=NOW - 5400,
    visit={"entry-page": "/c/wood", "campaign": "autumn", "referrer": "example.org"},
    interests={"category": {"wood": Interest(1.0, NOW)}},
    visit_starts=tuple(int(NOW - back * DAY) for back in (40.5, 2.5, 0)),
)
NAMES = "[" + ", ".join(f"{{{name}: {{known: true}}}}" for name in BUILT_IN) + "]"


def test_what_is_built_in_comes_from_the_profile_and_the_request() -> None:
    found = ask(
        rule(NAMES), profile=PROFILE, consent=BOTH, device="mobile", first_name="Anna"
    ).values
    known = {name: value for name, value in found.items() if value is not None}
    assert known == {
        "visits": 3,
        "orders": 2,
        "order-value": 80.5,
        "days-since-visit": 2,
        "days-since-order": 100,
        "days-since-first-visit": 40,
        "visited-today": False,
        "usual-hour": 23,
        "stage": "cart",
        "returning": True,
        "cart-items": 3,
        "cart-age-hours": 1.5,
        "entry-page": "/c/wood",
        "device": "mobile",
        "referrer": "example.org",
        "campaign": "autumn",
        "path": "/",
        "hour": 11,
        "weekday": "sat",
        "logged-in": False,
    }


def test_a_newcomer_has_counts_but_no_dates() -> None:
    found = ask(rule(NAMES)).values
    assert {
        name: found[name] for name in ("visits", "orders", "order-value", "cart-items")
    } == {
        "visits": 0,
        "orders": 0,
        "order-value": 0.0,
        "cart-items": 0,
    }
    assert (
        not {"days-since-visit", "days-since-order", "cart-age-hours", "entry-page"}
        & found.keys()
    )
    assert found["stage"] == "new"


def test_every_built_in_attribute_says_what_it_is() -> None:
    assert [name for name, built_in in BUILT_IN.items() if not built_in.meaning] == []


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        (NOW - 3600, True),
        (NOW - 10 * 3600 - 3600, True),  # 00:00 in Berlin
        (NOW - 10 * 3600 - 3601, False),
        (NOW - DAY, False),
        (0.0, False),
        (math.inf, False),
        (math.nan, False),
    ],
)
def test_a_visit_was_today_by_the_clock_of_the_site(
    before: float, wanted: bool
) -> None:
    rules = rule("[{visited-today: true}]")
    found = ask(rules, profile=Profile(visits=2, previous_visit=before))
    assert found.values["visited-today"] is wanted


@pytest.mark.parametrize("never", [0.0, math.nan, math.inf, -math.inf])
def test_a_time_that_no_calendar_holds_is_not_known(never: float) -> None:
    rules = rule(NAMES)
    names = {"days-since-visit", "days-since-order", "days-since-first-visit"}
    profile = Profile(first_seen=never, previous_visit=never, last_order=never)
    assert not names & ask(rules, profile=profile).values.keys()


def test_a_first_name_is_known_while_logged_in() -> None:
    rules = rule("[{first-name: {known: true}}]")
    assert "first-name" not in ask(rules, first_name="Anna").values
    assert ask(rules, first_name="Anna", logged_in=True).values["first-name"] == "Anna"


def test_without_consent_a_campaign_is_only_that_of_this_request() -> None:
    rules = rule("[{campaign: {known: true}}]")
    assert "campaign" not in ask(rules, profile=PROFILE, consent=frozenset()).values
    assert ask(rules, profile=PROFILE, campaign="winter").values["campaign"] == "winter"


def test_a_value_of_this_request_wins_over_a_stored_one() -> None:
    rules = rule("[{customer-type: b2b}]")
    stored = Profile(attributes={"customer-type": "b2c"})
    assert ask(rules, {}, stored).values["customer-type"] == "b2c"
    assert ask(rules, {"customer-type": "b2b"}, stored).values["customer-type"] == "b2b"


def test_only_what_rules_ask_for_is_read() -> None:
    rules = rule("[{country: DE}]")
    assert rules.attributes == {"country"}
    assert ask(rules, {"country": "DE", "cart-value": 3}).values == {"country": "DE"}


def test_segments_count_as_asking() -> None:
    assert rule("[{segment: dog-owner}]").attributes == {"customer-type"}


@pytest.mark.parametrize(
    ("profile", "stage"),
    [
        (Profile(visits=1), "new"),
        (Profile(visits=2), "exploring"),
        (
            Profile(visits=1, counts={"viewed category": {"wood": counter((29, 3))}}),
            "considering",
        ),
        (
            Profile(visits=2, counts={"viewed category": {"wood": counter((30, 3))}}),
            "exploring",
        ),
        (
            Profile(visits=2, counts={"viewed category": {"wood": counter((3, 2))}}),
            "exploring",
        ),
        (Profile(visits=2, last_order=NOW - 89 * DAY), "customer"),
        (Profile(visits=2, last_order=NOW - 90 * DAY), "lapsing"),
        (Profile(visits=2, last_order=NOW - 180 * DAY), "lapsed"),
        (Profile(visits=2, last_order=NOW - 180 * DAY, cart={"p1": 1}), "cart"),
    ],
)
def test_the_stage_is_the_most_specific_one(profile: Profile, stage: str) -> None:
    assert ask(rule("[{stage: new}]"), profile=profile).values["stage"] == stage


def test_an_ill_typed_list_is_not_an_empty_one() -> None:
    rules = rule("[{hobbies: {has-none: [chess]}}]")
    assert rules.rules[0].holds(ask(rules))
    assert not rules.rules[0].holds(ask(rules, {"hobbies": "chess"} | {"hobbies": [1]}))


ODD: list[object] = [
    *(
        None,
        True,
        0,
        -1,
        3.5,
        10**400,
        float("nan"),
        float("-inf"),
        "",
        "DE",
        "\ud800",
        "9" * 5000,
    ),
    *(
        b"DE",
        [],
        ["a"],
        [1],
        [[]],
        {},
        {"a": []},
        {"a"},
        ("a", None),
        object(),
        Ellipsis,
    ),
    *(
        Decimal("sNaN"),
        Decimal(3),
        date.max,
        date.min,
        datetime.max,
        datetime.min,
        "0001-01-01",
    ),
    *(
        "9999-12-31T23:59:59-12:00",
        "1.10",
        "true",
        1e308,
        -1e308,
        1 << 62,
        Fraction(1, 3),
    ),
]


def test_ten_thousand_profiles_with_wrong_types_never_raise() -> None:
    random = Random(20)
    names = sorted(VOCABULARY.attributes)
    seen = 0
    for _ in range(10_000):
        profile = Profile(attributes={name: random.choice(ODD) for name in names})
        raw = {name: random.choice(ODD) for name in names if random.random() < 0.5}
        found = ask(EVERYTHING, raw, profile, BOTH)
        seen += sum(one.holds(found) for one in EVERYTHING.rules)
    assert seen == 0  # each rule wants a condition and its negation


EVERYTHING = read(
    "rules:\n"
    + "\n".join(
        f"  - {{id: r{number}, slot: home.hero, show: hero, when: [{condition}], unless: [{condition}]}}"
        for number, condition in enumerate(
            [
                "{country: {is: DE, starts-with: D, contains: E, is-none-of: [AT]}}",
                "{cart-value: {at-least: 3, less-than: 10}}",
                "{has-account: true}",
                "{pet-born: {older-than: 12 months, before: 2026-01-01}}",
                "{pet-born: {within-last: 7 days}}",
                "{contract-ends: {within-next: 2 hours}}",
                "{contract-ends: {older-than: 1 month}}",
                "{app-version: {at-least: 1.10}}",
                "{hobbies: {has-any: [a], has-none: [b], has-all: [c], has: d}}",
                "{health-note: {known: true}}",
                "{survey: [a, b]}",
            ]
        )
    )
    + "\n"
)


def test_a_today_that_no_calendar_holds_does_not_raise() -> None:
    rules = rule("[{pet-born: {older-than: 9999 years}}]")
    assert (
        rules.rules[0].holds(ask(rules, {"pet-born": "0001-01-01"}, day=TODAY)) is True
    )

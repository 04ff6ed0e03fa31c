"""Conditions against a table, and against a brute-force evaluator of their own."""

import json
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopwindow.rules.facts import DAY, Counter, Profile
from tests.rules.shop import BOTH, NOW, PERSONALIZATION, TODAY, ask, counter, read, rule
from tests.sizes import runs

VIEWED = Profile(counts={"viewed category": {"wood": counter((29, 1), (3, 2))}})


class Case(NamedTuple):
    when: str
    given: dict[str, object]
    wanted: bool | None  # None: unknown
    profile: Profile = Profile()
    consent: frozenset[str] = PERSONALIZATION


CASES = [
    Case("country: DE", {"country": "DE"}, True),
    Case("country: DE", {"country": "FR"}, False),
    Case("country: DE", {}, None),
    Case("country: DE", {"country": 7}, None),
    Case("country: [DE, AT]", {"country": "AT"}, True),
    Case("country: {is-not: DE}", {"country": "FR"}, True),
    Case("country: {is-not: DE}", {}, None),
    Case("country: {is-none-of: [DE, AT]}", {"country": "AT"}, False),
    Case("country: {is-none-of: [DE, AT]}", {}, None),
    Case("country: {starts-with: D, contains: E}", {"country": "DE"}, True),
    Case("country: {starts-with: D, contains: X}", {"country": "DE"}, False),
    Case("country: {known: false}", {}, True),
    Case("country: {known: false}", {"country": "DE"}, False),
    Case("country: {known: true}", {"country": b"DE"}, False),
    Case("cart-value: 3", {"cart-value": 3.0}, True),
    Case("cart-value: {at-least: 3, less-than: 5}", {"cart-value": 5}, False),
    Case("cart-value: {more-than: 3}", {"cart-value": 3}, False),
    Case("cart-value: {at-most: 3}", {"cart-value": "3"}, None),
    Case("has-account: false", {"has-account": False}, True),
    Case("has-account: no", {"has-account": False}, True),
    Case("has-account: false", {}, None),
    Case("pet-born: {before: 2026-11-21}", {"pet-born": "2026-11-20"}, True),
    Case("pet-born: {before: 2026-11-21}", {"pet-born": "2026-11-21"}, False),
    Case("pet-born: {after: 2026-11-21}", {"pet-born": "2026-11-22"}, True),
    Case("pet-born: {within-last: 7 days}", {"pet-born": "2026-11-15"}, True),
    Case("pet-born: {within-last: 7 days}", {"pet-born": "2026-11-14"}, False),
    Case("pet-born: {within-last: 7 days}", {"pet-born": "2026-11-22"}, False),
    Case("pet-born: {within-next: 7 days}", {"pet-born": "2026-11-27"}, True),
    Case("pet-born: {within-next: 7 days}", {"pet-born": "2026-11-28"}, False),
    Case("pet-born: {older-than: 12 months}", {"pet-born": "2025-11-21"}, True),
    Case("pet-born: {older-than: 12 months}", {"pet-born": "2025-11-22"}, False),
    Case("pet-born: {within-last: 12 months}", {"pet-born": "2025-11-22"}, True),
    Case("pet-born: {within-last: 12 months}", {"pet-born": "2025-11-21"}, False),
    Case("pet-born: {within-last: 1 year}", {"pet-born": "2026-11-21"}, True),
    Case("pet-born: {within-last: 1 month}", {"pet-born": "2026-11-22"}, False),
    Case("pet-born: {within-next: 1 month}", {"pet-born": "2026-12-20"}, True),
    Case("pet-born: {within-next: 1 month}", {"pet-born": "2026-12-21"}, False),
    Case("pet-born: {within-next: 1 month}", {"pet-born": "2026-11-20"}, False),
    Case("pet-born: {older-than: 1 year}", {"pet-born": "2025-11-22"}, False),
    Case("pet-born: {older-than: 7 days}", {"pet-born": "2026-11-14"}, True),
    Case("pet-born: {older-than: 12 months}", {"pet-born": "soon"}, None),
    Case("contract-ends: {before: 2026-11-21 12:00}", {"contract-ends": NOW}, True),
    Case("contract-ends: {after: 2026-11-21 11:00}", {"contract-ends": NOW}, False),
    Case("contract-ends: {within-last: 2 hours}", {"contract-ends": NOW - 7199}, True),
    Case("contract-ends: {within-next: 2 hours}", {"contract-ends": NOW - 1}, False),
    Case(
        "contract-ends: {older-than: 90 minutes}", {"contract-ends": NOW - 5400}, True
    ),
    Case(
        "contract-ends: {older-than: 1 month}", {"contract-ends": NOW - 30 * DAY}, False
    ),
    Case(
        "contract-ends: {older-than: 1 month}", {"contract-ends": NOW - 31 * DAY}, True
    ),
    Case(
        "contract-ends: {within-last: 1 month}", {"contract-ends": NOW - 30 * DAY}, True
    ),
    Case(
        "contract-ends: {within-last: 1 month}",
        {"contract-ends": NOW - 31 * DAY},
        False,
    ),
    Case("app-version: {at-least: 1.9}", {"app-version": "1.10"}, True),
    Case("app-version: 1.9", {"app-version": "1.9.0"}, True),
    Case("app-version: {less-than: 1.9}", {"app-version": "newest"}, None),
    Case("hobbies: chess", {"hobbies": ["chess", "go"]}, True),
    Case("hobbies: [chess, golf]", {"hobbies": ["chess", "go"]}, True),
    Case("hobbies: {has-all: [chess, golf]}", {"hobbies": ["chess", "go"]}, False),
    Case("hobbies: {has-none: [golf]}", {}, True),
    Case("hobbies: {has: golf}", {}, False),
    Case("hobbies: {has-none: [golf]}", {"hobbies": [1]}, None),
    Case("hobbies: {known: true}", {"hobbies": []}, False),
    Case("visits: {less-than: 1}", {}, True),
    Case("days-since-order: {at-least: 1}", {}, None),
    Case("viewed: {category: wood, at-least: 3, within: 30 days}", {}, True, VIEWED),
    Case("viewed: {category: wood, at-least: 3, within: 29 days}", {}, False, VIEWED),
    Case("viewed: {category: Holzverbinder, at-least: 3}", {}, True, VIEWED),
    Case("viewed: {category: wood, at-least: 4}", {}, False, VIEWED),
    Case("viewed: {category: wood, at-most: 2, within: 1 week}", {}, True, VIEWED),
    Case("viewed: {category: wood, at-least: 1, at-most: 2}", {}, False, VIEWED),
    Case("viewed: {category: wood, within: 3 days}", {}, False, VIEWED),
    Case("viewed: {category: wood, within: 4 days}", {}, True, VIEWED),
    Case("viewed: {category: wood, within: 1 month}", {}, True, VIEWED),
    Case("viewed: {category: wood, within: 2 hours}", {}, False, VIEWED),
    Case("viewed: {category: wood, within: 73 hours}", {}, True, VIEWED),
    Case("not-viewed: {category: wood, at-least: 4}", {}, True, VIEWED),
    Case("viewed: {category: wood}", {}, False),
    Case("not-bought: {product: p1}", {}, True),
    Case("viewed: {category: wood, at-most: 2}", {}, True),
    Case(
        "searched: {query: ' Big  Screws '}",
        {},
        True,
        Profile(counts={"searched query": {"big screws": counter((0, 1))}}),
    ),
    Case("consent: statistics", {}, False),
    Case("consent: statistics", {}, True, consent=BOTH),
    Case("segment: dog-owner", {"customer-type": "b2b"}, True),
    Case("segment: dog-owner", {"customer-type": "b2c"}, False),
    Case("segment: dog-owner", {}, None),
    Case(
        "segment: dog-owner",
        {},
        True,
        Profile(counts={"bought product": {"p1": counter((9, 1))}}),
    ),
    Case("segment: [unknowable, dog-owner]", {"country": "DE"}, True),
    Case("segment: [unknowable, dog-owner]", {"customer-type": "b2c"}, None),
    Case("any: [country: DE, hour: 11]", {}, True),
    Case("any: [country: DE, hour: 12]", {}, None),
    Case("any: [country: DE, hour: 12]", {"country": "FR"}, False),
    Case("all: [country: DE, hour: 12]", {}, False),
    Case("all: [country: DE, hour: 11]", {}, None),
    Case("none: [country: DE, hour: 12]", {}, None),
    Case("none: [country: DE, hour: 11]", {}, False),
    Case("none: [country: DE, hour: 12]", {"country": "FR"}, True),
    Case(
        "any: [cart-value: {at-least: 3, less-than: 5}, hour: 12]",
        {"cart-value": 7},
        False,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.when} {case.given}")
def test_a_condition_is_true_false_or_unknown(case: Case) -> None:
    for negated, wanted in ((False, case.wanted is True), (True, case.wanted is False)):
        when = f"[{{none: [{{{case.when}}}]}}]" if negated else f"[{{{case.when}}}]"
        rules = rule(when)
        found = ask(rules, case.given, case.profile, case.consent)
        assert rules.rules[0].holds(found) is wanted, (
            negated,
            rules.rules[0].conditions,
        )


# -- the brute force -----------------------------------------------------------------------

Truth = bool | None
# Raw value and what it is worth: written by hand, so that the coercion is tested too.
POOLS: dict[str, list[tuple[object, object]]] = {
    "country": [
        ("DE", "DE"),
        ("AT", "AT"),
        ("XX", "XX"),
        (None, None),
        (3, None),
        ("", None),
    ],
    "cart-value": [
        (0, 0),
        (3, 3),
        (7.5, 7.5),
        (None, None),
        ("3", None),
        (float("nan"), None),
    ],
    "has-account": [
        (True, True),
        (False, False),
        (None, None),
        (1, None),
        ("true", None),
    ],
    "app-version": [("1.9", [1, 9]), ("1.10.0", [1, 10]), (None, None), ("beta", None)],
    "hobbies": [
        (["a"], {"a"}),
        (["a", "b"], {"a", "b"}),
        ([], set()),
        (None, set()),
        ([1], None),
    ],
}
ORDER = {
    "at-least": lambda a, b: a >= b,
    "more-than": lambda a, b: a > b,
    "at-most": lambda a, b: a <= b,
    "less-than": lambda a, b: a < b,
    "is": lambda a, b: a == b,
}


def known(value: object, check: Any) -> Truth:
    return None if value is None else bool(check(value))


def conj(truths: list[Truth]) -> Truth:
    return False if False in truths else None if None in truths else True


def disj(truths: list[Truth]) -> Truth:
    return True if True in truths else None if None in truths else False


def negation(truth: Truth) -> Truth:
    return None if truth is None else not truth


class World(NamedTuple):
    values: dict[str, object]
    events: list[tuple[str, str, int]]  # verb, category, days ago
    consent: frozenset[str]


SEGMENTS: dict[str, list[dict[str, Any]]] = {
    "s1": [{"country": "DE"}, {"cart-value": {"at-least": 3}}],
    "s2": [
        {"any": [{"segment": ["s1"]}, {"viewed": {"category": "wood", "at-least": 2}}]}
    ],
}


def truth(condition: dict[str, Any], world: World) -> Truth:
    ((name, value),) = condition.items()
    if name in ("any", "all", "none"):
        parts = [truth(part, world) for part in value]
        if name == "none":
            return conj([negation(part) for part in parts])
        return disj(parts) if name == "any" else conj(parts)
    if name == "segment":
        return disj(
            [conj([truth(part, world) for part in SEGMENTS[one]]) for one in value]
        )
    if name == "consent":
        return str(value) in world.consent
    if (verb := name.removeprefix("not-")) in ("viewed", "bought"):
        days = int(value["within"].split()[0]) if "within" in value else 10**6
        count = sum(
            (verb, value["category"]) == (event[0], event[1]) and event[2] < days
            for event in world.events
        )
        least = value.get("at-least", 0 if "at-most" in value else 1)
        holds = least <= count <= value.get("at-most", 10**6)
        return holds if verb == name else not holds
    own: Any = world.values[name]
    if not isinstance(value, dict):
        value = {("has" if name == "hobbies" else "is"): value}
    return conj(
        [operator_truth(name, own, key, wanted) for key, wanted in value.items()]
    )


def operator_truth(name: str, own: Any, operator: str, wanted: Any) -> Truth:
    if operator == "known":
        return bool((own is not None and own != set()) == wanted)
    if operator in ("is-one-of", "is-none-of"):
        inside = known(own, lambda value: value in wanted)
        return inside if operator == "is-one-of" else negation(inside)
    if operator == "is-not":
        return known(own, lambda value: value != wanted)
    if operator == "starts-with":
        return known(own, lambda value: value.startswith(wanted))
    if operator.startswith("has"):
        texts = {wanted} if isinstance(wanted, str) else set(wanted)
        check = {
            "has": lambda value: texts <= value,
            "has-all": lambda value: texts <= value,
            "has-any": lambda value: bool(texts & value),
            "has-none": lambda value: not texts & value,
        }[operator]
        return known(own, check)
    if name == "app-version":
        wanted = [int(part) for part in wanted.split(".")]
    return known(own, lambda value: ORDER[operator](value, wanted))


def one_key(name: str, values: Any) -> Any:
    return st.fixed_dictionaries({name: values})


COUNTRY = st.sampled_from(["DE", "AT", "CH"])
SOME = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3)
NUMBER_OPERATOR = st.sampled_from(
    ["at-least", "more-than", "at-most", "less-than", "is"]
)
LEAVES = (
    one_key("country", COUNTRY)
    | one_key(
        "country",
        st.fixed_dictionaries(
            {},
            optional={
                "is-not": COUNTRY,
                "starts-with": st.sampled_from("DA"),
                "is-none-of": st.lists(COUNTRY, min_size=1),
                "is-one-of": st.lists(COUNTRY, min_size=1),
            },
        ).filter(bool),
    )
    | one_key("country", st.builds(lambda known: {"known": known}, st.booleans()))
    | one_key(
        "cart-value",
        st.builds(
            lambda op, n: {op: n}, NUMBER_OPERATOR, st.sampled_from([0, 3, 5, 7.5])
        ),
    )
    | one_key("has-account", st.booleans())
    | one_key(
        "app-version",
        st.builds(
            lambda op, n: {op: n},
            NUMBER_OPERATOR,
            st.sampled_from(["1.9", "1.10", "2"]),
        ),
    )
    | one_key(
        "hobbies",
        st.builds(
            lambda op, some: {op: some},
            st.sampled_from(["has-any", "has-all", "has-none"]),
            SOME,
        ),
    )
    | one_key("hobbies", st.builds(lambda known: {"known": known}, st.booleans()))
    | one_key("consent", st.sampled_from(["personalization", "statistics"]))
    | one_key(
        "segment", st.lists(st.sampled_from(sorted(SEGMENTS)), min_size=1, unique=True)
    )
    | st.builds(
        lambda verb, category, counts, days: {
            verb: {
                "category": category,
                **counts,
                **({"within": f"{days} days"} if days else {}),
            }
        },
        st.sampled_from(["viewed", "bought", "not-viewed", "not-bought"]),
        st.sampled_from(["wood", "screws"]),
        st.sampled_from([{}, {"at-least": 1}, {"at-least": 2}, {"at-least": 3}]),
        st.sampled_from([0, 2, 7, 30]),
    )
    | st.builds(
        lambda category, days: {
            "viewed": {"category": category, "at-most": 1, "within": f"{days} days"}
        },
        st.sampled_from(["wood", "screws"]),
        st.sampled_from([2, 7, 30]),
    )
)
CONDITION = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda group, parts: {group: parts},
        st.sampled_from(["any", "all", "none"]),
        st.lists(inner, min_size=1, max_size=4),
    ),
    max_leaves=8,
)
WORLDS = st.builds(
    lambda *parts: parts,
    st.fixed_dictionaries(
        {name: st.sampled_from(pool) for name, pool in POOLS.items()}
    ),
    st.lists(
        st.tuples(
            st.sampled_from(["viewed", "bought"]),
            st.sampled_from(["wood", "screws"]),
            st.sampled_from([0, 1, 2, 6, 7, 29, 30, 300]),
        ),
        max_size=8,
    ),
    st.sampled_from([frozenset(), PERSONALIZATION, BOTH]),
)


def profile_of(events: list[tuple[str, str, int]]) -> Profile:
    counts: dict[str, dict[str, Counter]] = {}
    for verb, category, _ in events:
        days = sorted(
            (TODAY - ago for v, c, ago in events if (v, c) == (verb, category))
        )
        pairs = [
            number for day in sorted(set(days)) for number in (day, days.count(day))
        ]
        last = NOW - (TODAY - days[-1]) * DAY
        counts.setdefault(f"{verb} category", {})[category] = Counter(
            last, tuple(pairs)
        )
    return Profile(counts=counts)


@settings(max_examples=runs(300, 80))
@given(
    st.lists(CONDITION, min_size=1, max_size=3),
    st.lists(WORLDS, min_size=1, max_size=5),
)
def test_compiled_conditions_agree_with_a_brute_force_evaluator(
    conditions: list[dict[str, Any]], worlds: list[Any]
) -> None:
    head = {"slot": "home.hero", "show": "hero"}
    document = {
        "segments": SEGMENTS,
        "rules": [
            {"id": "yes", **head, "when": conditions},
            {"id": "no", **head, "when": [{"none": [{"all": conditions}]}]},
            {"id": "unless", **head, "unless": conditions},
        ],
    }
    rules = read(json.dumps(document))  # JSON is YAML
    by_id = {one.id: one for one in rules.rules}
    for raw, events, consent in worlds:
        given_values = {name: pair[0] for name, pair in raw.items()}
        world = World({name: pair[1] for name, pair in raw.items()}, events, consent)
        found = ask(rules, given_values, profile_of(events), consent)
        parts = [truth(condition, world) for condition in conditions]
        assert by_id["yes"].holds(found) is (conj(parts) is True)
        assert by_id["no"].holds(found) is (conj(parts) is False)
        assert by_id["unless"].holds(found) is (disj(parts) is False)


def test_a_segment_is_asked_once_per_request() -> None:
    rules = rule("[{segment: dog-owner}, {none: [{segment: dog-owner}]}]")
    found = ask(rules, {"customer-type": "b2b"})
    rules.rules[0].holds(found)
    assert sorted(found.memo.values()) == [False, True]


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("bought: {category: wood}", "bought 1 x wood"),
        ("not-bought: {category: wood, within: 90 days}", "not bought wood in 90 days"),
        ("not-bought: {category: wood, at-least: 2}", "not bought 2 x wood"),
        ("viewed: {product: p1, at-least: 2, at-most: 3}", "viewed 2 to 3 x p1"),
        ("viewed: {product: p1, at-most: 3}", "viewed at most 3 x p1"),
    ],
)
def test_a_count_is_said_in_words(condition: str, words: str) -> None:
    (found,) = rule(f"[{{{condition}}}]").rules
    assert [each.words() for each in found.conditions] == [words]

"""The index against the rules asked one by one: it may be faster, but not different."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopwindow.rules.attributes import Traffic
from shopwindow.rules.decide import decide, one_by_one
from shopwindow.rules.experiments import Units
from shopwindow.rules.facts import DAY, SKIPPED_KEPT, Answer, Counter, Interest, Profile
from shopwindow.rules.index import SCALE_LIMITS
from shopwindow.rules.ruleset import RuleSet
from tests.rules.shop import BOTH, NOW, PERSONALIZATION, TODAY, ask, counter, read
from tests.rules.test_conditions import CONDITION, POOLS, SEGMENTS, one_key
from tests.sizes import runs

SLOTS = ("home.hero", "home.prompt")
NOBODY: frozenset[str] = frozenset()

# -- random rules --------------------------------------------------------------------------

LEAST = st.sampled_from([{}, {"at-least": 2}, {"at-least": 3}])
MOST = st.sampled_from([{"at-most": 1}, {"at-most": 2}, {"at-least": 2, "at-most": 3}])
WINDOW = st.sampled_from([{}, {"within": "1 day"}, {"within": "30 days"}])
BOUND = st.sampled_from(["at-least", "more-than", "at-most", "less-than"])
CATEGORY = st.sampled_from(["wood", "screws"])


def did(verbs: list[str], times: st.SearchStrategy[dict[str, int]]) -> Any:
    return st.builds(
        lambda verb, category, times, window: {
            verb: {"category": category, **times, **window}
        },
        st.sampled_from(verbs),
        CATEGORY,
        times,
        WINDOW,
    )


DID = did(["viewed", "bought", "not-viewed", "not-bought"], LEAST) | did(
    ["viewed", "bought"], MOST
)
JUST_NOW = st.builds(
    lambda verb: {verb: {"category": "wood", "within": "2 hours"}},
    st.sampled_from(["viewed", "not-viewed"]),
)
LEANS = st.builds(
    lambda category, bound, limit: {"affinity": {"category": category, bound: limit}},
    CATEGORY,
    BOUND,
    st.sampled_from([0.1, 0.5, 0.8]),
)
NUMBERS = st.sampled_from(["visits", "hour", "order-value", "days-since-order"])
NUMBER = st.builds(
    lambda name, bound, limit: {name: {bound: limit}},
    NUMBERS,
    BOUND | st.just("is"),
    st.sampled_from([0, 2, 2.5, 11]),
)
DATE = one_key(
    "pet-born",
    st.sampled_from(
        [
            {"before": "2026-11-20"},
            {"after": "2026-11-20"},
            {"older-than": "12 months"},
            {"older-than": "7 days"},
            {"within-last": "1 year"},
            {"within-last": "3 days"},
            {"within-next": "1 month"},
            {"known": False},
        ]
    ),
)
TEXT = one_key("stage", st.sampled_from(["cart", "new", {"is-not": "cart"}]))
MORE = CONDITION | DID | JUST_NOW | LEANS | NUMBER | DATE | TEXT
GROUP = MORE | st.builds(
    lambda group, parts: {group: parts},
    st.sampled_from(["any", "all", "none"]),
    st.lists(MORE, min_size=1, max_size=4),
)
# What the most viewed category is asked, after it got its name.
FAVOURITE = st.lists(
    st.sampled_from(
        [
            {"not-bought": {"category": "$c"}},
            {"bought": {"category": "$c", "within": "30 days"}},
            {"affinity": {"category": "$c", "at-least": 0.5}},
            {"none": [{"viewed": {"category": "$c", "at-least": 3}}, {"visits": 2}]},
            {"any": [{"bought": {"category": "$c"}}, {"country": "DE"}]},
        ]
    ),
    max_size=2,
).flatmap(
    lambda later: st.builds(
        lambda times, window: [
            {"viewed": {"category": "any", "as": "c", **times, **window}},
            *later,
        ],
        LEAST,
        WINDOW,
    )
)
ANY = did(["viewed", "not-viewed"], LEAST).map(
    lambda one: {verb: {**asked, "category": "any"} for verb, asked in one.items()}
)
CAP = st.sampled_from(
    [
        {"times": 1, "per": "7 days"},
        {"cooldown": "2 days"},
        {"adaptive": True},
        [{"times": 2}, {"until": "clicked"}],
    ]
)
SCHEDULE = st.sampled_from(
    [
        {"from": "2026-11-20", "until": "2026-12-01"},
        {"from": "2026-11-22"},
        {"days": ["sat", "tue"]},
        {"hours": "10:00-12:00"},
    ]
)
SPLIT = st.builds(
    lambda more: {
        "experiment": "e",
        "variants": [{"name": "a", "show": "hero"}, {"name": "b", "show": "plain"}],
        **more,
    },
    st.sampled_from([{}, {"control": "50%"}, {"traffic": "50%"}]),
)
RULE = st.fixed_dictionaries(
    {
        "slot": st.sampled_from(SLOTS),
        "priority": st.integers(0, 3),
        "when": st.builds(
            lambda first, then: [*first, *then],
            st.one_of(st.just([]), FAVOURITE, st.lists(ANY, max_size=1)),
            st.lists(GROUP, max_size=4),
        ),
    },
    optional={
        "unless": st.lists(GROUP, min_size=1, max_size=2),
        "cap": CAP,
        "cap-group": st.just("shared"),
        "schedule": SCHEDULE,
        "explore": st.just("50%"),
        "split": SPLIT,
        "off": st.just(True),
    },
)

# -- random visitors -----------------------------------------------------------------------

MOMENTS = st.lists(st.sampled_from([0, 1, 2, 29, 30, 300]), min_size=1, max_size=4)
COUNTER = st.builds(
    lambda agos, seconds: Counter(
        NOW - min(agos) * DAY - seconds,
        tuple(
            number
            for ago in sorted(set(agos), reverse=True)
            for number in (TODAY - ago, agos.count(ago))
        ),
    ),
    MOMENTS,
    st.sampled_from([0, 7199, 7200]),
)
KEYS = st.sampled_from(["wood", "screws", "other"])
INTEREST = st.builds(
    lambda score, ago: Interest(score, NOW - ago * DAY),
    st.sampled_from([0.1, 1.0, 5.0, 40.0]),
    st.sampled_from([-1, 0, 30, 90]),
)
PROFILE = st.builds(
    lambda viewed, bought, shown, interests, visits, orders, cart, said: Profile(
        visits=visits,
        orders=len(orders),
        order_value=sum(orders),
        last_order=NOW - 3 * DAY if orders else 0.0,
        cart={"p1": 1} if cart else {},
        counts={
            "viewed category": viewed,
            "bought category": bought,
            "shown rule": {f"r{number}": counter((1, 1)) for number in shown},
            "clicked fragment": {"plain": counter((1, 1))} if len(shown) > 2 else {},
        },
        interests={"category": interests},
        answers={"category": {key: Answer(one, NOW) for key, one in said.items()}},
    ),
    st.dictionaries(KEYS, COUNTER),
    st.dictionaries(KEYS, COUNTER),
    st.sets(st.integers(0, 9)),
    st.dictionaries(KEYS, INTEREST),
    st.sampled_from([0, 1, 2, 3]),
    st.lists(st.sampled_from([2.5, 11.0]), max_size=2),
    st.booleans(),
    st.dictionaries(KEYS, st.sampled_from(["more", "less", "never", ""]), max_size=1),
)
BORN: list[object] = [
    *("2026-11-19", "2026-11-20", "2025-11-21", "2025-11-22", "2026-12-10"),
    *("soon", 7, None),
]
GIVEN = st.fixed_dictionaries(
    {
        **{
            name: st.sampled_from([raw for raw, _ in pool])
            for name, pool in POOLS.items()
        },
        "pet-born": st.sampled_from(BORN),
    }
)
TRAFFIC = st.sampled_from(
    [Traffic(), Traffic({"category": {"wood": 0.9, "screws": 0.1}})]
)
VISITOR = st.tuples(
    GIVEN,
    PROFILE,
    st.sampled_from([NOBODY, PERSONALIZATION, BOTH, frozenset({"statistics", "x"})]),
    TRAFFIC,
    st.sampled_from([0, 1, 30]),  # days later
    st.sampled_from([None, "v1", "v2", "v3"]),
)


def site(rules: list[dict[str, Any]]) -> RuleSet:
    named: list[dict[str, Any]] = []
    for number, rule in enumerate(rules):
        rule = {"id": f"r{number}", **rule}
        if "split" in rule:  # an experiment of its own
            rule["split"] = {**rule["split"], "experiment": f"e{number}"}
        elif "show" not in rule:
            rule["show"] = "hero"
        if "cap" not in rule:
            rule.pop("cap-group", None)
        named.append(rule)
    text = json.dumps({"segments": SEGMENTS, "rules": named})  # JSON is YAML
    return read(text.replace('"category": "any"', '"category": any'))


@pytest.mark.parametrize("narrowed", [False, True], ids=["cheap", "all"])
@settings(max_examples=runs(100, 25))
@given(st.lists(RULE, max_size=10), st.lists(VISITOR, min_size=3, max_size=9))
def test_the_index_decides_as_the_rules_do_one_by_one(
    narrowed: bool, written: list[dict[str, Any]], visitors: list[Any]
) -> None:
    rules = site(written)
    for given_values, profile, consent, traffic, days, visitor in visitors:
        moment = {"now": NOW + days * DAY, "day": TODAY + days}
        found = ask(rules, given_values, profile, consent, traffic, **moment)
        found.units = Units(visitor)
        if narrowed:  # by the columns that a small site seldom needs
            rules.index(found.consent).narrowed(found)
        for slot in SLOTS:
            decision = decide(rules, found, slot)
            assert decision == one_by_one(rules, found, slot)
            assert decision.reason != "error"


# -- single columns ------------------------------------------------------------------------

EDGES: list[tuple[str, list[object]]] = [
    ("cart-value: {more-than: 2}", [2, 2.0, 2.0000000000000004, 3, 1, None]),
    ("cart-value: {at-least: 2.5, at-most: 2.5}", [2.5, 2, 3]),
    ("cart-value: {less-than: 9007199254740993}", [9007199254740992.0, 2**53 + 1]),
    ("cart-value: {more-than: 1.5e+300}", [1.5e300, 1.6e300, 1]),
    ("cart-value: {less-than: -1.5e+300}", [-1.5e300, -1.6e300, 1]),
    (
        "any: [cart-value: {less-than: 0.1}, cart-value: {more-than: 0.10000000000000002}]",
        [0.1, 0.10000000000000002, 0.10000000000000003, 0.05],
    ),
    ("any: [cart-value: 1, cart-value: 3]", [0, 1, 2, 3, 4, "x"]),
    ("country: {is-not: DE, starts-with: D}", ["DE", "DK", "AT", None]),
    ("country: {known: false}", ["DE", None, 3]),
    ("hobbies: {has-all: [a, b]}", [["a"], ["a", "b"], ["b", "c", "a"], [], [3], None]),
    ("hobbies: {has-any: [a, b], has-none: [c]}", [["b"], ["b", "c"], ["c"], [3]]),
    ("none: [hobbies: {has-all: [a, b]}]", [["a"], ["a", "b"], [], [3], None]),
    ("none: [hobbies: {has-any: [a, b]}]", [["a"], ["c"], [], [3], None]),
]


@pytest.mark.parametrize(("condition", "values"), EDGES, ids=[c for c, _ in EDGES])
def test_a_column_is_exact_at_its_edges(condition: str, values: list[object]) -> None:
    name = next(n for n in ("cart-value", "country", "hobbies") if n in condition)
    rules = read(
        f"rules:\n  - {{id: a, slot: home.hero, show: plain, when: [{condition}]}}\n"
    )
    answers = set()
    for value in values:
        found = ask(rules, {name: value})
        decision = decide(rules, found, "home.hero")
        assert decision == one_by_one(rules, found, "home.hero"), value
        answers.add(decision.shown)
    assert answers == {True, False}


DAYS_AGO = [0, 1, 28, 29, 30, 31]


@pytest.mark.parametrize(
    "condition",
    [
        "viewed: {category: wood, within: 30 days}",
        "viewed: {category: wood, at-least: 2, within: 30 days}",
        "viewed: {category: wood, at-most: 1, within: 30 days}",
        "viewed: {category: wood, at-least: 1, at-most: 1}",
        "not-viewed: {category: wood, within: 30 days}",
        "all: [not-viewed: {category: wood, at-least: 3}, not-viewed: {category: wood, at-least: 2}]",
        "all: [not-viewed: {category: wood, at-least: 2}, not-viewed: {category: wood, at-least: 3}]",
        "all: [viewed: {category: wood, within: 29 days}, viewed: {category: wood, within: 31 days}]",
    ],
)
def test_a_window_is_exact_at_its_edges(condition: str) -> None:
    rules = read(
        f"rules:\n  - {{id: a, slot: home.hero, show: plain, when: [{condition}]}}\n"
    )
    answers = set()
    for ago in DAYS_AGO:
        for count in (1, 2, 3):
            tables = {"viewed category": {"wood": counter((ago, count))}}
            found = ask(rules, profile=Profile(counts=tables))
            rules.index(found.consent).narrowed(found)
            decision = decide(rules, found, "home.hero")
            assert decision == one_by_one(rules, found, "home.hero"), (ago, count)
            answers.add(decision.shown)
    assert answers == {True, False}


@pytest.mark.parametrize(
    ("country", "views", "shown"),
    [("FR", 1, True), ("FR", 2, False), ("DE", 1, False), (None, 1, False)],
)
def test_none_of_two_segments_means_neither(
    country: object, views: int, shown: bool
) -> None:
    when = [{"none": [{"segment": ["s1", "s2"]}]}]
    rules = site([{"slot": "home.hero", "when": when}])
    tables = {"viewed category": {"wood": counter((1, views))}}
    given_values = {"country": country, "cart-value": 5}
    found = ask(rules, given_values, Profile(counts=tables))
    decision = decide(rules, found, "home.hero")
    assert decision == one_by_one(rules, found, "home.hero")
    assert decision.shown is shown


def test_an_unknown_purpose_leaves_the_known_ones_as_they_are() -> None:
    rules = site([{"slot": "home.hero", "when": [{"consent": "statistics"}]}])
    found = ask(rules, consent=frozenset({"statistics", "x"}))
    assert decide(rules, found, "home.hero").shown


def test_consents_that_make_no_difference_share_an_index() -> None:
    rules = site([{"slot": "home.hero", "when": [{"visits": 2}]}])
    assert rules.index(PERSONALIZATION) is rules.index(BOTH)
    assert rules.index(NOBODY) is rules.index(frozenset({"statistics"}))
    assert rules.index(NOBODY) is not rules.index(BOTH)


def test_a_consent_that_only_a_group_asks_for_is_asked_of_everybody() -> None:
    none = [{"none": [{"consent": "statistics"}]}]
    rules = site([{"slot": "home.hero", "when": [*none, {"visits": 2}]}])
    for consent, shown in ((PERSONALIZATION, True), (BOTH, False)):
        found = ask(rules, profile=Profile(visits=2), consent=consent)
        assert decide(rules, found, "home.hero").shown is shown
        assert decide(rules, found, "home.hero") == one_by_one(
            rules, found, "home.hero"
        )


@pytest.mark.parametrize("capped", [0, SKIPPED_KEPT + 1])
def test_of_the_rules_that_were_passed_over_the_first_ones_are_told(
    capped: int,
) -> None:
    """What comes after them may still win, or give the reason."""
    cap: dict[str, Any] = {"slot": "home.hero", "cap": {"times": 1}, "when": []}
    lacking = {"slot": "home.hero", "when": [{"consent": "statistics"}]}
    free = {"slot": "home.hero", "when": [{"hour": 11}]}
    shown = {f"r{number}": counter((1, 1)) for number in range(capped)}
    profile = Profile(counts={"shown rule": shown})
    many = [*[cap] * capped, *[lacking] * (SKIPPED_KEPT + 3)]
    for last, reason in (([], "consent"), ([free], "shown")):
        rules = site([*many, *last])
        found = ask(rules, profile=profile)
        decision = decide(rules, found, "home.hero")
        assert decision == one_by_one(rules, found, "home.hero")
        assert decision.reason == reason
        assert decision.rule == (f"r{len(many)}" if last else None)
        assert [id for id, _ in decision.skipped] == [
            f"r{number}" for number in range(SKIPPED_KEPT)
        ]


def test_rules_that_fail_in_great_number_are_asked_all_together() -> None:
    never = [{"viewed": {"category": "wood", "at-least": n}} for n in range(9, 2, -1)]
    rules = site([{"slot": "home.hero", "when": [when]} for when in never * 3])
    found = ask(rules)
    decide(rules, found, "home.hero")
    assert found.survivors == (rules.index(found.consent), 0, True)


def test_what_a_column_holds_is_not_asked_again() -> None:
    rules = site(
        [
            {
                "slot": "home.hero",
                "when": [
                    {"consent": "personalization"},
                    {"country": "DE"},
                    {"visits": {"at-least": 2, "less-than": 9}},
                    {"hobbies": {"has-any": ["a", "b"]}},
                    {"viewed": {"category": "wood"}},
                    {"affinity": {"category": "wood", "at-least": 0.5}},
                ],
            },
            {"slot": "home.hero", "when": [{"segment": ["s1", "s2"]}]},
            {"slot": "home.hero", "when": [{"country": {"starts-with": "D"}}]},
        ]
    )
    index = rules.index(PERSONALIZATION)
    by_rule = {
        entry.rule.id: residue
        for entry, residue in zip(index.entries, index.residues, strict=True)
    }
    assert [by_rule[id] is None for id in ("r0", "r1", "r2")] == [True, True, False]


def test_the_alternatives_of_one_rule_are_passed_over_together() -> None:
    rules = site(
        [
            {
                "slot": "home.hero",
                "when": [{"any": [{"visits": {"at-least": n}} for n in (1, 2, 3)]}],
                "cap": {"times": 1},
            }
        ]
    )
    profile = Profile(visits=5, counts={"shown rule": {"r0": counter((1, 1))}})
    assert len(rules.index(PERSONALIZATION).entries) == 3
    found = decide(rules, ask(rules, profile=profile), "home.hero")
    assert found.skipped == (("r0", "cap"),)


def test_many_alternatives_and_many_limits_stay_conditions() -> None:
    wide = [{"any": [{"hour": n}, {"visits": n}, {"orders": n}]} for n in range(9)]
    fine = [
        {"slot": "home.prompt", "when": [{"order-value": {"at-least": n}}]}
        for n in range(SCALE_LIMITS + 1, 0, -1)
    ]
    rules = site([{"slot": "home.hero", "when": wide}, *fine])
    assert len(rules.index(PERSONALIZATION).entries) < 20 + len(fine)
    scales = rules.index(PERSONALIZATION).scales
    assert all(one.name != "order-value" for one in scales)
    found = ask(rules, profile=Profile(order_value=500.5))
    decision = decide(rules, found, "home.prompt")
    assert decision == one_by_one(rules, found, "home.prompt")
    assert decision.rule == f"r{SCALE_LIMITS + 2 - 500}"


def test_segments_that_stand_on_each_other_do_not_grow_without_bound() -> None:
    segments: dict[str, Any] = {"s0": [{"country": "DE"}]}
    for n in range(1, 10):
        both = [{"segment": [f"s{n - 1}"]}, {"none": [{"segment": [f"s{n - 1}"]}]}]
        segments[f"s{n}"] = [{"any": both}, {"any": both}]
    when = [{"segment": ["s9"]}]
    rules = read(
        json.dumps(
            {
                "segments": segments,
                "rules": [{"id": "a", "slot": SLOTS[0], "show": "hero", "when": when}],
            }
        )
    )
    assert len(rules.index(PERSONALIZATION).entries) < 20
    for country in ("DE", "FR", None):
        found = ask(rules, {"country": country})
        assert decide(rules, found, SLOTS[0]) == one_by_one(rules, found, SLOTS[0])


def test_a_thousand_rules_are_decided_alike() -> None:
    chance = random.Random(5)
    verbs = ("viewed", "bought", "not-viewed", "not-bought")

    def condition() -> dict[str, Any]:
        category = {"category": chance.choice(["wood", "screws"])}
        return chance.choice(
            [
                {"country": chance.sample(["DE", "AT", "CH"], 2)},
                {"visits": {"at-least": chance.randint(0, 9)}},
                {"hobbies": {"has": chance.choice("abc")}},
                {chance.choice(verbs): {**category, "at-least": chance.randint(1, 4)}},
                {"affinity": {**category, "at-least": chance.random()}},
            ]
        )

    rules = site(
        [
            {"slot": chance.choice(SLOTS), "when": [condition() for _ in range(6)]}
            for _ in range(1_000)
        ]
    )
    winners = set()
    for visits in range(60):
        tables = {
            f"{verb} category": {
                key: counter((chance.randint(0, 9), chance.randint(1, 4)))
                for key in chance.sample(["wood", "screws"], 1)
            }
            for verb in ("viewed", "bought")
        }
        interests = {"category": {"wood": Interest(chance.random() * 9, NOW)}}
        profile = Profile(visits=visits % 10, counts=tables, interests=interests)
        some: dict[str, object] = {
            "country": chance.choice(["DE", "CH"]),
            "hobbies": [chance.choice("abc")],
        }
        found = ask(rules, some, profile)
        for slot in SLOTS:
            decision = decide(rules, found, slot)
            assert decision == one_by_one(rules, found, slot)
            winners.add(decision.rule)
    assert len(winners) > 20


@pytest.mark.parametrize("said", ["more", "less", "never", ""])
@pytest.mark.parametrize("interests", [{}, {"wood": Interest(3, NOW)}])
def test_many_rules_hear_what_was_said(
    said: str, interests: dict[str, Interest]
) -> None:
    # So many that fail that the index looks at all affinities at once.
    bounds = [*["at-least: 0.99"] * 60, "at-least: 0.75", "at-most: 0.75"]
    rules = read(
        "rules:\n"
        + "".join(
            f"  - {{id: r{number}, slot: home.hero, show: hero, priority: {-number},"
            f" when: [{{affinity: {{category: wood, {bound}}}}}]}}\n"
            for number, bound in enumerate(bounds)
        )
    )  # fmt: skip
    profile = Profile(
        interests={"category": interests} if interests else {},
        answers={"category": {"wood": Answer(said, NOW)}},
    )
    asked = ask(rules, profile=profile)
    decision = decide(rules, asked, "home.hero")
    assert decision == one_by_one(rules, asked, "home.hero")
    plain = "r61" if not interests else decision.rule
    assert decision.rule == {"more": "r60", "less": "r61", "never": "r61"}.get(
        said, plain
    )

"""Rules for every category: what ``any`` finds, and what ``$cat`` then says."""

import pytest

from shopwindow.rules.decide import decide
from shopwindow.rules.explain import explain
from shopwindow.rules.facts import Counter, Interest, Profile, Recommend
from shopwindow.rules.filling import FILLED
from shopwindow.rules.reading import Vocabulary
from tests.rules.shop import NOW, TODAY, VOCABULARY, ask, counter, read

RULES = read("""\
rules:
  - id: favourite
    slot: home.hero
    when:
      - viewed: {category: any, at-least: 3, within: 30 days, as: cat}
      - not-bought: {category: $cat, within: 90 days}
    show: category-hero
    with: {category: $cat, headline: "New in {cat.title}"}
    recommend: {strategy: trending, only: {category: [$cat]}}
""")


def visitor(viewed: dict[str, Counter], **counts: dict[str, Counter]) -> Profile:
    return Profile(counts={"viewed category": viewed, **counts})


def test_the_most_viewed_one_is_bound_and_filled_in() -> None:
    profile = visitor({"wood": counter((1, 3)), "screws": counter((0, 4))})
    found = decide(RULES, ask(RULES, profile=profile), "home.hero")
    assert found.fragment == "category-hero"
    assert found.parameters == {
        "category": "screws",
        "headline": "New in {cat.title}",
    }
    assert found.bound == {
        "cat": ("category", "screws"),
        "category": ("category", "screws"),
    }
    assert found.recommend == Recommend(("trending",), only={"category": ("screws",)})


def test_the_same_visitor_gets_the_same_object_and_so_does_the_next() -> None:
    def parameters(key: str) -> object:
        profile = visitor({key: counter((1, 3))})
        return decide(RULES, ask(RULES, profile=profile), "home.hero").parameters

    assert parameters("wood") is parameters("wood")
    assert parameters("wood") is not parameters("screws")


def test_no_more_decisions_are_kept_than_a_shop_needs() -> None:
    bare = Vocabulary(VOCABULARY.slots, fragments=VOCABULARY.fragments)
    rules = read(
        "rules:\n  - id: a\n    slot: home.hero\n    show: hero\n"
        "    when: [viewed: {product: any, as: p}]\n    with: {product: $p}\n",
        bare,
    )
    for number in range(FILLED + 5):
        profile = Profile(counts={"viewed product": {f"p{number}": counter((0, 1))}})
        found = decide(rules, ask(rules, profile=profile), "home.hero")
        assert found.parameters == {"product": f"p{number}"}
    filled = rules.rules[0].filled
    assert filled is not None
    assert filled.cache_info().currsize == FILLED  # type: ignore[attr-defined]  # an lru_cache


def test_a_later_condition_asks_about_what_is_bound() -> None:
    viewed = {"wood": counter((1, 3)), "screws": counter((1, 4))}
    for bought, rule in (("wood", "favourite"), ("screws", None)):
        tables = {"bought category": {bought: counter((5, 1))}}
        profile = visitor(viewed, **tables)
        found = decide(RULES, ask(RULES, profile=profile), "home.hero")
        assert found.rule == rule


TIES = [
    ({"wood": (5.0, 3), "screws": (9.0, 3)}, "wood"),  # hours ago, how often
    ({"wood": (9.0, 3), "screws": (5.0, 3)}, "screws"),
    ({"wood": (5.0, 3), "screws": (5.0, 3)}, "screws"),  # below the other one
    ({"wood": (5.0, 4), "screws": (5.0, 3)}, "wood"),
    ({"gone": (1.0, 9), "screws": (5.0, 3)}, "screws"),  # not in the catalogue
    ({"wood": (5.0, 2)}, None),
    ({}, None),
]


@pytest.mark.parametrize(("viewed", "bound"), TIES)
def test_ties_go_to_the_latest_and_then_to_the_deeper_one(
    viewed: dict[str, tuple[float, int]], bound: str | None
) -> None:
    tree = Vocabulary(
        VOCABULARY.slots,
        fragments=VOCABULARY.fragments,
        categories={"wood": "Holz", "screws": "Schrauben"},
        parents={"screws": "wood", "wood": ""},
    )
    rules = read(
        "rules:\n  - id: a\n    slot: home.hero\n    show: hero\n    with: {c: $c}\n"
        "    when: [viewed: {category: any, at-least: 3, as: c}]\n",
        tree,
    )
    counters = {
        key: Counter(NOW - hours * 3600, (TODAY, times))
        for key, (hours, times) in viewed.items()
    }
    found = decide(rules, ask(rules, profile=visitor(counters)), "home.hero")
    assert found.parameters.get("c") == bound


@pytest.mark.parametrize(
    ("conditions", "holds"),
    [
        ("viewed: {category: any}", True),
        ("not-viewed: {category: any}", False),
        ("not-bought: {category: any}", True),
        ("viewed: {category: any, at-least: 5}", False),
        ("not-viewed: {category: any, at-least: 5}", True),
        ("viewed: {tag: any}", False),
        ("viewed: {category: any, within: 2 hours}", False),
    ],
)
def test_any_needs_no_name(conditions: str, holds: bool) -> None:
    rules = read(
        f"rules:\n  - {{id: a, slot: home.hero, show: hero, when: [{conditions}]}}\n"
    )
    profile = visitor({"wood": counter((1, 3))})
    assert decide(rules, ask(rules, profile=profile), "home.hero").shown is holds


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("none: [bought: {category: $c}]", True),
        ("any: [bought: {category: $c}, country: CH]", False),
        ("affinity: {category: $c, at-least: 0.5}", True),
        ("affinity: {category: $c, less-than: 0.5}", False),
        ("viewed: {category: $c, at-least: 2, at-most: 3}", True),
    ],
)
def test_a_bound_name_may_stand_in_groups_and_affinities(
    condition: str, holds: bool
) -> None:
    rules = read(
        "rules:\n  - id: a\n    slot: home.hero\n    show: hero\n"
        f"    when: [{{viewed: {{category: any, as: c}}}}, {{{condition}}}]\n"
    )
    profile = Profile(
        counts={"viewed category": {"wood": counter((1, 3))}},
        interests={"category": {"wood": Interest(30.0, NOW)}},
    )
    found = ask(rules, {"country": "DE"}, profile)
    assert decide(rules, found, "home.hero").shown is holds


def test_what_nothing_is_bound_to_is_unknown() -> None:
    rules = read(
        "rules:\n  - id: a\n    slot: home.hero\n    show: hero\n"
        "    when: [viewed: {category: any, as: c}]\n"
        "    unless: [bought: {category: $c}]\n"
    )
    later = rules.rules[0].conditions[1].tests({})
    nobody = ask(rules)
    assert not later.true(nobody) and not later.false(nobody)


def test_explain_says_what_is_bound_and_what_was_found() -> None:
    profile = visitor({"screws": counter((1, 4))})
    said = str(explain(RULES, ask(RULES, profile=profile), "home.hero"))
    assert said == (
        "shown favourite (rules/start.yaml:2): viewed 3 x any category in 30 days; "
        "not bought $cat in 90 days; $cat is Schrauben"
    )
    bought = {"bought category": {"screws": counter((1, 1))}}
    profile = visitor({"screws": counter((1, 4))}, **bought)
    said = str(explain(RULES, ask(RULES, profile=profile), "home.hero"))
    assert said.splitlines()[1] == (
        "not favourite (rules/start.yaml:2): not-bought (line 6): "
        "wanted not $cat in 90 days, visitor has 1 (Schrauben)"
    )
    profile = visitor({"wood": counter((1, 2))})
    said = str(explain(RULES, ask(RULES, profile=profile), "home.hero"))
    assert said.splitlines()[1] == (
        "not favourite (rules/start.yaml:2): viewed (line 5): "
        "wanted 3 x any category in 30 days, visitor has 2 (Holzverbinder)"
    )

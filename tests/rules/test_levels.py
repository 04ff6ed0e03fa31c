"""Levels: what a variant may know of the visitor, and what is left of it where it may not."""

import pytest
from msgspec.structs import replace

from shopwindow.fragments.recommendations.strategies import STRATEGIES
from shopwindow.rules.attributes import Facts, facts
from shopwindow.rules.decide import decide
from shopwindow.rules.experiments import NO_ALLOCATIONS, Allocations, Units
from shopwindow.rules.explain import explain
from shopwindow.rules.exposures import exposure
from shopwindow.rules.facts import Decision, Profile, Recommend
from shopwindow.rules.levels import IMPERSONAL, impersonal
from shopwindow.rules.reading import RuleSet, read_rules
from tests.rules.shop import PERSONALIZATION, VOCABULARY, context, event, lived

SLOT = "home.hero"
STRATEGIC = replace(VOCABULARY, strategies=frozenset(STRATEGIES))
LEVELS = """
  - id: shelf
    slot: home.hero
    when:
      - viewed: {category: any, as: cat}
    recommend: {strategy: [for-you, new], discovery: 20%}
    split:
      experiment: level-2026
      variants:
        - {name: none, level: none}
        - {name: segment, level: segment, show: shelf, with: {headline: Popular}}
        - {name: individual, level: individual, show: shelf, with: {headline: "{cat.title}"}}
"""


def said(text: str) -> tuple[RuleSet, list[str]]:
    rules, findings = read_rules({"f.yaml": f"rules:{text}"}, STRATEGIC)
    return rules, [str(finding).partition(": ")[2] for finding in findings]


def read(text: str) -> RuleSet:
    rules, findings = said(text)
    assert findings == []
    return rules


LOOKED = lived([event("Product Viewed", product_id="p1")])


def visit(
    rules: RuleSet,
    pin: str = "",
    visitor: str = "v",
    profile: Profile | None = LOOKED,
    allocations: Allocations = NO_ALLOCATIONS,
    experiment: str = "level-2026",
    consent: frozenset[str] = PERSONALIZATION,
) -> Facts:
    return facts(
        rules,
        profile,
        context(),
        consent,
        {"country": "DE"},
        units=Units(visitor),
        pins={experiment: pin} if pin else {},
        allocations=allocations,
    )


def decided(rules: RuleSet, pin: str) -> Decision:
    return decide(rules, visit(rules, pin), SLOT)


# -- what is shown -------------------------------------------------------------------------


def test_level_none_keeps_the_default_content_and_counts_as_its_variant() -> None:
    rules = read(LEVELS)
    found = decided(rules, "none")
    assert (found.fragment, found.reason, found.variant) == (None, "control", "none")
    assert found.held and not found.shown
    assert exposure(found) == {
        "held": "control",
        "slot": SLOT,
        "rule": "shelf",
        "experiment": "level-2026",
        "variant": "none",
    }


def test_level_segment_binds_nothing_and_asks_no_strategy_that_needs_a_person() -> None:
    rules = read(LEVELS)
    found = decided(rules, "segment")
    assert (found.fragment, found.level, found.bound) == ("shelf", "segment", {})
    assert found.recommend == Recommend(("new",), discovery=0.0)
    assert found is decided(rules, "segment")  # nothing is built per request


def test_level_individual_is_as_ever() -> None:
    found = decided(read(LEVELS), "individual")
    assert (found.fragment, found.level) == ("shelf", "")
    assert found.bound == {"cat": ("category", "wood")}
    assert found.recommend == Recommend(("for-you", "new"), discovery=0.2)


def test_levels_are_dealt_like_variants() -> None:
    rules = read(LEVELS)
    seen = {
        decide(rules, visit(rules, visitor=f"v{number}"), SLOT).variant
        for number in range(60)
    }
    assert seen == {"none", "segment", "individual"}


@pytest.mark.parametrize(
    ("strategies", "left"),
    [
        (("for-you",), ("trending",)),  # that fills it up anyway
        (("new", "for-you"), ("new", "trending")),
        (("for-you", "new"), ("new",)),
        (("trending", "for-you"), ("trending",)),
        (("viewed-again", "engine:x", "editors-pick"), ("editors-pick",)),
        (("buy-again", "similar"), ()),
    ],
)
def test_a_shelf_without_a_person(
    strategies: tuple[str, ...], left: tuple[str, ...]
) -> None:
    wish = Recommend(strategies, 4, discovery=0.1)
    assert impersonal(wish) == Recommend(left, 4)


def test_every_strategy_is_one_that_needs_a_person_or_not() -> None:
    assert set(IMPERSONAL) <= STRATEGIES.keys()
    personal = STRATEGIES.keys() - set(IMPERSONAL)
    names = {
        name: STRATEGIES[name].__code__.co_names + _inner(STRATEGIES[name])
        for name in STRATEGIES
    }
    assert {name for name, used in names.items() if "shopper" in used} == personal


def _inner(strategy: object) -> tuple[str, ...]:
    """What the functions use that a strategy hands its work on to."""
    import inspect

    from shopwindow.fragments.recommendations import strategies

    used: tuple[str, ...] = ()
    for name in strategy.__code__.co_names:  # type: ignore[attr-defined]  # a function
        part = getattr(strategies, name, None)
        if inspect.isfunction(part) and part.__module__ == strategies.__name__:
            used += part.__code__.co_names
    return used


# -- what is wrong -------------------------------------------------------------------------


def one(variant: str, more: str = "") -> str:
    return (
        "\n  - id: x\n    slot: home.hero\n"
        "    when: [{viewed: {category: any, as: cat}}]\n"
        f"{more}    split: {{experiment: e, control: 10%, variants: [{variant}]}}\n"
    )


SHELF = "{name: a, level: segment, show: shelf}"
WRONG = {
    one("{name: a, level: some, show: hero}"): 'error: unknown level "some"',
    one("{name: a, level: segmant, show: hero}"): 'did you mean "segment"?',
    one("{name: a, level: none, show: hero}"): (
        'error: level none keeps the default content: it has no "show": delete it, or '
        "write `level: segment` or `individual`"
    ),
    one("{name: a, level: none, with: {}}"): 'it has no "with"',
    one("{name: a, level: segment}"): "error: variant has no `show:`",
    one("{name: a, level: segment, show: hero, with: {c: $cat}}"): (
        'error: "$cat" is about one visitor: level segment knows none: write what all of '
        "them are to see, or `level: individual`"
    ),
    one('{name: a, level: segment, show: hero, with: {c: "All {cat.title}"}}'): (
        '"All {cat.title}" is about one visitor'
    ),
    one('{name: a, level: segment, show: hero, with: {c: ["Hi {visitor}"]}}'): (
        '"Hi {visitor}" is about one visitor'
    ),
    one(SHELF, "    recommend: {strategy: [buy-again, similar]}\n"): (
        'error: variant "a" of level segment has nothing for its shelf: buy-again, similar '
        "need a person: add trending or new or editors-pick to `strategy:`"
    ),
    one(SHELF, "    recommend: {strategy: new, only: {category: $cat}}\n"): (
        'error: variant "a" of level segment cannot have a shelf of "$cat", which each '
        "visitor has another of: choose by names of the catalogue"
    ),
}


@pytest.mark.parametrize("text", WRONG)
def test_what_a_level_does_not_allow_is_found(text: str) -> None:
    rules, findings = said(text)
    assert rules.rules == ()
    assert len(findings) == 1 and WRONG[text] in findings[0], findings


def test_rules_of_one_experiment_have_the_same_levels() -> None:
    other = LEVELS.replace("id: shelf", "id: other").replace(
        "individual, level: individual", "individual, level: segment"
    )
    _, findings = said(LEVELS + other.replace("{cat.title}", "All"))
    assert 'experiment "level-2026" is already at' in findings[0]


# -- in words ------------------------------------------------------------------------------


def head(rules: RuleSet, known: Facts) -> str:
    return str(explain(rules, known, SLOT)).splitlines()[0]


def test_explain_says_the_level() -> None:
    rules = read(LEVELS)
    assert head(rules, visit(rules, "none")) == (
        "default content, which is shelf/none (f.yaml:2): viewed 1 x any category; "
        "$cat is Holzverbinder; experiment level-2026, 1 of 3, level none (pinned)"
    )
    assert head(rules, visit(rules, "segment")).endswith(
        "experiment level-2026, 1 of 3, level segment (pinned)"
    )
    assert head(rules, visit(rules, "individual")).endswith("1 of 3 (pinned)")


ADAPTIVE = """
  - id: tone
    slot: home.hero
    split:
      experiment: tone
      adapt: {by: [german, agreed]}
      variants: [{name: a, show: hero}, {name: b, show: plain}]
  - {id: next, slot: home.hero, priority: -1, show: plain}
segments:
  german: [{country: DE}]
  agreed: [{survey: x}]
"""
LEARNED = Allocations(
    weights={"tone": {"": {"a": 1, "b": 3}, "segment:german": {"a": 3, "b": 1}}}
)


def test_an_adaptive_decision_says_how_probable_it_was() -> None:
    rules = read(ADAPTIVE)
    for number in range(40):
        known = visit(rules, visitor=f"v{number}", allocations=LEARNED)
        found = decide(rules, known, SLOT)
        assert found.propensity == (0.75 if found.variant == "a" else 0.25)
        share = "75%" if found.variant == "a" else "25%"
        assert head(rules, known) == (
            f"shown tone/{found.variant} (f.yaml:2): experiment tone, adaptive, {share} of "
            "visitors in segment german now"
        )
        known = visit(rules, visitor=f"v{number}")
        assert decide(rules, known, SLOT).propensity == 0.5


def test_who_is_in_none_of_the_segments_has_the_weights_of_all() -> None:
    rules = read(ADAPTIVE)
    known = visit(rules, allocations=LEARNED)
    known.values["country"] = "AT"
    found = decide(rules, known, SLOT)
    assert found.propensity == (0.25 if found.variant == "a" else 0.75)


def test_the_attributes_of_those_segments_are_read() -> None:
    rules = read(ADAPTIVE)
    assert rules.attributes >= {"country", "survey"}


def test_a_segment_without_its_consent_is_none_of_theirs() -> None:
    text = ADAPTIVE.replace("[german, agreed]", "[agreed]")
    learned = Allocations(
        weights={"tone": {"": {"a": 1, "b": 3}, "segment:agreed": {"a": 3, "b": 1}}}
    )
    rules = read(text)
    for consent, wanted in (
        (PERSONALIZATION, {0.25, 0.75}),
        (frozenset({"personalization", "statistics"}), {0.25, 0.75}),
    ):
        for number in range(20):
            known = visit(
                rules, visitor=f"v{number}", allocations=learned, consent=consent
            )
            known.values["survey"] = "x"
            found = decide(rules, known, SLOT)
            agreed = "statistics" in consent
            assert found.propensity in wanted
            assert (found.propensity == 0.75) is ((found.variant == "a") is agreed)


GROWING = ADAPTIVE.replace("adapt: {by: [german, agreed]}", "rollout: true").replace(
    "    slot: home.hero\n    split",
    "    slot: home.hero\n    guardrails: {metric: leads, at-least: -3%}\n    split",
)


def test_a_roll_out_says_how_far_it_is() -> None:
    rules = read(GROWING)
    quarter = Allocations(shares={"tone": 0.25})
    lines = {}
    for number in range(60):
        known = visit(rules, visitor=f"v{number}", allocations=quarter)
        found = decide(rules, known, SLOT)
        lines[found.rule, found.variant] = str(explain(rules, known, SLOT)).splitlines()
        assert found.propensity is None
    assert lines.keys() == {
        ("tone", "a"),
        ("tone", "b"),
        ("tone", "control"),
        ("next", None),
    }
    assert lines["tone", "a"][0] == (
        "shown tone/a (f.yaml:2): experiment tone, 1 of 2, roll-out at 25%"
    )
    assert lines["tone", "control"][0].endswith(
        "experiment tone, control, as many as see it, roll-out at 25%"
    )
    assert lines["next", None][1] == (
        "not tone (f.yaml:2): experiment tone is for 100% of visitors, and its roll-out "
        "has reached 25% of them; this one is not among them"
    )
    back = visit(rules, allocations=Allocations(shares={"tone": 0.0}))
    assert str(explain(rules, back, SLOT)).splitlines()[1] == (
        "not tone (f.yaml:2): the roll-out of tone went back: nobody sees it"
    )


def test_a_split_by_customer_says_who_is_outside() -> None:
    rules = read(ADAPTIVE.replace("adapt: {by: [german, agreed]}", "unit: customer"))
    known = visit(rules)
    assert decide(rules, known, SLOT).rule == "next"
    assert str(explain(rules, known, SLOT)).splitlines()[1] == (
        "not tone (f.yaml:2): experiment tone: nobody is logged in, and it is for customers"
    )
    known.units = Units("v", "c")
    assert decide(rules, known, SLOT).unit == "customer"

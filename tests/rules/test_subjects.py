"""What rules are about, and how a visitor's "never" is kept by them."""

import pytest

from shopwindow.rules.attributes import facts
from shopwindow.rules.decide import decide, one_by_one
from shopwindow.rules.explain import explain
from shopwindow.rules.facts import RULE_REASONS, Answer, Decision, Profile
from shopwindow.rules.reading import Parameters, RuleSet, Vocabulary
from tests.rules.shop import NOW, PERSONALIZATION, ask, context, counter, read

SLOT = "home.hero"
SEGMENTS = """\
segments:
  joiner: [{viewed: {category: wood}}, {country: DE}]
  inner: [{segment: joiner}]
  either: [{any: [{viewed: {category: wood}}, {country: DE}]}]
"""
WOOD, SCREWS = ("category", "wood"), ("category", "screws")


def shop(*rules: str, segments: str = SEGMENTS) -> RuleSet:
    written = "".join(f"  - {{slot: {SLOT}, {one}}}\n" for one in rules)
    return read(f"{segments}rules:\n{written}")


@pytest.mark.parametrize(
    ("rule", "about"),
    [
        ("show: hero", ()),
        # Asked for.
        ("show: hero, when: [{viewed: {category: wood, at-least: 3}}]", (WOOD,)),
        ("show: hero, when: [{viewed: {category: Holzverbinder}}]", (WOOD,)),
        ("show: hero, when: [{viewed: {brand: Spax}}]", (("brand", "Spax"),)),
        ("show: hero, when: [{read: {article: a1}}]", (("article", "a1"),)),
        ("show: hero, when: [{added-to-cart: {product: p1}}]", (("product", "p1"),)),
        ("show: hero, when: [{all: [{viewed: {tag: sale}}]}]", (("tag", "sale"),)),
        (
            "show: hero, when: [{viewed: {category: wood}}, {viewed: {category: screws}}]",
            (SCREWS, WOOD),
        ),
        ("show: hero, when: [{segment: joiner}]", (WOOD,)),
        ("show: hero, when: [{segment: inner}]", (WOOD,)),
        # Says nothing about the rule.
        ("show: hero, when: [{segment: either}]", ()),
        ("show: hero, when: [{segment: [joiner, inner]}]", ()),
        ("show: hero, when: [{bought: {category: wood}}]", ()),
        ("show: hero, when: [{searched: {query: wood}}]", ()),
        ("show: hero, when: [{not-viewed: {category: wood}}]", ()),
        ("show: hero, when: [{viewed: {category: wood, at-most: 2}}]", ()),
        ("show: hero, when: [{none: [{viewed: {category: wood}}]}]", ()),
        ("show: hero, unless: [{viewed: {category: wood}}]", ()),
        (
            "show: hero, when: [{any: [{viewed: {category: wood}}, {country: DE}]}]",
            (),
        ),
        # Named.
        ("show: category-hero, with: {category: wood}", (WOOD,)),
        ("show: category-hero, with: {category: Holzverbinder}", (WOOD,)),
        ("show: hero, with: {brand: Spax, product: p1}", (("brand", "Spax"), ("product", "p1"))),
        (
            "show: hero, with: {category: wood}, when: [{bought: {category: wood}}]",
            (WOOD,),
        ),
        ("show: hero, with: {headline: wood}", ()),
        ("show: hero, with: {category: All that is new, tag: true}", ()),
        (
            "show: category-hero, with: {category: $cat}, when: [{viewed: {category: any, as: cat}}]",
            (),
        ),
        (
            "split: {experiment: e, variants: [{name: a, weight: 1, show: hero}, "
            "{name: b, weight: 1, show: hero, with: {category: wood}}]}",
            (WOOD,),
        ),
    ],
)  # fmt: skip
def test_what_a_rule_is_about(rule: str, about: tuple[tuple[str, str], ...]) -> None:
    (one,) = shop(f"id: only, {rule}").rules
    assert one.subjects == about


def test_without_a_catalogue_each_name_is_a_thing() -> None:
    bare = Vocabulary(frozenset({SLOT}), fragments={"hero": Parameters(open=True)})
    text = (
        f"rules: [{{id: a, slot: {SLOT}, show: hero, with: {{product: 17, tag: new}}}}]"
    )
    (one,) = read(text, bare).rules
    assert one.subjects == (("product", "17"), ("tag", "new"))


def said(wish: str, dimension: str = "category", key: str = "wood") -> Profile:
    looks = {"wood": counter((0, 3)), "screws": counter((0, 3))}
    answers = {dimension: {key: Answer(wish, NOW)}}
    return Profile(counts={"viewed category": looks}, answers=answers)


def decided(rules: RuleSet, profile: Profile) -> Decision:
    known = ask(rules, profile=profile)
    decision = decide(rules, known, SLOT)
    assert decision == one_by_one(rules, ask(rules, profile=profile), SLOT)
    assert {reason for _, reason in decision.skipped} <= RULE_REASONS.keys()
    return decision


FIRST = "id: first, priority: 2, when: [{viewed: {category: wood, at-least: 3}}], show: category-hero, with: {category: wood}"
NEXT = "id: next, priority: 1, when: [{viewed: {category: screws}}], show: plain"


def test_a_rule_about_what_is_never_wanted_leaves_its_place_to_the_next() -> None:
    rules = shop(FIRST, NEXT)
    for wish in ("more", "less", ""):
        assert decided(rules, said(wish)).rule == "first"
    for other in (("category", "screws"), ("tag", "wood"), ("product", "p1")):
        assert decided(rules, said("never", *other)).rule == "first"
    decision = decided(rules, said("never"))
    assert (decision.rule, decision.skipped) == ("next", (("first", "never"),))
    words = str(explain(rules, ask(rules, profile=said("never")), SLOT))
    assert "not first (rules/start.yaml:" in words
    assert "the visitor never wants to see category wood" in words


def test_where_no_other_rule_is_left_the_default_content_is_kept() -> None:
    decision = decided(shop(FIRST), said("never"))
    assert (decision.reason, decision.rule) == ("no-rule", None)
    assert decision.skipped == (("first", "never"),)


@pytest.mark.parametrize("pin", ["a", "b", "control"])
def test_an_experiment_loses_such_a_visitor_with_all_its_arms(pin: str) -> None:
    arms = "{name: a, weight: 1, show: plain}, {name: b, weight: 1, show: category-hero, with: {category: wood}}"
    rules = shop(
        f"id: first, priority: 2, split: {{experiment: e, control: 50%, variants: [{arms}]}}",
        NEXT,
    )
    for wish, skipped in (("more", ()), ("never", (("first", "never"),))):
        profile, pins = said(wish), {"e": pin}
        known = facts(rules, profile, context(), PERSONALIZATION, {}, pins=pins)
        assert decide(rules, known, SLOT).skipped == skipped

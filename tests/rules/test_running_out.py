"""``running-out``: what was bought and is needed again, as a condition and as the product it finds."""

from collections.abc import Collection, Mapping

import pytest
from msgspec.structs import replace

from shopwindow.rules.attributes import Facts, facts
from shopwindow.rules.contradictions import contradictory
from shopwindow.rules.decide import decide, one_by_one
from shopwindow.rules.explain import explain
from shopwindow.rules.facts import Answer, Counter, Profile
from shopwindow.rules.reading import read_rules
from shopwindow.rules.ruleset import RuleSet
from shopwindow.rules.running_out import RunsOut
from shopwindow.rules.shadows import shadowed
from shopwindow.rules.vocabulary import Parameters
from tests.rules.shop import (
    NOW,
    PERSONALIZATION,
    VOCABULARY,
    context,
    counter,
    errors,
    read,
    relatives,
    rule,
)


class Shelf:
    """What lasts how long: ``chances`` by product, for a week; ``asked`` counts the questions."""

    def __init__(self, **chances: float) -> None:
        self.chances = chances
        self.asked: list[float] = []

    def due(
        self, bought: Mapping[str, Counter], day: int, within: float
    ) -> Mapping[str, float]:
        self.asked.append(within)
        found = {product: self.chances.get(product) for product in bought}
        return {p: min(1.0, c * within / 7) for p, c in found.items() if c is not None}

    def belongs(self, product: str) -> Collection[tuple[str, str]]:
        return relatives("product", product)

    def title(self, product: str) -> str:
        return {"p1": "Kibble 15 kg", "p2": "Tea"}.get(product, product)


def buyer(*products: str, **more: object) -> Profile:
    bought = {product: counter((20, 1)) for product in products}
    return Profile(counts={"bought product": bought}, **more)  # type: ignore[arg-type]  # fields by name


def known(
    rules: RuleSet,
    profile: Profile | None,
    shelf: Shelf,
    consent: frozenset[str] = PERSONALIZATION,
) -> Facts:
    return facts(rules, profile, context(), consent, {}, supplies=shelf)


def shows(when: str, profile: Profile | None, shelf: Shelf, more: str = "") -> bool:
    rules = rule(when, more)
    found = decide(rules, known(rules, profile, shelf), "home.hero")
    alone = one_by_one(rules, known(rules, profile, shelf), "home.hero")
    assert found == alone
    return found.shown


# -- what holds ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("{category: Holzverbinder}", True),
        ("{category: wood, within: 7 days, at-least: 0.6}", True),
        ("{category: wood, at-least: 0.61}", False),
        ("{category: wood, at-least: 0.61, within: 2 weeks}", True),
        ("{category: wood, within: 3 days}", False),
        ("{category: screws}", False),
        ("{category: screws, at-least: 0.3}", True),
        ("{product: p1}", True),
        ("{product: p2}", False),
        ("{product: p3}", False),
        ("{brand: Spax}", True),
        ("{tag: sale}", True),
        ("{product: any}", True),
        ("{product: any, at-least: 0.7}", False),
    ],
)
def test_it_holds_for_the_likeliest_of_what_was_bought(
    condition: str, holds: bool
) -> None:
    shelf = Shelf(p1=0.6, p2=0.3)
    when = f"[running-out: {condition}]"
    assert shows(when, buyer("p1", "p2"), shelf) is holds
    assert (
        shows("[visits: 0]", buyer("p1", "p2"), shelf, f"    unless: {when}")
        is not holds
    )


def test_who_bought_nothing_has_nothing_that_runs_out() -> None:
    shelf = Shelf(p1=0.9)
    when, unless = "[running-out: {product: any}]", "[visits: 0]"
    for nobody in (None, Profile(), buyer()):
        assert not shows(when, nobody, shelf)
        assert shows(unless, nobody, shelf, f"    unless: {when}")
    assert shelf.asked == []  # not even asked


def test_a_rule_is_not_even_looked_at_for_who_bought_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def looked_at(condition: RunsOut, facts: Facts) -> None:
        raise AssertionError

    monkeypatch.setattr(RunsOut, "supply", looked_at)
    rules, shelf = rule("[running-out: {product: any}]"), Shelf()
    reasons = [
        decide(rules, known(rules, profile, shelf), "home.hero").reason
        for profile in (None, buyer(), buyer("p1"))
    ]
    assert reasons == ["no-rule", "no-rule", "error"]


def test_what_is_bought_for_good_does_not_run_out() -> None:
    assert not shows("[running-out: {product: any}]", buyer("p3"), Shelf(p1=0.9))


def test_what_the_shop_does_not_sell_does_not_run_out() -> None:
    assert not shows("[running-out: {product: any}]", buyer("gone"), Shelf(gone=0.9))


def test_what_the_visitor_never_wants_to_see_does_not_run_out() -> None:
    never = {"product": {"p1": Answer("never", NOW)}}
    profile = buyer("p1", answers=never)
    assert not shows("[running-out: {product: any}]", profile, Shelf(p1=0.9))
    both = buyer("p1", "p2", answers=never)
    assert shows("[running-out: {product: any}]", both, Shelf(p1=0.9, p2=0.8))


def test_it_needs_consent_to_personalisation() -> None:
    rules = rule("[running-out: {product: any}]")
    (one,) = rules.rules
    assert one.purposes == PERSONALIZATION
    shelf = Shelf(p1=0.9)
    found = decide(rules, known(rules, buyer("p1"), shelf, frozenset()), "home.hero")
    assert found.reason == "consent" and shelf.asked == []


def test_it_is_worked_out_once_for_all_rules_of_a_page() -> None:
    rules = read(
        "rules:\n"
        + "".join(
            f"  - {{id: {slot}-{n}, slot: {slot}, show: hero,"
            f" when: [running-out: {{category: {category}, at-least: 0.{n}}}]}}\n"
            for n in (6, 7, 8)
            for slot, category in (("home.hero", "wood"), ("home.prompt", "screws"))
        )
    )
    shelf = Shelf(p1=0.5, p2=0.5)
    asked = known(rules, buyer("p1", "p2"), shelf)
    for slot in ("home.hero", "home.prompt"):
        assert not decide(rules, asked, slot).shown
    assert shelf.asked == [7]


def test_cheaper_conditions_are_asked_first() -> None:
    shelf = Shelf(p1=0.9)
    when = "[running-out: {product: any}, country: DE]"
    assert not shows(when, buyer("p1"), shelf)
    assert shelf.asked == []


def test_it_may_stand_in_segments_and_groups() -> None:
    rules = read(
        "segments:\n  low: [running-out: {category: wood}]\n"
        "rules:\n  - id: a\n    slot: home.hero\n    show: hero\n"
        "    when: [any: [country: CH, segment: low]]\n"
    )
    for chance, shown in ((0.6, True), (0.4, False)):
        found = known(rules, buyer("p1"), Shelf(p1=chance))
        assert decide(rules, found, "home.hero").shown is shown


# -- the product ---------------------------------------------------------------------------

BOUND = """\
rules:
  - id: low
    slot: home.hero
    when: [running-out: {category: wood%s}%s]
    show: %s
    with: {%s}
"""


def bound(more: str, then: str, show: str, parameters: str) -> RuleSet:
    takes = Parameters(frozenset({"product"}), frozenset({"headline"}))
    fragments = {**VOCABULARY.fragments, "refill": takes}
    vocabulary = replace(VOCABULARY, fragments=fragments)
    return read(BOUND % (more, then, show, parameters), vocabulary)


def test_a_fragment_that_takes_a_product_gets_what_runs_out() -> None:
    rules = bound("", "", "refill", 'headline: "{product.title} runs out"')
    found = decide(
        rules, known(rules, buyer("p1", "p2"), Shelf(p1=0.6, p2=0.9)), "home.hero"
    )
    assert found.parameters == {
        "product": "p2",
        "headline": "{product.title} runs out",
    }
    assert found.bound == {"product": ("product", "p2")}


def test_as_gives_it_another_name() -> None:
    rules = bound(", as: bag", "", "refill", 'product: $bag, headline: "{bag.title}"')
    found = decide(rules, known(rules, buyer("p1"), Shelf(p1=0.6)), "home.hero")
    assert found.parameters["product"] == "p1"
    assert found.bound["bag"] == found.bound["product"] == ("product", "p1")


@pytest.mark.parametrize(("in_cart", "shown"), [((), True), (("p1",), False)])
def test_later_conditions_may_ask_about_it(
    in_cart: tuple[str, ...], shown: bool
) -> None:
    then = ", not-added-to-cart: {product: $product, within: 2 days}"
    rules = bound("", then, "hero", "p: $product")
    profile = Profile(
        counts={
            "bought product": {"p1": counter((20, 1))},
            "added-to-cart product": {product: counter((0, 1)) for product in in_cart},
        }
    )
    assert (
        decide(rules, known(rules, profile, Shelf(p1=0.6)), "home.hero").shown is shown
    )


def test_of_two_conditions_the_first_one_is_meant() -> None:
    rules = bound("", ", running-out: {brand: Spax, within: 14 days}", "refill", "")
    (one,) = rules.rules
    assert [binding.variable for binding in one.bindings] == ["product"]


# -- words ---------------------------------------------------------------------------------


def test_to_explain_names_the_product_and_how_likely_it_is() -> None:
    rules = bound("", "", "refill", "")
    told = explain(rules, known(rules, buyer("p1"), Shelf(p1=0.617)), "home.hero")
    assert told.because == (
        "Kibble 15 kg runs out within 7 days with 62%",
        "$product is Kibble 15 kg",
    )


@pytest.mark.parametrize(
    ("products", "has"),
    [
        (("p1",), "Kibble 15 kg with 31%"),
        (("p3",), "bought nothing that is used up"),
        ((), "bought nothing that is used up"),
    ],
)
def test_to_explain_says_what_is_lacking(products: tuple[str, ...], has: str) -> None:
    rules = rule("[running-out: {category: Holzverbinder, at-least: 0.5}]")
    told = explain(rules, known(rules, buyer(*products), Shelf(p1=0.31)), "home.hero")
    (miss,) = told.misses
    assert str(miss.why) == (
        "running-out (line 7): wanted Holzverbinder within 7 days with at least 50%, "
        f"visitor has {has}"
    )


def test_a_chance_is_in_no_decision() -> None:
    rules = bound("", "", "refill", "")
    found = decide(rules, known(rules, buyer("p1"), Shelf(p1=0.6173)), "home.hero")
    assert "0.6" not in repr(found)


# -- what is wrong -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "words", "hint"),
    [
        ("wood", "needs a map", "running-out: {category: ...}"),
        ("{within: 7 days}", "does not say what", "`product: any`"),
        ("{category: wod}", 'unknown category "wod"', "wood"),
        ("{category: Zwilling}", "2 categories are called", "write its id"),
        ("{category: any}", '"category: any" cannot be asked', "product: any"),
        ("{category: wood, product: p1}", "one thing only", "two conditions"),
        ("{article: a1}", 'unknown key "article"', ""),
        ("{category: wood, within: soon}", "not a duration", ""),
        ("{category: wood, within: 2 hours}", "nobody can tell", "in days"),
        ("{category: wood, within: 2 years}", "nobody can tell", "400 days"),
        ("{category: wood, at-least: 50%}", "needs a number", "0 to 1"),
        ("{category: wood, at-least: 0}", "is no chance", "0 to 1"),
        ("{category: wood, at-least: 1.5}", "is no chance", "0 to 1"),
        ("{category: wood, at-least: true}", "needs a number", "0 to 1"),
        ("{category: $cat}", "by its name", "`as:`"),
        ("{category: wood, as: a b}", "cannot be a name", ""),
        ("{category: wood, as: visitor}", "has its meaning already", ""),
        ("{category: wood, at-last: 1}", 'unknown key "at-last"', "at-least"),
    ],
)
def test_what_is_wrong_is_said(condition: str, words: str, hint: str) -> None:
    text = (
        "rules:\n  - id: a\n    slot: home.hero\n    show: plain\n"
        f"    when: [{{running-out: {condition}}}]\n"
    )
    rules, findings = read_rules({"r.yaml": text}, VOCABULARY)
    (found,) = errors(findings)
    assert words in found and hint in found and "r.yaml:5" in found
    assert not rules.rules


@pytest.mark.parametrize("condition", ["wood", "{category: wood, within: 7}"])
def test_one_mistake_is_said_once(condition: str) -> None:
    text = (
        "rules:\n  - id: a\n    slot: home.hero\n    show: plain\n"
        f"    when: [{{running-out: {condition}}}, not-bought: {{product: $product}}]\n"
    )
    _, findings = read_rules({"r.yaml": text}, VOCABULARY)
    assert len(errors(findings)) == 1


def test_a_name_can_only_be_given_where_it_holds() -> None:
    text = (
        "rules:\n  - id: a\n    slot: home.hero\n    show: plain\n"
        "    when: [any: [running-out: {product: any, as: p}]]\n"
    )
    _, findings = read_rules({"r.yaml": text}, VOCABULARY)
    (found,) = errors(findings)
    assert '"as" cannot stand here' in found


# -- rules beside each other ---------------------------------------------------------------


def pair(first: str, second: str) -> RuleSet:
    return read(
        "rules:\n"
        f"  - {{id: a, slot: home.hero, show: hero, priority: 2, when: [{first}]}}\n"
        f"  - {{id: b, slot: home.hero, show: hero, priority: 1, when: [{second}]}}\n"
    )


def test_who_asks_for_less_leaves_nothing_to_who_asks_for_more() -> None:
    low = "running-out: {category: wood}"
    less = "running-out: {category: wood, within: 1 week, at-least: 0.4}"
    assert len(shadowed(pair(low, f"{low}, country: DE"))) == 1
    assert len(shadowed(pair(less, low))) == 1
    assert shadowed(pair(low, less)) == []
    assert shadowed(pair(low, "running-out: {product: any}")) == []
    assert shadowed(pair(low, "running-out: {category: wood, within: 8 days}")) == []


def test_it_contradicts_itself_alone() -> None:
    low = "running-out: {category: wood}"
    assert len(contradictory(pair(low, f"{low}, none: [{low}]"))) == 1
    more = "running-out: {category: wood, at-least: 0.6}"
    assert contradictory(pair(low, f"{low}, none: [{more}]")) == []
    assert len(contradictory(pair(low, f"{more}, none: [{low}]"))) == 1
    other = "running-out: {category: screws}"
    assert contradictory(pair(low, f"{low}, none: [{other}]")) == []

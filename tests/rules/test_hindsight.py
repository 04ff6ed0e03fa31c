"""What nobody wrote down is not guessed: the truth is always among what hindsight allows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwindow.rules.decide import decide
from shopwindow.rules.explain import explain
from shopwindow.rules.hindsight import Hindsight, hindsight
from tests.rules.shop import BOTH, PERSONALIZATION, VOCABULARY, ask, event, lived, read

HIDDEN = frozenset({"country", "cart-value", "device", "logged-in", "hobbies"})
STATISTICS = frozenset({"statistics"})
BUYER = lived(
    [event("Order Completed", 3, order_id="1", products=[{"product_id": "p1"}])]
)


def looked_back(*rules: str, segments: str = "{none-yet: [{orders: 0}]}") -> Hindsight:
    """Rules for one slot, the first one first; each is what stands behind its ``id``."""
    lines = [
        f"  - {{id: r{number}, slot: home.hero, priority: {100 - number}, {rule}}}"
        for number, rule in enumerate(rules)
    ]
    text = "\n".join((f"segments: {segments}", "rules:", *lines))
    return hindsight(read(text), HIDDEN, STATISTICS)


def answer(found: Hindsight) -> tuple[str | None, list[str]]:
    said = found.decide(ask(found.rules, profile=BUYER), "home.hero")
    return said.decision.rule, list(said.others)


BOUGHT = "when: [{bought: {product: p1}}], show: plain"
GERMAN = "when: [{country: DE}], show: plain"


@pytest.mark.parametrize(
    ("rules", "winner", "others"),
    [
        ([BOUGHT], "r0", []),
        ([BOUGHT, GERMAN], "r0", []),  # it would come too late
        ([GERMAN, BOUGHT], "r1", ["r0"]),
        ([GERMAN, GERMAN], None, ["r0", "r1"]),
        (["when: [{country: DE}, {orders: 0}], show: plain", BOUGHT], "r1", []),
        (["when: [{any: [{country: DE}, {orders: 1}]}], show: plain"], "r0", []),
        (["unless: [{country: DE}], show: plain"], None, ["r0"]),
        # These make something of a missing value; here it is only unknown.
        (["when: [{country: {known: false}}], show: plain"], None, ["r0"]),
        (["when: [{hobbies: {has-none: [tea]}}], show: plain"], None, ["r0"]),
        (["when: [{logged-in: false}], show: plain"], None, ["r0"]),
        (["when: [{consent: statistics}, {orders: 1}], show: plain"], None, ["r0"]),
        (["when: [{survey: {known: false}}], show: plain"], None, ["r0"]),
        (["split: {experiment: e, variants: [{name: a, show: plain}]}", BOUGHT], "r1", ["r0"]),
        (["when: [{country: DE}], split: {experiment: e, variants: [{name: a, show: plain}]}", BOUGHT], "r1", ["r0"]),
    ],
)  # fmt: skip
def test_rules_that_nobody_can_ask_stand_beside_the_decision(
    rules: list[str], winner: str | None, others: list[str]
) -> None:
    assert answer(looked_back(*rules)) == (winner, others)


def test_segments_pass_on_what_cannot_be_known() -> None:
    segments = (
        "{german: [{country: DE}], inner: [{segment: german}], buyer: [{orders: 1}]}"
    )
    german = "when: [{segment: inner}], show: plain"
    buyer = "when: [{segment: buyer}], show: plain"
    assert answer(looked_back(german, buyer, segments=segments)) == ("r1", ["r0"])


def test_rules_of_which_all_is_known_stay_the_same_object() -> None:
    rules = read("rules: [{id: a, slot: home.hero, show: plain}]")
    assert hindsight(rules, HIDDEN).rules is rules


def test_an_explanation_says_that_nobody_wrote_it_down() -> None:
    found = looked_back(GERMAN)
    told = explain(found.rules, ask(found.rules), "home.hero")
    assert "visitor has something nobody wrote down" in str(told)


def test_essences_look_into_segments_below_groups() -> None:
    def essence(country: str) -> object:
        group = "when: [{any: [{segment: s}, {orders: 5}]}], show: plain"
        found = looked_back(group, segments=f"{{s: [{{country: {country}}}]}}")
        return found.essences["r0"]

    assert essence("DE") == essence("DE") != essence("AT")


def test_essences_know_no_lines_but_everything_that_decides() -> None:
    def essence(text: str) -> object:
        return hindsight(read(text), HIDDEN).essences["a"]

    rule = "  - {id: a, slot: home.hero, when: [{segment: s}], show: plain, cap: {times: %s}}"
    segments = "segments: {s: [{country: %s}]}\nrules:\n"
    one = essence(segments % "DE" + rule % 2)
    assert essence("\n\n" + segments % "DE" + "\n" + rule % 2) == one
    assert essence(segments % "AT" + rule % 2) != one
    assert essence(segments % "DE" + rule % 3) != one


CONDITIONS = (
    "{country: DE}",
    "{country: {is-not: DE}}",
    "{country: {known: false}}",
    "{cart-value: {at-least: 20}}",
    "{hobbies: {has-none: [tea]}}",
    "{device: mobile}",
    "{logged-in: true}",
    "{orders: {at-least: 1}}",
    "{bought: {product: p1}}",
    "{none: [{country: DE}, {orders: 0}]}",
    "{any: [{logged-in: true}, {not-bought: {product: p1}}]}",
    "{segment: mixed}",
    "{survey: {known: false}}",
)
SEGMENTS = "{mixed: [{any: [{device: mobile}, {orders: 0}]}]}"
conditions = st.lists(st.sampled_from(CONDITIONS), min_size=1, max_size=3, unique=True)


@given(
    st.lists(conditions, min_size=1, max_size=4),
    st.fixed_dictionaries(
        {},
        optional={
            "country": st.sampled_from(["DE", "AT"]),
            "cart-value": st.sampled_from([0, 30]),
            "hobbies": st.sampled_from([[], ["tea"]]),
        },
    ),
    st.sampled_from([None, "mobile", "desktop"]),
    st.booleans(),
    st.sampled_from([None, BUYER]),
    st.sampled_from([PERSONALIZATION, BOTH]),
)
def test_whatever_was_so_the_decision_is_among_those_allowed(
    written: list[list[str]],
    known: dict[str, object],
    device: str | None,
    logged_in: bool,
    profile: object,
    consent: frozenset[str],
) -> None:
    rules = [f"when: [{', '.join(each)}], show: plain" for each in written]
    lines = [
        f"  - {{id: r{number}, slot: home.hero, priority: {9 - number}, {rule}}}"
        for number, rule in enumerate(rules)
    ]
    real = read("\n".join((f"segments: {SEGMENTS}", "rules:", *lines)))
    whose = BUYER if profile else None
    truth = decide(
        real,
        ask(real, known, whose, consent, device=device, logged_in=logged_in),
        "home.hero",
    )
    found = looked_back(*rules, segments=SEGMENTS)
    said = found.decide(ask(found.rules, profile=whose), "home.hero")
    assert truth.rule in {said.decision.rule, *said.others}
    if not said.others:
        assert truth.rule == said.decision.rule


def test_the_shop_of_these_tests_declares_what_is_hidden_here() -> None:
    assert HIDDEN - {"device", "logged-in"} <= VOCABULARY.attributes.keys()

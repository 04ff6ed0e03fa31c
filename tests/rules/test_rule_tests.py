"""Rule tests as editors write them: what is read, and what is found wrong with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwindow.rules.expectations import Because, Expected
from shopwindow.rules.facts import DAY
from shopwindow.rules.rule_tests import RuleTest, read_tests
from tests.rules.shop import NOW, TODAY, VOCABULARY, errors, read, relatives

RULES = read("""\
rules:
  - id: wood
    slot: home.hero
    when: [{viewed: {category: wood, at-least: 3}}]
    show: category-hero
    with: {category: wood}
  - id: offer
    slot: home.prompt
    split: {experiment: advent, variants: [{name: cosy, show: hero}, {name: bright, show: plain}]}
  - {id: asleep, slot: home.prompt, show: hero, off: true}
""")
PERSONAS = """\
now: 2026-11-21 11:00
personas:
  carpenter:
    visits: 4
    country: DE
    path: /sale
    consent: [personalization]
    events:
      - {viewed: {category: wood}, at: 2 days ago, times: 3}
      - {bought: {product: p1, price: 10}, at: 40 days ago}
"""


def found(*texts: str, named: bool = True) -> tuple[list[RuleTest], list[str]]:
    """Tests and errors of files ``a.yaml``, ``b.yaml``, ..."""
    files = {f"{name}.yaml": text for name, text in zip("abc", texts, strict=False)}
    rules = RULES if named else None
    tests, findings = read_tests(files, VOCABULARY, relatives, rules, NOW)
    return tests, errors(findings)


def one(lines: str) -> RuleTest:
    """The one test of a file with these keys, written as flow YAML."""
    (test,), wrong = found(
        PERSONAS + f"tests:\n  - {{name: t, given: carpenter, {lines}}}"
    )
    assert wrong == []
    return test


SEEN = "expect: {home.hero: hero}"


def test_a_test_is_a_persona_a_page_and_what_must_be_on_it() -> None:
    test = one(
        "expect: {home.hero: [hero, default]}, expect-not: {home.prompt: plain}, because: wood"
    )
    assert (test.name, test.file, test.line, test.now) == ("t", "a.yaml", 12, NOW)
    assert (test.path, test.sequence, test.holdout) == ("/sale", False, False)
    (step,) = test.steps
    assert step.expected == (
        Expected("home.hero", ("hero", "default"), True, 12),
        Expected("home.prompt", ("plain",), False, 12),
        Because("wood", "home.hero", 12),
    )


def test_but_replaces_attributes_consent_and_events_and_keeps_the_rest() -> None:
    plain = one(SEEN).persona
    assert plain.profile.counts["viewed category"]["wood"].total == 3
    assert (plain.profile.visits, plain.profile.orders) == (4, 1)

    other = one(
        f"{SEEN}, but: {{country: AT, visits: 9, events: [{{viewed: {{category: screws}}}}]}}"
    ).persona
    assert other.given == {"country": "AT"} and other.profile.visits == 9
    assert other.consent == {"personalization"} and other.profile.orders == 0
    assert other.profile.counts["viewed category"]["screws"].total == 1
    assert one(f"{SEEN}, but: {{consent: []}}").persona.consent == frozenset()
    assert one(f"{SEEN}, but: {{events: []}}").persona.profile.counts == {}


def test_a_test_has_a_clock_of_its_own_and_ago_is_meant_from_there() -> None:
    test = one(f"{SEEN}, now: 2026-12-01 11:00")
    assert test.now == NOW + 10 * DAY
    viewed = test.persona.profile.counts["viewed category"]["wood"]
    assert viewed.days == (TODAY + 8, 3)


def test_a_test_names_its_page_its_variant_and_whether_it_is_held_out() -> None:
    test = one(f"{SEEN}, path: /sale?q=x, variant: {{advent: cosy}}, holdout: true")
    assert test.path == "/sale?q=x" and test.holdout
    assert test.persona.pins == {"advent": "cosy"}
    assert one(f"{SEEN}, variant: {{advent: control}}").persona.pins


def test_steps_wait_then_do_then_look() -> None:
    test = one(
        "sequence: [{expect: {home.hero: hero}},"
        " {after: 2 days, clicked: {fragment: hero}, because: offer}]"
    )
    first, second = test.steps
    assert test.sequence and (first.after, first.deeds) == (None, ())
    assert str(second.after) == "2 days"
    (deed,) = second.deeds
    assert (deed.name, deed.properties) == (
        "Promotion Clicked",
        {"promotion_id": "hero"},
    )


CASE = "tests: [{name: t, given: carpenter, expect: {home.hero: default}}]\n"


def test_the_personas_of_all_files_are_one_namespace() -> None:
    (test,), wrong = found(CASE, PERSONAS)
    assert wrong == [] and test.file == "a.yaml"
    assert (test.persona.name, test.persona.line) == ("carpenter", 3)
    assert test.now == NOW  # its own file says nothing; that of the persona does
    (test,), _ = found(f"now: 2026-11-22 11:00\n{CASE}", PERSONAS)
    assert test.now == NOW + DAY


def test_two_personas_of_one_name_are_told_apart_by_nobody() -> None:
    _, wrong = found(PERSONAS, "personas:\n  carpenter:\n")
    assert wrong == [
        'b.yaml:2:3: error: persona "carpenter" is already at a.yaml:3: give it another name'
    ]


def test_an_error_of_a_persona_is_told_once_however_many_tests_use_it() -> None:
    tests, wrong = found(PERSONAS.replace("visits", "visitts"), CASE, CASE)
    assert tests == [] and len(wrong) == 1
    assert wrong[0].startswith('a.yaml:4:5: error: unknown key "visitts"')


def test_an_error_of_a_persona_that_no_test_uses_is_told_too() -> None:
    more = "personas:\n  idle: {visitts: 1}\n  carpenter: {contry: DE}\n"
    _, wrong = found(PERSONAS, more)
    assert [text.partition(": ")[0] for text in wrong] == [
        *("b.yaml:2:10", "b.yaml:3:3", "b.yaml:3:15"),
    ]


def test_what_has_not_happened_yet_at_the_tests_own_moment_is_an_error() -> None:
    text = PERSONAS.replace("at: 2 days ago", "at: 2026-11-20 10:00")
    early = CASE.replace("expect", "now: 2026-11-19, expect")
    tests, wrong = found(text, early, early)
    assert tests == [] and len(wrong) == 1
    words = '"2026-11-20 10:00" is after now: now is 2026-11-19 00:00'
    assert wrong[0] == f"a.yaml:9:40: error: {words}"


WRONG = {
    "given: carpentr, " + SEEN: 'unknown persona "carpentr": did you mean "carpenter"?',
    "expects: {}": 'unknown key "expects" in test: did you mean "expect"?',
    "expect: {home.herro: hero}": 'unknown slot "home.herro": did you mean "home.hero"?',
    "expect: {home.hero: heroo}": 'unknown fragment "heroo": did you mean "hero"?',
    "expect: {home.hero: wood}": "it is a rule: write `because: wood`, and here what it shows",
    "expect: {home.hero: [hero, defalt]}": 'unknown fragment "defalt": did you mean "default"?',
    "expect: {home.hero: }": '"home.hero" needs a text',
    "expect: {}": '"expect" names no slot',
    "expect: hero": '"expect" must be `key: value` lines',
    "because: wod": 'unknown rule "wod": did you mean "wood"?',
    "because: asleep": 'rule "asleep" is switched off and decides nothing: see rules/start.yaml:10',
    "variant: {advnt: cosy}, " + SEEN: 'unknown experiment "advnt": did you mean "advent"?',
    "variant: {advent: cozy}, " + SEEN: 'experiment "advent" has no variant "cozy": did you mean "cosy"?',
    "but: {visitts: 3}, " + SEEN: 'unknown key "visitts" in "but": did you mean "visits"?',
    "but: {country: FR, visits: many}, " + SEEN: '"visits" is a number; "many" is not',
    "now: tomorrow, " + SEEN: '"tomorrow" is not a time: write 2026-11-21 10:00',
    "path: sale, " + SEEN: "a path starts with /",
    "holdout: perhaps, " + SEEN: '"holdout" is true or false, not "perhaps"',
    "path: /": "this test expects nothing",
    "sequence: []": '"sequence" must be a list of steps',
    "sequence: [{after: 1 day}]": "this test expects nothing",
    "sequence: [{after: a day, because: wood}]": '"a day" is not a duration',
    "sequence: [{aftr: 1 day, because: wood}]": 'unknown key "aftr" in step: did you mean "after"?',
    "sequence: [{because: wood}, {}]": "this step says nothing",
    "sequence: [{because: wood}, {after: 9999 years}]": "the calendar ends before this step",
    "sequence: [{clicked: {fragment: heroo}, because: wood}]": 'unknown fragment "heroo"',
    "sequence: [{because: wood}], " + SEEN: '"expect" stands beside "sequence": write it in one of its steps',
}  # fmt: skip


@pytest.mark.parametrize(("lines", "words"), WRONG.items())
def test_a_mistake_is_named_at_its_place(lines: str, words: str) -> None:
    given = "" if "given:" in lines else "given: carpenter, "
    tests, wrong = found(PERSONAS + f"tests:\n  - {{name: t, {given}{lines}}}")
    assert tests == [] and len(wrong) == 1 and words in wrong[0], wrong
    assert wrong[0].startswith("a.yaml:12:")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tests: {name: t}", '"tests" must be a list'),
        ("tests: [t]", "test must be `key: value` lines"),
        ("tests: [{name: t, because: wood}]", 'a test needs "given"'),
        ("personas: {a: }\ntests: [{given: a, because: wood}]", 'a test needs "name"'),
        ("personas: {a: }\ntests: [{name: , given: a, because: wood}]", '"name" needs a text'),
        ("personas: [a]", "personas must be `key: value` lines"),
        ("version: 2", 'version "2" is not known'),
        ("test: []", 'unknown key "test" in file: did you mean "tests"?'),
        ("tests: [", "not valid YAML"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_file_of_tests_is_named(text: str, words: str) -> None:
    tests, wrong = found(text)
    assert tests == [] and len(wrong) == 1 and words in wrong[0], wrong


def test_all_mistakes_are_told_at_once_and_the_sound_tests_are_kept() -> None:
    tests, wrong = found(
        PERSONAS
        + """\
tests:
  - {name: fine, given: carpenter, because: wood}
  - {name: not, given: carpentr, because: wod}
  - {name: neither, given: carpenter, expect: {home.hero: heroo, home.prmpt: plain}}
"""
    )
    assert [test.name for test in tests] == ["fine"]
    places = [text.partition(": ")[0] for text in wrong]
    assert places == ["a.yaml:13:24", "a.yaml:13:43", "a.yaml:14:59", "a.yaml:14:66"]


def test_where_rules_are_faulty_their_names_are_not_asked_for() -> None:
    text = PERSONAS + (
        "tests: [{name: t, given: carpenter, because: wod, variant: {advnt: x}}]"
    )
    assert found(text, named=False)[1] == []
    assert len(found(text)[1]) == 2


PIECES = st.sampled_from(
    [*PERSONAS.splitlines(), "tests:", *(f"  - {{name: t, {line}}}" for line in WRONG)]
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=12)), max_size=14))
def test_whatever_is_written_is_read_without_a_crash(lines: list[str]) -> None:
    tests, wrong = found("\n".join(lines))
    for test in tests:
        assert test.steps and test.persona.name
    assert len(wrong) == len(set(wrong))

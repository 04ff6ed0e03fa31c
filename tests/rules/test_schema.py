"""The schemas and the readers: two descriptions of one language, held against each other."""

import json
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from shopwindow.findings import Finding
from shopwindow.rules import drafts, reading
from shopwindow.rules.attributes import BUILT_IN
from shopwindow.rules.comparisons import OPERATORS
from shopwindow.rules.expectations import KEYS
from shopwindow.rules.facts import PURPOSES
from shopwindow.rules.happenings import DETAILS
from shopwindow.rules.personas import FILE_KEYS, read_personas
from shopwindow.rules.reading import Parameters, Vocabulary, read_rules
from shopwindow.rules.rule_tests import TEST_KEYS, read_tests
from shopwindow.rules.schema import schema_of_rules, schema_of_tests, words
from shopwindow.rules.schema.values import LISTED, one_of
from shopwindow.rules.sequences import STEP_KEYS
from shopwindow.rules.traits import DERIVED
from shopwindow.rules.vocabulary import DIMENSIONS, GROUPS, VERBS
from tests.rules.shop import NOW, VOCABULARY, read, relatives

SEGMENTS = ("dog-owner", "regular")
TITLES = {"slot": {"home.hero": "The large picture"}, "product": {"p1": "A long screw"}}
RULES = schema_of_rules(VOCABULARY, SEGMENTS, TITLES)
TESTS = schema_of_tests(VOCABULARY, ["a-rule"])
RULE_KEYS: dict[str, Any] = RULES["definitions"]["rule"]["properties"]
CONDITIONS: dict[str, Any] = RULES["definitions"]["condition"]["properties"]
PERSONA_KEYS: dict[str, Any] = TESTS["definitions"]["persona"]["properties"]

Json = dict[str, Any]


def mistakes(schema: Json, document: Any) -> list[str]:
    """Where a document is wrong, as paths."""
    return [error.json_path for error in Draft7Validator(schema).iter_errors(document)]


def rule(**more: Any) -> Json:
    """A file with one rule, which has what its other keys need."""
    if "cap-group" in more:
        more.setdefault("cap", {"times": 1})
    content = {} if "split" in more else {"show": "hero"}
    if used := re.search(r'"(\w+)": \[?"\$name"', json.dumps(more)):
        binds = {"viewed": {used[1]: "any", "as": "name"}}
        more["when"] = [binds, *more.get("when", [])]
    segments = {name: [{"visits": 1}] for name in SEGMENTS}
    one = {"id": "a", "slot": "home.hero", **content, **more}
    return {"segments": segments, "rules": [one]}


def persona(**about: Any) -> Json:
    return {"now": "2026-11-21 10:00", "personas": {"carpenter": about}}


def refused(document: Json) -> list[str]:
    """What the reader finds wrong with a rule file. JSON is YAML, too."""
    # In quotes it would be a category that is called so.
    text = json.dumps(document).replace(': "any"', ": any")
    return errors(read_rules({"f": text}, VOCABULARY)[1])


def persona_refused(document: Json) -> list[str]:
    text = json.dumps(document)
    return errors(read_personas("f", text, VOCABULARY, relatives, NOW)[1])


# What the language has, but this reader does not know yet.
LATER = re.compile(
    r'not available yet|unknown (product|brand|tag|article) "(any|\$name)"'
)


def errors(findings: Iterable[Finding]) -> list[str]:
    found = [str(finding) for finding in findings if finding.severity == "error"]
    return [text for text in found if not LATER.search(text)]


class Samples:
    """Values that a schema allows: each key and each form of a value, one at a time."""

    def __init__(self, schema: Json) -> None:
        self.definitions: Json = schema["definitions"]

    def of(self, schema: Json, depth: int = 0) -> Iterator[Any]:
        if "$ref" in schema:
            schema = self.definitions[schema["$ref"].rpartition("/")[2]]
        named = next((key for key in ("enum", "examples") if key in schema), None)
        if named:
            yield from schema[named]
        elif "anyOf" in schema and "properties" not in schema:
            for option in schema["anyOf"]:
                yield from self.of(option, depth)
            return
        elif schema.get("pattern", "").startswith(r"^\$"):
            yield "$name"
        types = schema.get("type", [])
        for type in [types] if isinstance(types, str) else types:
            match type:
                case "object" if depth < 3:
                    yield from self._maps(schema, depth + 1)
                case "array" if depth < 3:
                    for item in islice(self.of(schema["items"], depth + 1), 30):
                        yield [item]
                case "boolean" if not named:
                    yield True
                case "integer" | "number" if not named:
                    yield schema.get("minimum", 1)
                case "string" if not named:
                    if re.match(schema.get("pattern", ""), "name"):
                        yield "name"

    def _maps(self, schema: Json, depth: int) -> Iterator[Json]:
        properties = schema.get("properties", {})
        options = [option["required"] for option in schema.get("anyOf", [])] or [[]]
        if not properties:
            yield {}
        for name, inner in properties.items():
            option = [name] if [name] in options else options[0]
            needed = {*schema.get("required", []), *option}
            asked = schema.get("dependencies", {}).get(name, [])
            narrow = properties
            if isinstance(asked, dict):  # not keys, but what they must say
                narrow = {**properties, **asked["anyOf"][0]["properties"]}
                asked = asked["anyOf"][0]["required"]
            needed.update(asked)
            if len({name, *needed}) < schema.get("minProperties", 0):
                needed.add("at-least")
            others = {key: next(self.of(narrow[key], depth)) for key in needed - {name}}
            for value in self.of(inner, depth):
                yield {**others, name: value}


# -- what the schema allows, the reader takes ------------------------------------------------


def binds(value: Any) -> bool:
    """Whether a condition in it gives a name, as it may only directly under ``when``."""
    return '"as"' in json.dumps(value)


@pytest.mark.parametrize("name", CONDITIONS)
def test_the_reader_takes_every_condition_that_the_schema_allows(name: str) -> None:
    grouped = name in GROUPS
    documents = [
        rule(when=[{name: value}])
        for value in Samples(RULES).of(CONDITIONS[name], depth=grouped)
        if not (grouped and binds(value))
    ]
    assert documents
    for document in documents:
        assert (mistakes(RULES, document), refused(document)) == ([], []), document


@pytest.mark.parametrize("key", RULE_KEYS)
def test_the_reader_takes_every_key_of_a_rule_that_the_schema_allows(key: str) -> None:
    documents = [
        rule(**{key: value})
        for value in Samples(RULES).of(RULE_KEYS[key])
        if not (key == "unless" and binds(value))
    ]
    allowed = [document for document in documents if not mistakes(RULES, document)]
    # Some fragments need more than their name.
    assert allowed and (len(allowed) == len(documents) or key in ("show", "split"))
    for document in allowed:
        assert refused(document) == [], document


@pytest.mark.parametrize("key", PERSONA_KEYS)
def test_the_reader_takes_every_persona_that_the_schema_allows(key: str) -> None:
    documents = [
        persona(**{key: value}) for value in Samples(TESTS).of(PERSONA_KEYS[key])
    ]
    # What is a single line about when and how often is no event.
    documents = [
        each for each in documents if not _is_idle(each["personas"]["carpenter"])
    ]
    assert documents
    for document in documents:
        assert (mistakes(TESTS, document), persona_refused(document)) == ([], []), (
            document
        )


def _is_idle(about: Json) -> bool:
    return any(not event.keys() & VERBS.keys() for event in about.get("events", []))


# -- and what one does not know, the other does not either -----------------------------------


def test_the_schema_has_the_words_that_the_reader_has() -> None:
    assert set(CONDITIONS) == VOCABULARY.condition_names
    assert set(RULE_KEYS) >= set(drafts.RULE_KEYS)
    assert set(RULES["properties"]) == set(reading.FILE_KEYS)
    assert set(TESTS["properties"]) == set(FILE_KEYS)
    assert set(CASE_KEYS) == set(TEST_KEYS)
    assert set(STEP) == set(STEP_KEYS)
    known = {"consent", "events", *BUILT_IN, *VOCABULARY.attributes}
    assert set(PERSONA_KEYS) == known - DERIVED.keys()
    for name, attribute in {**BUILT_IN, **VOCABULARY.attributes}.items():
        operators = {*OPERATORS[attribute.type], "known"}
        assert set(CONDITIONS[name]["properties"]) == operators
    for verb, dimensions in VERBS.items():
        about = TESTS["definitions"]["event"]["properties"][verb]["properties"]
        assert set(about) == {*dimensions, *DETAILS}


def test_every_word_says_what_it_means() -> None:
    assert set(words.VERBS) == set(VERBS)
    assert set(words.DIMENSIONS) == set(DIMENSIONS)
    assert set(words.GROUPS) == set(GROUPS)
    assert set(words.PURPOSES) == set(PURPOSES)
    assert set(words.OPERATORS) >= {
        name for names in OPERATORS.values() for name in names
    }
    for name, schema in {**RULE_KEYS, **CONDITIONS, **PERSONA_KEYS}.items():
        assert schema["description"], name


UNKNOWN = {
    "a key of the file": {"rulez": []},
    "a key of a rule": rule(priorty=5),
    "a condition": rule(when=[{"contry": "DE"}]),
    "an operator": rule(when=[{"country": {"is-nott": "DE"}}]),
    "an operator of another type": rule(when=[{"visits": {"starts-with": 1}}]),
    "a key of an event": rule(when=[{"viewed": {"category": "wood", "at-leest": 3}}]),
    "a dimension of another event": rule(when=[{"searched": {"category": "wood"}}]),
    "a key of a cap": rule(cap={"time": 3}),
    "a key of a shelf": rule(recommend={"strategy": "similar", "limits": 3}),
    "a parameter": rule(show="category-hero", **{"with": {"category": "wood", "x": 1}}),
    "a parameter of a fragment that takes none": rule(
        show="plain", **{"with": {"x": 1}}
    ),
}
WRONG = {
    "a slot": rule(slot="home.herro"),
    "a fragment": rule(show="heroo"),
    "a value": rule(when=[{"country": "DEU"}]),
    "a value in a list": rule(when=[{"country": ["DE", "DEU"]}]),
    "a value behind an operator": rule(when=[{"country": {"is": "DEU"}}]),
    "no number": rule(when=[{"visits": {"at-least": "many"}}]),
    "no yes or no": rule(when=[{"has-account": "perhaps"}]),
    "a date without an operator": rule(when=[{"pet-born": "2026-01-01"}]),
    "hours for a date": rule(when=[{"pet-born": {"older-than": "2 hours"}}]),
    "a category": rule(when=[{"viewed": {"category": "Holz"}}]),
    "a title that two categories have": rule(
        when=[{"viewed": {"category": "Zwilling"}}]
    ),
    "an event about nothing": rule(when=[{"viewed": {"at-least": 3}}]),
    "no times": rule(when=[{"viewed": {"category": "wood", "at-least": 0}}]),
    "a bound on what never was": rule(
        when=[{"not-viewed": {"category": "wood", "at-most": 2}}]
    ),
    "no duration": rule(when=[{"viewed": {"category": "wood", "within": "30 tage"}}]),
    "an affinity to nothing": rule(when=[{"affinity": {"at-least": 0.5}}]),
    "an affinity without a bound": rule(when=[{"affinity": {"category": "wood"}}]),
    "too much affinity": rule(when=[{"affinity": {"category": "wood", "at-least": 2}}]),
    "a purpose": rule(when=[{"consent": "marketing"}]),
    "two conditions in one": rule(when=[{"visits": 1, "orders": 1}]),
    "no condition": rule(when=[{}]),
    "an empty group": rule(when=[{"any": []}]),
    "a typo in a group": rule(unless=[{"none": [{"all": [{"contry": "DE"}]}]}]),
    "a cap without times": rule(cap={"per": "7 days"}),
    "a priority": rule(priority="high"),
    "a strategy": rule(recommend={"strategy": "magic"}),
    "no strategy": rule(recommend={"limit": 3}),
    "too many": rule(recommend={"strategy": "similar", "limit": 101}),
    "a missing parameter": rule(show="category-hero", **{"with": {"headline": "x"}}),
    "no parameters at all": rule(show="category-hero"),
    "no items": rule(show="shelf", **{"with": {"headline": "x"}}),
    "a switch": rule(off="maybe"),
    "no id": {"rules": [{"slot": "home.hero", "show": "hero"}]},
    "no slot": {"rules": [{"id": "a", "show": "hero"}]},
    "nothing to show": {"rules": [{"id": "a", "slot": "home.hero"}]},
    "a version": {"version": 2},
}


@pytest.mark.parametrize(
    "document", [*UNKNOWN.values(), *WRONG.values()], ids=[*UNKNOWN, *WRONG]
)
def test_both_refuse(document: Json) -> None:
    assert mistakes(RULES, document) and refused(document)


PERSONAS_WRONG = {
    "a key": persona(visitts=3),
    "what follows from the rest": persona(stage="new"),
    "a value": persona(country="FR", visits="many"),
    "a purpose": persona(consent=["marketing"]),
    "a verb": persona(events=[{"viewd": {"category": "wood"}}]),
    "a thing": persona(events=[{"viewed": {"category": "Holz"}}]),
    "a time": persona(events=[{"viewed": {"category": "wood"}, "at": "yesterday"}]),
    "too often": persona(events=[{"viewed": {"category": "wood"}, "times": 1001}]),
}


@pytest.mark.parametrize("document", PERSONAS_WRONG.values(), ids=PERSONAS_WRONG)
def test_both_refuse_of_a_persona(document: Json) -> None:
    assert mistakes(TESTS, document) and persona_refused(document)


# -- the parts whose reader comes with them --------------------------------------------------

SPLIT: Json = {"experiment": "e", "variants": [{"name": "a", "show": "hero"}]}
SHELVES: Json = {"experiment": "e", "variants": [{"name": "a", "show": "shelf"}]}


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ({"schedule": {"from": "2026-11-20"}}, {"schedule": {"from": "20.11.2026"}}),
        ({"schedule": {"hours": "22:00-06:00"}}, {"schedule": {"hours": "22-6"}}),
        ({"schedule": {"days": ["mon"]}}, {"schedule": {"days": ["monday"]}}),
        ({"schedule": {"until": "2026-12-25 08:30"}}, {"schedule": {"timezone": "UTC"}}),
        (
            {"split": SHELVES, "recommend": {"strategy": "similar"}},
            {"split": SHELVES},
        ),
        ({"cap": {"cooldown": "1 day"}}, {"cap": {"cooldown": "a day"}}),
        ({"cap": {"until": "clicked"}}, {"cap": {"until": "seen"}}),
        ({"cap": [{"adaptive": True}, {"times": 1}]}, {"cap": []}),
        ({"cap-group": "offers"}, {"cap-group": "offers", "cap": {}}),
        ({"explore": "10%"}, {"explore": 10}),
        ({"split": SPLIT}, {"split": SPLIT, "show": "hero"}),
        ({"split": SPLIT}, {"split": SPLIT, "with": {}}),
        ({"explore": "2.5%"}, {"explore": "101%"}),
        ({"split": SPLIT}, {"split": {**SPLIT, "variants": []}}),
        ({"split": {**SPLIT, "unit": "account"}}, {"split": {**SPLIT, "unit": "x"}}),
        (
            {"split": {**SPLIT, "layer": "l", "slice": "0-50%"}},
            {"split": {**SPLIT, "layer": "l"}},
        ),
        (
            {"recommend": {"strategy": "similar", "only": {"category": ["wood"]}}},
            {"recommend": {"strategy": "similar", "only": {"category": ["Holz"]}}},
        ),
        (
            {"when": [{"running-out": {"category": "wood", "within": "7 days"}}]},
            {"when": [{"running-out": {"within": "7 days"}}]},
        ),
        (
            {"when": [{"viewed": {"category": "any", "as": "cat"}}]},
            {"when": [{"viewed": {"category": "wood", "as": "cat"}}]},
        ),
    ],
)  # fmt: skip
def test_the_schema_knows_all_of_the_language(good: Json, bad: Json) -> None:
    assert mistakes(RULES, rule(**good)) == []
    assert mistakes(RULES, rule(**bad))


CASE: Json = {"name": "n", "given": "carpenter", "path": "/"}
SEEN: Json = {"expect": {"home.hero": "hero"}}


def case(**more: Any) -> Json:
    """A file with one test, which has what its other keys need."""
    expects = more.keys() & {"expect", "expect-not", "because", "sequence"}
    one = {**CASE, **({} if expects else SEEN), **more}
    personas = {"carpenter": {"consent": ["personalization"]}}
    return {"now": "2026-11-21 10:00", "personas": personas, "tests": [one]}


def case_refused(document: Json) -> list[str]:
    text = json.dumps(document)
    tests, findings = read_tests({"f": text}, VOCABULARY, relatives, PLAYED, NOW)
    assert tests or errors(findings)
    return errors(findings)


PLAYED = read("""\
rules:
  - {id: a-rule, slot: home.hero, show: hero}
  - id: tried
    slot: home.prompt
    split: {experiment: e, variants: [{name: cosy, show: hero}]}
""")
CASE_KEYS: Json = TESTS["definitions"]["test"]["properties"]
STEP: Json = TESTS["definitions"]["step"]["properties"]


@pytest.mark.parametrize("key", sorted(CASE_KEYS.keys() - {"variant", "sequence"}))
def test_the_reader_takes_every_key_of_a_test_that_the_schema_allows(key: str) -> None:
    documents = [case(**{key: value}) for value in Samples(TESTS).of(CASE_KEYS[key])]
    if key == "given":
        documents = [case()]
    if key == "but":
        documents = [each for each in documents if not _is_idle(each["tests"][0][key])]
    assert documents
    for document in documents:
        found = mistakes(TESTS, document), case_refused(document)
        assert found == ([], []), document


@pytest.mark.parametrize("key", STEP)
def test_the_reader_takes_every_step_that_the_schema_allows(key: str) -> None:
    values = [*Samples(TESTS).of(STEP[key])]
    assert values
    for value in values:
        more = {} if key in KEYS else SEEN
        document = case(sequence=[{**more, key: value}])
        found = mistakes(TESTS, document), case_refused(document)
        assert found == ([], []), document


CASES_WRONG = {
    "a key": case(gives="carpenter"),
    "a key of a step": case(sequence=[{**SEEN, "aftr": "1 day"}]),
    "a slot": case(expect={"home.herro": "hero"}),
    "a fragment": case(expect={"home.hero": "heroo"}),
    "a fragment in a list": case(expect={"home.hero": ["hero", "heroo"]}),
    "no slot": case(expect={}),
    "no fragment": case(expect={"home.hero": []}),
    "what must not be there": case(**{"expect-not": {"home.hero": "heroo"}}),
    "what is different": case(but={"visitts": 2}),
    "a moment": case(now="tomorrow"),
    "a path": case(path="sale"),
    "who is held out": case(holdout="perhaps"),
    "a variant": case(variant="cosy"),
    "more than one rule": case(because=["a-rule"]),
    "a pause": case(sequence=[{**SEEN, "after": "a day"}]),
    "a click on what is not there": case(
        sequence=[{**SEEN, "clicked": {"fragment": "heroo"}}]
    ),
    "a click on nothing": case(sequence=[{**SEEN, "clicked": {}}]),
    "a step that says nothing": case(sequence=[SEEN, {}]),
    "no steps": case(sequence=[]),
    "one step without a list": case(sequence=SEEN),
    "steps that expect nothing": case(sequence=[{"after": "1 day"}]),
    "an expectation beside a sequence": case(sequence=[SEEN], **SEEN),
    "a rule beside a sequence": case(sequence=[SEEN], because="a-rule"),
    "no expectation": {"personas": {"carpenter": {}}, "tests": [CASE]},
    "no persona": {"tests": [{"name": "n", **SEEN}]},
    "no name": {"personas": {"c": {}}, "tests": [{"given": "c", **SEEN}]},
    "tests without a list": {"personas": {"carpenter": {}}, "tests": {**CASE, **SEEN}},
    "a test that is a text": {"tests": ["n"]},
    "a version": {"version": 2},
}


@pytest.mark.parametrize("document", CASES_WRONG.values(), ids=CASES_WRONG)
def test_both_refuse_of_a_test(document: Json) -> None:
    assert mistakes(TESTS, document) and case_refused(document)


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ({"expect": {"home.hero": "hero"}}, {"expect": {"home.herro": "hero"}}),
        ({"expect": {"home.hero": "default"}}, {"expect": {"home.hero": "heroo"}}),
        ({"expect": {"home.hero": ["hero", "default"]}}, {"expects": {}}),
        ({"but": {"events": []}, "now": "2026-11-22"}, {"but": {"visitts": 2}}),
        ({"because": "made-just-now"}, {"because": ["a"]}),
        ({"holdout": True}, {"holdout": "yes"}),
        ({"variant": {"e": "cosy"}}, {"variant": "cosy"}),
        (
            {"sequence": [{"after": "1 day", **SEEN}]},
            {"sequence": [{"aftr": 1, **SEEN}]},
        ),
    ],
)
def test_rule_tests_have_a_schema(good: Json, bad: Json) -> None:
    assert mistakes(TESTS, case(**good)) == []
    assert mistakes(TESTS, case(**bad))


# -- names -----------------------------------------------------------------------------------


def helped(definition: str) -> dict[str, str]:
    schema = RULES["definitions"][definition]
    return dict(zip(schema["enum"], schema["enumDescriptions"], strict=True))


def only_optional() -> str:
    fragments = {"teaser": Parameters(optional=frozenset({"text", "subLine"}))}
    schema = schema_of_rules(Vocabulary(frozenset(), fragments=fragments))
    (says,) = schema["definitions"]["fragment"]["enumDescriptions"]
    return str(says)


def test_names_come_with_what_they_mean() -> None:
    assert helped("slot") == {"home.hero": "The large picture", "home.prompt": ""}
    assert helped("product")["p1"] == "A long screw"
    assert helped("category")["wood"] == "Holzverbinder"
    assert helped("category")["Holzverbinder"] == "id: wood"
    wants = helped("fragment")
    assert wants["category-hero"] == "Needs `category`; may have `headline`, `items`."
    assert wants["hero"] == "Declares no parameters: takes any."
    assert wants["plain"] == "Takes no parameters."
    assert wants["far"] == "From another server. Needs `category`; may have `size`."
    assert wants["shelf"] == "Needs `items`; may have `headline`."
    assert only_optional() == "May have `subLine`, `text`."
    assert "header of the request: CF-IPCountry" in CONDITIONS["country"]["description"]
    assert "Needs consent: personalization" in CONDITIONS["visits"]["description"]


def test_a_new_segment_is_no_mistake_but_the_known_ones_are_offered() -> None:
    assert mistakes(RULES, rule(when=[{"segment": "made-just-now"}])) == []
    assert CONDITIONS["segment"]["anyOf"][0]["examples"] == list(SEGMENTS)


@pytest.mark.parametrize("number", [4711, "4711", 1.5, "1.5", True, "12"])
def test_a_name_may_look_like_a_number(number: object) -> None:
    """Without quotes YAML reads an article's number as one."""
    schema = one_of(["4711", "1.5", "true", "12"])
    assert mistakes(schema, number) == []
    assert mistakes(schema, 4712) and mistakes(schema, "1.50")


@given(st.lists(st.text("0123456789.eE+-tru", max_size=24)))
@example(["7", "07", "7.0", "1", "true", "12e4567", "9" * 400])
def test_whatever_names_look_like_the_schema_is_one(ids: list[str]) -> None:
    schema = one_of(ids, dict.fromkeys(ids, "help"))
    Draft7Validator.check_schema(schema)
    assert msgspec.json.decode(msgspec.json.encode(schema)) == schema
    assert len(schema.get("enum", [])) == len(schema.get("enumDescriptions", []))
    for id in ids:
        assert mistakes(schema, id) == []


def test_nothing_is_asked_of_names_that_are_not_known_or_too_many() -> None:
    bare = schema_of_rules(Vocabulary(frozenset(), fragments={"hero": Parameters()}))
    assert mistakes(bare, rule(when=[{"viewed": {"product": "whatever"}}])) == []
    assert "enum" in one_of(map(str, range(LISTED)))
    assert "enum" not in one_of(map(str, range(LISTED + 1)))

"""Personas and rule tests as a schema: what one site's editors may write in ``rules/tests``."""

from collections.abc import Iterable
from typing import Any

from ..attributes import BUILT_IN, Attribute
from ..expectations import DEFAULT, KEYS
from ..facts import PURPOSES
from ..happenings import DETAILS, TIMES_LIMIT
from ..moments import DURATION_PATTERN
from ..traits import DERIVED
from ..vocabulary import VERBS, Vocabulary
from . import words
from .conditions import meaning, value
from .file import DRAFT
from .names import Titles, names
from .trials import NAME
from .values import (
    DURATION,
    MOMENT,
    NUMBER,
    TEXT,
    YES_NO,
    Schema,
    about,
    choice,
    closed,
    hinted,
    one_or_more,
    ref,
    whole,
)

_AGO: Schema = {
    "type": "string",
    "pattern": f"^({DURATION_PATTERN} ago|now|{MOMENT['pattern'].strip('^$')})$",
    "patternErrorMessage": "write for example `2 days ago` or 2026-11-19 10:00",
    "examples": ["2 days ago", "3 hours ago", "now"],
}

_PATH: Schema = {
    "type": "string",
    "pattern": "^/",
    "patternErrorMessage": "a path starts with /",
    "examples": ["/"],
}


def schema_of_tests(
    vocabulary: Vocabulary, rules: Iterable[str] = (), titles: Titles | None = None
) -> dict[str, Any]:
    """The JSON Schema (draft 7) of the files of personas and rule tests of one site.

    ``rules`` are the ids of its rules, which are completed, but not checked; ``titles`` as in
    :func:`~shopwindow.rules.schema.schema_of_rules`.
    """
    personas = {"type": "object", "additionalProperties": ref("persona")}
    tests = {"type": "array", "items": ref("test")}
    properties = {
        "version": about("The version of the rule language.", {"enum": [1]}),
        "now": about("The moment at which all of this happens.", MOMENT),
        "personas": about("Made-up visitors, each under a name.", personas),
        "tests": about("What they must be shown.", tests),
    }
    return {
        "$schema": DRAFT,
        **closed(properties),
        "definitions": {
            **names(vocabulary, titles or {}),
            "persona": _persona(vocabulary),
            "event": _event(),
            "expected": _expected(vocabulary),
            "test": _test(sorted(rules)),
            "step": _step(sorted(rules)),
        },
    }


# -- personas --------------------------------------------------------------------------------


def _persona(vocabulary: Vocabulary) -> Schema:
    properties = {
        attribute.name: about(meaning(attribute), _known(attribute))
        for attribute in (*BUILT_IN.values(), *vocabulary.attributes.values())
        if attribute.name not in DERIVED
    }
    purposes = choice({name: words.PURPOSES[name] for name in PURPOSES})
    events = {"type": "array", "items": ref("event")}
    properties |= {
        "consent": about(
            "What the visitor has agreed to.", {"type": "array", "items": purposes}
        ),
        "events": about("What the visitor did, in the words of conditions.", events),
    }
    # A persona about whom nothing is known may be an empty line.
    return {**closed(properties), "type": ["object", "null"]}


def _known(attribute: Attribute) -> Schema:
    one = value(attribute)
    return one_or_more(one) if attribute.type == "list" else one


def _event() -> Schema:
    properties = {
        **_deeds(),
        "at": about("When it happened; without it, now.", _AGO),
        "times": about("How often at that moment.", whole(1, TIMES_LIMIT)),
    }
    return {
        **closed(properties),
        "minProperties": 1,
        "defaultSnippets": [
            {
                "label": "viewed a category",
                "body": {"viewed": {"category": "$1"}, "at": "2 days ago", "times": 2},
            },
            {
                "label": "bought a product",
                "body": {"bought": {"product": "$1", "price": 10}, "at": "40 days ago"},
            },
        ],
    }


def _deeds() -> dict[str, Schema]:
    """Each verb with what it may be about."""
    details = {"price": NUMBER, "quantity": whole(1), "rule": TEXT}
    verbs = {}
    for verb, dimensions in VERBS.items():
        of = {name: about(words.DIMENSIONS[name], ref(name)) for name in dimensions}
        of |= {name: details[name] for name in DETAILS}
        needed = [{"required": [name]} for name in dimensions]
        verbs[verb] = about(words.VERBS[verb], {**closed(of), "anyOf": needed})
    return verbs


# -- tests -----------------------------------------------------------------------------------


def _expected(vocabulary: Vocabulary) -> Schema:
    default = choice({DEFAULT: "The page's own content."})
    outcome = one_or_more({"anyOf": [ref("fragment"), default]})
    if not vocabulary.slots:
        return {"type": "object", "additionalProperties": outcome}
    slots = closed(dict.fromkeys(sorted(vocabulary.slots), outcome))
    return {**slots, "minProperties": 1}


def _test(rules: list[str]) -> Schema:
    variants = {"type": "object", "additionalProperties": NAME}
    steps = {"type": "array", "items": ref("step"), "minItems": 1}
    properties = {
        "name": about("What must be so, as a sentence.", TEXT),
        "given": about("The persona who looks at the page.", TEXT),
        "but": about("What is different about the persona here.", ref("persona")),
        "now": about("This test's own moment.", MOMENT),
        "path": about("The page that is looked at; without it, `/`.", _PATH),
        "variant": about("Experiment: the variant that is dealt out.", variants),
        "holdout": about(
            "true: the visitor is one of those who never see anything personalised.",
            YES_NO,
        ),
        **_outcome(rules),
        "sequence": about(
            "The page again and again; each showing counts for the next.",
            {**steps, "contains": {"anyOf": _EXPECTS}},
        ),
    }
    return {
        **closed(properties, "name", "given"),
        # What is expected stands in the test or in the steps of its sequence.
        "anyOf": [*_EXPECTS, {"required": ["sequence"]}],
        "dependencies": dict.fromkeys(KEYS, {"not": {"required": ["sequence"]}}),
        "defaultSnippets": _SNIPPETS,
    }


_EXPECTS = [{"required": [key]} for key in KEYS]


def _step(rules: list[str]) -> Schema:
    properties = {
        "after": about("So long after the step before; days by the clock.", DURATION),
        **_deeds(),
        **_outcome(rules),
    }
    return {**closed(properties), "minProperties": 1}


def _outcome(rules: list[str]) -> dict[str, Schema]:
    return {
        "expect": about(
            "Slot: the fragment, `default`, or a list of what may be.", ref("expected")
        ),
        "expect-not": about("Slot: what must not be there.", ref("expected")),
        "because": about("The rule that decides it.", hinted(rules)),
    }


_SNIPPETS = [
    {
        "label": "a new test",
        "description": "One persona, one page, one expectation.",
        "body": {"name": "$1", "given": "$2", "expect": {"$3": "$4"}},
    },
    {
        "label": "a new test of a cap",
        "description": "One persona who comes back to the page.",
        "body": {
            "name": "$1",
            "given": "$2",
            "sequence": [
                {"expect": {"$3": "$4"}},
                {"after": "1 day", "expect": {"$3": "default"}},
            ],
        },
    },
]

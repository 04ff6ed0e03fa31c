"""Conditions as one object with every name of the site, of which a condition has one.

A choice of objects with one key each would say the same, but completion then offers whole
objects, and one typo is reported as several errors, the first of them misleading.
"""

from collections.abc import Iterable

from ..attributes import BUILT_IN, Attribute
from ..comparisons import OPERATORS
from ..counting import AFFINITY_BOUNDS
from ..deeds import COUNT_KEYS
from ..facts import PURPOSES
from ..interests import INTEREST_DIMENSIONS
from ..running_out import AT_LEAST, NAME, RUNNING_OUT, WITHIN
from ..vocabulary import GROUPS, VERBS, Vocabulary
from . import words
from .names import CATALOGUE, key
from .values import (
    DAY,
    DAYS,
    DURATION,
    MOMENT,
    NAME_OF_BINDING,
    NUMBER,
    TEXT,
    VERSION,
    YES_NO,
    Schema,
    about,
    choice,
    closed,
    hinted,
    one_of,
    one_or_more,
    ref,
    whole,
)

_LISTS = frozenset({"is-one-of", "is-none-of", "has", "has-any", "has-all", "has-none"})
_AGES = frozenset({"within-last", "within-next", "older-than"})
_PARTS = frozenset({"starts-with", "contains"})
_MOST = choice({"any": "Whichever the visitor does this with most."})
_SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_CHANCE: Schema = {"type": "number", "exclusiveMinimum": 0, "maximum": 1}


def conditions(vocabulary: Vocabulary, segments: Iterable[str]) -> dict[str, Schema]:
    """The definitions ``condition`` and ``conditions``."""
    properties: dict[str, Schema] = {}
    for attribute in (*BUILT_IN.values(), *vocabulary.attributes.values()):
        properties[attribute.name] = about(meaning(attribute), _attribute(attribute))
    for verb, dimensions in VERBS.items():
        help = words.VERBS[verb]
        properties[verb] = about(help, _event(dimensions))
        properties[f"not-{verb}"] = about(f"Not: {help}", _event(dimensions, False))
    named = one_or_more(hinted(segments))
    purposes = one_or_more(choice({name: words.PURPOSES[name] for name in PURPOSES}))
    properties |= {
        "affinity": about("What the visitor leans towards, 0 to 1.", _affinity()),
        "running-out": about(
            "Something that was bought is probably used up soon.", _running_out()
        ),
        "segment": about("The visitor is in this segment, or in one of these.", named),
        "consent": about("The visitor has agreed to this.", purposes),
        **{name: about(words.GROUPS[name], ref("conditions")) for name in GROUPS},
    }
    return {
        "condition": {
            **closed(dict(sorted(properties.items()))),
            "minProperties": 1,
            "maxProperties": 1,
            "defaultSnippets": _SNIPPETS,
        },
        "conditions": {"type": "array", "items": ref("condition"), "minItems": 1},
    }


def meaning(attribute: Attribute) -> str:
    """What an attribute is, in words: for hovering."""
    says = attribute.meaning
    if not says:
        kind, _, name = attribute.origin.partition(":")
        where = words.ORIGINS[kind] + (f": {name}" if name else "")
        says = f"A {attribute.type}, {where}."
    if attribute.purposes:
        says += f" Needs consent: {', '.join(sorted(attribute.purposes))}."
    return says


def _attribute(attribute: Attribute) -> Schema:
    """A value, or a map of operators.

    One schema, not a choice: a typo in an operator is then reported as what it is.
    """
    properties = {
        name: about(words.OPERATORS[name], _operand(attribute, name))
        for name in (*OPERATORS[attribute.type], "known")
    }
    operators = {
        "properties": properties,
        "additionalProperties": False,
        "minProperties": 1,
    }
    match attribute.type:
        case "text" | "list":
            one = one_of(attribute.one_of)
            schema: Schema = {"type": [*TEXT["type"], "array", "object"], "items": one}
            if "enum" in one:
                # Not an `enum` of its own, which would be asked of lists and maps, too.
                plain = {"not": {"type": ["array", "object"]}}
                schema |= {"examples": one["enum"], "if": plain, "then": one}
                schema["type"] = ["string", "array", "object"]
                if any(type(spelled) is not str for spelled in one["enum"]):
                    schema["type"] += ["number", "boolean"]
            return {**schema, "minItems": 1, **operators}
        case "number":
            return {"type": ["number", "object"], **operators}
        case "yes-no":
            return {"type": ["boolean", "object"], **operators}
        case "version":
            return {**VERSION, "type": [*VERSION["type"], "object"], **operators}
        case _:
            return {"type": "object", **operators}


def _operand(attribute: Attribute, operator: str) -> Schema:
    if operator == "known":
        return YES_NO
    if operator in _AGES:
        return DAYS if attribute.type == "date" else DURATION
    if operator in _PARTS:
        return TEXT
    one = value(attribute)
    return one_or_more(one) if operator in _LISTS else one


def value(attribute: Attribute) -> Schema:
    """One value of the attribute's type."""
    match attribute.type:
        case "number":
            return NUMBER
        case "yes-no":
            return YES_NO
        case "date":
            return DAY
        case "time":
            return MOMENT
        case "version":
            return VERSION
        case _:
            return one_of(attribute.one_of)


def _event(dimensions: tuple[str, ...], happened: bool = True) -> Schema:
    """What an event was about, how often and when; or that it did not happen."""
    counts = {"at-least": whole(1), "at-most": whole(0), "within": DURATION}
    known = {
        name: about(words.COUNTS[name], counts[name])
        for name in COUNT_KEYS
        if happened or name != "at-most"
    }
    schema = _over(dimensions, known)
    open_to = [name for name in dimensions if name in CATALOGUE]
    for name in open_to:
        schema["properties"][name] = about(words.DIMENSIONS[name], key(name, _MOST))
    if happened and open_to:
        name_it = {"type": "string", "pattern": NAME_OF_BINDING}
        schema["properties"]["as"] = about(words.COUNTS["as"], name_it)
        found = [{"properties": {name: _MOST}, "required": [name]} for name in open_to]
        schema["dependencies"] = {"as": {"anyOf": found}}
    return schema


def _affinity() -> Schema:
    bounds = {name: about(words.OPERATORS[name], _SHARE) for name in AFFINITY_BOUNDS}
    schema = _over(sorted(INTEREST_DIMENSIONS), bounds)
    return {**schema, "minProperties": 2}


def _running_out() -> Schema:
    of = {name: about(words.DIMENSIONS[name], ref(name)) for name in RUNNING_OUT}
    any = choice({"any": "Whatever is most likely to run out."})
    of["product"] = about(words.DIMENSIONS["product"], {"anyOf": [any, ref("product")]})
    known = {
        "within": about(f"Within this time from now; if not said, {WITHIN}.", DAYS),
        "at-least": about(
            f"How likely it is, 0 to 1; if not said, {AT_LEAST}.", _CHANCE
        ),
        "as": about(
            f"A name for the product that runs out; if not said, `{NAME}`.",
            {"type": "string", "pattern": NAME_OF_BINDING},
        ),
    }
    return {**closed({**of, **known}), "anyOf": [{"required": [name]} for name in of]}


def _over(dimensions: Iterable[str], more: dict[str, Schema]) -> Schema:
    """A map that says what it is about, in one of ``dimensions``, and ``more``."""
    of = {name: about(words.DIMENSIONS[name], key(name)) for name in dimensions}
    return {
        **closed({**of, **more}),
        "anyOf": [{"required": [name]} for name in of],
    }


_SNIPPETS = [
    {
        "label": "viewed a category often",
        "description": "Looked at it again and again, and has not bought there since.",
        "body": {"viewed": {"category": "$1", "at-least": 3, "within": "30 days"}},
    },
    {
        "label": "has not bought lately",
        "description": "Nothing from this category in the last months.",
        "body": {"not-bought": {"category": "$1", "within": "90 days"}},
    },
    {
        "label": "was here before",
        "description": "Not the first visit.",
        "body": {"visits": {"at-least": 2}},
    },
]

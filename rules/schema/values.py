"""Single values as schemas: texts, numbers, lengths and points of time, one name of many."""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..moments import DURATION_HINT, DURATION_PATTERN

Schema = dict[str, Any]

LISTED = 2_000  # names of one kind; completion among more helps nobody and is slow

_INTEGER = re.compile(r"[-+]?[0-9]{1,15}", re.ASCII)  # JavaScript rounds longer ones
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)

#: Editors type plain words; ours are read as they are spelled, whatever YAML makes of them.
TEXT: Schema = {"type": ["string", "number", "boolean"]}
YES_NO: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "number"}
#: A name that a rule binds with ``as:``, and where it is used.
NAME_OF_BINDING = r"^[A-Za-z][\w.-]*$"
BINDING = r"^\$[A-Za-z][\w.-]*$"

_DAY = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d"
_SHARE = r"(100|[1-9]?\d(\.\d{1,4})?)"


def _pattern(pattern: str, hint: str, *examples: str) -> Schema:
    return {
        "type": "string",
        "pattern": f"^{pattern}$",
        "patternErrorMessage": hint,
        "examples": list(examples),
    }


DURATION = _pattern(DURATION_PATTERN, DURATION_HINT, "30 days", "2 hours", "12 months")
DAYS = _pattern(
    r"[1-9]\d{0,4} (day|week|month|year)s?",
    "write it in days, weeks, months or years",
    *("30 days", "12 months"),
)
PERCENTAGE = _pattern(f"{_SHARE}%", "write for example `10%`", "10%", "50%")
SLICE = _pattern(rf"{_SHARE}-{_SHARE}%", "write for example `0-50%`", "0-50%")
DAY = _pattern(_DAY, "write it like 2026-12-01", "2026-12-01")
MOMENT = _pattern(
    rf"{_DAY}([ T]{_CLOCK}(:[0-5]\d)?(Z|[-+]{_CLOCK})?)?",
    "write it like 2026-12-01 08:00",
    *("2026-12-01", "2026-12-01 08:00"),
)
HOURS = _pattern(
    rf"{_CLOCK}-({_CLOCK}|24:00)", "write it like 08:00-18:00", "08:00-18:00"
)
VERSION: Schema = {
    "type": ["string", "number"],
    "pattern": r"^v?\d{1,9}(\.\d{1,9}){0,7}$",
    "patternErrorMessage": "write it like 1.10.2",
}


def change(example: str) -> Schema:
    """A relative change, with its sign."""
    hint = f"write for example `{example}`, with its sign"
    return _pattern(r"[+-]\d{1,5}(\.\d{1,4})?%", hint, example)


def whole(least: int, most: int | None = None) -> Schema:
    """A whole number within bounds."""
    limits = {} if most is None else {"maximum": most}
    return {"type": "integer", "minimum": least, "default": least, **limits}


def hinted(names: Iterable[str]) -> Schema:
    """A text that is completed, but not checked: new names are made while typing."""
    known = sorted(names)
    return {"type": ["string", "number"], "examples": known} if known else TEXT


def one_of(names: Iterable[str], titles: Mapping[str, str] | None = None) -> Schema:
    """One of ``names``, each with its title as help; any text where there are none.

    Where there are too many to list, any text will do.
    """
    known = sorted(set(names))
    if not known or len(known) > LISTED:
        return TEXT
    help: dict[tuple[bool, Any], str] = {}  # True is 1 in Python, but not in JSON
    for name in known:
        for value in spellings(name):
            help.setdefault((type(value) is bool, value), (titles or {}).get(name, ""))
    schema: Schema = {"enum": [value for _, value in help]}
    return {**schema, "enumDescriptions": list(help.values())} if titles else schema


def spellings(text: str) -> list[Any]:
    """``text``, and what YAML makes of it without quotes: an article number is a number."""
    if text.lower() in ("true", "false"):
        return [text, text.lower() == "true"]
    if _INTEGER.fullmatch(text):
        return [text, int(text)]
    if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return [text, number]
    return [text]


def one_or_more(item: Schema) -> Schema:
    """One value or a list of them."""
    return {"anyOf": [item, {"type": "array", "items": item, "minItems": 1}]}


def choice(values: Mapping[Any, str]) -> Schema:
    """One of our own words, each with what it means."""
    return {"enum": list(values), "enumDescriptions": list(values.values())}


def closed(properties: Mapping[str, Schema], *required: str) -> Schema:
    """A map with these keys and no others."""
    needed = {"required": list(required)} if required else {}
    return {
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
        **needed,
    }


def about(description: str, schema: Schema) -> Schema:
    """``schema`` with the help that hovering over its key shows.

    Beside a reference draft 7 has no say for it, but editors show it.
    """
    return {"description": description, **schema}


def ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}

"""A rule file as a schema: what one site's editors may write under ``rules/``."""

from collections.abc import Iterable
from typing import Any

from ..vocabulary import Vocabulary
from .conditions import conditions
from .names import Titles, names
from .rule import rule
from .values import Schema, about, closed, hinted, ref

DRAFT = "http://json-schema.org/draft-07/schema#"


def schema_of_rules(
    vocabulary: Vocabulary, segments: Iterable[str] = (), titles: Titles | None = None
) -> dict[str, Any]:
    """The JSON Schema (draft 7) of the rule files of one site.

    ``segments`` are the names of its segments: they are completed, but not checked, because
    new ones come into being in the very file that is typed. ``titles`` maps ``slot``,
    ``product`` and ``article`` to what each name means, as help.
    """
    segments = list(segments)
    named = {"type": "object", "additionalProperties": ref("conditions")}
    rules = {"type": "array", "items": ref("rule")}
    properties: dict[str, Schema] = {
        "version": about("The version of the rule language.", {"enum": [1]}),
        "timezone": about(
            "For schedules in this file; without it, the site's.",
            hinted([vocabulary.timezone]),
        ),
        "segments": about("Conditions under a name, for all files.", named),
        "rules": about("Of those that hold, the highest priority wins.", rules),
    }
    return {
        "$schema": DRAFT,
        **closed(properties),
        "definitions": {
            **names(vocabulary, titles or {}),
            **conditions(vocabulary, segments),
            **rule(vocabulary, segments),
        },
    }

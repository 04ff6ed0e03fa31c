"""Experiments as a schema: splits, their variants, goals and guardrails."""

from collections.abc import Iterable

from ..measurement.metrics import METRICS
from . import words
from .values import (
    DURATION,
    NUMBER,
    PERCENTAGE,
    SLICE,
    TEXT,
    YES_NO,
    Schema,
    about,
    change,
    choice,
    closed,
    hinted,
    one_or_more,
    ref,
)

NAME: Schema = {"type": ["string", "integer"], "pattern": r"^\S{1,64}$"}
_METRIC = choice({name: f"{one.words}." for name, one in METRICS.items()})
_WINDOW: Schema = {**DURATION, "examples": ["7 days", "1 day", "30 days"]}
_ON: Schema = {"not": {"const": False}}
_TWO: Schema = {"properties": {"variants": {"minItems": 2}}}


def trials(segments: Iterable[str]) -> dict[str, Schema]:
    """The definitions ``split``, ``goal`` and ``guardrail``."""
    return {"split": _split(segments), "goal": _goal(), "guardrail": _guardrail()}


def variant(show: Schema, parameters: Schema) -> dict[str, Schema]:
    """The keys of a variant."""
    return {
        "name": about("The variant's name, for reports.", NAME),
        "weight": about(
            "Its share, in proportion to the others'.", {**NUMBER, "minimum": 0}
        ),
        "show": show,
        "level": about("How personal it is.", choice(words.LEVELS)),
        "with": parameters,
    }


#: What a variant shows, by its level.
BY_LEVEL: Schema = {
    "if": {
        "type": "object",
        "properties": {"level": {"const": "none"}},
        "required": ["level"],
    },
    "then": {"properties": {"show": False, "with": False}},
    "else": {"required": ["show"]},
}


def _split(segments: Iterable[str]) -> Schema:
    variants = {"type": "array", "items": ref("variant"), "minItems": 1}
    properties = {
        "experiment": about("The experiment's name, for reports.", NAME),
        "unit": about("Who is dealt a variant.", choice(words.UNITS)),
        "traffic": about("The share of visitors who take part.", PERCENTAGE),
        "control": about("Of them, who keeps the default content.", PERCENTAGE),
        "layer": about("Experiments of one layer share no visitor.", NAME),
        "slice": about("The part of the layer that this one takes.", SLICE),
        "adapt": about("Give the better variants more visitors.", _adapt(segments)),
        "rollout": about("Show it to more and more visitors.", _rollout()),
        "variants": about("What is compared.", variants),
    }
    by_account: Schema = {"properties": {"unit": {"not": {"const": "account"}}}}
    alone: Schema = {"properties": {"adapt": {"const": False}, "control": False}}
    return {
        **closed(properties, "experiment", "variants"),
        "dependencies": {"layer": ["slice"], "slice": ["layer"]},
        "allOf": [
            {"if": _where("adapt"), "then": {**_TWO, "allOf": [by_account]}},
            {"if": _where("rollout"), "then": alone},
        ],
    }


def _where(key: str) -> Schema:
    return {"type": "object", "properties": {key: _ON}, "required": [key]}


def _adapt(segments: Iterable[str]) -> Schema:
    properties = {
        "metric": about("What decides; the rule's goal if not said.", _METRIC),
        "floor": about("No variant gets less.", {**PERCENTAGE, "examples": ["5%"]}),
        "delay": about("So long after a showing it is not judged.", _WINDOW),
        "half-life": about("What is as old as this counts half.", _WINDOW),
        "by": about(
            "Segments with weights of their own; the first that holds counts.",
            one_or_more(hinted(segments)),
        ),
    }
    return {**YES_NO, **closed(properties), "type": ["boolean", "object"]}


def _rollout() -> Schema:
    steps = {"type": "array", "items": PERCENTAGE, "minItems": 1}
    properties = {
        "steps": about("Shares of visitors, ascending.", steps),
        "every": about("How long each of them lasts at least.", _WINDOW),
    }
    return {**closed(properties), "type": ["boolean", "object"]}


def _goal() -> Schema:
    properties = {
        "metric": about("What is to move.", _METRIC),
        "target": about("By how much, with its sign.", change("+25%")),
        "window": about("How long after the first showing things count.", _WINDOW),
    }
    return {**closed(properties, "metric"), "type": [*TEXT["type"], "object"]}


def _guardrail() -> Schema:
    properties = {
        "metric": about("What must not get worse.", _METRIC),
        "at-least": about("The least change that is fine.", change("-3%")),
        "at-most": about("The largest change that is fine.", change("+2%")),
    }
    bounds = [{"required": ["at-least"]}, {"required": ["at-most"]}]
    return {**closed(properties, "metric"), "anyOf": bounds}

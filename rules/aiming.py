"""Goals and guardrails out of a document."""

import re
from collections.abc import Mapping

from .document import Document, Node
from .experiments import Split
from .goals import Goal, Guardrail, signed
from .measurement.metrics import METRICS
from .moments import Duration
from .operators import window

GOAL_KEYS = ("metric", "target", "window")
GUARDRAIL_KEYS = ("metric", "at-least", "at-most")
LONGEST = Duration(
    90, "day"
)  # of a window: so long an outcome has to do with a showing
_CHANGE = re.compile(r"([+-])(\d{1,5}(?:\.\d{1,4})?)%", re.ASCII)
_GOAL = "write for example `goal: {metric: conversion-rate, target: +25%}`"
_GUARDRAIL = "write for example `- {metric: bounce-rate, at-most: +2%}`"


def read_goal(document: Document, key: Node, node: Node) -> Goal | None:
    """The goal at ``node``, the value of ``key``; None where it is a text, or wrong and found."""
    if node.kind == "scalar":
        return None
    before = document.errors
    values = _values(document, node, '"goal"', GOAL_KEYS)
    metric = _metric(document, key, node, values, "goal", _GOAL)
    target, seconds = None, 0.0
    if "target" in values:
        target = _change(document, values["target"], "target")
    if metric and target is not None and document.errors == before:
        _for_the_better(document, values["target"], metric, target)
    if "window" in values and (length := window(document, values["window"])):
        seconds = float(length.seconds)
        if seconds > LONGEST.seconds:
            words = f'"window" is at most {LONGEST}, not {length}'
            document.error(values["window"], words)
    if metric is None or document.errors > before:
        return None
    return Goal(metric, target, seconds, node.line)


def read_guardrails(
    document: Document, key: Node, node: Node, goal: Goal | None
) -> tuple[Guardrail, ...]:
    """The guardrails at ``node``: one map, or a list of them. What is wrong is found.

    One that the ``goal`` breaks when it is reached is among that.
    """
    items = node.items if node.kind == "list" else [node]
    if not items:
        document.error(key, '"guardrails" guards nothing', _GUARDRAIL)
    read: dict[str, Guardrail] = {}
    for item in items:
        before = document.errors
        values = _values(document, item, "guardrail", GUARDRAIL_KEYS)
        metric = _metric(document, item, item, values, "guardrail", _GUARDRAIL)
        least, most = (
            _change(document, values[name], name) if name in values else None
            for name in ("at-least", "at-most")
        )
        if metric is None or document.errors > before:
            continue
        one = Guardrail(metric, least, most, item.line)
        if metric in read:
            hint = "write both bounds into one: `{metric: ..., at-least: ..., at-most: ...}`"
            document.error(values["metric"], f'"{metric}" is guarded twice', hint)
        elif least is None and most is None:
            document.error(item, f'nothing bounds "{metric}"', _GUARDRAIL)
        elif _holds(document, values, one) and _spares(document, item, one, goal):
            read[metric] = one
    return tuple(read.values())


def _values(
    document: Document, node: Node, what: str, known: tuple[str, ...]
) -> dict[str, Node]:
    return {key.text: value for key, value in document.pairs(node, what, known)}


def _metric(
    document: Document,
    place: Node,
    node: Node,
    values: Mapping[str, Node],
    what: str,
    hint: str,
) -> str | None:
    if "metric" not in values:
        if node.kind == "map":
            document.error(place, f'"{what}" needs `metric:`', hint)
        return None
    text = document.words(values["metric"], '"metric"')
    if text is None or text in METRICS:
        return text
    document.unknown(values["metric"], "metric", text, METRICS)
    return None


def _change(document: Document, node: Node, name: str) -> float | None:
    """``+25%`` as 0.25: a change, so it has a sign."""
    text = node.text if node.kind == "scalar" else ""
    found = _CHANGE.fullmatch(text)
    if found is not None:
        return float(f"{found[1]}{found[2]}e-2")
    hint = "write for example `+25%`"
    if (digits := re.fullmatch(r"\d{1,5}(\.\d{1,4})?(?=%?$)%?", text)) is not None:
        bare = digits[0].removesuffix("%")
        hint = f"write `+{bare}%` for more, `-{bare}%` for less"
    elif _CHANGE.fullmatch(f"{text}%"):
        hint = f"write `{text}%`"
    words = f'"{name}" needs a change with its sign, not {node.shown}'
    document.error(node, words, hint)
    return None


def _for_the_better(document: Document, node: Node, metric: str, target: float) -> None:
    better = METRICS[metric].better
    hint = f"{better} {metric} is better: write for example "
    hint += "`+25%`" if better == "more" else "`-25%`"
    if target == 0:
        document.error(node, f'"target" {node.text} changes nothing', hint)
    elif (target > 0) is (better == "less"):
        document.error(node, f'"target" {node.text} is for the worse', hint)
    elif target <= -1:
        document.error(node, f'"target" {node.text} leaves nothing', hint)


def _holds(document: Document, values: Mapping[str, Node], one: Guardrail) -> bool:
    """Whether the guardrail can hold, and break."""
    if one.at_least is not None and one.at_least > 0:
        return _breaks(document, values["at-least"], "at-least")
    if one.at_most is not None and one.at_most < 0:
        return _breaks(document, values["at-most"], "at-most")
    if one.at_least is not None and one.at_least <= -1:
        words = f'"at-least" {signed(one.at_least)} always holds'
        document.error(values["at-least"], words, "write for example `-3%`")
        return False
    better = METRICS[one.metric].better
    wrong = "at-least" if better == "less" else "at-most"
    if wrong in values and len(values) == 2:  # the metric, and nothing but this bound
        right = "`at-most: +2%`" if better == "less" else "`at-least: -3%`"
        words = f"{better} {one.metric} is better, and this keeps it from getting so"
        hint = f"to guard against the worse write for example {right}"
        document.warning(values[wrong], words, hint, "guardrail")
    return True


def _breaks(document: Document, node: Node, bound: str) -> bool:
    words = (
        f'"{bound}" {node.text} cannot hold: it is broken as long as nothing changes'
    )
    document.error(node, words, "what is to change is a `goal:`")
    return False


def _spares(document: Document, place: Node, one: Guardrail, goal: Goal | None) -> bool:
    """Whether the goal can be reached without breaking this guardrail."""
    if goal is None or goal.metric != one.metric or goal.target is None:
        return True
    low = one.at_least is not None and goal.target < one.at_least
    if low or (one.at_most is not None and goal.target > one.at_most):
        words = f"this guardrail cannot hold: the goal {goal} breaks it"
        document.error(place, words, "let the goal be less, or guard something else")
        return False
    return True


def check_aims(
    document: Document,
    places: Mapping[str, tuple[Node, Node]],
    split: Split | None,
    goal: Goal | None,
    guardrails: tuple[Guardrail, ...],
) -> None:
    """Warns of what nobody could tell afterwards. ``places`` are the keys of the rule."""
    arms = [one for one in split.variants if one.weight > 0] if split else []
    showing = [one for one in arms if one.level != "none"]
    if goal is not None and len(showing) < 2 and METRICS[goal.metric].of_showings:
        words = (
            f"nothing moves the goal {goal.metric}: who is held back is shown nothing"
        )
        hint = "compare two variants that show something, or name another metric"
        document.warning(places["goal"][1], words, hint, "immovable")
    for one in guardrails if len(showing) < 2 else ():
        if METRICS[one.metric].of_showings:
            words = f"nobody can tell whether {one} holds: who is held back is shown nothing"
            hint = "guard a metric of all visitors, such as conversion-rate"
            document.warning(places["guardrails"][0], words, hint, "immovable")
    if split is None:
        return
    if split.rollout is not None and not guardrails:
        words = f'nothing stops the roll-out of "{split.experiment}"'
        hint = "add `guardrails:`, for example `[{metric: revenue-per-visitor, at-least: -3%}]`"
        document.warning(places["split"][0], words, hint, "unguarded")
    compared = len(arms) > 1 or split.control or split.rollout is not None
    if not compared and (goal is not None or guardrails):
        words = f'experiment "{split.experiment}" compares its variant with nothing'
        document.warning(places["split"][0], words, "add `control: 10%`", "immovable")

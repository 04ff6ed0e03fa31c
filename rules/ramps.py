"""Weights that adapt and roll-outs that grow, out of a document."""

from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from .document import Document, Node, core, names
from .experiments import Adapting, Rollout, Split
from .goals import Goal
from .measurement.metrics import METRICS
from .operators import window
from .shares import read_share

ADAPT_KEYS = ("metric", "floor", "delay", "half-life", "by")
ROLLOUT_KEYS = ("steps", "every")
HALF = 0.5  # from here on a roll-out has nobody left to hold for each who sees it
CONTEXTS = 16  # segments with weights of their own: each of them has to learn from its visitors
_ADAPT = "write `true`, or for example `{metric: click-rate, floor: 5%}`"
_ROLLOUT = "write `true`, or for example `{steps: [1%, 10%, 100%], every: 1 day}`"


def read_adapting(
    document: Document, node: Node, goal: Goal | None, segments: Collection[str]
) -> Adapting | None:
    """The value of ``adapt``; None where it does not, or is wrong. ``segments`` are known."""
    usual = Adapting(goal.metric) if goal is not None else Adapting()
    values = _switch(document, node, "adapt", ADAPT_KEYS, _ADAPT)
    if values is None:
        return None
    if "metric" in values:
        text = document.words(values["metric"], '"metric"')
        if text is not None and text not in METRICS:
            document.unknown(values["metric"], "metric", text, METRICS)
        usual = replace(usual, metric=text or usual.metric)
    if "floor" in values:
        floor = read_share(document, values["floor"], '"floor"')
        usual = replace(usual, floor=usual.floor if floor is None else floor)
    for key, field in (("delay", "delay"), ("half-life", "half_life")):
        if key in values and (length := window(document, values[key])):
            usual = replace(usual, **{field: float(length.seconds)})
    if "by" in values:
        usual = replace(usual, by=_segments(document, values["by"], segments))
    return usual


def read_rollout(document: Document, node: Node) -> Rollout | None:
    """The value of ``rollout``; None where it is none, or is wrong."""
    values = _switch(document, node, "rollout", ROLLOUT_KEYS, _ROLLOUT)
    if values is None:
        return None
    read = Rollout()
    if "steps" in values:
        read = replace(read, steps=_steps(document, values["steps"]) or read.steps)
    if "every" in values and (length := window(document, values["every"])):
        read = replace(read, every=float(length.seconds))
    return read


def check_ramp(document: Document, values: Mapping[str, Node], split: Split) -> None:
    """Finds what does not go with an adaptive split or a roll-out. ``values`` are the split's."""
    weighted = [one for one in split.variants if one.weight > 0]
    if split.rollout is not None:
        place = values["rollout"]
        if split.adapt is not None:
            words = '"adapt" and "rollout" cannot both say who sees what'
            hint = "let the variants adapt first, then roll the best one out"
            document.error(place, words, hint)
        if split.control:
            words = 'a roll-out has a control group of its own: leave "control" away'
            hint = "it holds back as many as it shows, up to a half"
            document.error(values["control"], words, hint)
    if (adapt := split.adapt) is None or not split.variants:
        return
    place = values["adapt"]
    if len(weighted) < 2:
        words = '"adapt" has nothing to choose from: there is one variant'
        hint = "add a variant with a weight"
        document.error(place, words, hint)
    elif adapt.floor * len(weighted) > 1:
        words = f'"floor" promises {len(weighted)} variants more than there is'
        document.error(place, words, f"it is at most {100 // len(weighted)}%")
    if split.unit == "account":
        words = (
            '"adapt" cannot go by account: when weights move, its people would differ'
        )
        document.error(place, words, "write `unit: customer`")
    metric = METRICS.get(adapt.metric)
    default = [one.name for one in split.variants if one.level == "none"]
    if metric is not None and metric.of_showings and default:
        words = f'variant "{default[0]}" shows nothing: it has no {adapt.metric} to adapt by'
        hint = "name another metric, for example `adapt: {metric: conversion-rate}`"
        document.error(place, words, hint)


def _switch(
    document: Document, node: Node, name: str, keys: Sequence[str], hint: str
) -> dict[str, Node] | None:
    """What is written behind ``name``: nothing for true, None for false and what is wrong."""
    if node.kind == "map":
        return {
            key.text: value for key, value in document.pairs(node, f'"{name}"', keys)
        }
    value = core(node) if node.kind == "scalar" else None
    if isinstance(value, bool):
        return {} if value else None
    document.error(node, f'"{name}" is true or false, not {node.shown}', hint)
    return None


def _segments(
    document: Document, node: Node, known: Collection[str]
) -> tuple[str, ...]:
    found: list[str] = []
    for place, text in names(document, node, '"by"'):
        if text not in known:
            document.unknown(place, "segment", text, known)
        elif text in found:
            document.error(place, f'segment "{text}" is here twice')
        else:
            found.append(text)
    if len(found) > CONTEXTS:
        words = f'"by" names {len(found)} segments, and at most {CONTEXTS} can learn'
        document.error(node, words)
    return tuple(found)


def _steps(document: Document, node: Node) -> tuple[float, ...]:
    if node.kind != "list" or not node.items:
        words = f'"steps" must be a list of percentages, not {node.shown}'
        document.error(node, words, "write for example `[1%, 5%, 25%, 50%, 100%]`")
        return ()
    steps: list[float] = []
    for item in node.items:
        share = read_share(document, item, "a step")
        if share is None:
            continue
        if share <= (steps[-1] if steps else 0.0):
            words = f"step {item.text} is not more than the one before it"
            if not steps:
                words = f"step {item.text} shows it to nobody"
            document.error(item, words, "steps go up: `[1%, 5%, 25%, 50%, 100%]`")
        elif HALF < share < 1:
            words = f"at step {item.text} fewer can be held than see it: nobody can compare them"
            document.error(item, words, "after `50%` comes `100%`")
        steps.append(share)
    return tuple(steps)

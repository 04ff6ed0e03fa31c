"""Other engines that can decide the same page, each as its documentation says to use it.

They are given what shopwindow works out itself: counts within 30 days and affinities. What
cannot be imported is left out, and said so.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from importlib import import_module
from typing import Any, NamedTuple

from .pagerules import KINDS, OWN, SLOTS, Written
from .shoppers import Visitor

Page = list[str | None]  # of each slot the rule that won
Decide = Callable[[Visitor], Page]


class Asked(NamedTuple):
    """One comparison. ``key`` is set where ``name`` is a map of numbers."""

    name: str
    operator: str  # "==", "in", ">=", ">", "<", "has", "lacks"
    value: Any
    key: str = ""


PERSONAL = {
    *("viewed", "bought", "affinity"),
    *(name.replace("-", "_") for name, kind in KINDS.items() if kind.purpose),
}


def asked(rule: Mapping[str, Any]) -> list[Asked]:
    """The conditions of ``rule`` as plain comparisons; all of them have to hold."""
    found = [
        one
        for condition in rule["when"]
        for name, wanted in condition.items()
        for one in _asked(name, wanted)
    ]
    if any(one.name in PERSONAL for one in found):  # implied where it is not written
        found.insert(0, Asked("agreed", "==", True))
    if (schedule := rule.get("schedule")) is not None:
        found.append(Asked("now", ">=", _seconds(schedule["from"])))
        found.append(Asked("now", "<", _seconds(schedule["until"])))
    return list(dict.fromkeys(found))


def _asked(name: str, wanted: Any) -> Iterator[Asked]:
    spelled = name.replace("-", "_")
    match name, wanted:
        case "consent", _:
            assert wanted == OWN
            yield Asked("agreed", "==", True)
        case "viewed", {"category": category, "at-least": least}:
            yield Asked("viewed", ">=", least, category)
        case "affinity", {"category": category, "more-than": limit}:
            yield Asked("affinity", ">", limit, category)
        case "not-bought", {"category": category}:
            yield Asked("bought", "lacks", category)
        case "segment", _:
            yield Asked("groups", "has", wanted)
        case _, {"at-least": least}:
            yield Asked(spelled, ">=", least)
        case _, {"more-than": limit}:
            yield Asked(spelled, ">", float(limit))
        case _, list():
            yield Asked(spelled, "in", tuple(wanted))
        case _:
            yield Asked(spelled, "==", wanted)


def _seconds(day: str) -> int:
    midnight = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
    return int(midnight.timestamp())


def by_slot(written: Written) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    return {
        slot: [rule for rule in written.rules if rule["slot"] == slot] for slot in SLOTS
    }


# -- GrowthBook ----------------------------------------------------------------------------


def growthbook(written: Written) -> Decide:
    """A feature for each slot, a forced value for each rule."""
    from growthbook import GrowthBook

    features = {
        slot: {
            "defaultValue": None,
            "rules": [
                {"condition": _mongo(asked(rule)), "force": rule["id"]}
                for rule in rules
            ],
        }
        for slot, rules in by_slot(written).items()
    }
    engine = GrowthBook(features=features)

    def decide(visitor: Visitor) -> Page:
        engine.set_attributes(visitor.plain)
        return [engine.eval_feature(slot).value for slot in SLOTS]

    return decide


def _mongo(comparisons: Sequence[Asked]) -> dict[str, Any]:
    spelled = {"==": "$eq", "in": "$in", ">=": "$gte", ">": "$gt", "<": "$lt"}
    condition: dict[str, Any] = {}
    for name, operator, value, key in comparisons:
        match operator:
            case "has":
                test = {"$in": [value]}
            case "lacks":
                test = {"$nin": [value]}
            case "in":
                test = {"$in": list(value)}
            case _:
                test = {spelled[operator]: value}
        condition.setdefault(f"{name}.{key}" if key else name, {}).update(test)
    return condition


# -- CEL in Rust ---------------------------------------------------------------------------


def rust_cel(written: Written) -> Decide:
    """A compiled program for each rule, one context for all that a visitor is asked."""
    import cel

    programs = {
        slot: [(rule["id"], cel.compile(_cel(asked(rule)))) for rule in rules]
        for slot, rules in by_slot(written).items()
    }

    def decide(visitor: Visitor) -> Page:
        context = cel.Context(visitor.plain)
        return [
            next((id for id, rule in programs[slot] if rule.execute(context)), None)
            for slot in SLOTS
        ]

    return decide


def _cel(comparisons: Sequence[Asked]) -> str:
    parts = []
    for name, operator, value, key in comparisons:
        written = json.dumps(value)  # texts, numbers, true and false look alike
        match operator:
            case "has":
                parts.append(f"{written} in {name}")
            case "lacks":
                parts.append(f"!({written} in {name})")
            case "in":
                parts.append(f"{name} in {written}")
            case _ if key:
                parts.append(
                    f'"{key}" in {name} && {name}["{key}"] {operator} {written}'
                )
            case _:
                parts.append(f"{name} {operator} {written}")
    return " && ".join(parts)


# -- ZEN -----------------------------------------------------------------------------------


def zen(written: Written) -> Decide:
    """A decision table for each slot, a row for each rule, all in one graph."""
    from zen import ZenEngine

    nodes: list[dict[str, Any]] = [
        {"id": "in", "name": "in", "type": "inputNode"},
        {"id": "out", "name": "out", "type": "outputNode"},
    ]
    edges = []
    for slot, rules in by_slot(written).items():
        nodes.append(_table(slot, [(rule["id"], asked(rule)) for rule in rules]))
        for source, target in (("in", slot), (slot, "out")):
            name = f"{source}-{target}"
            edges.append({"id": name, "sourceId": source, "targetId": target})
    graph = json.dumps({"nodes": nodes, "edges": edges})
    decision = ZenEngine().create_decision(graph)

    def decide(visitor: Visitor) -> Page:
        result = decision.evaluate(visitor.plain)["result"]
        return [result.get(_column(slot)) for slot in SLOTS]

    return decide


def _column(slot: str) -> str:
    return slot.replace(".", "_")


def _table(slot: str, rules: Sequence[tuple[str, Sequence[Asked]]]) -> dict[str, Any]:
    names = dict.fromkeys(one.name for _, comparisons in rules for one in comparisons)
    # Cells of lists and maps are whole expressions, so their columns name no field.
    whole = ("groups", "bought", "viewed", "affinity")
    inputs = [
        {"id": name, "name": name} | ({} if name in whole else {"field": name})
        for name in names
    ]
    rows = []
    for id, comparisons in rules:
        cells: dict[str, list[str]] = {}
        for one in comparisons:
            cells.setdefault(one.name, []).append(_cell(one))
        row = {name: " and ".join(cells.get(name, ())) for name in names}
        rows.append({"_id": id, **row, "out": json.dumps(id)})
    content = {
        "hitPolicy": "first",
        "inputs": inputs,
        "outputs": [{"id": "out", "name": "out", "field": _column(slot)}],
        "rules": rows,
    }
    return {"id": slot, "name": slot, "type": "decisionTableNode", "content": content}


def _cell(one: Asked) -> str:
    name, operator, value, key = one
    written = json.dumps(value)
    match operator:
        case "has":
            return f"{written} in {name}"
        case "lacks":
            return f"{written} not in {name}"
        case "in":
            return ", ".join(json.dumps(option) for option in value)
        case "==":
            return written
        case _ if key:
            return f"({name}.{key} ?? 0) {operator} {written}"
    return f"{operator} {written}"


# ------------------------------------------------------------------------------------------

GROWTHBOOK = "GrowthBook"
ENGINES: Mapping[str, tuple[str, Callable[[Written], Decide]]] = {
    GROWTHBOOK: ("growthbook", growthbook),
    "CEL in Rust": ("cel", rust_cel),
    "ZEN": ("zen", zen),
}


def available() -> tuple[dict[str, Callable[[Written], Decide]], list[str]]:
    """The engines that can be run here, and the names of those that cannot."""
    found, missing = {}, []
    for name, (module, make) in ENGINES.items():
        try:
            import_module(module)
        except ImportError:
            missing.append(name)
        else:
            found[name] = make
    return found, missing

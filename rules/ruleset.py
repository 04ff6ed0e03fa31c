"""Rules as they are asked: compiled, sorted, and laid out per slot and consent."""

from collections.abc import Mapping
from datetime import UTC, tzinfo

import msgspec

from .attributes import Attribute, Wanted
from .conditions import All, Segment
from .index import Index, index
from .rule import Rule, compiled

__all__ = ["EMPTY", "Rule", "RuleSet", "compiled", "ruleset"]


class RuleSet(msgspec.Struct, frozen=True):
    """All rules of a site. Make it with :func:`ruleset`.

    ``rules`` are sorted by slot, priority (higher first), file and line; ``by_slot`` leaves
    out those that are off. ``attributes`` are the names used, ``wanted`` how they are read.
    ``index`` answers for all of them at once. ``revision`` changes when a text does.
    """

    rules: tuple[Rule, ...]
    by_slot: Mapping[str, tuple[Rule, ...]]
    segments: Mapping[str, Segment]
    attributes: frozenset[str]
    wanted: Wanted
    index: Index
    revision: str = ""
    zone: tzinfo = UTC


def ruleset(
    rules: list[Rule],
    segments: Mapping[str, Segment],
    revision: str = "",
    zone: tzinfo = UTC,
) -> RuleSet:
    """Sorts ``rules`` and lays out what a request needs."""
    rules = sorted(rules, key=lambda r: (r.slot, -r.priority, r.file, r.line))
    slots: dict[str, list[Rule]] = {}
    asked: set[Attribute] = set()
    for rule in rules:
        if not rule.off:
            slots.setdefault(rule.slot, []).append(rule)
            asked.update(All(rule.conditions, rule.line).asked(segments))
    return RuleSet(
        tuple(rules),
        {slot: tuple(found) for slot, found in slots.items()},
        segments,
        frozenset(attribute.name for attribute in asked),
        Wanted(asked, zone),
        index((rule for rule in rules if not rule.off), segments),
        revision,
        zone,
    )


EMPTY = ruleset([], {})

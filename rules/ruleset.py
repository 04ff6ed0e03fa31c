"""Rules as they are asked: compiled, sorted, and laid out per slot and consent."""

from collections.abc import Mapping
from datetime import UTC, tzinfo
from itertools import combinations

import msgspec

from .attributes import Attribute, Wanted
from .conditions import All, Segment, Segments
from .facts import PURPOSES
from .index import Index, index
from .rule import Rule, compiled

__all__ = ["EMPTY", "Rule", "RuleSet", "compiled", "ruleset"]


class RuleSet(msgspec.Struct, frozen=True):
    """All rules of a site. Make it with :func:`ruleset`.

    ``rules`` are sorted by slot, priority (higher first), file and line; ``by_slot`` leaves
    out those that are off. ``attributes`` are the names used, ``wanted`` how they are read.
    ``indices`` answer for all of them at once, one for each consent that a visitor may have
    given. ``revision`` changes when a text does.
    """

    rules: tuple[Rule, ...]
    by_slot: Mapping[str, tuple[Rule, ...]]
    segments: Mapping[str, Segment]
    attributes: frozenset[str]
    wanted: Wanted
    indices: Mapping[frozenset[str], Index]
    revision: str = ""
    zone: tzinfo = UTC

    def index(self, consent: frozenset[str]) -> Index:
        """The index for visitors who gave this ``consent``; purposes nobody knows count for nothing."""
        found = self.indices.get(consent)
        return self.indices[consent.intersection(PURPOSES)] if found is None else found


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
        _indices([rule for rule in rules if not rule.off], segments),
        revision,
        zone,
    )


def _indices(rules: list[Rule], segments: Segments) -> Mapping[frozenset[str], Index]:
    """Consents between which no rule makes a difference share an index."""
    used = frozenset[str]().union(*(rule.purposes for rule in rules))
    made: dict[frozenset[str], Index] = {}
    found: dict[frozenset[str], Index] = {}
    for size in range(len(PURPOSES) + 1):
        for some in combinations(PURPOSES, size):
            consent = frozenset(some)
            counts = consent & used
            if counts not in made:
                made[counts] = index(rules, segments, counts)
            found[consent] = made[counts]
    return found


EMPTY = ruleset([], {})

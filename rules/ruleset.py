"""Rules as they are asked: compiled, sorted, and laid out per slot and consent."""

from collections.abc import Mapping
from datetime import UTC, tzinfo
from operator import itemgetter
from typing import TYPE_CHECKING

import msgspec

from .attributes import Attribute, Wanted
from .conditions import All, Segment, Segments
from .facts import CONSENTS, PURPOSES
from .index import Index, indexing
from .rule import Rule, compiled
from .steps import Steps, finished

__all__ = ["EMPTY", "Rule", "RuleSet", "compiled", "order", "ruleset"]


if TYPE_CHECKING:
    from .drafts import Draft


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
    return finished(laying_out(rules, segments, revision, zone))


def laying_out(
    rules: list[Rule],
    segments: Mapping[str, Segment],
    revision: str = "",
    zone: tzinfo = UTC,
) -> Steps[RuleSet]:
    """:func:`ruleset`, step by step."""
    ordered = []
    for rule in rules:
        ordered.append((order(rule), rule))
        yield
    ordered.sort(key=itemgetter(0))
    yield
    rules = [rule for _, rule in ordered]
    del ordered  # now: what a long function leaves behind goes all at once at its end
    yield
    slots: dict[str, list[Rule]] = {}
    asked: set[Attribute] = set()
    for rule in rules:
        if not rule.off:
            slots.setdefault(rule.slot, []).append(rule)
            asked.update(All(rule.conditions, rule.line).asked(segments))
            asked.update(*(segment.asked for segment in rule.contexts))
        yield
    enabled = [rule for rule in rules if not rule.off]
    indices = yield from _indices(enabled, segments)
    return RuleSet(
        tuple(rules),
        {slot: tuple(found) for slot, found in slots.items()},
        segments,
        frozenset(attribute.name for attribute in asked),
        Wanted(asked, zone),
        indices,
        revision,
        zone,
    )


def _indices(
    rules: list[Rule], segments: Segments
) -> Steps[Mapping[frozenset[str], Index]]:
    """Consents between which no rule makes a difference share an index."""
    used = frozenset[str]().union(*(rule.purposes for rule in rules))
    made: dict[frozenset[str], Index] = {}
    for counts in CONSENTS:
        if counts <= used:
            made[counts] = yield from indexing(rules, segments, counts)
    return {consent: made[consent & used] for consent in CONSENTS}


def dissolving(holder: list[RuleSet]) -> Steps[None]:
    """Empties ``holder`` of its one rule set, and frees that in small steps.

    Freed at once, ten thousand rules keep all threads waiting. It works only where nobody
    else holds the set any more, and does no harm where somebody does.
    """
    rules = holder.pop()
    pieces: list[list[object]] = [list(rules.rules)]
    for index in {id(one): one for one in rules.indices.values()}.values():
        pieces += (
            list(part)
            for part in (
                *(index.entries, index.rests, index.residues, index.choices),
                *(index.scales, index.lists, index.dear),
            )
        )
    del rules, index
    for piece in pieces:
        while piece:
            piece.pop()
            yield


def order(rule: "Rule | Draft") -> tuple[str, int, str, int]:
    """What rules are sorted by: those of a slot in the order in which they are asked."""
    return rule.slot, -rule.priority, rule.file, rule.line


EMPTY = ruleset([], {})

"""Rules over what nobody wrote down: as they surely held, and as they might have held.

A condition over something that cannot be known stands at one end of its range: never surely
true, or always possibly true. All groups are monotone in both sides of their parts, so the
two rule sets enclose the truth: where they decide the same, that is what was decided.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from .attributes import Attribute, Facts
from .conditions import (
    NO_ATTRIBUTES,
    NOTHING,
    All,
    AnyOf,
    Condition,
    Consents,
    InSegment,
    NoneOf,
    Segment,
    Segments,
    Tests,
    Why,
    compiled_segment,
)
from .rule import Rule, compiled
from .ruleset import RuleSet, ruleset


class Unknowable(msgspec.Struct, frozen=True):
    """Stands for ``condition``; ``possible`` says at which end of its range."""

    condition: Condition
    possible: bool

    @property
    def name(self) -> str:
        return self.condition.name

    @property
    def line(self) -> int:
        return self.condition.line

    @property
    def cost(self) -> int:
        return 0

    def tests(self, segments: Segments) -> Tests:
        answer = self.possible
        return Tests(lambda facts: answer, lambda facts: answer)

    def purposes(self, segments: Segments) -> frozenset[str]:
        return NOTHING

    def asked(self, segments: Segments) -> frozenset[Attribute]:
        return NO_ATTRIBUTES

    def words(self) -> str:
        return self.condition.words()

    def why(self, facts: Facts, segments: Segments) -> Why:
        return Why(self.name, self.line, self.words(), "something nobody wrote down")


class Recorded(msgspec.Struct, frozen=True):
    """Stands for ``condition``, and is unknown where an attribute of it has no value.

    A condition may make something of a missing value; here it only means that nobody knows.
    """

    condition: Condition

    @property
    def name(self) -> str:
        return self.condition.name

    @property
    def line(self) -> int:
        return self.condition.line

    @property
    def cost(self) -> int:
        return self.condition.cost

    def tests(self, segments: Segments) -> Tests:
        true, false = self.condition.tests(segments)
        names = frozenset(each.name for each in self.condition.asked(segments))
        return Tests(
            lambda facts: names <= facts.values.keys() and true(facts),
            lambda facts: names <= facts.values.keys() and false(facts),
        )

    def purposes(self, segments: Segments) -> frozenset[str]:
        return self.condition.purposes(segments)

    def asked(self, segments: Segments) -> frozenset[Attribute]:
        return self.condition.asked(segments)

    def words(self) -> str:
        return self.condition.words()

    def why(self, facts: Facts, segments: Segments) -> Why:
        return self.condition.why(facts, segments)


class Bounds(NamedTuple):
    """The rules that enclose the truth; the same object twice where all can be known."""

    surely: RuleSet
    possibly: RuleSet


def bounds(
    rules: RuleSet,
    attributes: Iterable[str],
    purposes: frozenset[str] = frozenset(),
) -> Bounds:
    """``rules`` without those ``attributes`` and consents to ``purposes``, which nobody knows."""
    hidden = frozenset(attributes)

    def least(condition: Condition) -> Condition:
        return Unknowable(condition, possible=False)

    def most(condition: Condition) -> Condition:
        return Unknowable(condition, possible=True)

    low, high = (
        _Dimmer(rules.segments, hidden, purposes, stand_in)
        for stand_in in (least, most)
    )
    surely = [low.rule(rule) for rule in rules.rules]
    if not low.found:
        return Bounds(rules, rules)
    possibly = [high.rule(rule) for rule in rules.rules]
    return Bounds(
        ruleset(surely, low.segments, rules.revision, rules.zone),
        ruleset(possibly, high.segments, rules.revision, rules.zone),
    )


def recorded(segments: Segments, attributes: Iterable[str]) -> Segments:
    """``segments`` that say neither yes nor no where one of the ``attributes`` decides and is missing."""
    return _Dimmer(segments, frozenset(attributes), NOTHING, Recorded).segments


class _Dimmer:
    """Puts a ``stand_in`` in the place of conditions; ``found`` tells whether there were any."""

    def __init__(
        self,
        segments: Segments,
        attributes: frozenset[str],
        purposes: frozenset[str],
        stand_in: Callable[[Condition], Condition],
    ) -> None:
        self._attributes = attributes
        self._purposes = purposes
        self._stand_in = stand_in
        self.found = False
        self.segments: dict[str, Segment] = {}
        # Each comes after those that it names.
        for one in sorted(segments.values(), key=lambda segment: segment.depth):
            self.segments[one.name] = compiled_segment(
                one.name, one.file, self._dim(one.condition), self.segments, one.depth
            )

    def rule(self, rule: Rule) -> Rule:
        conditions = tuple(self._dim(part) for part in rule.conditions)
        for purpose in sorted(rule.purposes & self._purposes):
            conditions += (self._replaced(Consents(purpose, rule.line)),)
        _, holds, possible = compiled(conditions, self.segments)
        return replace(
            rule,
            conditions=conditions,
            purposes=rule.purposes - self._purposes,
            holds=holds,
            possible=possible,
        )

    def _dim(self, condition: Condition) -> Condition:
        match condition:
            case All() | AnyOf() | NoneOf():
                parts = tuple(self._dim(part) for part in condition.conditions)
                return replace(condition, conditions=parts)
            case InSegment():
                return condition  # it finds the dimmed segments
            case Consents(purpose=purpose):
                hidden = purpose in self._purposes
            case _:
                asked = condition.asked(self.segments)
                hidden = any(each.name in self._attributes for each in asked)
        return self._replaced(condition) if hidden else condition

    def _replaced(self, condition: Condition) -> Condition:
        self.found = True
        return self._stand_in(condition)

"""Rules over what nobody wrote down: whatever it was, these are all that may have won.

A condition over something that cannot be known stands at one end of its range: never surely
true, or always possibly true. All groups are monotone in both sides of their parts, so what
the rules surely say and what they possibly say enclose the truth.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

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
from .decide import decide
from .essence import essence
from .facts import Decision
from .outcome import outcome
from .rule import Rule, compiled
from .ruleset import RuleSet, ruleset


class Unknowable(msgspec.Struct, frozen=True, gc=False):
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


class Recorded(msgspec.Struct, frozen=True, gc=False):
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


class Answer(msgspec.Struct, frozen=True, eq=False):
    """The decision of a slot, unless one of the ``others`` won, which nobody can know.

    ``others`` are essences by rule, in the order in which they are asked.
    """

    decision: Decision
    others: Mapping[str, object] = {}


class Hindsight(msgspec.Struct, frozen=True, eq=False):
    """Rules as they are asked when not all is known. Make it with :func:`hindsight`.

    ``rules`` decide by what is known. ``doubtful`` are by slot the rules that may hold without
    being known to. ``order`` says where a rule stands in its slot; ``essences`` are those of
    all rules that may be in ``others`` of an answer.
    """

    rules: RuleSet
    doubtful: Mapping[str, Sequence[Rule]]
    order: Mapping[str, int]
    essences: Mapping[str, object]

    def decide(self, facts: Facts, slot: str) -> Answer:
        """As :func:`shopwindow.rules.decide.decide`, with what may have come before.

        Experiments by an id that ``facts`` do not have are among that.
        """
        decision = decide(self.rules, facts, slot)
        end = self.order.get(decision.rule or "", len(self.order))
        found = {
            id: self.order[id]
            for id, reason in decision.skipped
            if reason == "consent"  # it holds, but nobody knows the id it goes by
        }
        for rule in self.doubtful.get(slot, ()):
            if self.order[rule.id] < end and _may_win(rule, facts):
                found[rule.id] = self.order[rule.id]
        ordered = sorted(found, key=found.__getitem__)
        return Answer(decision, {id: self.essences[id] for id in ordered})


def _may_win(rule: Rule, facts: Facts) -> bool:
    if rule.schedule is not None and not rule.schedule.active(facts.context.now):
        return False
    if not rule.holds(facts):
        return False
    found = outcome(rule, facts)
    return not isinstance(found, str) or found == "consent"


def hindsight(
    rules: RuleSet,
    attributes: Iterable[str],
    purposes: frozenset[str] = frozenset(),
) -> Hindsight:
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
    doubtful: dict[str, list[Rule]] = {}
    order: dict[str, int] = {}
    essences: dict[str, object] = {}
    surely: list[Rule] = []
    for place, rule in enumerate(rules.rules):  # as they stand in their slots
        surely.append(low.rule(rule))
        order[rule.id] = place
        if low.found and not rule.off:
            doubtful.setdefault(rule.slot, []).append(high.rule(rule))
        if low.found or rule.split:
            essences[rule.id] = essence(rule, rules.segments)
    known = rules
    if doubtful:
        known = ruleset(surely, low.segments, rules.revision, rules.zone)
    return Hindsight(known, doubtful, order, essences)


def recorded(segments: Segments, attributes: Iterable[str]) -> Segments:
    """``segments`` that say neither yes nor no where one of the ``attributes`` decides and is missing."""
    return _Dimmer(segments, frozenset(attributes), NOTHING, Recorded).segments


class _Dimmer:
    """Puts a ``stand_in`` in the place of conditions; ``found``: the last rule had some."""

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
        self._dimmed: set[str] = set()
        self.segments: dict[str, Segment] = {}
        # Each comes after those that it names.
        for one in sorted(segments.values(), key=lambda segment: segment.depth):
            self.found = False
            self.segments[one.name] = compiled_segment(
                one.name, one.file, self._dim(one.condition), self.segments, one.depth
            )
            if self.found:
                self._dimmed.add(one.name)
        self.found = False

    def rule(self, rule: Rule) -> Rule:
        self.found = False
        conditions = tuple(self._dim(part) for part in rule.conditions)
        for purpose in sorted(rule.purposes & self._purposes):
            conditions += (self._replaced(Consents(purpose, rule.line)),)
        if not self.found:
            return rule
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
            case InSegment(segments=names):
                self.found = self.found or not self._dimmed.isdisjoint(names)
                return condition  # it finds the dimmed ones
            case Consents(purpose=purpose):
                hidden = purpose in self._purposes
            case _:
                asked = condition.asked(self.segments)
                hidden = any(each.name in self._attributes for each in asked)
        return self._replaced(condition) if hidden else condition

    def _replaced(self, condition: Condition) -> Condition:
        self.found = True
        return self._stand_in(condition)

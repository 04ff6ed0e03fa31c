"""Rules as they are asked: compiled, sorted, and laid out per slot and consent."""

from collections.abc import Mapping
from datetime import UTC, tzinfo
from itertools import combinations
from typing import Any, NamedTuple

import msgspec

from .attributes import Attribute, Facts
from .conditions import All, Condition, Consents, Segment, Test, every
from .counting import how_often
from .facts import PURPOSES, Decision, Recommend
from .moments import Duration


class Cap(msgspec.Struct, frozen=True):
    """At most ``times`` showings within ``per``; None: as long as the shop keeps events."""

    times: int
    per: Duration | None = None

    def shown(self, rule: str, facts: Facts) -> int:
        """How often the rule was shown within the window."""
        counter = facts.counts.get("shown rule", {}).get(rule)
        return how_often(counter, self.per, facts.day, facts.context.now)

    def __str__(self) -> str:
        return f"{self.times} x" + (f" in {self.per}" if self.per else "")


class Rule(msgspec.Struct, frozen=True):
    """One rule, compiled.

    ``purposes`` are all consents it needs, the implied ones included. ``holds(facts)`` says
    whether every condition is surely true. ``possible(facts)`` says it of those conditions
    alone that need no consent: where one is missing, the others cannot be looked at.
    """

    id: str
    slot: str
    priority: int
    file: str
    line: int
    conditions: tuple[Condition, ...]
    purposes: frozenset[str]
    holds: Test
    possible: Test
    decision: Decision  # what it decides, ready: nothing is built per request
    cap: Cap | None = None
    note: str = ""
    about: Mapping[str, str] = {}  # owner, goal, hypothesis, review-by, campaign
    off: bool = False

    @property
    def show(self) -> str | None:
        return self.decision.fragment

    @property
    def parameters(self) -> Mapping[str, Any]:
        return self.decision.parameters

    @property
    def recommend(self) -> Recommend | None:
        return self.decision.recommend


class Step(NamedTuple):
    """One rule as a slot meets it under one consent: if ``test``, then win or pass over."""

    test: Test
    rule: Rule
    allowed: bool


Plan = tuple[Step, ...]
_CONSENTS = tuple(
    frozenset(some)
    for size in range(len(PURPOSES) + 1)
    for some in combinations(PURPOSES, size)
)


def _plan(rules: tuple[Rule, ...], consent: frozenset[str]) -> Plan:
    return tuple(
        Step(rule.holds, rule, True)
        if rule.purposes <= consent
        else Step(rule.possible, rule, False)
        for rule in rules
    )


class RuleSet(msgspec.Struct, frozen=True):
    """All rules of a site. Make it with :func:`ruleset`.

    ``rules`` are sorted by slot, priority (higher first), file and line; ``by_slot`` leaves
    out those that are off. ``attributes`` are the names used, ``asked`` the same, typed.
    ``revision`` changes when a text does.
    """

    rules: tuple[Rule, ...]
    by_slot: Mapping[str, tuple[Rule, ...]]
    segments: Mapping[str, Segment]
    asked: tuple[Attribute, ...]
    attributes: frozenset[str]
    plans: Mapping[str, Mapping[frozenset[str], Plan]]
    revision: str = ""
    zone: tzinfo = UTC

    def plan(self, slot: str, consent: frozenset[str]) -> Plan:
        """The rules of a slot in their order, for visitors with this consent."""
        plans = self.plans.get(slot)
        if plans is None:
            return ()
        plan = plans.get(consent)
        return _plan(self.by_slot[slot], consent) if plan is None else plan


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
    live = {slot: tuple(found) for slot, found in slots.items()}
    return RuleSet(
        tuple(rules),
        live,
        segments,
        tuple(sorted(asked, key=lambda attribute: attribute.name)),
        frozenset(attribute.name for attribute in asked),
        {
            slot: {consent: _plan(found, consent) for consent in _CONSENTS}
            for slot, found in live.items()
        },
        revision,
        zone,
    )


EMPTY = ruleset([], {})


def compiled(
    conditions: tuple[Condition, ...], segments: Mapping[str, Segment]
) -> tuple[frozenset[str], Test, Test]:
    """Purposes, ``holds`` and ``possible`` of a rule's conditions.

    ``consent: x`` as a condition of its own is a purpose like the implied ones.
    """
    # The cheap ones first: most rules fail at one of them.
    ordered = sorted(conditions, key=lambda condition: condition.cost)
    purposes: set[str] = set()
    tests, free = [], []
    for condition in ordered:
        test, needs = condition.tests(segments).true, condition.purposes(segments)
        tests.append(test)
        if isinstance(condition, Consents):
            needs = frozenset({condition.purpose})
        purposes |= needs
        if not needs:
            free.append(test)
    return frozenset(purposes), every(tests), every(free)

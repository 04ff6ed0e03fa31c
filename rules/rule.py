"""One rule as it is asked: its conditions compiled, its decision ready."""

from collections.abc import Iterable, Mapping

import msgspec

from .attributes import Facts
from .conditions import Condition, Consents, Segments, Test, every
from .counting import how_often
from .facts import Decision
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


def needs(condition: Condition, segments: Segments) -> frozenset[str]:
    """The consents that a rule's own condition asks for.

    ``consent: x`` as a condition of its own is a purpose like the implied ones.
    """
    if isinstance(condition, Consents):
        return frozenset({condition.purpose})
    return condition.purposes(segments)


def compiled(
    conditions: Iterable[Condition], segments: Segments
) -> tuple[frozenset[str], Test, Test]:
    """Purposes, ``holds`` and ``possible`` of a rule's conditions."""
    # The cheap ones first: most rules fail at one of them.
    ordered = sorted(conditions, key=lambda condition: condition.cost)
    purposes: set[str] = set()
    tests, free = [], []
    for condition in ordered:
        test, needed = condition.tests(segments).true, needs(condition, segments)
        tests.append(test)
        purposes |= needed
        if not needed:
            free.append(test)
    return frozenset(purposes), every(tests), every(free)

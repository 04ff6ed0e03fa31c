"""One rule as it is asked: its conditions compiled, its decision ready."""

from collections.abc import Iterable, Mapping

import msgspec

from .attributes import Facts
from .conditions import Condition, Consents, Segments, Test
from .counting import how_often
from .facts import CONSENTS, Decision
from .moments import Duration
from .terms import Deferred, Literal

_SHARED = {consents: consents for consents in CONSENTS}  # one object for all rules


class Cap(msgspec.Struct, frozen=True, gc=False):
    """At most ``times`` showings within ``per``; None: as long as the shop keeps events."""

    times: int
    per: Duration | None = None

    def shown(self, rule: str, facts: Facts) -> int:
        """How often the rule was shown within the window."""
        counter = facts.counts.get("shown rule", {}).get(rule)
        return how_often(counter, self.per, facts.day, facts.context.now)

    def __str__(self) -> str:
        return f"{self.times} x" + (f" in {self.per}" if self.per else "")


class Rule(msgspec.Struct, frozen=True, gc=False):
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
    purposes: set[str] = set()
    sides: list[Literal] = []
    free: list[Literal] = []
    for condition in conditions:
        needed = needs(condition, segments)
        sides.append(Literal(condition, True))
        purposes |= needed
        if not needed:
            free.append(sides[-1])
    holds = Deferred(tuple(sides), segments)
    possible = holds if len(free) == len(sides) else Deferred(tuple(free), segments)
    return _SHARED[frozenset(purposes)], holds, possible

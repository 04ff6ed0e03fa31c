"""One rule as it is asked: its conditions compiled, its decisions ready."""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from .caps import Cap
from .conditions import Condition, Consents, Segment, Segments, Test
from .experiments import Split
from .facts import CONSENTS, Decision
from .favourites import Binding
from .goals import Goal, Guardrail
from .schedule import Schedule
from .subjects import Subject
from .terms import Deferred, Literal

Filled = Callable[[str | None, tuple[str | None, ...]], Decision]
_SHARED = {consents: consents for consents in CONSENTS}  # one object for all rules


class Rule(msgspec.Struct, frozen=True, gc=False):
    """One rule, compiled.

    ``purposes`` are all consents it needs, the implied ones included. ``holds(facts)`` says
    whether every condition is surely true. ``possible(facts)`` says it of those conditions
    alone that need no consent: where one is missing, the others cannot be looked at.

    ``decision`` is what it decides, ready: nothing is built per request. With a ``split`` it
    is the control group's, and ``variants`` holds the others by name. Where the rule has
    ``bindings``, ``filled(variant, keys)`` gives the decision with their names filled.
    ``subjects`` are the things that it is about, a dimension and a key each. ``goal`` and
    ``guardrails`` are for reports, and for experiments that adapt or roll out; ``contexts`` are the
    segments that have weights of their own in its split.
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
    decision: Decision
    cap: Cap | None = None
    schedule: Schedule | None = None
    explore: float = 0.0
    split: Split | None = None
    variants: Mapping[str, Decision] = {}
    bindings: tuple[Binding, ...] = ()
    filled: Filled | None = None
    note: str = ""
    about: Mapping[str, str] = {}  # owner, goal, hypothesis, review-by, campaign, why
    off: bool = False
    subjects: tuple[Subject, ...] = ()
    goal: Goal | None = None
    guardrails: tuple[Guardrail, ...] = ()
    contexts: tuple[Segment, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether it decides the same for everybody for whom its conditions hold."""
        return not (self.cap or self.explore or self.split or self.bindings)


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

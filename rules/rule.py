"""One rule as it is asked: its conditions compiled, its decisions ready."""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from .caps import Cap
from .conditions import Condition, Consents, Segments, Test, every
from .experiments import Split
from .facts import Decision
from .favourites import Favourite
from .schedule import Schedule

Filled = Callable[[str | None, tuple[str | None, ...]], Decision]


class Rule(msgspec.Struct, frozen=True):
    """One rule, compiled.

    ``purposes`` are all consents it needs, the implied ones included. ``holds(facts)`` says
    whether every condition is surely true. ``possible(facts)`` says it of those conditions
    alone that need no consent: where one is missing, the others cannot be looked at.

    ``decision`` is what it decides, ready: nothing is built per request. With a ``split`` it
    is the control group's, and ``variants`` holds the others by name. Where the rule has
    ``bindings``, ``filled(variant, keys)`` gives the decision with their names filled.
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
    bindings: tuple[Favourite, ...] = ()
    filled: Filled | None = None
    note: str = ""
    about: Mapping[str, str] = {}  # owner, goal, hypothesis, review-by, campaign
    off: bool = False

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

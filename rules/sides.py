"""One of two sites that are compared, and a page as it decides it in hindsight."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from .attributes import NO_SUPPLIES, Supplies, facts
from .facts import Context, Event, Profile
from .hindsight import Answer, Hindsight
from .interests import NO_TRAFFIC, Traffic
from .placement import Limits, Placement

CONSENT = frozenset({"personalization"})  # without it, nothing is in the log
UNKNOWN_PURPOSES = frozenset({"statistics"})

Learn = Callable[[Profile | None, Event], Profile | None]


class Side(msgspec.Struct, frozen=True, eq=False):
    """One of the two sites that are compared.

    ``page`` is the context of a look at the page at a moment; ``slots`` are those of the page
    in their order, ``learn`` is how this site makes profiles of events.
    """

    rules: Hindsight
    limits: Limits
    slots: Sequence[str]
    learn: Learn
    page: Callable[[float], Context]
    traffic: Traffic = NO_TRAFFIC
    supplies: Supplies = NO_SUPPLIES


class Page:
    """One page as one side decides it: a decision for each slot, None where nobody can know."""

    def __init__(
        self,
        side: Side,
        profile: Profile | None,
        time: float,
        pins: Mapping[str, str],
        held: bool,
    ) -> None:
        self.side = side
        self.facts = facts(
            side.rules.rules,
            profile,
            side.page(time),
            CONSENT,
            {},
            side.traffic,
            pins=pins,
            supplies=side.supplies,
        )
        self._held = held and side.limits.holdout > 0

    def decide(self, slots: Sequence[str]) -> Iterator[tuple[str, Answer | None]]:
        """``slots`` in the order in which they stand on the page."""
        limits, placement = self.side.limits, Placement(self.side.limits)
        unsure: set[str] = set()  # slots that may take a place, or not
        for slot in slots:
            answer = self.side.rules.decide(self.facts, slot)
            found = placement.placed(answer.decision, self.facts)
            placement.take(found)
            crowded = unsure and limits.at_most is not None
            group = limits.groups.get(slot)
            if crowded or (
                group and any(limits.groups.get(o) == group for o in unsure)
            ):
                yield slot, None
                continue
            if answer.others and not (found.shown or found.held):
                unsure.add(slot)
            if self._held and found.shown:
                found = replace(found, reason="holdout", fragment=None)
            yield slot, Answer(found, answer.others)

    def explores(self, rule: str | None) -> bool:
        return any(
            one.id == rule and one.explore for one in self.side.rules.rules.rules
        )

"""What one page holds: how many slots, one of a group, and nothing for those held out."""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from .attributes import Facts
from .facts import Decision
from .holdout import EVERYTHING, held_out


class Limits(msgspec.Struct, frozen=True):
    """What site.toml says of a page.

    ``at_most`` slots are personalised, None: all. ``groups`` maps slots to their exclusion
    group, of which one slot is. ``holdout`` is the share of visitors who never see anything.
    """

    at_most: int | None = None
    groups: Mapping[str, str] = {}
    holdout: float = 0.0


UNLIMITED = Limits()


def held_back(share: float, facts: Facts) -> bool:
    """Whether the visitor is one of the ``share`` who never see anything personalised.

    What they were first, they stay: with a login somebody gets a new id, and is the same.
    """
    if share < 1:
        if EVERYTHING in facts.profile.variants:
            return True
        if facts.counts.get("shown fragment"):
            return False
    return held_out(share, facts.units.visitor)


class Placement:
    """Places decisions on one page, in the order in which its slots come.

    What is held back for the sake of a comparison takes its place like what is shown: the
    page of those who would have seen it is filled as if they had.
    """

    __slots__ = ("_limits", "_taken")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._taken: set[str] = set()

    def placed(self, decision: Decision, facts: Facts) -> Decision:
        """``decision`` as this page can have it; it takes its place with :meth:`take`."""
        limits = self._limits
        if limits is UNLIMITED or not (decision.shown or decision.held):
            return decision
        others = self._taken - {decision.slot}
        if limits.at_most is not None and len(others) >= limits.at_most:
            return replace(decision, reason="budget", fragment=None)
        group = limits.groups.get(decision.slot)
        if group is not None and any(
            limits.groups.get(other) == group for other in others
        ):
            return replace(decision, reason="group", fragment=None)
        if limits.holdout and held_back(limits.holdout, facts):
            return replace(decision, reason="holdout", fragment=None)
        return decision

    def take(self, decision: Decision) -> None:
        """The slot is personalised, or would be if the visitor were not held back."""
        if decision.shown or decision.held:
            self._taken.add(decision.slot)

    def leave(self, slot: str) -> None:
        """The slot keeps its default content after all: another one may have its place."""
        self._taken.discard(slot)

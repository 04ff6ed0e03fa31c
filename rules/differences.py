"""What a visitor would see instead of something else."""

from typing import NamedTuple

import msgspec

from .attributes import Facts
from .explain import explain
from .facts import SLOT_REASONS, Decision
from .sides import Side


class Kind(NamedTuple):
    """A slot's change from one rule and fragment to another; a fragment of None is the default
    content. ``unless`` as in :class:`Difference`."""

    slot: str
    old_rule: str | None
    old_fragment: str | None
    new_rule: str | None
    new_fragment: str | None
    unless: tuple[str, ...]


class Difference(msgspec.Struct, frozen=True, eq=False):
    """A slot that would have shown something else at ``time``; ``facts`` are the new side's.

    Not if one of the rules in ``unless`` won, on both sides: that cannot be known.
    """

    slot: str
    old: Decision
    new: Decision
    unless: tuple[str, ...]
    time: float
    facts: Facts

    @property
    def kind(self) -> Kind:
        """What differences have in common that stand in one row of a report."""
        old, new = self.old, self.new
        return Kind(
            self.slot, old.rule, old.fragment, new.rule, new.fragment, self.unless
        )

    def why(self, side: Side) -> str:
        """The reason for the new decision, and what became of the old rule. Takes milliseconds."""
        told = explain(side.rules.rules, self.facts, self.slot)
        new, old = self.new, self.old
        parts: list[str] = []
        if new.shown:
            parts.append("; ".join(told.because) or "it has no conditions")
        elif new.reason != "no-rule":
            parts.append(SLOT_REASONS.get(new.reason, new.reason))
        if old.rule is not None and old.rule != new.rule:
            misses = [miss.words for miss in told.misses if miss.rule == old.rule]
            parts += [f"not {old.rule}: {words}" for words in misses]
            if not misses and all(r.id != old.rule for r in side.rules.rules.rules):
                parts.append(f"there is no rule {old.rule} any more")
        return "; ".join(parts) or "no rule holds"

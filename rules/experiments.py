"""Who sees which variant: a hash of the experiment and the visitor, and nothing stored.

Every question has a salt of its own, so that the answers do not depend on each other, neither
within an experiment nor between two. The same id always lands in the same place; a larger
share holds everybody whom the smaller one held.
"""

from collections.abc import Mapping
from hashlib import blake2b
from math import log
from typing import Any, Literal

import msgspec

UnitKind = Literal["visitor", "account"]
Outcome = Literal["variant", "control", "traffic", "nothing"]

CONTROL = "control"  # what a pin says for the control group; no variant is called so
_BITS = 53  # as many as a float holds exactly


class Variant(msgspec.Struct, frozen=True, gc=False):
    """One of the things an experiment shows: a fragment with its parameters."""

    name: str
    weight: float
    show: str
    parameters: Mapping[str, Any] = {}
    line: int = 0


class Split(msgspec.Struct, frozen=True, gc=False):
    """One experiment. ``traffic`` and ``control`` are shares from 0 to 1.

    ``slice`` is the part of the ``layer`` that belongs to this experiment, without its upper
    end; experiments of one layer share no visitor. ``adapt``: weights may follow the clicks.
    """

    experiment: str
    variants: tuple[Variant, ...]
    unit: UnitKind = "visitor"
    traffic: float = 1.0
    control: float = 0.0
    layer: str | None = None
    slice: tuple[float, float] = (0.0, 1.0)
    adapt: bool = False
    line: int = 0

    @property
    def total(self) -> float:
        """The weights of all variants together."""
        return sum(variant.weight for variant in self.variants)

    def variant(self, name: str) -> Variant | None:
        return next((each for each in self.variants if each.name == name), None)


class Units(msgspec.Struct, frozen=True, gc=False):
    """The ids that a request can be told apart by; ``account`` is that of who is logged in."""

    visitor: str | None = None
    account: str | None = None


class Allocation(msgspec.Struct, frozen=True, gc=False):
    """Where a request landed.

    ``variant`` is set with the outcome ``variant`` alone. ``control`` keeps the default content
    and counts; ``traffic`` stays outside of the experiment; ``nothing`` has no id to go by.
    ``unit`` is the kind of id that decided, and ``note`` says why it is not the one that was
    asked for. ``pinned``: no id was needed.
    """

    outcome: Outcome
    variant: Variant | None = None
    unit: UnitKind = "visitor"
    note: str = ""
    pinned: bool = False


def position(salt: str, id: str) -> float:
    """Where ``id`` stands from 0 up to, but without, 1; the same for ever."""
    digest = blake2b(f"{salt}:{id}".encode("utf-8", "surrogatepass"), digest_size=8)
    return (int.from_bytes(digest.digest(), "big") >> (64 - _BITS)) / (1 << _BITS)


def allocate(split: Split, units: Units, pins: Mapping[str, str] = {}) -> Allocation:
    """The outcome of ``split`` for these ``units``.

    ``pins`` map experiments to a variant's name or ``control``. A pin wins over the slice, the
    traffic and the control group; one that names no variant of the split is passed over.
    A split by account falls back to the visitor where nobody is logged in.
    """
    pin = pins.get(split.experiment)
    if pin == CONTROL:
        return Allocation("control", unit=split.unit, pinned=True)
    if pin is not None and (variant := split.variant(pin)) is not None:
        return Allocation("variant", variant, split.unit, pinned=True)
    unit, note = split.unit, ""
    id = units.account if unit == "account" else units.visitor
    if not id and unit == "account" and units.visitor:
        unit, id = "visitor", units.visitor
        note = "nobody is logged in: the visitor id decided, not the account"
    if not id:
        what = "visitor id" if unit == "visitor" else "account and no visitor id"
        return Allocation("nothing", unit=unit, note=f"there is no {what}")
    # Ids of visitors and of accounts are two worlds: the same text must not land together.
    who = f"{unit}:{id}"
    if split.layer is not None:
        first, last = split.slice
        if not first <= position(f"layer:{split.layer}", who) < last:
            return Allocation("traffic", unit=unit, note=note)
    experiment = split.experiment
    if split.traffic < 1 and position(f"traffic:{experiment}", who) >= split.traffic:
        return Allocation("traffic", unit=unit, note=note)
    if split.control and position(f"control:{experiment}", who) < split.control:
        return Allocation("control", unit=unit, note=note)
    return Allocation("variant", _drawn(split, who), unit, note)


def _drawn(split: Split, who: str) -> Variant:
    """The variant that wins ``who``, each with the chance of its weight.

    Weighted rendezvous hashing: every variant draws for itself, so one that is added or made
    heavier takes visitors from the others, and nobody moves between these.
    """

    def waiting(variant: Variant) -> float:
        # The first of several exponential clocks is the one of rate w with chance w / total.
        drawn = position(f"variants:{split.experiment}/{variant.name}", who)
        return -log(1.0 - drawn) / variant.weight

    weighted = [variant for variant in split.variants if variant.weight > 0]
    return min(weighted, key=waiting)


def held_out(share: float, visitor: str | None) -> bool:
    """Whether the visitor is one of those who never see anything personalised."""
    return (
        bool(visitor)
        and share > 0
        and position("holdout", f"visitor:{visitor}") < share
    )


def explores(rule: str, share: float, visitor: str | None, day: int) -> bool:
    """Whether ``rule`` steps aside for this visitor on this ``day``; the next day draws anew."""
    if not visitor or not share:
        return False
    return position(f"explore:{rule}:{day}", f"visitor:{visitor}") < share

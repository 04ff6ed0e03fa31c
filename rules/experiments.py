"""Who sees which variant: a hash of the experiment and the visitor, and nothing stored.

Every question has a salt of its own, so that the answers do not depend on each other, neither
within an experiment nor between two. The same id always lands in the same place; a larger
share holds everybody whom the smaller one held.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from math import inf, log
from typing import Any, Literal

import msgspec

UnitKind = Literal["visitor", "customer", "account"]
Level = Literal["none", "segment", "individual"]
Outcome = Literal["variant", "control", "traffic", "nothing"]

CONTROL = "control"  # what a pin says for the control group; no variant is called so
_BITS = 53  # as many as a float holds exactly


class Variant(msgspec.Struct, frozen=True, gc=False):
    """One of the things an experiment shows: a fragment with its parameters.

    ``level`` says how personal it may be: ``none`` keeps the default content (``show`` is
    empty), ``segment`` knows nothing about the one visitor.
    """

    name: str
    weight: float
    show: str
    parameters: Mapping[str, Any] = {}
    line: int = 0
    level: Level = "individual"


class Adapting(msgspec.Struct, frozen=True, gc=False):
    """How weights follow what visitors do: those of the better variants grow.

    ``metric`` is the one that decides. Nobody gets less than ``floor``, a share of the whole.
    What was shown ``delay`` seconds ago or later is not judged yet, and what happened
    ``half_life`` seconds ago counts half. ``by`` are segments with weights of their own.
    """

    metric: str = "click-rate"
    floor: float = 0.05
    delay: float = 86_400.0
    half_life: float = 14 * 86_400.0
    by: tuple[str, ...] = ()


class Rollout(msgspec.Struct, frozen=True, gc=False):
    """Shares of all visitors, from 0 to 1 and ascending, each for at least ``every`` seconds."""

    steps: tuple[float, ...] = (0.01, 0.05, 0.25, 0.5, 1.0)
    every: float = 86_400.0


class Split(msgspec.Struct, frozen=True, gc=False):
    """One experiment. ``traffic`` and ``control`` are shares from 0 to 1.

    ``slice`` is the part of the ``layer`` that belongs to this experiment, without its upper
    end; experiments of one layer share no visitor. With ``adapt`` the weights, with
    ``rollout`` the share of visitors come out of :class:`Allocations`.
    """

    experiment: str
    variants: tuple[Variant, ...]
    unit: UnitKind = "visitor"
    traffic: float = 1.0
    control: float = 0.0
    layer: str | None = None
    slice: tuple[float, float] = (0.0, 1.0)
    adapt: Adapting | None = None
    rollout: Rollout | None = None
    line: int = 0

    @property
    def total(self) -> float:
        """The weights of all variants together."""
        return sum(variant.weight for variant in self.variants)

    def variant(self, name: str) -> Variant | None:
        return next((each for each in self.variants if each.name == name), None)


class Allocations(msgspec.Struct, frozen=True):
    """What visitors have taught about experiments.

    ``weights`` are those of adaptive splits: experiment -> context -> variant -> weight. The
    context is ``""`` for everybody, or ``segment:ID``. ``shares`` say how far roll-outs have
    come, from 0 (it went back: nobody sees it) to 1; one without any stands at its first step.
    ``states`` belong to whoever moves them on: experiment -> a text. ``again`` are roll-outs that
    began anew under their old name: what was seen before was another version.
    """

    weights: Mapping[str, Mapping[str, Mapping[str, float]]] = {}
    shares: Mapping[str, float] = {}
    states: Mapping[str, str] = {}
    again: frozenset[str] = frozenset()


NO_ALLOCATIONS = Allocations()


class Units(msgspec.Struct, frozen=True, gc=False):
    """The ids that a request can be told apart by.

    ``customer`` is that of who is logged in, ``account`` that of whom they buy for.
    """

    visitor: str | None = None
    customer: str | None = None
    account: str | None = None


class Allocation(msgspec.Struct, frozen=True, gc=False):
    """Where a request landed.

    ``variant`` is set with the outcome ``variant`` alone. ``control`` keeps the default content
    and counts; ``traffic`` stays outside of the experiment; ``nothing`` has no id to go by.
    ``unit`` is the kind of id that decided, and ``note`` says why it is not the one that was
    asked for. ``pinned``: no id was needed. ``kept``: it is what was seen first.
    ``propensity`` is how probable the variant was, where weights adapt and it was drawn now.
    """

    outcome: Outcome
    variant: Variant | None = None
    unit: UnitKind = "visitor"
    note: str = ""
    pinned: bool = False
    kept: bool = False
    propensity: float | None = None


def position(salt: str, id: str) -> float:
    """Where ``id`` stands from 0 up to, but without, 1; the same for ever."""
    digest = blake2b(f"{salt}:{id}".encode("utf-8", "surrogatepass"), digest_size=8)
    return (int.from_bytes(digest.digest(), "big") >> (64 - _BITS)) / (1 << _BITS)


def allocate(
    split: Split,
    units: Units,
    pins: Mapping[str, str] = {},
    kept: str | None = None,
    allocations: Allocations = NO_ALLOCATIONS,
    context: str = "",
) -> Allocation:
    """The outcome of ``split`` for these ``units``.

    ``pins`` map experiments to a variant's name or ``control``. A pin wins over everything;
    one that names no variant of the split is passed over. ``kept`` is what was seen first: it
    stays, whatever became of weights and shares, but for a control group that is no longer
    wanted, and a roll-out that went back or began anew. Accounts see the same on all devices: of
    them nothing is kept, the hash alone decides.

    A split by account goes by the customer where they buy for none, and by the visitor where
    nobody is logged in; one by customer is for those alone who are logged in. ``allocations``
    are the weights of an adaptive split, in ``context`` where that has any, and the share of a
    roll-out. That holds back as many as it shows, up to a half, from the other end of the line:
    while it grows to a half nobody goes from one side to the other.
    """
    experiment = split.experiment
    pin = pins.get(experiment)
    if pin == CONTROL:
        return Allocation("control", unit=split.unit, pinned=True)
    if pin is not None and (variant := split.variant(pin)) is not None:
        return Allocation("variant", variant, split.unit, pinned=True)
    unit, id, note = _unit(split.unit, units)
    if not id and not (kept and unit == "visitor"):
        return Allocation("traffic" if units.visitor else "nothing", None, unit, note)
    share = reached(split, allocations)
    if not share:
        return Allocation("traffic", unit=unit, note="its roll-out went back")
    anew = split.rollout is not None and experiment in allocations.again
    if split.unit == "account" or anew:
        kept = None
    if kept:
        if kept == CONTROL and split.control:
            return Allocation("control", unit=unit, note=note, kept=True)
        if (variant := split.variant(kept)) is not None:
            return Allocation("variant", variant, unit, note, kept=True)
    if not id:
        return Allocation("nothing", unit=unit, note=note)
    # Ids of visitors, customers and accounts are worlds of their own: the same text must not
    # land together. Who buys for no account is one of their own.
    who = f"{split.unit if unit == 'customer' else unit}:{id}"
    if split.layer is not None:
        first, last = split.slice
        if not first <= position(f"layer:{split.layer}", who) < last:
            return Allocation("traffic", unit=unit, note=note)
    if split.traffic < 1 and position(f"traffic:{experiment}", who) >= split.traffic:
        return Allocation("traffic", unit=unit, note=note)
    if share < 1 and (place := position(f"rollout:{experiment}", who)) >= share:
        if kept == CONTROL:
            return Allocation("control", unit=unit, note=note, kept=True)
        compared = place >= 1 - min(share, 1 - share)
        return Allocation("control" if compared else "traffic", unit=unit, note=note)
    if split.control and position(f"control:{experiment}", who) < split.control:
        return Allocation("control", unit=unit, note=note)
    if split.adapt is None:
        drawn = _drawn(experiment, split.variants, who)
        return Allocation("variant", drawn, unit, note)
    weights = weighed(split, allocations, context)
    drawn = _drawn(experiment, split.variants, who, weights)
    chance = weights[split.variants.index(drawn)] / sum(weights)
    return Allocation("variant", drawn, unit, note, propensity=chance)


def reached(split: Split, allocations: Allocations) -> float:
    """How far the roll-out of ``split`` has come, from 0 to 1; 1 where it is none."""
    if split.rollout is None:
        return 1.0
    share = allocations.shares.get(split.experiment, split.rollout.steps[0])
    # What nobody understands is shown to nobody.
    return share if 0 <= share <= 1 else 0.0


def weighed(
    split: Split, allocations: Allocations, context: str = ""
) -> tuple[float, ...]:
    """The weights of the variants that count now, one at least not 0.

    Those of ``context``, else those for everybody, else as written. A variant that was written
    with 0 stays there, one that has no weight yet has its written share.
    """
    written = tuple(variant.weight for variant in split.variants)
    found = allocations.weights.get(split.experiment)
    learned = None if not found else found.get(context) or found.get("")
    if split.adapt is None or not learned:
        return written
    known = [learned.get(one.name) if one.weight else None for one in split.variants]
    given = [weight for weight in known if weight is not None]
    whole = sum(given)
    if not 0 < whole < inf or min(given) < 0:
        return written
    both = zip(written, known, strict=True)
    scale = sum(was for was, now in both if now is not None) / whole
    if scale == inf:
        return written
    both = zip(written, known, strict=True)
    return tuple(was if now is None else now * scale for was, now in both)


def _unit(wanted: UnitKind, units: Units) -> tuple[UnitKind, str | None, str]:
    """The kind of id that decides, the id, and why it is another one than ``wanted``."""
    if wanted == "visitor":
        return wanted, units.visitor, "" if units.visitor else "there is no visitor id"
    if wanted == "customer":
        note = "" if units.customer else "nobody is logged in, and it is for customers"
        return wanted, units.customer, note
    if units.account:
        return wanted, units.account, ""
    if units.customer:
        return (
            "customer",
            units.customer,
            "they buy for no account: the customer decided",
        )
    if units.visitor:
        note = "nobody is logged in: the visitor id decided, not the account"
        return "visitor", units.visitor, note
    return wanted, None, "there is no account and no visitor id"


def _drawn(
    experiment: str,
    variants: Sequence[Variant],
    who: str,
    weights: Sequence[float] = (),
) -> Variant:
    """The variant that wins ``who``, each with the chance of its weight, as written if not said.

    Weighted rendezvous hashing: every variant draws for itself, so one that is added or made
    heavier takes visitors from the others, and nobody moves between these.
    """
    first, found = inf, variants[0]
    for number, variant in enumerate(variants):
        weight = weights[number] if weights else variant.weight
        if weight > 0:
            # The first of several exponential clocks is the one of rate w with chance w / total.
            drawn = position(f"variants:{experiment}/{variant.name}", who)
            waiting = -log(1.0 - drawn) / weight
            if waiting < first:
                first, found = waiting, variant
    return found


def explores(rule: str, share: float, visitor: str | None, day: int) -> bool:
    """Whether ``rule`` steps aside for this visitor on this ``day``; the next day draws anew."""
    if not visitor or not share:
        return False
    return position(f"explore:{rule}:{day}", f"visitor:{visitor}") < share

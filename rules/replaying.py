"""A visitor's story again: what other rules would have shown, moment by moment."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from .attributes import Facts, facts
from .decide import decide
from .events import PROMOTION_VIEWED, SAYS, VISITED
from .explain import explain
from .facts import SLOT_REASONS, Context, Decision, Event, Profile
from .hindsight import Bounds
from .interests import NO_TRAFFIC, Traffic
from .learning import VISIT_PAUSE
from .placement import Limits, Placement

CONSENT = frozenset({"personalization"})  # without it, nothing is in the log
UNKNOWN_PURPOSES = frozenset({"statistics"})

Learn = Callable[[Profile | None, Event], Profile | None]
Window = tuple[float, float]
_LISTED = SAYS[PROMOTION_VIEWED].listed
_FRAGMENT = SAYS[PROMOTION_VIEWED].property


class Side(msgspec.Struct, frozen=True, eq=False):
    """One of the two sites that are compared.

    ``page`` is the context of a look at the page at a moment; ``slots`` are those of the page
    in their order, ``learn`` is how this site makes profiles of events.
    """

    rules: Bounds
    limits: Limits
    slots: Sequence[str]
    learn: Learn
    page: Callable[[float], Context]
    traffic: Traffic = NO_TRAFFIC


class Difference(msgspec.Struct, frozen=True, eq=False):
    """A slot that would have shown something else at ``time``; ``facts`` are the new side's."""

    slot: str
    old: Decision
    new: Decision
    time: float
    facts: Facts

    @property
    def kind(self) -> tuple[str, str | None, str | None, str | None, str | None]:
        """What differences have in common that stand in one row of a report."""
        old, new = self.old, self.new
        return self.slot, old.rule, old.fragment, new.rule, new.fragment

    def why(self, side: Side) -> str:
        """The reason for the new decision, and what became of the old rule. Takes milliseconds."""
        told = explain(side.rules.surely, self.facts, self.slot)
        new, old = self.new, self.old
        parts: list[str] = []
        if new.shown:
            parts.append("; ".join(told.because) or "it has no conditions")
        elif new.reason != "no-rule":
            parts.append(SLOT_REASONS.get(new.reason, new.reason))
        if old.rule is not None and old.rule != new.rule:
            misses = [miss.words for miss in told.misses if miss.rule == old.rule]
            parts += [f"not {old.rule}: {words}" for words in misses]
            if not misses and all(r.id != old.rule for r in side.rules.surely.rules):
                parts.append(f"there is no rule {old.rule} any more")
        return "; ".join(parts) or "no rule holds"


class Story(msgspec.Struct, frozen=True, eq=False):
    """One visitor, looked at again: how often, what differs, and which slots nobody can know."""

    visitor: str
    looks: int
    differences: Sequence[Difference]
    unknown: frozenset[str]


def replayed(
    events: Sequence[Event], before: Side | None, after: Side, window: Window
) -> Story:
    """Decide again for one visitor, whose ``events`` these are, oldest first.

    ``before`` is None: what ``after`` decides is compared with what the log says was shown,
    slot by slot of each showing. Else both sides decide, for all slots, at each showing in the
    ``window`` and, for a visit without one, after its last event. The profile of each side is
    rebuilt from the events up to then.

    Experiments keep the variant that the log names; where it names none, as where the two
    bounds differ, the slot is unknown. Rules that explore are looked at as if they did not.
    """
    pins, held = _pinned(events)
    sides = (after,) if before is None else (before, after)
    looks, found, unknown = 0, [], set()
    for moment, shown in _moments(events, sides, window, visits=before is not None):
        looks += 1
        new = _Page(after, moment.profiles[-1], moment.time, pins, held)
        if before is None:
            assert shown is not None
            if shown.properties.get("revision") == after.rules.surely.revision:
                continue  # these very rules have shown it
            compared = _against_log(new, shown)
        else:
            old = _Page(before, moment.profiles[0], moment.time, pins, held)
            compared = _against_rules(new, old)
        for slot, pair in compared:
            if pair is None:
                unknown.add(slot)
            elif _differ(*pair, exactly=before is not None):
                found.append(Difference(slot, *pair, moment.time, new.facts))
    visitor = events[0].visitor if events else ""
    return Story(visitor, looks, found, frozenset(unknown))


class _Moment(msgspec.Struct, frozen=True, eq=False):
    time: float
    profiles: Sequence[Profile | None]  # one for each side


def _moments(
    events: Sequence[Event], sides: Sequence[Side], window: Window, *, visits: bool
) -> Iterator[tuple[_Moment, Event | None]]:
    """The moments of the window to decide at, with the showing that the log has of it.

    Whether a visit begins is not in the log: it follows from the gap before an event.
    """
    profiles: list[Profile | None] = [None] * len(sides)
    start, end = window
    last: float | None = None
    looked = False

    def learn(event: Event) -> None:
        for number, side in enumerate(sides):
            profiles[number] = side.learn(profiles[number], event)

    for event in events:
        if last is None or event.time - last > VISIT_PAUSE:
            if visits and last is not None and not looked and start <= last < end:
                yield _Moment(last, tuple(profiles)), None
            looked = False
            learn(msgspec.structs.replace(event, name=VISITED, properties={}))
        if event.name == PROMOTION_VIEWED and start <= event.time < end:
            looked = True
            yield _Moment(event.time, tuple(profiles)), event
        learn(event)
        last = event.time
    if visits and last is not None and not looked and start <= last < end:
        yield _Moment(last, tuple(profiles)), None


def _promotions(event: Event) -> Iterator[Mapping[str, Any]]:
    listed = event.properties.get(_LISTED)
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict):  # shops may track what they like
            yield each


def _pinned(events: Sequence[Event]) -> tuple[dict[str, str], bool]:
    """The variants that the log names, and whether the visitor never sees anything personal."""
    pins: dict[str, str] = {}
    held = False
    for event in events:
        if event.name != PROMOTION_VIEWED:
            continue
        for one in _promotions(event):
            experiment, variant = one.get("experiment"), one.get("variant")
            if isinstance(experiment, str) and isinstance(variant, str):
                pins.setdefault(experiment, variant)
            held = held or one.get("held") == "holdout"
    return pins, held


class _Page:
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
            side.rules.surely,
            profile,
            side.page(time),
            CONSENT,
            {},
            side.traffic,
            pins=pins,
        )
        self._held = held and side.limits.holdout > 0

    def decisions(self, slots: Sequence[str]) -> Iterator[tuple[str, Decision | None]]:
        """``slots`` in the order in which they stand on the page."""
        surely, possibly = self.side.rules
        at_least, at_most = Placement(self.side.limits), Placement(self.side.limits)
        for slot in slots:
            found = decide(surely, self.facts, slot)
            doubtful = _lacks_id(found)
            found = at_least.placed(found, self.facts)
            at_least.take(found)
            if possibly is not surely:
                other = decide(possibly, self.facts, slot)
                doubtful = doubtful or _lacks_id(other)
                other = at_most.placed(other, self.facts)
                at_most.take(other)
                doubtful = doubtful or not _alike(found, other)
            if doubtful:
                yield slot, None
            elif self._held and found.shown:
                yield (
                    slot,
                    msgspec.structs.replace(found, reason="holdout", fragment=None),
                )
            else:
                yield slot, found

    def explores(self, rule: str | None) -> bool:
        return any(
            one.id == rule and one.explore for one in self.side.rules.surely.rules
        )


def _lacks_id(decision: Decision) -> bool:
    """Whether an experiment was passed over because only the visitor's id could tell."""
    return any(reason == "consent" for _, reason in decision.skipped)


def _alike(one: Decision, other: Decision) -> bool:
    return (one.rule, one.reason, one.variant) == (
        other.rule,
        other.reason,
        other.variant,
    )


def _differ(old: Decision, new: Decision, *, exactly: bool) -> bool:
    """Whether a person would see the difference; the log knows nothing but the fragment."""
    if old.fragment != new.fragment:
        return True
    return exactly and (old.parameters, old.recommend) != (
        new.parameters,
        new.recommend,
    )


Pairs = Iterator[tuple[str, tuple[Decision, Decision] | None]]


def _against_rules(new: _Page, old: _Page) -> Pairs:
    were = dict(old.decisions(old.side.slots))
    for slot, now in new.decisions(new.side.slots):
        was = were.get(slot, Decision(slot, "no-rule"))
        yield slot, None if now is None or was is None else (was, now)


def _against_log(new: _Page, shown: Event) -> Pairs:
    logged = {
        one["slot"]: _logged(one)
        for one in _promotions(shown)
        if isinstance(one.get("slot"), str)
    }
    for slot, now in new.decisions([*logged]):
        was = logged[slot]
        if now is None or (now.rule != was.rule and new.explores(now.rule)):
            yield slot, None
        else:
            yield slot, (was, now)


def _logged(promotion: Mapping[str, Any]) -> Decision:
    def text(name: str) -> str | None:
        value = promotion.get(name)
        return value if isinstance(value, str) else None

    return Decision(
        promotion["slot"],
        text("held") or "shown",
        text("rule"),
        text(_FRAGMENT),
        experiment=text("experiment"),
        variant=text("variant"),
    )

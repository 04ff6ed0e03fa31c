"""A visitor's story again: what other rules would have shown, moment by moment."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from .attributes import Facts, facts
from .events import PROMOTION_VIEWED, SAYS, VISITED
from .explain import explain
from .facts import SLOT_REASONS, Context, Decision, Event, Profile
from .hindsight import Hindsight, Verdict
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

    rules: Hindsight
    limits: Limits
    slots: Sequence[str]
    learn: Learn
    page: Callable[[float], Context]
    traffic: Traffic = NO_TRAFFIC


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

    Experiments keep the variant that the log names. A rule that may have won, but nobody can
    know, does no harm where it stands on both sides: if it won, nothing differs, else what
    comes after it is compared. Elsewhere the slot is unknown. Rules that explore are looked
    at as if they did not.
    """
    pins, held = _pinned(events)
    sides = (after,) if before is None else (before, after)
    looks, found, unknown = 0, [], set()
    for moment, shown in _moments(events, sides, window, visits=before is not None):
        looks += 1
        new = _Page(after, moment.profiles[-1], moment.time, pins, held)
        if before is None:
            assert shown is not None
            if shown.properties.get("revision") == after.rules.rules.revision:
                continue  # these very rules have shown it
            compared = _against_log(new, shown)
        else:
            old = _Page(before, moment.profiles[0], moment.time, pins, held)
            compared = _against_rules(new, old)
        for slot, change in compared:
            if change is None:
                unknown.add(slot)
            elif _differ(change.old, change.new, exactly=before is not None):
                found.append(Difference(slot, *change, moment.time, new.facts))
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
            learn(replace(event, name=VISITED, properties={}))
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
            side.rules.rules,
            profile,
            side.page(time),
            CONSENT,
            {},
            side.traffic,
            pins=pins,
        )
        self._held = held and side.limits.holdout > 0

    def decide(self, slots: Sequence[str]) -> Iterator[tuple[str, Verdict | None]]:
        """``slots`` in the order in which they stand on the page."""
        limits, placement = self.side.limits, Placement(self.side.limits)
        unsure: set[str] = set()  # slots that may take a place, or not
        for slot in slots:
            verdict = self.side.rules.decide(self.facts, slot)
            found = placement.placed(verdict.decision, self.facts)
            placement.take(found)
            crowded = unsure and limits.at_most is not None
            group = limits.groups.get(slot)
            if crowded or (
                group and any(limits.groups.get(o) == group for o in unsure)
            ):
                yield slot, None
                continue
            if verdict.others and not (found.shown or found.held):
                unsure.add(slot)
            if self._held and found.shown:
                found = replace(found, reason="holdout", fragment=None)
            yield slot, Verdict(found, verdict.others)

    def explores(self, rule: str | None) -> bool:
        return any(
            one.id == rule and one.explore for one in self.side.rules.rules.rules
        )


def _differ(old: Decision, new: Decision, *, exactly: bool) -> bool:
    """Whether a person would see the difference; the log knows nothing but the fragment."""
    if old.fragment != new.fragment:
        return True
    return exactly and (old.parameters, old.recommend) != (
        new.parameters,
        new.recommend,
    )


class _Change(NamedTuple):
    old: Decision
    new: Decision
    unless: tuple[str, ...]


_Changes = Iterator[tuple[str, _Change | None]]


def _against_rules(new: _Page, old: _Page) -> _Changes:
    were = dict(old.decide(old.side.slots))
    for slot, now in new.decide(new.side.slots):
        was = were.get(slot, Verdict(Decision(slot, "no-rule")))
        if now is None or was is None or [*now.others.items()] != [*was.others.items()]:
            yield slot, None
        else:
            yield slot, _Change(was.decision, now.decision, tuple(now.others))


def _against_log(new: _Page, shown: Event) -> _Changes:
    logged = {
        one["slot"]: _logged(one)
        for one in _promotions(shown)
        if isinstance(one.get("slot"), str)
    }
    for slot, now in new.decide([*logged]):
        was = logged[slot]
        if now is None or now.others or _explored(new, was, now.decision):
            yield slot, None
        else:
            yield slot, _Change(was, now.decision, ())


def _explored(page: _Page, was: Decision, now: Decision) -> bool:
    """Whether the rule may have stepped aside for the one in the log."""
    return now.rule != was.rule and page.explores(now.rule)


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

"""A visitor's story again: what other rules would have shown, moment by moment."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from .differences import Difference
from .events import PROMOTION_VIEWED, SAYS, VISITED
from .facts import Decision, Event, Profile
from .hindsight import Answer
from .learning import VISIT_PAUSE
from .sides import Page, Side

Window = tuple[float, float]
_LISTED = SAYS[PROMOTION_VIEWED].listed
_FRAGMENT = SAYS[PROMOTION_VIEWED].property


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
        new = Page(after, moment.profiles[-1], moment.time, pins, held)
        if before is None:
            assert shown is not None
            if shown.properties.get("revision") == after.rules.rules.revision:
                continue  # these very rules have shown it
            compared = _against_log(new, shown)
        else:
            old = Page(before, moment.profiles[0], moment.time, pins, held)
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
        # Shops may track what they like; what could not be shown says nothing of the rules.
        if isinstance(each, dict) and "failed" not in each:
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


def _against_rules(new: Page, old: Page) -> _Changes:
    were = dict(old.decide(old.side.slots))
    for slot, now in new.decide(new.side.slots):
        was = were.get(slot, Answer(Decision(slot, "no-rule")))
        if now is None or was is None or [*now.others.items()] != [*was.others.items()]:
            yield slot, None
        else:
            yield slot, _Change(was.decision, now.decision, tuple(now.others))


def _against_log(new: Page, shown: Event) -> _Changes:
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


def _explored(page: Page, was: Decision, now: Decision) -> bool:
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

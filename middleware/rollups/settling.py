"""What stays of those who go: sums over visitors, without any of them."""

from collections.abc import Iterator, Mapping

from ...rules.events import PROMOTION_VIEWED
from ...rules.measurement.plan import Plan
from ..stores import DayOf
from .changes import GONE, Changes, Ledger
from .told import Told, told
from .turn import Turn
from .unit import (
    NEVER,
    Body,
    Part,
    Unit,
    after,
    body_of,
    decode,
    decode_part,
    divided,
    encode,
    remembered,
)
from .updating import OVERLAP

STEP = 100  # units that leave together
AHEAD = (
    3_600.0  # seconds that another worker's clock may be ahead: they left after it all
)


def settle(ledger: Ledger, owner: str, plan: Plan, now: float) -> bool:
    """Let ``owner`` count among the gone, as one who opted out. False: there was nobody."""
    tables = ledger.tables
    until = now + AHEAD
    story = list(tables.story(owner, until))
    left = max(now, story[-1][1]) if story else now
    one = next(told(story, plan, until, left), None)
    whole = None if one is None else body_of(one.contribution, ledger.names)
    # An update goes on beside it: what is read in here is what is changed.
    with tables.changing():
        marks = [mark for mark in tables.marks(owner) if mark != owner]
        known = {unit.owner: unit for unit in tables.units([owner, *marks])}
        if one is None and not known:
            return False
        changes = Changes(ledger)
        counting = ledger.generation
        for unit in known.values():
            if unit.settled is not None:
                changes.of(GONE).add(decode(unit.body), -1)
            elif unit.generation in (counting, ledger.building):
                changes.of(unit.generation).add(decode(unit.body), -1)
        _keep(changes, owner, known.get(owner), one, whole, now)
        changes.drop += [mark for mark in marks if mark in known]
        before = known.get(owner)
        # What they add to accounts has left already if this is tried again.
        again = before is not None and before.settled is not None
        parts = {} if one is None or again else one.contribution.accounts
        pasts = {unit.owner: unit.past for unit in known.values()}
        changes.accounts(
            {owner: parts} | dict.fromkeys(marks, {}), pasts, counting, leave=True
        )
        changes.put()
    return True


def _keep(
    changes: Changes,
    owner: str,
    unit: Unit | None,
    one: Told | None,
    whole: Body | None,
    now: float,
) -> None:
    """The unit that says what of ``owner`` counts among the gone: it goes when they are erased."""
    past = None if unit is None else unit.past
    if whole is not None:
        body = after(whole, past)
    elif (
        unit is not None
    ):  # its events are gone already: what was counted of them stays
        body = decode(unit.body)
    else:
        return
    changes.of(GONE).add(body)
    shown, did = (NEVER, NEVER) if one is None else (one.shown, one.did)
    changes.keep.append(
        Unit(owner, GONE, encode(body), body.first, shown, did, now, past)
    )


def purge(
    ledger: Ledger, turn: Turn, events_before: Mapping[str, float], day: DayOf
) -> Iterator[int]:
    """Let what was counted of events that are too old by now count among the gone; the units of
    those who have no others go. Each step gives how many units it changed.

    Of who is concerned all goes there that is final: counted once more without these events it
    would be something else, up to the orders that a showing got the credit for.
    """
    tables = ledger.tables
    did_before = events_before.get("", 0.0)
    shown_before = events_before.get(PROMOTION_VIEWED, did_before)
    last = day(max(shown_before, did_before))
    final = max(last, _final(ledger, day))
    after_owner = ""
    while True:
        edition = ledger.edition
        units = tables.aged(last, shown_before, did_before, after_owner, STEP)
        if not units:
            return
        changes = Changes(ledger)
        leaving = []
        generation = ledger.generation
        for unit in units:
            if (
                unit.settled is not None
            ):  # it counts among the gone, and nobody erased it
                changes.drop.append(unit.owner)
                continue
            whole = unit.shown < shown_before and unit.did < did_before
            body = decode(unit.body)
            old, new = divided(body, final)
            if whole:
                old = body
                leaving.append(unit.owner)
            else:
                past = remembered(unit.past, old, final)
                changes.keep.append(
                    unit._replace(body=encode(new), first=new.first, past=past)
                )
            changes.of(GONE).add(old)
            if unit.generation == generation:
                changes.of(generation).add(old, -1)
        changes.drop += leaving
        if leaving:
            changes.accounts(_parts(ledger, leaving), {}, generation, leave=True)
        if changes.write(turn.hold, edition, bump=True):
            after_owner = units[-1].owner
            yield len(units)
        turn.beat()


def _final(ledger: Ledger, day: DayOf) -> int:
    """The last day of which nothing changes any more, whatever is logged from now on."""
    value = ledger.tables.value
    until, window = float(value("until") or 0.0), float(value("window") or 0.0)
    return day(max(0.0, until - window - OVERLAP)) - 1


def _parts(ledger: Ledger, owners: list[str]) -> dict[str, dict[str, Part]]:
    """What ``owners`` add to accounts, as it is kept."""
    tables = ledger.tables
    parts: dict[str, dict[str, Part]] = {owner: {} for owner in owners}
    for account, owner, body in tables.members(tables.accounts(owners)):
        if owner in parts:
            parts[owner][account] = decode_part(body, ledger.names)
    return parts

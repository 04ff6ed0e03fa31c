"""Owners who did something since the last time are counted again."""

from collections.abc import Mapping, Sequence
from itertools import islice

import msgspec

from ...rules.measurement.plan import Plan
from . import Say
from .changes import GONE, Changes, Ledger
from .tables import Seen
from .told import Told, told
from .turn import Turn
from .unit import Unit, after, body_of, decode, encode

SEEN = "seen"
OVERLAP = 2 * 86_400.0  # seconds that events may be late
SETTLING = 3_600.0  # seconds in which who was settled is erased
BATCH = 100  # owners whose units are changed together
LARGE = 1_500  # rows in one change: some milliseconds


def update(
    ledger: Ledger, turn: Turn, plan: Plan, since: float, until: float, say: Say
) -> tuple[int, int]:
    """Returns how many owners were looked at, and how many count for something else now.

    Of the time before ``since``, those are looked at who have events in a quarter of an hour that
    has not the same events any more.
    """
    tables = ledger.tables
    seen = tables.seen(since - OVERLAP, until)
    known = read_seen(tables.value(SEEN) or "{}")
    total, joined = tables.concerned(
        [q for q, told in seen.items() if known.get(q) != told]
    )
    generation = ledger.generation
    done = changed = 0
    stories = told(tables.stories(until), plan, until)
    while batch := list(islice(stories, BATCH)):
        changed += apply(ledger, turn, batch, generation, joined, until)
        done += len(batch)
        say("counting visitors", done, total)
        turn.beat()
    with tables.changing():
        turn.hold()
        tables.put("until", repr(until))
        tables.put(SEEN, write_seen(seen))
    return done, changed


def apply(
    ledger: Ledger,
    turn: Turn,
    batch: Sequence[Told],
    generation: int,
    joined: Mapping[str, Sequence[str]],
    now: float,
) -> int:
    """Put what the owners of ``batch`` add in the place of what they added before, marks that
    they turned out to be (``joined``) included. Returns how many changed."""
    tables = ledger.tables
    while True:
        edition = ledger.edition
        marks = [mark for one in batch for mark in joined.get(one.owner, ())]
        owners = [one.owner for one in batch]
        known = {unit.owner: unit for unit in tables.units([*owners, *marks])}
        changes = Changes(ledger)
        for mark in marks:
            take_off(changes, known.get(mark), generation)
        changes.drop += [mark for mark in marks if mark in known]
        fresh = [one for one in batch if not settling(known.get(one.owner), now)]
        for one in fresh:
            put_on(changes, ledger, one, known.get(one.owner), generation)
        parts = {one.owner: one.contribution.accounts for one in fresh}
        pasts = {owner: unit.past for owner, unit in known.items()}
        changes.accounts(parts | dict.fromkeys(marks, {}), pasts, generation)
        if not changes:
            return 0
        if len(changes) > LARGE and len(batch) > 1:
            half = len(batch) // 2
            return sum(
                apply(ledger, turn, some, generation, joined, now)
                for some in (batch[:half], batch[half:])
            )
        kept = [unit.owner for unit in changes.keep]
        if changes.write(turn.hold, edition, kept):
            return len(kept)
        refused = tables.refused(owners)
        batch = [one for one in batch if one.owner not in refused]


read_seen = msgspec.json.Decoder(Seen).decode


def write_seen(seen: Seen) -> str:
    return msgspec.json.encode(seen).decode()


def settling(unit: Unit | None, now: float) -> bool:
    """Whether it is about to be erased."""
    return (
        unit is not None
        and unit.settled is not None
        and (now - unit.settled < SETTLING)
    )


def take_off(changes: Changes, unit: Unit | None, generation: int) -> None:
    """What ``unit`` adds to the gone, or to the sums of ``generation``."""
    if unit is not None and unit.settled is not None:
        changes.of(GONE).add(decode(unit.body), -1)
    elif unit is not None and unit.generation == generation:
        changes.of(generation).add(decode(unit.body), -1)


def put_on(
    changes: Changes, ledger: Ledger, one: Told, unit: Unit | None, generation: int
) -> None:
    """What ``one`` adds now, in the place of ``unit``; nothing where it is the same."""
    past = None if unit is None else unit.past
    body = after(body_of(one.contribution, ledger.names), past)
    text = encode(body)
    new = Unit(one.owner, generation, text, body.first, one.shown, one.did, None, past)
    if new == unit:
        return
    take_off(changes, unit, generation)
    changes.of(generation).add(body)
    changes.keep.append(new)

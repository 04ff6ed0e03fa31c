"""All is counted anew, while what was counted before can be read."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from operator import itemgetter

from ...rules.measurement.accounts import combined
from ...rules.measurement.plan import Plan
from . import Say
from .changes import GONE, Changes, Ledger
from .sums import Key, Sums, Value, added
from .tables import Member, Seen
from .told import Told, told
from .turn import Turn
from .unit import Part, Unit, after, body_of, decode_part, encode
from .updating import OVERLAP, SEEN, settling, take_off, write_seen

BATCH = 200  # units that are written together
STEP = 150  # sums that are written together
PAUSE = (
    0.004  # seconds after each step: a shop's writer that waits looks again meanwhile
)
FULL = 80_000  # sums that one process holds
SWEPT = 500  # rows that are deleted together

Parts = Callable[[int], Iterator[tuple[int, int]]]
"""Counts the parts, for a generation; gives owners and events as they are done."""


def build(
    ledger: Ledger,
    turn: Turn,
    plan: Plan,
    until: float,
    say: Say,
    parts: Parts,
    total: int,
) -> int:
    """Make a new generation of units and sums, of a ``total`` of events. Returns how many owners
    there are."""
    tables = ledger.tables
    generation = max(ledger.generation, ledger.building) + 1
    with tables.changing():
        turn.hold()
        tables.put("building", str(generation))
    sweep(ledger, turn)
    seen = tables.seen(until - OVERLAP, until)  # before the events themselves
    done = owners = 0
    for of_owners, of_events in parts(generation):
        owners += of_owners
        done += of_events
        say("counting anew", done, total)
        turn.beat()
    while gone := tables.outdated(generation, SWEPT):
        with tables.changing():
            turn.hold()
            tables.drop(gone)
    _finish(ledger, turn, generation, plan, until, seen)
    sweep(ledger, turn)
    return owners


def _finish(
    ledger: Ledger,
    turn: Turn,
    generation: int,
    plan: Plan,
    until: float,
    seen: Seen,
) -> None:
    """Add what accounts did, and let the generation count."""
    tables = ledger.tables
    while True:
        edition = ledger.edition
        sums = _of_accounts(ledger)
        flush(ledger, turn, generation, sums)
        with tables.changing():
            turn.hold()
            if ledger.edition == edition:
                tables.put("generation", str(generation))
                tables.put("building", None)
                tables.put("fingerprint", plan.fingerprint)
                tables.put("window", repr(_longest(plan)))
                tables.put("until", repr(until))
                tables.put(SEEN, write_seen(seen))
                return
        flush(ledger, turn, generation, sums, -1)


def _longest(plan: Plan) -> float:
    return max(plan.window, *plan.experiments.values(), *plan.rules.values(), 0.0)


def _of_accounts(ledger: Ledger) -> Sums:
    sums = Sums(ledger.names)
    for parts in _accounts(ledger.tables.every_member(), ledger):
        sums.put(*combined(parts))
    return sums


def _accounts(members: Iterable[Member], ledger: Ledger) -> Iterator[list[Part]]:
    parts: list[Part] = []
    last = None
    for account, _, body in members:
        if account != last and parts:
            yield parts
            parts = []
        last = account
        parts.append(decode_part(body, ledger.names))
    if parts:
        yield parts


def count_parts(
    ledger: Ledger,
    turn: Turn,
    plan: Plan,
    until: float,
    generation: int,
    numbers: Iterable[int],
    parts: int,
) -> Iterator[tuple[int, int]]:
    """Count the owners of some of the parts; their sums are added to what others have counted."""
    tables = ledger.tables
    sums = Sums(ledger.names)
    for number in numbers:
        stories = told(tables.part(number, parts, until), plan, until)
        while batch := list(islice(stories, BATCH)):
            _count(ledger, turn, batch, generation, sums, until)
            if len(sums) > FULL:
                flush(ledger, turn, generation, sums)
                sums = Sums(ledger.names)
            yield len(batch), sum(one.events for one in batch)
        tables.rest()
    flush(ledger, turn, generation, sums)


def _count(
    ledger: Ledger,
    turn: Turn,
    batch: Sequence[Told],
    generation: int,
    sums: Sums,
    now: float,
) -> None:
    """Write the units of ``batch``, and hold what they add in ``sums``."""
    tables = ledger.tables
    while True:
        edition = ledger.edition
        known = {unit.owner: unit for unit in tables.units([o.owner for o in batch])}
        changes, bodies = Changes(ledger), []
        parts = {}
        for one in batch:
            unit = known.get(one.owner)
            if settling(unit, now):
                continue
            past = None if unit is None else unit.past
            body = after(body_of(one.contribution, ledger.names), past)
            changes.keep.append(
                Unit(
                    *(one.owner, generation, encode(body), body.first),
                    *(one.shown, one.did, None, past),
                )
            )
            bodies.append(body)
            parts[one.owner] = one.contribution.accounts
            if unit is not None and unit.settled is not None:
                take_off(changes, unit, generation)
        pasts = {owner: unit.past for owner, unit in known.items()}
        changes.accounts(parts, pasts, GONE)
        kept = [unit.owner for unit in changes.keep]
        if changes.write(turn.hold, edition, kept):
            for body in bodies:
                sums.add(body)
            return
        refused = tables.refused(kept)
        batch = [one for one in batch if one.owner not in refused]


def flush(
    ledger: Ledger, turn: Turn, generation: int, sums: Sums, sign: int = 1
) -> None:
    """Add ``sums`` to those that are kept, in steps; with a ``sign`` of -1 take them off."""
    tables = ledger.tables
    rows = sums.rows(sign)
    while step := dict(islice(rows, STEP)):
        # Worked out before the file is held: hardly ever has somebody changed them meanwhile.
        kept = tables.sums(generation, list(step))
        values = _added(step, kept)
        with tables.changing():
            turn.hold()
            now = tables.sums(generation, list(step))
            tables.put_sums(generation, values if now == kept else _added(step, now))
        time.sleep(PAUSE)


def _added(
    step: Mapping[Key, Value], kept: Mapping[Key, bytes]
) -> list[tuple[Key, bytes | None]]:
    return [(key, added(kept.get(key), value)) for key, value in step.items()]


def sweep(ledger: Ledger, turn: Turn) -> None:
    """Delete the sums of generations that count no more."""
    tables, counts = ledger.tables, ledger.generation
    while gone := tables.outdated_sums(counts, SWEPT):
        with tables.changing():
            turn.hold()
            for generation, keys in groupby(gone, itemgetter(0)):
                none = [((day, what), None) for _, day, what in keys]
                tables.put_sums(generation, none)
        time.sleep(PAUSE)

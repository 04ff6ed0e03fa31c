"""The roll-ups of one log, whichever database it is in."""

import logging
import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from itertools import groupby
from math import inf
from operator import itemgetter

import msgspec

from ...rules.experiments import NO_ALLOCATIONS, Allocations
from ...rules.measurement.cells import Cell, Tally
from ...rules.measurement.marks import Count
from ...rules.measurement.plan import Plan
from ..stores import DayOf
from ..stores.opening import Address
from ..stores.rows import mark_of
from . import Say, Updated, silent
from .building import Parts, build, count_parts
from .changes import Ledger
from .settling import purge, settle
from .sums import filled
from .tables import PART_OF, Tables
from .turn import Turn
from .updating import OVERLAP, update
from .workers import LARGE, can_help, together

log = logging.getLogger("shopwindow")

_CELL, _COUNT = 4, 3  # words of a name
LATE = "late"
AHEAD = 86_400.0  # seconds that the clock may go back without all being counted anew


class Rolled:
    """The :class:`~shopwindow.middleware.rollups.Rollups` over ``tables``."""

    def __init__(self, tables: Tables, at: Address, day: DayOf) -> None:
        self._tables = tables
        self._at = at
        self._day = day

    def update(
        self,
        plan: Plan,
        until: float,
        say: Say = silent,
        *,
        rebuild: bool = False,
    ) -> Updated:
        with Turn(self._tables, say) as turn, self._hearing(turn) as late:
            ledger = Ledger(self._tables, plan.campaigns)
            value = self._tables.value
            before = self.updated()
            if before is not None and before - until > AHEAD:
                before = None  # the clock was wrong: nothing would count until then
            if before is None or ledger.building or not ledger.generation:
                rebuild = True
            if rebuild or value("fingerprint") != plan.fingerprint:
                until = max(until, before or until)
                total = self._tables.length()
                parts = self._parts(ledger, turn, plan, until, total)
                owners = build(ledger, turn, plan, until, say, parts, total)
                return Updated(owners, owners, True)
            assert before is not None
            until = max(until, before)
            since = min(before, late + OVERLAP)
            looked, changed = update(ledger, turn, plan, since, until, say)
            return Updated(looked, changed, False)

    def _parts(
        self, ledger: Ledger, turn: Turn, plan: Plan, until: float, length: int
    ) -> Parts:
        if length >= LARGE and can_help(plan):
            return lambda generation: together(
                self._at, plan, until, generation, turn.token
            )
        # Alone: small enough that signs of life are given between them.
        parts = min(1 + length // LARGE, len(PART_OF))
        return lambda generation: count_parts(
            ledger, turn, plan, until, generation, range(parts), parts
        )

    @contextmanager
    def _hearing(self, turn: Turn) -> Iterator[float]:
        """Gives the time of the oldest event that was stored late. Once the block is done they
        are counted, and that is forgotten, unless more of them came meanwhile."""
        late = self._tables.value(LATE)
        yield _moment(late)
        if late is not None:
            with self._tables.changing():
                turn.hold()
                if self._tables.value(LATE) == late:
                    self._tables.put(LATE, None)

    def late(self, time: float) -> None:
        with self._tables.changing():
            oldest = min(time, _moment(self._tables.value(LATE)))
            # Another one each time: who counts just now may not have seen these events.
            self._tables.put(LATE, f"{oldest!r} {secrets.token_hex(4)}")

    def owner_of(self, visitor: str) -> str:
        mark = mark_of(visitor)
        return self._tables.customer_of(mark) or mark

    def settle(self, owner: str, plan: Plan, now: float) -> None:
        settle(Ledger(self._tables, plan.campaigns), owner, plan, now)

    def purge(self, events_before: Mapping[str, float]) -> Iterator[int]:
        with Turn(self._tables, silent) as turn:
            yield from purge(Ledger(self._tables), turn, events_before, self._day)

    def cells(
        self, since: int, until: int, kinds: Collection[str] = ()
    ) -> Iterator[tuple[Cell, Tally]]:
        names = self._named(_CELL, kinds)
        rows = self._tables.days(since, until, names)
        for day, of_day in groupby(rows, itemgetter(0)):
            found: dict[int, Tally] = {}
            for _, what, value in of_day:
                tally = Tally.decode(value)
                if what in found:
                    found[what].add(tally)
                else:
                    found[what] = tally
            told = [
                (Cell(day, *names[what]), tally)
                for what, tally in found.items()
                if filled(tally)
            ]
            yield from sorted(told, key=itemgetter(0))

    def counts(self, since: int, until: int) -> Mapping[Count, int]:
        names = self._named(_COUNT, ())
        counts: dict[Count, int] = {}
        for day, what, value in self._tables.days(since, until, names):
            kind, name, counter = names[what]
            key = (day, kind, name, counter)
            counts[key] = counts.get(key, 0) + int(value)
        return {key: number for key, number in counts.items() if number}

    def _named(
        self, words: int, kinds: Collection[str]
    ) -> Mapping[int, tuple[str, ...]]:
        """The names of so many words, of all or of some kinds."""
        every = Ledger(self._tables).names.all()
        return {
            number: text
            for number, text in every.items()
            if len(text) == words and (not kinds or text[0] in kinds)
        }

    def updated(self) -> float | None:
        until = self._tables.value("until")
        return None if until is None else float(until)

    def allocations(self) -> Allocations:
        text = self._tables.value("allocations")
        if text is None:
            return NO_ALLOCATIONS
        try:
            return msgspec.json.decode(text, type=Allocations)
        except msgspec.DecodeError as error:
            # Weights are learned anew by the next measuring; roll-outs begin with few visitors.
            log.warning(
                "weights and roll-outs that were kept cannot be read: %s", error
            )
            return NO_ALLOCATIONS

    def allot(self, allocations: Allocations) -> None:
        with self._tables.changing():
            text = msgspec.json.encode(allocations).decode()
            self._tables.put("allocations", text)

    def sizes(self) -> Mapping[str, int]:
        return self._tables.sizes()

    def close(self) -> None:
        self._tables.close()


def _moment(late: str | None) -> float:
    """Of the oldest event that was stored late."""
    return inf if late is None else float(late.partition(" ")[0])

"""What a run of events makes of profiles, whoever else changes them at the same time."""

import random
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from ....rules.facts import Event, Profile
from .. import INTERNAL, NO_DRAFTS, Draft, EventLog, Learn, StoreError
from ..rows import decode_profile, encode_profile, mark_of
from .records import (
    Record,
    State,
    change,
    event_id,
    event_ids,
    events_key,
    get,
    last,
    record_key,
    record_of,
    written,
)
from .seen import Seen
from .writing import Writer

TRIES = 200
LONGEST = 0.03  # seconds to wait before the next one


class _Holder(NamedTuple):
    """Whose events a mark's are."""

    owner: str
    record: Record
    ids: set[bytes]


class _Work:
    """What is to be done about one owner."""

    def __init__(self, holder: _Holder) -> None:
        self.holder = holder
        self.events: list[Event] = []  # those that do not count yet
        self.all: list[Event] = []
        self.ids: list[bytes] = []
        self.before: Profile | None = None
        self.after: Profile | None = None
        self.value = b""

    def add(self, event: Event) -> None:
        self.all.append(event)
        id = event_id(event.id)
        if id not in self.holder.ids:
            self.holder.ids.add(id)
            self.ids.append(id)
            self.events.append(event)

    def learn(self, learn: Learn, seen: Seen, drafts: Mapping[str, Draft]) -> None:
        record = self.holder.record
        known, before = seen.profile(self.holder.owner, record.token)
        if not known and record.state is State.KNOWN:
            before = decode_profile(record.data)
        self.before = before
        draft = drafts.get(self.all[0].visitor)
        if (
            draft is not None
            and draft.base is before
            and len(self.events) == len(self.all)
            and len({event.visitor for event in self.all}) == 1
        ):
            self.after = draft.profile
        else:
            self.after = before
            for event in self.events:
                self.after = learn(self.after, event)
        if self.after is not None and self.changed:
            self.value = written(State.KNOWN, data=encode_profile(self.after))

    @property
    def changed(self) -> bool:
        return self.after is not self.before


class Batches:
    """Reads, learns and writes back on top of what was read, until nobody was faster.

    The log comes before the profiles, and the ids of events change with them: a run that is
    sent again, whole or after a crash half-way, counts once.
    """

    def __init__(
        self, writer: Writer, log: EventLog, seen: Seen, profile_seconds: int
    ) -> None:
        self._writer = writer
        self._log = log
        self._seen = seen
        self._seconds = profile_seconds

    def keep(
        self,
        events: Sequence[Event],
        learn: Learn,
        drafts: Mapping[str, Draft] = NO_DRAFTS,
    ) -> None:
        """Keep events while no visitor changes their owner."""
        logged = False
        for turn in range(TRIES):
            if not events:
                return
            works, aliases = self._works(events)
            for work in works:
                work.learn(learn, self._seen, drafts)
            if not logged:  # nothing before all of it could be learned
                self._append(event for work in works for event in work.events)
                logged = True
            events = self._write(works, aliases)
            if events and turn:
                time.sleep(random.uniform(0, min(LONGEST, 0.001 * 2**turn)))
        if events:
            raise StoreError("too many others change the same profile")

    def _works(self, events: Sequence[Event]) -> tuple[list[_Work], dict[str, Record]]:
        marks = {event.visitor: mark_of(event.visitor) for event in events}
        holders, aliases = self._holders(set(marks.values()))
        works: dict[str, _Work] = {}
        for event in events:
            holder = holders.get(marks[event.visitor])
            if holder is None:
                continue  # what arrives for an id that was given up is not even logged
            work = works.get(holder.owner)
            if work is None:
                work = works[holder.owner] = _Work(holder)
            work.add(event)
        return list(works.values()), aliases

    def _holders(
        self, marks: Iterable[str]
    ) -> tuple[dict[str, _Holder], dict[str, Record]]:
        """Whose the marks are, nobody's are left out; and those that stand for customers."""
        holders: dict[str, _Holder] = {}
        aliases: dict[str, Record] = {}
        for mark, record, ids in self._read(marks):
            if record.state is State.ALIAS:
                aliases[mark] = record
            elif not record.refused:
                holders[mark] = _Holder(mark, record, ids)
        customers = {
            customer: _Holder(customer, record, ids)
            for customer, record, ids in self._read(
                {alias.owner for alias in aliases.values()}
            )
        }
        # Who is being erased was refused first: an id that still stands for them is a new one.
        gone = [
            mark
            for mark, alias in aliases.items()
            if customers[alias.owner].record.state is State.GONE
        ]
        for mark, record, _ in self._read(gone):
            if record.refused:
                del aliases[mark]
        for mark, alias in aliases.items():
            holders[mark] = customers[alias.owner]
        return holders, aliases

    def _read(self, owners: Iterable[str]) -> Iterable[tuple[str, Record, set[bytes]]]:
        asked = list(owners)
        if not asked:
            return
        commands = [get(record_key(owner)) for owner in asked]
        commands += [get(events_key(owner)) for owner in asked]
        answers = self._writer.ask(commands)
        for place, owner in enumerate(asked):
            ids = event_ids(answers[place + len(asked)])
            yield owner, record_of(answers[place]), ids

    def _append(self, events: Iterable[Event]) -> None:
        rows = [
            msgspec.structs.replace(event, visitor=mark_of(event.visitor))
            for event in events
            if event.name not in INTERNAL
        ]
        if rows:
            self._log.append(rows)

    def _write(
        self, works: Sequence[_Work], aliases: Mapping[str, Record]
    ) -> list[Event]:
        """Returns the events about whom somebody else was faster."""
        changed = [work for work in works if work.value]
        if not changed:
            return []
        commands = [
            change(
                work.holder.owner,
                work.holder.record,
                work.value,
                self._seconds,
                b"".join(work.ids),
            )
            for work in changed
        ]
        if self._seconds:  # ids last as long as what they stand for
            commands += [
                last(mark, alias, self._seconds) for mark, alias in aliases.items()
            ]
        answers = self._writer.ask(commands)[: len(changed)]
        lost: list[Event] = []
        for work, answer in zip(changed, answers, strict=True):
            if answer:
                self._seen.add(work.holder.owner, work.value[:8], work.after)
            else:
                lost += work.all
        return lost

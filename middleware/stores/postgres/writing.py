"""A batch of events in one transaction: rows are locked first, then learned on, then written."""

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from ....rules.facts import Event, Profile
from .. import (
    ERASED,
    FORGOTTEN,
    IDENTIFIED,
    INTERNAL,
    REARRANGING,
    Draft,
    EventLog,
    Learn,
    united,
)
from ..rows import (
    decode_profile,
    encode_profile,
    is_mark,
    mark_of,
    receipt_of,
    row_of,
)
from .sql import (
    LOCK,
    LOG,
    LOGIN,
    LOGINS,
    READ,
    ROLLUPS,
    UNLOG,
    UNLOGIN,
    UNMAKE,
    UNROLL,
    WRITE,
    changed_by,
    columns_of,
)
from .statements import Statements

TRIES = 20  # to lock everything that an erasure concerns, while more comes to it
ERASURE = -1  # the version of an id that was erased: no login brings it back


class Kept(NamedTuple):
    """What a row says: a profile, or the customer that an id stands for, or that it is retired."""

    profile: Profile | None = None
    customer: str | None = None
    retired: bool = False
    version: int = 0


NOBODY = Kept()
Seen = tuple[int, Profile | None]
Remembered = Mapping[str, Seen]


class Batch:
    """Keeps events in the open transaction of a connection, and remembers what it wrote."""

    def __init__(
        self,
        statements: Statements,
        learn: Learn,
        seen: Remembered,
        elsewhere: EventLog | None,
    ) -> None:
        self._statements = statements
        self._learn = learn
        self._seen = seen
        self._elsewhere = elsewhere
        self._rows: dict[str, Kept] = {}
        self._locked: dict[str, Kept] = {}
        self._links: dict[str, set[str]] = {}
        self._version = random.getrandbits(62) + 1
        self.erased = False

    async def keep(self, events: Sequence[Event], drafts: Mapping[str, Draft]) -> bool:
        """Whether all of ``events`` are kept now; False: undo it and try again, with what
        :attr:`concerned` says by then."""
        rearranging = any(event.name in REARRANGING for event in events)
        if not await self._lock_all(events, rearranging):
            return False
        run: list[Event] = []
        for event in events:
            if event.name in REARRANGING:
                await self._keep_run(run, {})
                run = []
                await self._rearrange(event)
            else:
                run.append(event)
        await self._keep_run(run, {} if rearranging else drafts)
        await self._write()
        return True

    async def erase(self, owner: str) -> int | None:
        """Delete all there is of a customer or a mark; returns how many rows of profile and
        log are gone, None as :meth:`keep` returns False."""
        own = {owner} if is_mark(owner) else set()
        marks = own | self.concerned
        await self._lock(marks)
        await self._lock({owner} - own)
        for _, mark in await self._statements.fetch(LOGINS, [owner]):
            self._links.setdefault(owner, set()).add(mark)
        self.concerned = frozenset(self._links.get(owner, ()))
        if not self.concerned <= marks:
            return None
        gone = int(self._rows[owner].profile is not None)
        gone += await self._erase(owner, own)
        await self._write()
        return gone

    def fresh(self) -> dict[str, Seen]:
        """What the profiles are that were written, for those who come next."""
        return {
            id: (row.version, row.profile)
            for id, row in self._rows.items()
            if row.profile is not None
        }

    # -- locks -----------------------------------------------------------------------------

    concerned: frozenset[str] = frozenset()
    """Marks that have to be locked beyond those that the events name."""

    async def _lock_all(self, events: Sequence[Event], rearranging: bool) -> bool:
        """Lock marks first and customers then, both in order: nobody waits in a circle."""
        marks = {mark_of(event.visitor) for event in events} | self.concerned
        customers: set[str] = set()
        for event in events:
            if event.name == IDENTIFIED:
                marks.add(mark_of(str(event.properties.get("visitor", ""))))
                customers.add(str(event.properties["customer"]))
        await self._lock(marks)
        customers |= {row.customer for row in self._rows.values() if row.customer}
        await self._lock(customers)
        if not rearranging or not self._erases(events):
            return True
        # Who is erased takes all their ids along. None is added while the customer is locked.
        for customer, mark in await self._statements.fetch(LOGINS, sorted(customers)):
            self._links.setdefault(customer, set()).add(mark)
        linked = {mark for marks in self._links.values() for mark in marks}
        self.concerned = frozenset(linked)
        return linked <= marks

    def _erases(self, events: Sequence[Event]) -> bool:
        """Whether one of ``events`` may erase a customer: a login does if its id was erased."""
        return any(
            event.name == ERASED
            or event.name == IDENTIFIED
            and self._rows[mark_of(event.visitor)].version == ERASURE
            for event in events
        )

    async def _lock(self, ids: Collection[str]) -> None:
        if not ids:
            return
        ordered = sorted(ids)
        await self._statements.execute(LOCK, ordered)
        for id, data, customer, version in await self._statements.fetch(READ, ordered):
            self._rows[id] = self._locked[id] = self._kept(id, data, customer, version)

    def _kept(
        self, id: str, data: bytes | None, customer: str | None, version: int
    ) -> Kept:
        if customer is not None:
            return Kept(customer=customer, version=version)
        if data is None:
            return NOBODY
        if not data:
            return Kept(retired=True, version=version)
        seen = self._seen.get(id)
        if seen is not None and seen[0] == version:
            return Kept(seen[1], version=version)
        return Kept(decode_profile(data), version=version)

    # -- events ----------------------------------------------------------------------------

    def _owner(self, mark: str) -> str:
        """Whose events those of ``mark`` are; nobody's if it was given up."""
        row = self._rows[mark]
        return "" if row.retired else row.customer or mark

    async def _keep_run(
        self, events: Iterable[Event], drafts: Mapping[str, Draft]
    ) -> None:
        """Keep events while no row changes its owner."""
        owners = {
            event.visitor: self._owner(mark_of(event.visitor)) for event in events
        }
        # What arrives for an id that was given up is not even logged.
        events = [event for event in events if owners[event.visitor]]
        fresh = await self._log(events)
        by_owner: dict[str, list[Event]] = {}
        for event in fresh:
            by_owner.setdefault(owners[event.visitor], []).append(event)
        whole = len(fresh) == len(events)
        for owner, own in by_owner.items():
            known = self._rows[owner].profile
            visitors = {event.visitor for event in own}
            draft = drafts.get(own[0].visitor) if len(visitors) == 1 else None
            if whole and draft is not None and draft.base is known:
                profile: Profile | None = draft.profile
            else:
                profile = known
                for event in own:
                    profile = self._learn(profile, event)
            if profile is not known and profile is not None:
                self._set(owner, Kept(profile))
        self._append(events)

    def _append(self, events: Iterable[Event]) -> None:
        """To the log that is elsewhere, before anything is committed here: what is not in it
        nobody has learned."""
        if self._elsewhere is not None:
            self._elsewhere.append(
                [
                    replace(event, visitor=mark_of(event.visitor))
                    for event in events
                    if event.name not in INTERNAL
                ]
            )

    async def _log(self, events: Sequence[Event]) -> Sequence[Event]:
        """Append to the log; returns the events that were not there yet."""
        rows = [
            row_of(event, mark_of(event.visitor))
            for event in events
            if event.name not in INTERNAL
        ]
        if not rows:
            return events
        if self._elsewhere is not None:
            rows = [receipt_of(row) for row in rows]
        added = await self._statements.fetch(LOG, *columns_of(rows))
        new = {id for (id,) in added}
        kept = []
        for event in events:
            if event.name in INTERNAL or event.id in new:
                kept.append(event)
                new.discard(event.id)
        return kept

    # -- who is who ------------------------------------------------------------------------

    async def _rearrange(self, event: Event) -> None:
        old = mark_of(event.visitor)
        owner = self._owner(old)
        name = event.name
        new = mark_of(str(event.properties.get("visitor", "")))
        if name == IDENTIFIED and self._rows[old].version == ERASURE:
            # The login was noted before: who it made of the visitor is erased as well.
            old, owner, name = new, self._owner(new), ERASED
        elif name == IDENTIFIED and self._rows[new].retired:
            # Before this was written, or since then: nothing comes back.
            name = ERASED if owner == old else FORGOTTEN
        if not owner and name != IDENTIFIED:
            return  # given up already; but of two logins at the same time, both count
        if name == IDENTIFIED:
            await self._identify(old, owner, new, str(event.properties["customer"]))
        elif name == FORGOTTEN:
            self._set(old, Kept(retired=True))
        else:
            await self._erase(owner, {old})

    async def _identify(self, old: str, owner: str, new: str, customer: str) -> None:
        stranger = None
        if owner == old:
            stranger = self._rows[old].profile
            await self._link(customer, old)
        one = united(stranger, self._rows[customer].profile, customer)
        if self._owner(new) == new:
            # Another worker met the new id before this was written.
            one = united(self._rows[new].profile, one, customer)
        self._set(old, Kept(retired=True))
        self._set(customer, Kept(one))
        self._set(new, Kept(customer=customer))
        await self._link(customer, new)

    async def _link(self, customer: str, mark: str) -> None:
        """What ``mark`` did is the customer's now, and is erased with the rest."""
        self._links.setdefault(customer, set()).add(mark)
        await self._statements.execute(LOGIN, customer, mark)
        if self._elsewhere is not None:
            self._elsewhere.adopt(customer, mark)

    async def _erase(self, owner: str, own: set[str]) -> int:
        """Returns how many events are gone."""
        self.erased = True
        marks = self._links.pop(owner, set()) | own
        if self._elsewhere is not None:
            self._elsewhere.erase(owner, marks)
        status = await self._statements.execute(UNLOG, sorted(marks))
        await self._statements.execute(UNLOGIN, owner)
        await self._statements.execute(ROLLUPS)
        await self._statements.execute(UNROLL, sorted({*marks, owner}))
        self._set(owner, NOBODY)
        for one in marks:
            self._set(one, Kept(retired=True), ERASURE)
        return changed_by(status)

    # -- writing ---------------------------------------------------------------------------

    def _set(self, id: str, row: Kept, version: int | None = None) -> None:
        version = self._version if version is None else version
        self._rows[id] = row._replace(version=version)

    async def _write(self) -> None:
        gone = [
            id
            for id, row in self._rows.items()
            if row.profile is None and row.customer is None and not row.retired
        ]
        changed = [
            (id, _data(row), row.customer, row.version)
            for id, row in sorted(self._rows.items())
            if row is not self._locked[id]
        ]
        if gone:
            await self._statements.execute(UNMAKE, sorted(gone))
        if changed:
            columns = [list(column) for column in zip(*changed, strict=True)]
            await self._statements.execute(WRITE, *columns)


def _data(row: Kept) -> bytes | None:
    if row.profile is not None:
        return encode_profile(row.profile)
    return b"" if row.retired else None

"""Profiles and events in one SQLite file: the default, good for one machine."""

import logging
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from ....rules.facts import Event, Profile
from .. import (
    ERASED,
    FORGOTTEN,
    IDENTIFIED,
    INTERNAL,
    NO_DRAFTS,
    REARRANGING,
    DayOf,
    Draft,
    EventLog,
    History,
    Keeper,
    Learn,
    Retired,
    StoreError,
    Weights,
    united,
)
from ..halves import history_with, keeper_with
from ..rows import (
    COLUMNS,
    Row,
    decode_profile,
    encode_profile,
    mark_of,
    receipt_of,
    row_of,
)
from .directory import Directory, events_of
from .file import SqliteFile
from .history import SqliteHistory

log = logging.getLogger("shopwindow")

_FETCH = "SELECT data, version FROM profiles WHERE id = ?"
_LOG = f"INSERT OR IGNORE INTO events ({COLUMNS}) VALUES {{}}"
# Only on top of the version that was read, be it none: nobody else's change is lost, and what
# is gone does not come back.
_CHANGE = """
INSERT INTO profiles SELECT * FROM (VALUES {})
WHERE column3 = 1 OR EXISTS (SELECT 1 FROM profiles WHERE id = column1)
ON CONFLICT (id) DO UPDATE
SET data = excluded.data, version = excluded.version
WHERE profiles.version = excluded.version - 1
"""
_CURRENT = """
SELECT count(*) FROM (VALUES {}) AS seen JOIN profiles
ON profiles.id = seen.column1 AND profiles.version = seen.column2
"""
_SAVE = """
INSERT INTO profiles VALUES (?1, ?2, 1) ON CONFLICT (id) DO UPDATE
SET data = ?2, version = coalesce(version, 0) + 1
"""
_GIVE_UP = """
INSERT INTO profiles VALUES (?1, ?2, NULL) ON CONFLICT (id) DO UPDATE
SET data = ?2, version = NULL
"""
_TRAFFIC = """
INSERT INTO traffic VALUES (?, ?, ?)
ON CONFLICT (dimension, key) DO UPDATE SET weight = weight + excluded.weight
"""
_LOGIN = "INSERT OR IGNORE INTO logins VALUES (?, ?)"
_VISITORS = "SELECT visitor FROM logins WHERE customer = ?1"
_ERASE = f"DELETE FROM events WHERE {events_of(_VISITORS)}"
_ALIAS = b"@"  # no profile begins with it, be it an array of msgpack or deflated
_RETIRED = b""
# What owners add to the sums that are kept beside the log; see the room of the roll-ups.
UNROLL = (
    "DELETE FROM rollup_units WHERE owner = ?",
    "DELETE FROM rollup_members WHERE owner = ?",
)
ERASURE = -1  # the version of an id that was erased: no login brings it back
_NO_PROFILE = (_ALIAS, _RETIRED)

SEEN = 500  # profiles that were read and may soon be written
WHOLE = 4_096  # bytes of a profile of which nothing was left out when it was written
# Rows in one statement. Each statement hands the interpreter to the threads that answer
# requests and has to ask for it back: a batch takes a few of them, not one for each row.
ROWS = 64

Execute = Callable[..., sqlite3.Cursor]


class _Seen(NamedTuple):
    """What a row holds: its version, the profile, and its bytes (empty: no others are like them)."""

    version: int
    profile: Profile | None
    data: bytes = b""


_NEVER_SEEN = _Seen(0, None)


def stored(execute: Execute, mark: str) -> tuple[str, Profile | None]:
    """Whose profile stands for ``mark`` (the visitor's own or a customer's), and it.

    Raises :class:`Retired` for an id that was given up.
    """
    owner = mark
    row = execute(_FETCH, (mark,)).fetchone()
    if row is not None and row[0][:1] == _ALIAS:
        owner = row[0][1:].decode()
        row = execute(_FETCH, (owner,)).fetchone()
    if row is None:
        return owner, None
    if row[0] == _RETIRED:
        raise Retired(mark)
    return owner, decode_profile(row[0])


@cache
def _statement(pattern: str, rows: int, width: int) -> str:
    row = f"({', '.join('?' * width)})"
    return pattern.format(", ".join([row] * rows))


def _for_all(
    execute: Execute, pattern: str, rows: Sequence[tuple[Any, ...]]
) -> list[sqlite3.Cursor]:
    """``pattern`` with all ``rows`` as its values, :data:`ROWS` at a time."""
    done: list[sqlite3.Cursor] = []
    for at in range(0, len(rows), ROWS):
        part = rows[at : at + ROWS]
        statement = _statement(pattern, len(part), len(part[0]))
        done.append(execute(statement, [value for row in part for value in row]))
    return done


class SqliteStore:
    """One file, read where the request runs (a few microseconds), written by one thread.

    Several processes may use the same file: write-ahead logging lets them read while one
    writes, and every write takes its lock at once, so that nobody has to give up half-way.
    A file that is deleted or replaced meanwhile is opened anew. Raises :class:`StoreError`
    if the file cannot be opened.

    Where events go to ``log`` instead, their ids stay here: what is kept already is known.
    """

    def __init__(self, path: Path | str, log: EventLog | None = None) -> None:
        self.path = Path(path)
        self._elsewhere = log
        self._file = SqliteFile(self.path)
        self._lock = self._file.lock
        self._directory = Directory(self._file)
        # What was read lately of whom, and its version: the writer need not read it again if
        # nobody has changed it. Two generations, so that forgetting takes no time.
        self._seen: dict[str, _Seen]
        self._seen_before: dict[str, _Seen]
        self._take()

    def _take(self) -> None:
        self._seen, self._seen_before = {}, {}  # of another file
        self._writing = self._file.writing
        self._reading = self._file.reading
        self._execute: Callable[[str, tuple[str]], sqlite3.Cursor] = (
            self._reading.execute
        )

    def fetch(self, visitor: str) -> Profile | None:
        mark = mark_of(visitor)
        try:
            with self._lock:
                row = self._execute(_FETCH, (mark,)).fetchone()
                if row is not None and row[0][:1] in _NO_PROFILE:
                    return stored(self._execute, mark)[1]
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error
        if len(self._seen) >= SEEN:
            self._seen_before, self._seen = self._seen, {}
        if row is None:
            self._seen[mark] = _NEVER_SEEN
            return None
        data, version = row
        seen = self._seen.get(mark) or self._seen_before.get(mark) or _NEVER_SEEN
        # The same bytes are the same profile, whoever wrote them: most clicks come soon after another.
        profile = seen.profile if seen.data == data else decode_profile(data)
        if (
            version is not None
        ):  # else a file of the first version: its first change adds one
            self._seen[mark] = _Seen(version, profile, data)
        return profile

    def commit(
        self,
        events: Sequence[Event],
        learn: Learn,
        weights: Weights,
        drafts: Mapping[str, Draft] = NO_DRAFTS,
    ) -> None:
        if self._file.renewed():
            self._take()
        with self._file.transaction():
            fresh = self._keep(events, learn, drafts)
            if weights:
                rows = [
                    (dimension, key, weight)
                    for (dimension, key), weight in weights.items()
                ]
                self._writing.executemany(_TRAFFIC, rows)
        self._seen.update(fresh)  # not before: what was undone nobody has seen
        self._file.tidy()
        self._directory.go_on()

    def _keep(
        self, events: Sequence[Event], learn: Learn, drafts: Mapping[str, Draft]
    ) -> dict[str, _Seen]:
        """Returns what the profiles that need not be read again are now."""
        fresh: dict[str, _Seen] = {}
        if any(event.name in REARRANGING for event in events):
            self._keep_in_order(events, learn)
            return fresh
        visitors: dict[str, list[Event]] = {}
        for event in events:
            visitors.setdefault(event.visitor, []).append(event)
        rest = self._keep_unread(visitors, learn, drafts, fresh)
        if rest is None:  # somebody else was faster with one of them
            self._writing.execute("ROLLBACK")
            self._writing.execute("BEGIN IMMEDIATE")
            fresh.clear()
            rest = events
        if rest:
            self._keep_in_order(rest, learn)
        return fresh

    def _keep_unread(
        self,
        visitors: Mapping[str, Sequence[Event]],
        learn: Learn,
        drafts: Mapping[str, Draft],
        fresh: dict[str, _Seen],
    ) -> Sequence[Event] | None:
        """Keep what stands on profiles as they were read for requests, noted in ``fresh``.

        Returns the events of those visitors who were not read lately; None if a profile is not
        what it was, or an event was kept before: all of it has to be undone.
        """
        quick: list[Event] = []
        rest: list[Event] = []
        changed: list[tuple[str, bytes, int]] = []
        same: list[tuple[str, int]] = []
        for visitor, events in visitors.items():
            mark = mark_of(visitor)
            seen = self._seen.pop(mark, None) or self._seen_before.pop(mark, None)
            if seen is None:
                rest += events
                continue
            version, known, _ = seen
            draft = drafts.get(visitor)
            if draft is not None and draft.base is known:
                profile: Profile | None = draft.profile
            else:
                profile = known
                for event in events:
                    profile = learn(profile, event)
            if profile is None:
                rest += events
            elif (
                profile is known
            ):  # nothing to remember; but the id may have been given up
                same.append((mark, version))
                quick += events
            else:
                data = encode_profile(profile)
                changed.append((mark, data, version + 1))
                whole = data if len(data) <= WHOLE else b""
                fresh[mark] = _Seen(version + 1, profile, whole)
                quick += events
        execute = self._writing.execute
        before = self._writing.total_changes
        _for_all(execute, _CHANGE, changed)
        if self._writing.total_changes - before < len(changed):
            return None
        current = (cursor.fetchone() for cursor in _for_all(execute, _CURRENT, same))
        if sum(count for (count,) in current) < len(same):
            return None
        if not self._logged(quick):
            # A batch was sent twice: what was learned just now was known already.
            return None
        self._append(quick)
        return rest

    def _keep_in_order(self, events: Sequence[Event], learn: Learn) -> None:
        run: list[Event] = []
        for event in events:
            if event.name in REARRANGING:
                # Rows change their owner: write what was learned so far, read again after.
                self._keep_run(run, learn)
                run = []
                self._rearrange(event)
            else:
                run.append(event)
        self._keep_run(run, learn)

    def _keep_run(self, events: Sequence[Event], learn: Learn) -> None:
        """Keep events while no row changes its owner."""
        owners: dict[str, str] = {}
        profiles: dict[str, Profile | None] = {}
        changed: set[str] = set()
        for visitor in {event.visitor for event in events}:
            owner, profile = self._owner(visitor)
            owners[visitor] = owner
            profiles[owner] = profile
        # What arrives for an id that was given up is not even logged.
        events = [event for event in events if owners[event.visitor]]
        for event in self._log(events):
            owner = owners[event.visitor]
            known = profiles[owner]
            profiles[owner] = learn(known, event)
            if profiles[owner] is not known:
                changed.add(owner)
        self._append(events)
        self._save(profiles, changed)

    def _owner(self, visitor: str) -> tuple[str, Profile | None]:
        """As :func:`stored`; nobody is the owner of an id that was given up."""
        try:
            return stored(self._writing.execute, mark_of(visitor))
        except Retired:
            return "", None

    def _rows(self, events: Iterable[Event]) -> list[Row]:
        """The events as the log holds them, without those that are no part of it."""
        rows = [
            row_of(event, mark_of(event.visitor))
            for event in events
            if event.name not in INTERNAL
        ]
        if self._elsewhere is not None:
            return [receipt_of(row) for row in rows]
        return rows

    def _append(self, events: Sequence[Event]) -> None:
        """To the log that is elsewhere, before anything is committed here: what is not in it
        nobody has learned."""
        if self._elsewhere is not None:
            marked = [
                replace(event, visitor=mark_of(event.visitor))
                for event in events
                if event.name not in INTERNAL
            ]
            if marked:
                self._elsewhere.append(marked)

    def _logged(self, events: Iterable[Event]) -> bool:
        """Append to the log; whether none of the events was there."""
        rows = self._rows(events)
        done = _for_all(self._writing.execute, _LOG, rows)
        # Not by the connection's changes: those are also what a late event's trigger enters.
        return sum(cursor.rowcount for cursor in done) == len(rows)

    def _log(self, events: Sequence[Event]) -> Sequence[Event]:
        """Append to the log; returns the events that were not there yet."""
        execute = self._writing.execute
        execute("SAVEPOINT log")
        if self._logged(events):
            return events
        # Some were there before: a batch was sent twice. Find out which.
        execute("ROLLBACK TO log")
        rows = self._rows(events)
        one = _statement(_LOG, 1, len(rows[0]))
        new = {row[0] for row in rows if execute(one, row).rowcount}
        kept = []
        for event in events:
            if event.name in INTERNAL or event.id in new:
                kept.append(event)
                new.discard(event.id)
        return kept

    def _save(self, profiles: dict[str, Profile | None], changed: set[str]) -> None:
        rows = [
            (owner, encode_profile(profile))
            for owner in changed
            if (profile := profiles[owner]) is not None
        ]
        self._writing.executemany(_SAVE, rows)

    def _rearrange(self, event: Event) -> None:
        execute = self._writing.execute
        old = mark_of(event.visitor)
        owner, _ = self._owner(event.visitor)
        name = event.name
        fresh = str(event.properties.get("visitor", ""))
        new = mark_of(fresh)
        if name == IDENTIFIED and self._erased(old):
            # The login was noted before: who it made of the visitor is erased as well.
            old, (owner, _), name = new, self._owner(fresh), ERASED
        elif name == IDENTIFIED and self._given_up(new):
            # Before this was written, or since then: nothing comes back.
            name = ERASED if owner == old else FORGOTTEN
        if not owner and name != IDENTIFIED:
            return  # given up already; but of two logins at the same time, both count
        if name == IDENTIFIED:
            customer = str(event.properties["customer"])
            stranger = None
            if owner == old:
                stranger = self._profile(old)
                self._belongs(old, customer)
            one = united(stranger, self._profile(customer), customer)
            holder, early = self._owner(fresh)
            if holder == new:  # another worker met the new id before this was written
                one = united(early, one, customer)
            execute(_GIVE_UP, (old, _RETIRED))
            execute(_SAVE, (customer, encode_profile(one)))
            execute(_GIVE_UP, (new, _ALIAS + customer.encode()))
            self._belongs(new, customer)
        elif name == FORGOTTEN:
            execute(_GIVE_UP, (old, _RETIRED))
        else:
            self._file.erased()
            execute(_LOGIN, (owner, old))
            if self._elsewhere is not None:
                marks = [mark for (mark,) in execute(_VISITORS, (owner,))]
                self._elsewhere.erase(owner, marks)
            execute(_ERASE, (owner,))
            for mark in {owner, *(mark for (mark,) in execute(_VISITORS, (owner,)))}:
                for statement in UNROLL:
                    execute(statement, (mark,))
            execute("DELETE FROM profiles WHERE id = ?", (owner,))
            execute(
                f"INSERT OR REPLACE INTO profiles SELECT visitor, x'', {ERASURE} FROM ({_VISITORS})",
                (owner,),
            )
            execute("DELETE FROM logins WHERE customer = ?", (owner,))

    def _belongs(self, mark: str, customer: str) -> None:
        """What ``mark`` did is the customer's now, and is erased with the rest."""
        self._writing.execute(_LOGIN, (customer, mark))
        if self._elsewhere is not None:
            self._elsewhere.adopt(customer, mark)

    def _erased(self, mark: str) -> bool:
        row = self._writing.execute(_FETCH, (mark,)).fetchone()
        return row is not None and row == (_RETIRED, ERASURE)

    def _given_up(self, mark: str) -> bool:
        row = self._writing.execute(_FETCH, (mark,)).fetchone()
        return row is not None and row[0] == _RETIRED

    def _profile(self, owner: str) -> Profile | None:
        row = self._writing.execute(_FETCH, (owner,)).fetchone()
        return None if row is None else decode_profile(row[0])

    def traffic(self) -> Weights:
        try:
            with self._lock:
                cursor = self._reading.execute("SELECT * FROM traffic")
            weights: dict[tuple[str, str], float] = {}
            while True:
                with self._lock:  # in steps: pages wait for it
                    rows = cursor.fetchmany(100)
                if not rows:
                    return weights
                weights.update(((row[0], row[1]), row[2]) for row in rows)
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error

    def history(self, day: DayOf) -> History:
        return history_with(self._elsewhere, SqliteHistory(self.path, day), day)

    def keeper(self, day: DayOf) -> Keeper:
        from .keeping import SqliteKeeper  # it knows this file; pages do not need it

        return keeper_with(self._elsewhere, SqliteKeeper(self.path, day), day)

    def close(self) -> None:
        self._directory.close()
        self._file.close()
        if self._elsewhere is not None:
            self._elsewhere.close()

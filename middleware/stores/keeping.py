"""What the shop's people do with a SQLite store: give all of one person, erase, tidy up, count."""

import os
import re
import sqlite3
import time
from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...rules.facts import Event, Profile
from . import TRACES_GONE, DayOf, Due, StoreError
from .migrations import VERSION, newer
from .rows import decode_profile, decode_properties, mark_of
from .sqlite import ERASURE

STEP = 1_000  # rows that are read or deleted at once
PATIENCE = 10_000  # milliseconds to wait for a worker that writes
GLIMPSE = 20  # milliseconds to wait for readers
QUARTER = 900  # seconds: every time zone is whole quarters of an hour away from UTC

_RETIRED = "length(data) = 0"
_ALIAS = "substr(data, 1, 1) = x'40'"  # stands for a customer
_PROFILE = f"NOT ({_RETIRED}) AND NOT ({_ALIAS})"
# An id that was given up and must not come back, not even by a login written late.
_ERASE = f"""
INSERT INTO profiles (id, data, version) VALUES (?, x'', {ERASURE})
ON CONFLICT (id) DO UPDATE SET data = x'', version = excluded.version
"""
# Under what the rows of an owner stand: their own name, and the ids that turned out to be them.
_MARKS = "SELECT ?1 UNION SELECT visitor FROM logins WHERE customer = ?1"
_NOBODY = "NOT EXISTS (SELECT 1 FROM profiles AS one WHERE one.id = {})"
_LINK = _NOBODY.format("customer")
_LINKS = f"""
SELECT customer, visitor FROM logins
WHERE {_LINK} AND customer NOT IN (
    SELECT customer FROM logins WHERE visitor IN (SELECT visitor FROM events)
)
"""
_ORPHAN = f"{_ALIAS} AND {_NOBODY.format('CAST(substr(profiles.data, 2) AS TEXT)')}"
_ORPHANS = f"""
SELECT id FROM profiles WHERE {_ORPHAN} AND id NOT IN (SELECT visitor FROM logins)
"""
_UNLINK = "DELETE FROM logins WHERE customer = ? AND visitor = ?"
# Not who came meanwhile.
_LEAVE = "DELETE FROM profiles WHERE id = ? AND version IS ?"
_OWNERS = """
CREATE TEMP TABLE owners (visitor PRIMARY KEY, customer) WITHOUT ROWID
"""
_FILL = """
INSERT INTO temp.owners SELECT visitor, min(customer) FROM logins GROUP BY visitor
"""
_MARK = re.compile(r"[0-9a-f]{32}\Z")


class SqliteKeeper:
    """The :class:`Keeper` of one file, over a connection of its own.

    Raises :class:`StoreError` if there is no such file, and makes none.
    """

    def __init__(self, path: Path, day: DayOf) -> None:
        self.path = path
        self._day = day
        if not path.is_file():
            raise StoreError(f"there is no store at {path}")
        try:
            address = f"{path.resolve().as_uri()}?mode=rw"
            # An iterator may be read on another thread than the one that asked for it.
            self._file = sqlite3.connect(
                address, uri=True, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise StoreError(f"{path} cannot be opened: {error}") from error
        try:
            self._open()
        except BaseException:  # raised on; only the connection is given back
            self._file.close()
            raise

    def _open(self) -> None:
        self._execute(f"PRAGMA busy_timeout = {PATIENCE}")
        ((version,),) = self._rows("PRAGMA user_version")
        if not version:
            raise StoreError(f"{self.path} is no store of shopwindow")
        if version > VERSION:
            raise StoreError(newer(self.path))
        if version < VERSION:
            raise StoreError(
                f"{self.path} was written by an older shopwindow: start the shop once with "
                "this one, which brings the file up to date"
            )
        # What is deleted is overwritten with zeros.
        self._execute("PRAGMA secure_delete = ON")
        self._execute("PRAGMA synchronous = NORMAL")

    def close(self) -> None:
        self._file.close()

    # -- one person ------------------------------------------------------------------------

    def owner_of(self, visitor_or_customer: str) -> str | None:
        for id in (visitor_or_customer, mark_of(visitor_or_customer)):
            row = self._first("SELECT data FROM profiles WHERE id = ?", id)
            if row is not None and row[0][:1] == b"@":
                return str(row[0][1:].decode())
            link = self._first("SELECT min(customer) FROM logins WHERE visitor = ?", id)
            if link is not None and link[0] is not None:
                return str(link[0])
            if row is not None and row[0]:
                return id
            if self._first("SELECT 1 FROM logins WHERE customer = ? LIMIT 1", id):
                return id
            if self._first("SELECT 1 FROM events WHERE visitor = ? LIMIT 1", id):
                return id
        return None

    def everything(self, owner: str) -> tuple[Profile | None, Iterator[Event]]:
        row = self._first(
            f"SELECT data FROM profiles WHERE id = ? AND {_PROFILE}", owner
        )
        profile = None if row is None else decode_profile(row[0])
        rows = self._rows(
            "SELECT id, name, time, properties FROM events "
            f"WHERE visitor IN ({_MARKS}) ORDER BY time, id",
            (owner,),
        )
        return profile, (
            self._event(id, name, moment, text, owner)
            for id, name, moment, text in rows
        )

    def _event(self, id: str, name: str, time: float, text: str, owner: str) -> Event:
        known = decode_properties(text)
        return Event(id, name, owner, time, self._day(time), known)

    def erase(self, owner: str) -> int:
        with self._writing():
            statement = f"DELETE FROM profiles WHERE id = ? AND {_PROFILE}"
            gone = self._execute(statement, (owner,)).rowcount
            links = list(
                self._rows("SELECT * FROM logins WHERE customer = ?", (owner,))
            )
            marks = [visitor for _, visitor in links]
            if _MARK.match(owner):  # customers come back with their next login
                marks.append(owner)
            self._each(_ERASE, [(mark,) for mark in marks])
        # Nothing can be added any more: looking for the rest needs no lock.
        found = list(
            self._rows(f"SELECT id FROM events WHERE visitor IN ({_MARKS})", (owner,))
        )
        for rows in _parts(found, STEP):
            with self._writing():
                gone += self._each("DELETE FROM events WHERE id = ?", rows)
        # Last: by these the events are found again if this is stopped half-way.
        with self._writing():
            self._each(_UNLINK, links)
        self._wipe()
        return gone

    def _wipe(self) -> None:
        """Empty the write-ahead log, which still knows what was erased."""
        end = time.monotonic() + TRACES_GONE
        # While it waits for readers, nobody can write: it tries again instead.
        self._execute(f"PRAGMA busy_timeout = {GLIMPSE}")
        while True:
            ((busy, _, _),) = self._rows("PRAGMA wal_checkpoint(TRUNCATE)")
            if not busy:
                self._execute(f"PRAGMA busy_timeout = {PATIENCE}")
                return
            if time.monotonic() > end:
                self._execute(f"PRAGMA busy_timeout = {PATIENCE}")
                raise StoreError(
                    f"it is erased, but {self.path}-wal cannot be emptied: somebody reads "
                    "the file without a pause. Try again when that is over"
                )
            time.sleep(0.1)

    # -- the log ---------------------------------------------------------------------------

    def events(self, since: float, until: float) -> Iterator[Event]:
        # Of all customers: more than memory should hold.
        self._execute("DROP TABLE IF EXISTS temp.owners")
        self._execute(_OWNERS)
        self._execute(_FILL)
        owner = "coalesce((SELECT customer FROM temp.owners AS one WHERE one.visitor = events.visitor), visitor)"
        what, condition = (
            f"id, name, time, properties, {owner}",
            "time >= ? AND time < ?",
        )
        for rows in self._walk("events", what, condition, (since, until)):
            for row in rows:
                yield self._event(*row)

    def daily(self) -> Mapping[tuple[str, int], int]:
        counts: Tally[tuple[str, int]] = Tally()
        rows = self._rows(
            f"SELECT name, CAST(time / {QUARTER} AS INTEGER) AS quarter, count(*) "
            "FROM events GROUP BY name, quarter"
        )
        for name, quarter, count in rows:
            counts[name, self._day(quarter * QUARTER)] += count
        return counts

    # -- what is too old -------------------------------------------------------------------

    def due(self, events_before: Mapping[str, float], profiles_before: float) -> Due:
        events = profiles = 0
        if events_before:
            old, values = _older(events_before)
            ((events,),) = self._rows(
                f"SELECT count(*) FROM events WHERE {old}", values
            )
        if profiles_before:
            for rows in self._walk("profiles", "id, data, version", _PROFILE):
                profiles += len(_unseen(rows, profiles_before))
        return Due(events, profiles)

    def purge(
        self,
        events_before: Mapping[str, float],
        profiles_before: float,
        batch: int = STEP,
    ) -> Iterator[int]:
        if events_before:
            old, values = _older(events_before)
            for rows in self._walk("events", "id", old, values, batch):
                with self._writing():
                    gone = self._each("DELETE FROM events WHERE id = ?", rows)
                yield gone
        if profiles_before:
            what = "id, data, version"
            for rows in self._walk("profiles", what, _PROFILE, (), batch):
                if unseen := _unseen(rows, profiles_before):
                    with self._writing():
                        gone = self._each(_LEAVE, unseen)
                    yield gone
            yield from self._purge_links(batch)

    def _purge_links(self, batch: int) -> Iterator[int]:
        """Links from ids to customers of whom nothing else is left."""
        unlink = f"{_UNLINK} AND {_LINK}"
        part = f"DELETE FROM profiles WHERE id = ? AND {_ORPHAN}"
        for orphans, statement in ((_LINKS, unlink), (_ORPHANS, part)):
            for rows in _parts(list(self._rows(orphans)), batch):
                with self._writing():
                    gone = self._each(statement, rows)
                yield gone

    # -- how much there is -----------------------------------------------------------------

    def sizes(self) -> Mapping[str, int]:
        sizes = {
            "profiles": self._count(f"count(*) FROM profiles WHERE {_PROFILE}"),
            "customers": self._count("count(DISTINCT customer) FROM logins"),
            "events": self._count("count(*) FROM events"),
            "visitors": self._count(
                "count(DISTINCT coalesce(customer, events.visitor)) "
                "FROM events LEFT JOIN logins ON logins.visitor = events.visitor"
            ),
            "retired": self._count(f"count(*) FROM profiles WHERE {_RETIRED}"),
            "bytes": sum(_size(f"{self.path}{part}") for part in ("", "-wal")),
        }
        ((oldest, newest),) = self._rows("SELECT min(time), max(time) FROM events")
        if oldest is not None:
            sizes |= {"oldest": int(oldest), "newest": int(newest)}
        return sizes

    # -- SQL -------------------------------------------------------------------------------

    def _walk(
        self,
        table: str,
        what: str,
        condition: str,
        values: Sequence[Any] = (),
        step: int = STEP,
    ) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of ``table`` in steps, between which nothing is held; id is the first column."""
        last = ""
        statement = (
            f"SELECT {what} FROM {table} WHERE id > ? AND ({condition}) "
            f"ORDER BY id LIMIT {step}"
        )
        while rows := list(self._rows(statement, (last, *values))):
            yield rows
            last = rows[-1][0]

    def _count(self, what: str) -> int:
        ((number,),) = self._rows(f"SELECT {what}")
        return int(number)

    def _first(self, statement: str, value: str) -> tuple[Any, ...] | None:
        return next(self._rows(statement, (value,)), None)

    def _rows(
        self, statement: str, values: Sequence[Any] = ()
    ) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._file.execute(statement, values)
        except sqlite3.Error as error:
            raise StoreError(f"{self.path} cannot be read: {error}") from error

    def _execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        try:
            return self._file.execute(statement, values)
        except sqlite3.Error as error:
            raise StoreError(f"{self.path} cannot be changed: {error}") from error

    def _each(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> int:
        """Returns how many rows ``statement`` changed, over all ``rows``."""
        try:
            return max(0, self._file.executemany(statement, rows).rowcount)
        except sqlite3.Error as error:
            raise StoreError(f"{self.path} cannot be changed: {error}") from error

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._execute("BEGIN IMMEDIATE")
        try:
            yield
            self._execute("COMMIT")
        except BaseException:  # raised on; only what was begun is undone
            if self._file.in_transaction:  # a full disk ends it by itself
                self._file.execute("ROLLBACK")
            raise


def _older(before: Mapping[str, float]) -> tuple[str, list[str | float]]:
    """The condition that an event is older than it may get, and its values."""
    old = "time < CASE name"
    values: list[str | float] = []
    for name, moment in before.items():
        if name:
            old += " WHEN ? THEN ?"
            values += [name, moment]
    # What is older than nothing stays.
    return f"{old} WHEN '' THEN 0 ELSE ? END", [*values, before.get("", 0.0)]


def _unseen(
    rows: Iterable[tuple[str, bytes, int | None]], before: float
) -> list[tuple[str, int | None]]:
    """Id and version of the profiles last seen before; who has done nothing yet stays."""
    return [
        (id, version)
        for id, data, version in rows
        if 0.0 < decode_profile(data).last_seen < before
    ]


def _parts(rows: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (rows[at : at + size] for at in range(0, len(rows), size))


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0

"""What the shop's people do with a SQLite store: give all of one person, erase, tidy up, count."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ....rules.facts import Event, Profile
from .. import DayOf, Due, LogRow
from ..rows import QUARTER, daily, decode_profile, event_of, is_mark, mark_of, unseen
from .busy import STEP, BusyFile
from .directory import EMPTY_PARTS, events_of
from .store import ERASURE, UNROLL

_RETIRED = "length(data) = 0"
_ALIAS = "substr(data, 1, 1) = x'40'"  # stands for a customer
_PROFILE = f"NOT ({_RETIRED}) AND NOT ({_ALIAS})"
# An id that was given up and must not come back, not even by a login written late.
_ERASE = f"""
INSERT INTO profiles (id, data, version) VALUES (?, x'', {ERASURE})
ON CONFLICT (id) DO UPDATE SET data = x'', version = excluded.version
"""
# Under what the rows of an owner stand: their own name, and the ids that turned out to be them.
_MARKS = "SELECT ?1 AS visitor UNION SELECT visitor FROM logins WHERE customer = ?1"
_SOME = f"SELECT 1 FROM events WHERE {events_of('SELECT ?1 AS visitor')} LIMIT 1"
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
_WHEN = "time >= ? AND time < ?"
_OWNERS = """
CREATE TEMP TABLE owners (visitor PRIMARY KEY, customer) WITHOUT ROWID
"""
_FILL = """
INSERT INTO temp.owners SELECT visitor, min(customer) FROM logins GROUP BY visitor
"""


class SqliteKeeper:
    """The :class:`Keeper` of one file, over a connection of its own.

    Raises :class:`StoreError` if there is no such file, and makes none.
    """

    def __init__(self, path: Path, day: DayOf) -> None:
        self.path = path
        self._day = day
        self._file = BusyFile(path)
        self.close = self._file.close

    # -- one person ------------------------------------------------------------------------

    def owner_of(self, visitor_or_customer: str) -> str | None:
        for id in (visitor_or_customer, mark_of(visitor_or_customer)):
            row = self._file.first("SELECT data FROM profiles WHERE id = ?", id)
            if row is not None and row[0][:1] == b"@":
                return str(row[0][1:].decode())
            link = self._file.first(
                "SELECT min(customer) FROM logins WHERE visitor = ?", id
            )
            if link is not None and link[0] is not None:
                return str(link[0])
            if row is not None and row[0]:
                return id
            if self._file.first("SELECT 1 FROM logins WHERE customer = ? LIMIT 1", id):
                return id
            if self._file.first(_SOME, id):
                return id
        return None

    def everything(self, owner: str) -> tuple[Profile | None, Iterator[Event]]:
        row = self._file.first(
            f"SELECT data FROM profiles WHERE id = ? AND {_PROFILE}", owner
        )
        profile = None if row is None else decode_profile(row[0])
        rows = self._file.rows(
            "SELECT id, name, time, properties FROM events "
            f"WHERE {events_of(_MARKS)} ORDER BY time, id",
            (owner,),
        )
        return profile, (
            event_of(self._day, id, name, owner, moment, text)
            for id, name, moment, text in rows
        )

    def erase(self, owner: str) -> int:
        with self._file.writing():
            statement = f"DELETE FROM profiles WHERE id = ? AND {_PROFILE}"
            gone = self._file.execute(statement, (owner,)).rowcount
            links = list(
                self._file.rows("SELECT * FROM logins WHERE customer = ?", (owner,))
            )
            marks = [visitor for _, visitor in links]
            if is_mark(owner):  # customers come back with their next login
                marks.append(owner)
            self._file.each(_ERASE, [(mark,) for mark in marks])
            for statement in UNROLL:
                self._file.each(statement, [(mark,) for mark in {*marks, owner}])
        # Nothing can be added any more: looking for the rest needs no lock.
        found = list(
            self._file.rows(
                f"SELECT id FROM events WHERE {events_of(_MARKS)}", (owner,)
            )
        )
        for rows in _parts(found, STEP):
            with self._file.writing():
                gone += self._file.each("DELETE FROM events WHERE id = ?", rows)
        # Last: by these the events are found again if this is stopped half-way.
        with self._file.writing():
            self._file.each(_UNLINK, links)
        self._file.wipe()
        return gone

    # -- the log ---------------------------------------------------------------------------

    def events(self, since: float, until: float) -> Iterator[Event]:
        what = f"id, name, {self._owner()}, time, properties"
        for rows in self._file.walk("events", what, _WHEN, (since, until)):
            for row in rows:
                yield event_of(self._day, *row)

    def rows(
        self, since: float, until: float, names: Collection[str]
    ) -> Iterator[Sequence[LogRow]]:
        quoted = ", ".join(f"'{name}'" for name in names)
        what = (
            f"id, name, {self._owner()}, time, "
            f"CASE WHEN name IN ({quoted}) THEN properties END"
        )
        yield from self._file.walk("events", what, _WHEN, (since, until))

    def length(self) -> int:
        return self._file.count("count(*) FROM events")

    def _owner(self) -> str:
        """What gives the owner of an event."""
        # Of all customers: more than memory should hold.
        self._file.execute("DROP TABLE IF EXISTS temp.owners")
        self._file.execute(_OWNERS)
        self._file.execute(_FILL)
        if not self._file.count("count(*) FROM temp.owners"):
            return "visitor"
        return "coalesce((SELECT customer FROM temp.owners AS one WHERE one.visitor = events.visitor), visitor)"

    def daily(self) -> Mapping[tuple[str, int], int]:
        rows = self._file.rows(
            f"SELECT name, CAST(time / {QUARTER} AS INTEGER) AS quarter, count(*) "
            "FROM events GROUP BY name, quarter"
        )
        return daily(rows, self._day)

    # -- what is too old -------------------------------------------------------------------

    def due(self, events_before: Mapping[str, float], profiles_before: float) -> Due:
        events = profiles = 0
        if events_before:
            old, values = _older(events_before)
            ((events,),) = self._file.rows(
                f"SELECT count(*) FROM events WHERE {old}", values
            )
        if profiles_before:
            for rows in self._file.walk("profiles", "id, data, version", _PROFILE):
                profiles += sum(unseen(data, profiles_before) for _, data, _ in rows)
        return Due(events, profiles)

    def purge(
        self,
        events_before: Mapping[str, float],
        profiles_before: float,
        batch: int = STEP,
    ) -> Iterator[int]:
        if events_before:
            old, values = _older(events_before)
            for rows in self._file.walk("events", "id", old, values, batch):
                with self._file.writing():
                    gone = self._file.each("DELETE FROM events WHERE id = ?", rows)
                yield gone
            with self._file.writing():
                self._file.execute(EMPTY_PARTS)
        if profiles_before:
            what = "id, data, version"
            for rows in self._file.walk("profiles", what, _PROFILE, (), batch):
                stale = [
                    (id, version)
                    for id, data, version in rows
                    if unseen(data, profiles_before)
                ]
                if stale:
                    with self._file.writing():
                        gone = self._file.each(_LEAVE, stale)
                    yield gone
            yield from self._purge_links(batch)

    def _purge_links(self, batch: int) -> Iterator[int]:
        """Links from ids to customers of whom nothing else is left."""
        unlink = f"{_UNLINK} AND {_LINK}"
        part = f"DELETE FROM profiles WHERE id = ? AND {_ORPHAN}"
        for orphans, statement in ((_LINKS, unlink), (_ORPHANS, part)):
            for rows in _parts(list(self._file.rows(orphans)), batch):
                with self._file.writing():
                    gone = self._file.each(statement, rows)
                yield gone

    # -- how much there is -----------------------------------------------------------------

    def sizes(self) -> Mapping[str, int]:
        sizes = {
            "profiles": self._file.count(f"count(*) FROM profiles WHERE {_PROFILE}"),
            "customers": self._file.count("count(DISTINCT customer) FROM logins"),
            "events": self._file.count("count(*) FROM events"),
            "visitors": self._file.count(
                "count(DISTINCT coalesce(customer, events.visitor)) "
                "FROM events LEFT JOIN logins ON logins.visitor = events.visitor"
            ),
            "retired": self._file.count(f"count(*) FROM profiles WHERE {_RETIRED}"),
            "bytes": sum(_size(f"{self.path}{part}") for part in ("", "-wal")),
        }
        ((oldest, newest),) = self._file.rows("SELECT min(time), max(time) FROM events")
        if oldest is not None:
            sizes |= {"oldest": int(oldest), "newest": int(newest)}
        return sizes


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


def _parts(rows: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (rows[at : at + size] for at in range(0, len(rows), size))


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0

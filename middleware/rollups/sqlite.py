"""Roll-ups in the SQLite file of the log."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import msgspec

from ...rules.measurement.rows import READS
from ..stores import StoreError
from ..stores.rows import is_mark
from ..stores.sqlite.busy import BusyFile, connected
from ..stores.sqlite.directory import events_of
from ..stores.sqlite.store import ERASURE
from . import sqlite_sql as sql
from .sums import Key
from .tables import PART_OF, Concerned, Member, Seen, StoryRow
from .unit import Unit

_json = msgspec.json.Encoder().encode
_EACH = "(SELECT value FROM json_each(?))"
_READ = ", ".join(f"'{name}'" for name in sorted(READS))
_TOLD = f"CASE WHEN name IN ({_READ}) THEN properties ELSE '{{}}' END"
_UNITS = "owner, generation, body, first, shown, did, settled, past FROM rollup_units"
_CUSTOMER = "SELECT min(customer) FROM logins WHERE visitor = ?"
_MARKS = "SELECT ?1 AS visitor UNION SELECT visitor FROM logins WHERE customer = ?1"
_THEIRS = events_of(_MARKS)
_KEEP = "INSERT OR REPLACE INTO rollup_units VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


class SqliteTables:
    """The :class:`~.tables.Tables` of one file, over two connections of its own.

    Raises :class:`StoreError` if there is no such file, and makes none.
    """

    def __init__(self, path: Path) -> None:
        self._file = BusyFile(path)
        try:
            self._reading, _ = connected(path, "ro")
        except BaseException:  # raised on; only the first connection is given back
            self._file.close()
            raise
        self._all_owners = ""  # the expression that gives the owner of an event

    def changing(self) -> AbstractContextManager[None]:
        return self._file.writing()

    def rest(self) -> None:
        # Who reads keeps the write-ahead log from being put into the file: otherwise the next
        # one who writes anything would have to do all of it.
        self._rows("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        self._reading.close()
        self._file.close()

    def _read(self, statement: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        """Of a long statement: over the connection that holds nobody up."""
        try:
            yield from self._reading.execute(statement, values)
        except sqlite3.Error as error:
            raise StoreError(f"{self._file.path} cannot be read: {error}") from error

    def _rows(self, statement: str, *values: Any) -> list[Any]:
        return list(self._file.rows(statement, values))

    # -- what is known about the roll-ups --------------------------------------------------

    def value(self, key: str) -> str | None:
        row = self._file.first("SELECT value FROM rollup_state WHERE key = ?", key)
        return None if row is None else str(row[0])

    def put(self, key: str, value: str | None) -> None:
        if value is None:
            self._file.execute("DELETE FROM rollup_state WHERE key = ?", (key,))
        else:
            statement = "INSERT OR REPLACE INTO rollup_state VALUES (?, ?)"
            self._file.execute(statement, (key, value))

    def numbers(self, texts: Sequence[str]) -> Mapping[str, int]:
        wanted = _json(texts)
        known = f"SELECT text, id FROM rollup_names WHERE text IN {_EACH}"
        found = dict(self._rows(known, wanted))
        if len(found) < len(texts):
            insert = "INSERT OR IGNORE INTO rollup_names (text) SELECT value FROM json_each(?)"
            self._file.execute(insert, (wanted,))
            found = dict(self._rows(known, wanted))
        return found

    def names(self) -> Iterator[tuple[int, str]]:
        return self._file.rows("SELECT id, text FROM rollup_names")

    # -- the log ---------------------------------------------------------------------------

    def _look(self) -> str:
        """Who is whose as it is now; returns what gives the owner of an event."""
        for statement in ("DROP TABLE IF EXISTS temp.owners", sql.OWNERS, sql.FILL):
            list(self._read(statement))
        ((some,),) = self._read("SELECT EXISTS (SELECT 1 FROM temp.owners)")
        return sql.OWNED if some else "visitor"

    def part(self, number: int, parts: int, until: float) -> Iterator[StoryRow]:
        owner = self._look()
        statement = f"""
            SELECT {owner} AS owner, time, name, {_TOLD} FROM events
            WHERE time < ? AND instr('{PART_OF}', substr(owner, -1)) % ? = ?
            ORDER BY owner, time, id
        """
        return self._read(statement, (until, parts, number))

    def length(self) -> int:
        return self._file.count("count(*) FROM events")

    def seen(self, since: float, until: float) -> Seen:
        self._make(
            "recent", "quarter, visitor, number, sum, PRIMARY KEY (quarter, visitor)"
        )
        list(self._read(sql.RECENT, (since, until)))
        told = "SELECT quarter, sum(number), sum(sum) FROM temp.recent GROUP BY quarter"
        return {quarter: (number, total) for quarter, number, total in self._read(told)}

    def _make(self, table: str, columns: str) -> None:
        for statement in (
            f"DROP TABLE IF EXISTS temp.{table}",
            f"CREATE TEMP TABLE {table} ({columns}) WITHOUT ROWID",
        ):
            list(self._read(statement))

    def concerned(self, quarters: Collection[int]) -> Concerned:
        owner = self._look()
        self._make("concerned", "owner PRIMARY KEY")
        insert = "INSERT OR IGNORE INTO temp.concerned"
        recent = f"SELECT DISTINCT {owner} AS owner FROM temp.recent AS events"
        changed = f"{insert} {recent} WHERE quarter IN {_EACH}"
        list(self._read(changed, (_json([*quarters]),)))
        settled = f"""
            {insert} SELECT owner FROM ({recent}) JOIN rollup_units USING (owner)
            WHERE settled IS NOT NULL
        """
        list(self._read(settled))
        joined: dict[str, list[str]] = {}
        for mark, customer in self._read(sql.JOINED):
            joined.setdefault(customer, []).append(mark)
        each = f"{insert} SELECT value FROM json_each(?)"
        list(self._read(each, (_json([*joined]),)))
        ((count,),) = self._read("SELECT count(*) FROM temp.concerned")
        self._make("wanted", "visitor PRIMARY KEY")
        list(self._read(sql.WANTED))
        self._all_owners = owner
        return Concerned(int(count), joined)

    def stories(self, until: float) -> Iterator[StoryRow]:
        ((some,),) = self._read("SELECT EXISTS (SELECT 1 FROM temp.concerned)")
        if not some:
            return
        statement = f"""
            SELECT {self._all_owners} AS owner, time, name, {_TOLD} FROM events
            WHERE time < ? AND visitor IN temp.wanted AND owner IN temp.concerned
            ORDER BY owner, time, id
        """
        yield from self._read(statement, (until,))

    def story(self, owner: str, until: float) -> Iterator[StoryRow]:
        statement = f"""
            SELECT ?1, time, name, {_TOLD} FROM events WHERE time < ?2 AND {_THEIRS}
            ORDER BY time, id
        """
        return self._read(statement, (owner, until))

    def refused(self, owners: Collection[str]) -> set[str]:
        marks = [owner for owner in owners if is_mark(owner)]
        customers = [owner for owner in owners if not is_mark(owner)]
        gone = f"""
            SELECT id FROM profiles WHERE id IN {_EACH}
            AND length(data) = 0 AND version = {ERASURE}
        """
        left = """
            SELECT value FROM json_each(?) WHERE NOT EXISTS
            (SELECT 1 FROM logins WHERE customer = value)
        """
        found = self._rows(gone, _json(marks)) + self._rows(left, _json(customers))
        return {owner for (owner,) in found}

    def customer_of(self, mark: str) -> str | None:
        ((customer,),) = self._rows(_CUSTOMER, mark)
        return None if customer is None else str(customer)

    def marks(self, owner: str) -> list[str]:
        rows = self._rows("SELECT visitor FROM logins WHERE customer = ?", owner)
        return [mark for (mark,) in rows]

    # -- units -----------------------------------------------------------------------------

    def units(self, owners: Collection[str]) -> list[Unit]:
        rows = self._rows(f"SELECT {_UNITS} WHERE owner IN {_EACH}", _json([*owners]))
        return [Unit(*row) for row in rows]

    def keep(self, units: Sequence[Unit]) -> None:
        self._file.each(_KEEP, units)

    def drop(self, owners: Collection[str]) -> None:
        rows = [(owner,) for owner in owners]
        self._file.each("DELETE FROM rollup_units WHERE owner = ?", rows)
        self._file.each("DELETE FROM rollup_members WHERE owner = ?", rows)

    def outdated(self, generation: int, limit: int) -> list[str]:
        statement = """
            SELECT owner FROM rollup_units WHERE generation NOT IN (0, ?) LIMIT ?
        """
        return [owner for (owner,) in self._rows(statement, generation, limit)]

    def aged(
        self, day: int, shown: float, did: float, after: str, limit: int
    ) -> list[Unit]:
        statement = f"""
            SELECT {_UNITS} WHERE owner > ? AND
            (settled IS NULL AND first <= ? OR shown < ? AND did < ?)
            ORDER BY owner LIMIT ?
        """
        rows = self._rows(statement, after, day, shown, did, limit)
        return [Unit(*row) for row in rows]

    # -- accounts --------------------------------------------------------------------------

    def accounts(self, owners: Collection[str]) -> set[str]:
        statement = f"SELECT account FROM rollup_members WHERE owner IN {_EACH}"
        return {account for (account,) in self._rows(statement, _json([*owners]))}

    def members(self, accounts: Collection[str]) -> list[Member]:
        statement = f"SELECT * FROM rollup_members WHERE account IN {_EACH}"
        return [Member(*row) for row in self._rows(statement, _json([*accounts]))]

    def every_member(self) -> Iterator[Member]:
        for row in self._file.rows("SELECT * FROM rollup_members ORDER BY account"):
            yield Member(*row)

    def join(self, members: Iterable[Member]) -> None:
        kept = [one for one in members if one.body]
        gone = [(one.account, one.owner) for one in members if not one.body]
        self._file.each("INSERT OR REPLACE INTO rollup_members VALUES (?, ?, ?)", kept)
        delete = "DELETE FROM rollup_members WHERE account = ? AND owner = ?"
        self._file.each(delete, gone)

    # -- sums ------------------------------------------------------------------------------

    def sums(self, generation: int, keys: Sequence[Key]) -> dict[Key, bytes]:
        rows = self._rows(sql.SUMS, _json(keys), generation)
        return {(day, what): value for day, what, value in rows}

    def put_sums(
        self, generation: int, rows: Sequence[tuple[Key, bytes | None]]
    ) -> None:
        kept = [(generation, *key, value) for key, value in rows if value is not None]
        gone = [(generation, *key) for key, value in rows if value is None]
        self._file.each("INSERT OR REPLACE INTO rollup_sums VALUES (?, ?, ?, ?)", kept)
        delete = "DELETE FROM rollup_sums WHERE generation = ? AND day = ? AND what = ?"
        self._file.each(delete, gone)

    def outdated_sums(self, generation: int, limit: int) -> list[tuple[int, int, int]]:
        statement = """
            SELECT generation, day, what FROM rollup_sums
            WHERE generation NOT IN (0, ?) LIMIT ?
        """
        return self._rows(statement, generation, limit)

    def days(
        self, since: int, until: int, what: Collection[int] | None
    ) -> Iterator[tuple[int, int, bytes]]:
        values: list[Any] = [since, until]
        statement = f"SELECT {sql.DAYS}"
        if what is not None:
            statement += f" AND what IN {_EACH}"
            values.append(_json([*what]))
        return self._file.rows(f"{statement} ORDER BY day", values)

    def sizes(self) -> Mapping[str, int]:
        count = self._file.count
        return {
            "units": count("count(*) FROM rollup_units"),
            "sums": count("count(*) FROM rollup_sums"),
        }

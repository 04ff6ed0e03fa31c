"""An event log in a SQLite file, for profiles that are kept elsewhere."""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ....rules.facts import Event
from .. import DayOf, Keeper
from ..rows import COLUMNS, Row, row_of
from .directory import Directory, events_of
from .file import SqliteFile
from .history import SqliteHistory
from .store import ERASURE, UNROLL

_HOLES = ", ".join("?" * len(Row._fields))
# A mark that was erased is kept as a store keeps it: a profile without content.
_APPEND = f"""
INSERT OR IGNORE INTO events ({COLUMNS}) SELECT * FROM (VALUES ({_HOLES}))
WHERE NOT EXISTS (SELECT 1 FROM profiles WHERE id = column3 AND length(data) = 0)
"""
_LINK = "INSERT OR IGNORE INTO logins (customer, visitor) VALUES (?, ?)"
_ADOPT = """
INSERT OR IGNORE INTO logins (customer, visitor) SELECT ?1, ?2
WHERE NOT EXISTS (SELECT 1 FROM profiles WHERE id = ?2 AND length(data) = 0)
"""
_ERASE = f"""
DELETE FROM events
WHERE {events_of("SELECT visitor FROM logins WHERE customer = ?1")}
"""
_REFUSE = f"""
INSERT OR REPLACE INTO profiles (id, data, version)
SELECT visitor, x'', {ERASURE} FROM logins WHERE customer = ?
"""


class SqliteLog:
    """The :class:`~shopwindow.middleware.stores.EventLog` of one SQLite file.

    The file has the tables of a store, so that commands can read it like one. Raises
    :class:`~shopwindow.middleware.stores.StoreError` if it cannot be opened.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._file = SqliteFile(self.path)
        self._directory = Directory(self._file)

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        self._file.renewed()
        with self._file.transaction() as connection:
            yield connection
        self._file.tidy()
        self._directory.go_on()

    def append(self, events: Sequence[Event]) -> None:
        if not events:
            return
        rows = [row_of(event, event.visitor) for event in events]
        with self._changing() as file:
            file.executemany(_APPEND, rows)

    def adopt(self, customer: str, mark: str) -> None:
        with self._changing() as file:
            file.execute(_ADOPT, (customer, mark))

    def erase(self, owner: str, marks: Collection[str]) -> None:
        with self._changing() as file:
            file.executemany(_LINK, [(owner, mark) for mark in {*marks, owner}])
            file.execute(_ERASE, (owner,))
            for statement in UNROLL:
                file.executemany(statement, [(mark,) for mark in {*marks, owner}])
            file.execute(_REFUSE, (owner,))
            if owner not in marks:
                # A customer may come back: only the marks are refused for good.
                file.execute("DELETE FROM profiles WHERE id = ?", (owner,))
            file.execute("DELETE FROM logins WHERE customer = ?", (owner,))
            self._file.erased()

    def history(self, day: DayOf) -> SqliteHistory:
        return SqliteHistory(self.path, day)

    def keeper(self, day: DayOf) -> Keeper:
        from .keeping import SqliteKeeper  # it knows the tables; pages need none

        return SqliteKeeper(self.path, day)

    def close(self) -> None:
        self._directory.close()
        self._file.close()

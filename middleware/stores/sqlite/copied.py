"""A SQLite file as rows that every other store can hold, too."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .. import StoreError
from ..copying import Kind
from ..rows import COLUMNS, Row
from .file import SqliteFile
from .history import SqliteHistory
from .store import ERASURE

_PROFILE = "length(data) > 0 AND substr(data, 1, 1) <> x'40'"
_READ = {
    "profiles": f"id, data FROM profiles WHERE {_PROFILE}",
    "identities": f"""
        id, CASE WHEN length(data) > 0 THEN 'customer' WHEN version = {ERASURE}
        THEN 'erased' ELSE 'retired' END, coalesce(CAST(substr(data, 2) AS TEXT), '')
        FROM profiles WHERE NOT ({_PROFILE})
    """,
    "logins": "customer, visitor FROM logins",
    "traffic": "dimension, key, weight FROM traffic",
    "events": f"{COLUMNS} FROM events",
    "allocations": "key, value FROM rollup_state WHERE key = 'allocations'",
}
_HOLES = ", ".join("?" * len(Row._fields))
_LOAD = {
    "profiles": "INSERT OR REPLACE INTO profiles (id, data, version) VALUES (?, ?, 1)",
    "identities": f"""
        INSERT OR REPLACE INTO profiles (id, data, version) VALUES (
            ?1, CASE ?2 WHEN 'customer' THEN CAST('@' || ?3 AS BLOB) ELSE x'' END,
            CASE ?2 WHEN 'erased' THEN {ERASURE} END
        )
    """,
    "logins": "INSERT OR IGNORE INTO logins (customer, visitor) VALUES (?, ?)",
    "traffic": "INSERT OR REPLACE INTO traffic (dimension, key, weight) VALUES (?, ?, ?)",
    "events": f"INSERT OR REPLACE INTO events ({COLUMNS}) VALUES ({_HOLES})",
    "allocations": "INSERT OR REPLACE INTO rollup_state (key, value) VALUES (?, ?)",
}


class SqliteCopied:
    """The :class:`~shopwindow.middleware.stores.copying.Copied` of one file.

    To copy from, the file has to be there; to copy to (``make``), it is made. Raises
    :class:`StoreError` if it cannot be opened.
    """

    def __init__(self, path: Path, make: bool) -> None:
        if not make:  # a mistyped name must not come into being
            SqliteHistory(path, int).close()
        self._path = path
        self._file = SqliteFile(path)

    def count(self, kind: Kind) -> int:
        ((number,),) = self._select(
            f"SELECT count(*) FROM (SELECT {_READ[kind]})",
        )
        return int(number)

    def rows(self, kind: Kind) -> Iterator[tuple[Any, ...]]:
        return self._select(f"SELECT {_READ[kind]}")

    def _select(self, statement: str) -> Iterator[tuple[Any, ...]]:
        try:
            # Not "yield from": whoever stops half-way would close a cursor of a closed file.
            for row in self._file.reading.execute(statement):  # noqa: UP028
                yield row
        except sqlite3.Error as error:
            raise StoreError(f"{self._path} cannot be read: {error}") from error

    def load(self, kind: Kind, rows: Sequence[tuple[Any, ...]]) -> None:
        with self._file.transaction() as connection:
            connection.executemany(_LOAD[kind], rows)

    def close(self) -> None:
        self._file.close()

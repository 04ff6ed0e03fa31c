"""A SQLite file of a shop that is running: read in steps, changed in short turns."""

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .. import TRACES_GONE, StoreError
from .migrations import VERSION, newer

STEP = 1_000  # rows that are read at once
PATIENCE = 10_000  # milliseconds to wait for a worker that writes
GLIMPSE = 20  # milliseconds to wait for readers


def connected(path: Path, mode: str) -> tuple[sqlite3.Connection, int]:
    """A connection to the store in a file, to read it (``ro``) or to change it, too (``rw``);
    and the version of its tables.

    Raises :class:`StoreError` if there is none, or that of a newer shopwindow, and makes none.
    """
    if not path.is_file():
        raise StoreError(f"there is no store at {path}")
    try:
        address = f"{path.resolve().as_uri()}?mode={mode}"
        # An iterator may be read on another thread than the one that asked for it.
        connection = sqlite3.connect(
            address, uri=True, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be opened: {error}") from error
    try:
        connection.execute(f"PRAGMA busy_timeout = {PATIENCE}")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if not version:
            raise StoreError(f"{path} is no store of shopwindow")
        if version > VERSION:
            raise StoreError(newer(path))
    except BaseException as error:  # raised on; only the connection is given back
        connection.close()
        if isinstance(error, sqlite3.Error):
            raise StoreError(f"{path} cannot be read: {error}") from error
        raise
    return connection, version


class BusyFile:
    """One connection of its own. Every method may raise :class:`StoreError`.

    Raises it, too, if there is no such file, and makes none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection, self._version = connected(path, "rw")
        try:
            self._prepare()
        except BaseException:  # raised on; only the connection is given back
            self._connection.close()
            raise

    def _prepare(self) -> None:
        if self._version < VERSION:
            raise StoreError(
                f"{self.path} was written by an older shopwindow: start the shop once with "
                "this one, which brings the file up to date"
            )
        # What is deleted is overwritten with zeros.
        self.execute("PRAGMA secure_delete = ON")
        self.execute("PRAGMA synchronous = NORMAL")

    def close(self) -> None:
        self._connection.close()

    def walk(
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
        while rows := self._all(statement, (last, *values)):
            yield rows
            last = rows[-1][0]

    def count(self, what: str) -> int:
        """The one number that selecting ``what`` gives."""
        ((number,),) = self.rows(f"SELECT {what}")
        return int(number)

    def first(self, statement: str, value: str) -> tuple[Any, ...] | None:
        """The first row, None if there is none."""
        return next(self.rows(statement, (value,)), None)

    def rows(
        self, statement: str, values: Sequence[Any] = ()
    ) -> Iterator[tuple[Any, ...]]:
        """All rows of a statement that only reads, one after the other."""
        try:
            yield from self._connection.execute(statement, values)
        except sqlite3.Error as error:
            raise StoreError(f"{self.path} cannot be read: {error}") from error

    def _all(self, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """As :meth:`rows`, at once."""
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"{self.path} cannot be read: {error}") from error

    def execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run a statement that may change something."""
        try:
            return self._connection.execute(statement, values)
        except sqlite3.Error as error:
            raise StoreError(f"{self.path} cannot be changed: {error}") from error

    def each(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> int:
        """Returns how many rows ``statement`` changed, over all ``rows``."""
        try:
            return max(0, self._connection.executemany(statement, rows).rowcount)
        except sqlite3.Error as error:
            raise StoreError(f"{self.path} cannot be changed: {error}") from error

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction, all of it or nothing; other writers wait for its end."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:  # raised on; only what was begun is undone
            if self._connection.in_transaction:  # a full disk ends it by itself
                self._connection.execute("ROLLBACK")
            raise

    def wipe(self) -> None:
        """Leave no trace of what was deleted, nor in the write-ahead log.

        SQLite overwrites what it deletes, but not the copies that stay where rows moved to
        another page to make room. So the whole file is written anew: readers go on meanwhile,
        who writes waits.
        """
        try:
            self._connection.execute("VACUUM")
        except sqlite3.Error as error:
            raise StoreError(
                f"it is erased, but traces may be left in {self.path}, which cannot be written "
                f"anew now: {error}. Try again when that is over"
            ) from error
        end = time.monotonic() + TRACES_GONE
        # While it waits for readers, nobody can write: it tries again instead.
        self.execute(f"PRAGMA busy_timeout = {GLIMPSE}")
        try:
            while self._is_busy():
                if time.monotonic() > end:
                    raise StoreError(
                        f"it is erased, but {self.path}-wal cannot be emptied: somebody "
                        "reads the file without a pause. Try again when that is over"
                    )
                time.sleep(0.1)
        finally:
            self.execute(f"PRAGMA busy_timeout = {PATIENCE}")

    def _is_busy(self) -> bool:
        ((busy, _, _),) = self.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        return bool(busy)

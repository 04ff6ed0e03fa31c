"""The SQLite file itself: opened, put aside when damaged, opened anew when replaced."""

import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import NamedTuple

from .. import StoreError
from .checking import DAMAGED, Check
from .migrations import migrate, newer

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:
    fcntl = None

log = logging.getLogger("shopwindow")

SUFFIXES = (".db", ".sqlite", ".sqlite3")
"""Of names under which a damaged file is ours to put aside."""

TURNING = 0.5  # seconds that several processes may take to turn to write-ahead logging
PATIENCE = 5_000  # milliseconds that the writer waits for others who write
GLIMPSE = 20  # ... with what has time until later
WIPE_AGAIN = 1.0  # seconds
_MAGIC = b"SQLite format 3\0"
_LOGS = ("-wal", "-shm")

FAULTS = (
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
    sqlite3.DataError,
    sqlite3.IntegrityError,
)
"""Of one event: trying again would not help."""

OWNER_ALONE = (
    0o600  # what is known about customers is not for every account of the machine
)

Number = tuple[int, int]


class _Opened(NamedTuple):
    writing: sqlite3.Connection
    reading: sqlite3.Connection
    number: Number | None


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Turn to write-ahead logging. Of several processes that do so with a new file at the same
    time, SQLite lets all but one fail at once, whatever the busy timeout."""
    last = time.monotonic() + TURNING
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code != sqlite3.SQLITE_BUSY or time.monotonic() > last:
                raise
            time.sleep(0.005)


@contextmanager
def _held(path: Path, alone: bool) -> Iterator[None]:
    """While it lasts nobody puts ``path`` aside but, if ``alone``, this process.

    Who looks which file it is and renames it then would else rename the new one that another
    process has made meanwhile; and who opens it would find the new one's log beside the old file.
    """
    if fcntl is None:  # Windows renames no file that is open
        yield
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield
    finally:
        os.close(folder)  # and lets go of the lock


class SqliteFile:
    """One connection for the thread that writes, and one for all that read.

    Whoever reads holds ``lock``: a connection that is closed under a reader's hands takes the
    process down. Raises :class:`StoreError` if the file cannot be opened.
    """

    writing: sqlite3.Connection
    reading: sqlite3.Connection

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = Lock()
        self._opened: Number | None = None  # the file that is open
        self._logs: dict[str, Number | None] = {}
        self._stale: list[str] = []
        self._check: Check | None = None
        self._traces = False  # deleted, but still in the write-ahead log
        self._wipe = 0.0  # when to try to empty that
        self._open()

    def close(self) -> None:
        if self._check is not None:
            self._check.stop()
        with self.lock:
            self.reading.close()
        self.writing.close()

    def renewed(self) -> bool:
        """Whether the file was deleted or replaced since it was opened, so that it is open anew.

        What is written to the old one nobody would find. Only the writer's thread may ask;
        who reads meanwhile gets an error.
        """
        if self._opened is not None:
            if self._opened == self._number():
                return False
            log.error("%s was deleted or replaced: opening it anew", self.path)
            # SQLite would play the old file's log into the new one. Compared before closing:
            # as long as they are open, no other file can have their numbers.
            self._stale = [
                part
                for part, number in self._logs.items()
                if number is not None and number == self._number(part)
            ]
            self._opened = None  # and it stays so until it is open again
            self.close()
        self._open()
        return True

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The writing connection, for a change that is kept as a whole or not at all.

        Raises :class:`StoreError` when nothing was kept, and what is in :data:`FAULTS`.
        """
        connection = self.writing
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # a full disk ends it by itself
                    connection.execute("ROLLBACK")
                raise
        except FAULTS:
            raise
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error

    @contextmanager
    def hasty(self) -> Iterator[None]:
        """Within it the writer waits for nobody: it is about what can be done later as well."""
        self.writing.execute(f"PRAGMA busy_timeout = {GLIMPSE}")
        try:
            yield
        finally:
            self.writing.execute(f"PRAGMA busy_timeout = {PATIENCE}")

    def erased(self) -> None:
        """What was deleted just now has to leave the write-ahead log, too."""
        self._traces = True
        self._wipe = 0.0

    def tidy(self) -> None:
        """Empty the write-ahead log if it still knows what was deleted.

        Nobody can write while that waits for who reads an older state, be it a report that
        takes a minute: so it does not wait, but is tried again with what is written next.
        """
        if not self._traces or time.monotonic() < self._wipe:
            return
        self._wipe = time.monotonic() + WIPE_AGAIN
        try:
            with self.hasty():
                (busy, _, _) = self.writing.execute(
                    "PRAGMA wal_checkpoint(TRUNCATE)"
                ).fetchone()
        except sqlite3.Error as error:
            log.warning("%s cannot be cleaned now: %s", self.path, error)
        else:
            self._traces = bool(busy)

    def _number(self, part: str = "") -> Number | None:
        """What tells the file under this name from every other; None: it cannot be seen."""
        try:
            found = os.stat(f"{self.path}{part}")
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _open(self) -> None:
        try:
            while self._stale:
                Path(f"{self.path}{self._stale[-1]}").unlink(missing_ok=True)
                self._stale.pop()
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._check_name()
            if not self.path.exists():
                self.path.touch(
                    OWNER_ALONE
                )  # and SQLite gives its logs the same rights
            self.writing, self.reading, opened = self._open_or_renew()
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{self.path} cannot be opened: {error}") from error
        if opened is None:
            self.close()
            raise StoreError(f"{self.path} was deleted while it was opened")
        self._logs = {part: self._number(part) for part in _LOGS}
        self._opened = opened

    def _check_name(self) -> None:
        """A mistyped path must not cost the shop another file."""
        if self.path.suffix.lower() in SUFFIXES or not self.path.is_file():
            return
        with self.path.open("rb") as file:
            start = file.read(len(_MAGIC))
        if start and start != _MAGIC:
            raise self._foreign("holds something else")

    def _foreign(self, why: object) -> StoreError:
        endings = ", ".join(SUFFIXES)
        return StoreError(
            f"{self.path} is no SQLite file ({why}) and is left alone: "
            f"a store's name ends in one of {endings}"
        )

    def _open_or_renew(self) -> _Opened:
        """Open the file; one that is no database is put aside for a new one."""
        number = self._number()
        try:
            opened = self._open_both()
        except sqlite3.DatabaseError as error:
            # Not for a file that is only locked, not ours to read or on a full disk.
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in DAMAGED:
                raise
            if self.path.suffix.lower() not in SUFFIXES:
                raise self._foreign(error) from error
            self._put_aside(error, number)
            return self._open_both()
        # A page that is damaged is met only when it is read: maybe tomorrow, by a visitor.
        if number is not None and self.path.suffix.lower() in SUFFIXES:
            self._check = Check(self.path, lambda what: self._put_aside(what, number))
            if self._check.begin():
                opened.reading.close()
                opened.writing.close()
                return self._open_both()
        return opened

    def _put_aside(self, error: object, number: Number | None) -> None:
        """Rename what is damaged: the file ``number``, unless another process has done so."""
        if number is None:
            return
        with _held(self.path, alone=True):
            if self._number() != number:
                return
            suffix = f".damaged-{int(time.time())}-{os.getpid()}"
            # The logs first: SQLite would play them into the new file.
            for part in (*_LOGS, ""):
                old = self.path.with_name(self.path.name + part)
                if old.exists():
                    old.rename(old.with_name(self.path.name + suffix + part))
        log.error(
            "%s is damaged (%s): kept as %s%s, starting empty",
            self.path,
            error,
            self.path.name,
            suffix,
        )

    def _open_both(self) -> _Opened:
        with _held(self.path, alone=False):
            writing, number = self._open_writing()
            try:
                reading = self._connect(20)
                # SQLite opens the log with the first statement: now it is still this file's.
                reading.execute("PRAGMA schema_version").fetchone()
            except BaseException:  # raised on; only the half-opened file is given back
                writing.close()
                raise
        return _Opened(writing, reading, number)

    def _open_writing(self) -> tuple[sqlite3.Connection, Number | None]:
        connection = self._connect(PATIENCE)
        opened = self._number()
        try:
            _log_ahead(connection)
            # What is deleted is overwritten with zeros.
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("BEGIN IMMEDIATE")
            if not migrate(connection):
                raise StoreError(newer(self.path))
            connection.execute("COMMIT")
        except BaseException:
            connection.close()  # else the damaged file could not be moved away everywhere
            raise
        return connection, opened

    def _connect(self, patience: int) -> sqlite3.Connection:
        """A connection that waits for locks for ``patience`` milliseconds."""
        connection = sqlite3.connect(
            self.path,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        try:
            connection.execute(f"PRAGMA busy_timeout = {patience}")
            # A crash of this process loses nothing; only a power cut may lose the last commits.
            connection.execute("PRAGMA synchronous = NORMAL")
        except BaseException:  # raised on; only the connection is given back
            connection.close()
            raise
        return connection

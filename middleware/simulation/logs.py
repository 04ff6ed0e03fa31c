"""Where a made-up log goes: a new SQLite file, at its full speed, or any other event log."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

from ...rules.facts import Event
from ..stores import DayOf, EventLog, StoreError
from ..stores.opening import open_log, scheme_of, sqlite_path
from ..stores.rows import COLUMNS, event_of
from .history import Written

_INSERT = f"INSERT INTO events ({COLUMNS}) VALUES ({', '.join('?' * 10)})"
_LINK = "INSERT INTO logins (customer, visitor) VALUES (?, ?)"
_LATEST = 253_370_764_800.0  # the year 9999
AT_ONCE = 5_000  # events in one step of a log that is slower


class Log(Protocol):
    """What takes rows, oldest first, and who a mark turned out to be."""

    def write(self, rows: list[Written]) -> None: ...

    def link(self, customer: str, mark: str) -> None: ...


@contextmanager
def open_into(url: str, folder: Path, day: DayOf) -> Iterator[Log]:
    """The log at ``url``, which must have no events yet; it is made where it is missing.

    Raises :class:`StoreError` if it has some, or cannot be opened.
    """
    with closing(open_log(url, folder)) as log:
        with closing(log.keeper(day)) as keeper:
            if next(keeper.events(0.0, _LATEST), None) is not None:
                raise StoreError(
                    "there are events already: made-up visitors must not get among "
                    "real ones, name a new file"
                )
        if scheme_of(url) != "sqlite":
            yield Appended(log, day)
            return
    with SqliteFilled(sqlite_path(url, folder)) as filled:
        yield filled


class Appended:
    """Any event log, through the door that a shop's writer takes."""

    def __init__(self, log: EventLog, day: DayOf) -> None:
        self._log = log
        self._day = day

    def write(self, rows: list[Written]) -> None:
        for at in range(0, len(rows), AT_ONCE):
            self._log.append([self._event(row) for row in rows[at : at + AT_ONCE]])

    def _event(self, row: Written) -> Event:
        id, time, mark, name, properties = row[:5]
        return event_of(self._day, id, name, mark, time, properties)

    def link(self, customer: str, mark: str) -> None:
        self._log.adopt(customer, mark)


class SqliteFilled:
    """A file that nobody else has open yet: what is lost with the power is made again."""

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(path, isolation_level=None)
        self._path = path

    def __enter__(self) -> "SqliteFilled":
        self._run("PRAGMA locking_mode = EXCLUSIVE")
        self._run("PRAGMA journal_mode = OFF")
        self._run("PRAGMA synchronous = OFF")
        self._run("PRAGMA cache_size = -16000")
        self._run("BEGIN IMMEDIATE")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if self._file.in_transaction:
                self._run("COMMIT")
            self._run("PRAGMA journal_mode = WAL")
        finally:
            self._file.close()

    def write(self, rows: Sequence[Written]) -> None:
        try:
            self._file.executemany(_INSERT, rows)
        except sqlite3.Error as error:
            raise StoreError(f"{self._path} cannot be written: {error}") from error

    def link(self, customer: str, mark: str) -> None:
        self._run(_LINK, (customer, mark))

    def _run(self, statement: str, values: tuple[str, ...] = ()) -> None:
        try:
            self._file.execute(statement, values)
        except sqlite3.Error as error:
            raise StoreError(f"{self._path} cannot be written: {error}") from error

"""Which events of a SQLite log are whose, so that nobody has to look through all of them.

An index over the visitors of all events would be written with every event, at places all over
it. The directory is written later, of :data:`PART` events at once and one part behind the other:
of these it is complete, and whatever has a later id is looked through. An event that comes late,
with an id among those that are entered, is entered with it by a trigger: whoever writes it.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from .file import SqliteFile

log = logging.getLogger("shopwindow")

PART = 16_000  # events: about 12 ms to enter, and 2 ms to look through
SETTLED = 2.0  # seconds after which hardly an event comes late
AHEAD = 60.0  # seconds: what was entered of a later time has a clock to blame that was wrong
PAUSE = 1.0  # seconds until it is worth looking again, after there was too little
SPELL = 0.05  # seconds at once: the next events wait for it
JOIN = 1.0  # seconds that closing waits for a part
REST = 4  # times as long as it took, until it goes on

_UNTIL = "SELECT max(until) FROM directory_parts"
_LAST = "SELECT part FROM directory_parts ORDER BY until DESC LIMIT 1"
_NEXT = f"""
SELECT id FROM events WHERE id > ({_UNTIL}) AND id < ? ORDER BY id LIMIT 1 OFFSET {PART - 1}
"""
_ENTER = """
INSERT OR IGNORE INTO directory SELECT ?1, substr(visitor, -8), id FROM events
WHERE id > ?2 AND id <= ?3 ORDER BY 2, 3
"""

EMPTY_PARTS = f"""
DELETE FROM directory_parts WHERE part <> 0 AND until < ({_UNTIL}) AND NOT EXISTS
(SELECT 1 FROM directory WHERE directory.part = directory_parts.part)
"""
"""Forgets the parts of which all events are gone."""


def events_of(marks: str) -> str:
    """The condition that an event is one of those whom the statement ``marks`` selects.

    It finds every event, be it entered or not.
    """
    return f"""
    id IN (
        SELECT event FROM directory_parts AS parts CROSS JOIN directory
        WHERE directory.part = parts.part
        AND owner IN (SELECT substr(visitor, -8) FROM ({marks}))
        UNION ALL SELECT id FROM events WHERE id > ({_UNTIL}) AND visitor IN ({marks})
    ) AND visitor IN ({marks})
    """


class Directory:
    """Enters the events of a file, for the thread that writes to it.

    A log that was never entered is large: that is done beside, on a thread that ends with it.
    """

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        self._again = 0.0  # when to look for more
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        try:
            behind = file.writing.execute(_NEXT, (_beginning(time.time()),)).fetchone()
        except sqlite3.Error as error:
            self._later(error)
            return
        if behind is not None:
            self._thread = threading.Thread(
                target=self._catch_up, name="shopwindow-directory", daemon=True
            )
            self._thread.start()

    def close(self) -> None:
        """Nobody needs it any more; before the file is closed."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(JOIN)

    def go_on(self) -> None:
        """Enter what is there, a part or a few of them; what goes wrong is tried again later."""
        began = time.monotonic()
        if began < self._again or self._thread is not None and self._thread.is_alive():
            return
        spent = 0.0
        pause = PAUSE
        try:
            with self._file.hasty():
                while spent < SPELL and _enter(self._file.writing, time.time()):
                    spent = time.monotonic() - began
                    pause = REST * spent
        except sqlite3.Error as error:
            self._later(error)
        self._again = time.monotonic() + pause

    def _catch_up(self) -> None:
        try:
            # A file that was put aside meanwhile is not made anew from here.
            address = f"{self._file.path.resolve().as_uri()}?mode=rw"
            with closing(sqlite3.connect(address, JOIN, uri=True)) as connection:
                connection.isolation_level = None
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute("PRAGMA secure_delete = ON")
                began = time.monotonic()
                while not self._stopped.is_set() and _enter(connection, time.time()):
                    # As long as it took: others write, too.
                    self._stopped.wait(time.monotonic() - began)
                    began = time.monotonic()
        except sqlite3.Error as error:
            self._later(error)

    def _later(self, error: sqlite3.Error) -> None:
        # Nobody misses anything: what is not entered is looked through.
        log.debug("the directory of %s has to wait: %s", self._file.path, error)


def _enter(connection: sqlite3.Connection, now: float) -> bool:
    """Enter a part; False: there are not enough events. Raises :class:`sqlite3.Error`."""
    execute = connection.execute
    end = execute(_NEXT, (_beginning(now - SETTLED),)).fetchone()
    ahead = _beginning(now + AHEAD)
    ((until,),) = execute(_UNTIL)
    if end is None and until <= ahead:
        return False
    with _changing(connection):
        ((until,),) = execute(_UNTIL)
        if until > ahead:
            # Take the last one back, so that not every event of today comes late.
            for table in ("directory", "directory_parts"):
                execute(f"DELETE FROM {table} WHERE part = ({_LAST})")
        elif end is not None and until < end[0]:  # else another process was faster
            insert = "INSERT INTO directory_parts (until) VALUES (?)"
            part = execute(insert, end).lastrowid
            execute(_ENTER, (part, until, end[0]))
    return True


@contextmanager
def _changing(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _beginning(moment: float) -> str:
    """What the ids of that moment begin with."""
    return f"{max(0, int(moment * 1000)):011x}"

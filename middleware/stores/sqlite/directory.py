"""Which events of a SQLite log are whose, so that nobody has to look through all of them.

An index over the visitors of all events would be written with every event, at places all over
it. The directory is written later, of :data:`PART` events at once and one part behind the other:
of these it is complete, and whatever has a later id is looked through. An event that comes late,
with an id among those that are entered, is entered with it by a trigger: whoever writes it.
"""

import logging
import sqlite3
import time

from .. import StoreError
from .file import SqliteFile

log = logging.getLogger("shopwindow")

PART = 16_000  # events: about 12 ms to enter, and 2 ms to look through
SETTLED = 2.0  # seconds after which hardly an event comes late
AHEAD = 60.0  # seconds: what was entered of a later time has a clock to blame that was wrong
PAUSE = 1.0  # seconds until it is worth looking again, after there was too little
SPELL = 0.05  # seconds at once: the next events wait for it
REST = 4  # times as long as it took, until it goes on

_UNTIL = "SELECT max(until) FROM directory_parts"
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
    """Enters the events of a file, for the thread that writes to it."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        self._again = 0.0  # when to look for more

    def go_on(self) -> None:
        """Enter what is there, a part or a few of them; what goes wrong is tried again later."""
        began = time.monotonic()
        if began < self._again:
            return
        spent = 0.0
        pause = PAUSE
        try:
            with self._file.hasty():
                while spent < SPELL and self._enter(time.time()):
                    spent = time.monotonic() - began
                    pause = REST * spent
        except (sqlite3.Error, StoreError) as error:
            # Nobody misses anything: what is not entered is looked through.
            log.debug("the directory of %s has to wait: %s", self._file.path, error)
            pause = PAUSE
        self._again = time.monotonic() + pause

    def _enter(self, now: float) -> bool:
        """Enter a part; False: there are not enough events."""
        execute = self._file.writing.execute
        end = execute(_NEXT, (_beginning(now - SETTLED),)).fetchone()
        ((until,),) = execute(_UNTIL)
        if until > _beginning(now + AHEAD):
            self._withdraw()
            return True
        if end is None:
            return False
        with self._file.transaction():
            ((until,),) = execute(_UNTIL)
            if until < end[0]:  # else another process was faster
                insert = "INSERT INTO directory_parts (until) VALUES (?)"
                part = execute(insert, end).lastrowid
                execute(_ENTER, (part, until, end[0]))
        return True

    def _withdraw(self) -> None:
        """Take the last part back, so that not every event of today comes late."""
        with self._file.transaction() as connection:
            last = "SELECT part FROM directory_parts ORDER BY until DESC LIMIT 1"
            ((part,),) = connection.execute(last)
            if part:
                for table in ("directory", "directory_parts"):
                    connection.execute(f"DELETE FROM {table} WHERE part = ?", (part,))


def _beginning(moment: float) -> str:
    """What the ids of that moment begin with."""
    return f"{max(0, int(moment * 1000)):011x}"

"""Whether a SQLite file is whole: looked at when it is opened, and never for long then."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

log = logging.getLogger("shopwindow")

AT_ONCE = 0.2  # seconds that opening waits; what takes longer goes on beside it
DAMAGED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
_STEPS = 20_000  # of SQLite's machine between two looks at the clock


class Check:
    """Reads the whole file once, over a connection of its own that cannot write.

    ``damaged`` is called with what is wrong, if something is: on the thread that opens the
    file, or on another one a while later.
    """

    def __init__(self, path: Path, damaged: Callable[[str], None]) -> None:
        self._path = path
        self._damaged = damaged
        self._stopped = False

    def begin(self) -> bool:
        """Whether the file is found to be damaged at once."""
        end = time.monotonic() + AT_ONCE
        try:
            return self._found(lambda: time.monotonic() > end)
        except _Interrupted:
            thread = threading.Thread(
                target=self._go_on, name="shopwindow-check", daemon=True
            )
            thread.start()
            return False

    def stop(self) -> None:
        """Nobody needs to know any more."""
        self._stopped = True

    def _go_on(self) -> None:
        try:
            self._found(lambda: self._stopped)
        except _Interrupted:
            pass  # the store is closed
        except OSError as error:
            log.error("%s is damaged, but stays in use: %s", self._path, error)

    def _found(self, enough: Callable[[], bool]) -> bool:
        what = self._look(enough)
        if what is None or self._stopped:
            return False
        self._damaged(what)
        return True

    def _look(self, enough: Callable[[], bool]) -> str | None:
        try:
            address = f"{self._path.resolve().as_uri()}?mode=ro"
            with closing(sqlite3.connect(address, uri=True, timeout=1.0)) as file:
                file.set_progress_handler(enough, _STEPS)
                (said,) = file.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code == sqlite3.SQLITE_INTERRUPT:
                raise _Interrupted from error
            return str(error) if code in DAMAGED else None  # locked: another time
        return None if said == "ok" else str(said).strip().replace("\n", ": ")


class _Interrupted(Exception):
    pass

"""What a SQLite store knows, read from one end to the other: for commands, beside a running shop."""

import sqlite3
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from ....rules.facts import Event, Profile
from .. import DayOf, StoreError, Weights
from ..rows import decode_profile, event_of
from .busy import connected

# Who a row belongs to: what a stranger did before a login is the customer's.
_OWNED = """
WITH known AS (
    SELECT visitor, min(customer) AS customer FROM logins GROUP BY visitor
), owned AS (
    SELECT coalesce(customer, events.visitor) AS owner, events.*
    FROM events LEFT JOIN known ON known.visitor = events.visitor
), concerned AS (
    SELECT DISTINCT owner FROM owned WHERE time >= ?1 AND time < ?2
)
"""
_VISITORS = f"{_OWNED} SELECT count(*) FROM concerned"
_EVENTS = f"""{_OWNED}
SELECT id, name, owner, time, properties FROM owned
WHERE time < ?2 AND owner IN concerned ORDER BY owner, time, id
"""
# Neither an id that was given up nor one that stands for a customer: these begin with @.
_KEPT = "FROM profiles WHERE length(data) > 0 AND substr(data, 1, 1) <> x'40'"


class SqliteHistory:
    """The :class:`History` of one file, over a connection of its own that cannot write.

    Nobody waits for it: in write-ahead logging, readers and the writer do not meet. Rows are
    sorted by SQLite, on disk where they are many; in memory is one visitor at a time. Raises
    :class:`StoreError` if there is no such file, and makes none.
    """

    def __init__(self, path: Path, day: DayOf) -> None:
        self.path = path
        self._day = day
        self._reading, _ = connected(path, "ro")

    def _rows(
        self, statement: str, values: tuple[float, ...] = ()
    ) -> Iterator[tuple[object, ...]]:
        try:
            yield from self._reading.execute(statement, values)
        except sqlite3.Error as error:
            raise StoreError(f"{self.path} cannot be read: {error}") from error

    def _number(self, statement: str, values: tuple[float, ...] = ()) -> int:
        ((number,),) = self._rows(statement, values)
        assert isinstance(number, int)
        return number

    def visitors(self, since: float, until: float) -> int:
        return self._number(_VISITORS, (since, until))

    def stories(self, since: float, until: float) -> Iterator[list[Event]]:
        events = map(self._event, self._rows(_EVENTS, (since, until)))
        for _, story in groupby(events, attrgetter("visitor")):
            yield list(story)

    def _event(self, row: tuple[object, ...]) -> Event:
        id, name, owner, time, properties = row
        assert isinstance(time, float) and isinstance(properties, str)
        return event_of(self._day, str(id), str(name), str(owner), time, properties)

    def profile_count(self) -> int:
        return self._number(f"SELECT count(*) {_KEPT}")

    def profiles(self) -> Iterator[Profile]:
        for (data,) in self._rows(f"SELECT data {_KEPT}"):
            assert isinstance(data, bytes)
            yield decode_profile(data)

    def traffic(self) -> Weights:
        rows = self._rows("SELECT dimension, key, weight FROM traffic")
        return {(str(d), str(key)): float(str(weight)) for d, key, weight in rows}

    def close(self) -> None:
        self._reading.close()

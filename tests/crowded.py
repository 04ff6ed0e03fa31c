"""A SQLite log of many visitors, made at the speed of the file."""

import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from shopwindow.middleware.eventids import new_id
from shopwindow.middleware.journal import PATIENCE, Journal
from shopwindow.middleware.rollups.leaving import settle
from shopwindow.middleware.site import read_site
from shopwindow.middleware.stores import ERASED
from shopwindow.middleware.stores.rows import COLUMNS, mark_of
from shopwindow.middleware.stores.sqlite import SqliteStore
from shopwindow.rules.facts import Event

DAYS = 90
EACH = 10  # events of a visitor, one after the other, within a few days
_INSERT = f"INSERT INTO events ({COLUMNS}) VALUES ({', '.join('?' * 10)})"


def crowd(path: Path, events: int) -> list[str]:
    """Make a log of so many events of the last :data:`DAYS`; returns the visitors' ids."""
    SqliteStore(path).close()
    visitors = [f"visitor-{number}" for number in range(max(1, events // EACH))]
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA synchronous = OFF")
        file.executemany(_INSERT, _rows(visitors, time.time() - DAYS * 86_400.0))
        file.commit()
    return visitors


def _rows(visitors: list[str], since: float) -> Iterator[tuple[object, ...]]:
    step = (DAYS - 1) * 86_400.0 / (len(visitors) * EACH)
    told = json.dumps({"product_id": "hay", "referrer": "x" * 150})
    marks = [mark_of(visitor) for visitor in visitors]
    for number in range(len(visitors) * EACH):
        # As if each came back after all the others of about a day.
        mark = marks[(number // EACH // 500 * 500 + number % 500) % len(marks)]
        now = since + number * step
        name, purpose = "Product Viewed", "personalization"
        yield (new_id(now), now, mark, name, told, None, None, None, None, purpose)


class Waited(NamedTuple):
    """Seconds: how long the orders waited that were noted behind and among the refusals, and
    how long closing took with as many refusals again before it."""

    orders: list[float]
    closing: float
    lost: int


def leave_together(path: Path, leaving: list[str]) -> Waited:
    """Half of ``leaving`` refuse at once, while others order; the other half as the shop ends."""
    site = read_site(
        Path(str(files("shopwindow.examples.petshop"))) / "personalization"
    )
    there = replace(site.settings, store=f"sqlite:///{path}", folder=path.parent)
    site = replace(site, settings=there)

    class Clocked(SqliteStore):
        def commit(self, events: Sequence[Event], *rest: Any) -> None:
            super().commit(events, *rest)
            for event in events:
                if event.id in noted:
                    waited.append(time.perf_counter() - noted.pop(event.id))

    noted: dict[str, float] = {}
    waited: list[float] = []
    store = Clocked(path)
    journal = Journal(
        store, lambda profile, _: profile, lambda _: {}, settle=partial(settle, site)
    )
    journal.start()

    def note(name: str, visitor: str) -> None:
        now = time.time()
        event = Event(new_id(now), name, visitor, now, site.context.day(now))
        if name != ERASED:
            noted[event.id] = time.perf_counter()
        journal.note(event)

    half = len(leaving) // 2
    for visitor in leaving[:half]:
        note(ERASED, visitor)
    for number in range(20):
        note("Order Completed", f"buyer-{number}")
        time.sleep(0.02)
    journal.wait_until_written(60.0)
    for visitor in leaving[half:]:
        note(ERASED, visitor)
    note("Order Completed", "last-buyer")
    begun = time.perf_counter()
    journal.close()
    took = time.perf_counter() - begun
    if not journal.waiting:
        store.close()
    return Waited(waited, took, journal.waiting + journal.dropped.total())


def rest_of(path: Path, visitors: list[str]) -> int:
    """How many rows there are of ``visitors``, looked for in all of the log."""
    with closing(sqlite3.connect(path)) as file:
        marks = json.dumps([mark_of(visitor) for visitor in visitors])
        ((count,),) = file.execute(
            "SELECT count(*) FROM events WHERE visitor IN (SELECT value FROM json_each(?))",
            (marks,),
        )
        return int(count)


def stale(path: Path) -> int:
    """Entries of the directory of which there is no event, and events that it misses."""
    with closing(sqlite3.connect(path)) as file:
        ((gone,),) = file.execute("""
            SELECT count(*) FROM directory WHERE NOT EXISTS
            (SELECT 1 FROM events WHERE id = event AND substr(visitor, -8) = owner)
        """)
        ((missed,),) = file.execute("""
            SELECT count(*) FROM events
            WHERE id <= (SELECT max(until) FROM directory_parts) AND NOT EXISTS (
                SELECT 1 FROM directory
                WHERE owner = substr(visitor, -8) AND event = id AND part IN (0, (
                    SELECT part FROM directory_parts WHERE until >= id ORDER BY until LIMIT 1
                ))
            )
        """)
        return int(gone + missed)


MOST_WAIT = 1.0
MOST_CLOSING = PATIENCE

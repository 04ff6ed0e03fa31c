"""Profiles and events in one SQLite file: the default, good for one machine."""

import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ...rules.facts import Event, Profile
from ...rules.merging import merge
from . import (
    FORGOTTEN,
    IDENTIFIED,
    INTERNAL,
    REARRANGING,
    Learn,
    Retired,
    StoreError,
    Weights,
)

log = logging.getLogger("shopwindow")

VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS profiles (id TEXT PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS identities (
    visitor TEXT PRIMARY KEY,
    customer TEXT NOT NULL      -- empty: the id was given up
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS visitors ON identities (customer);
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    time REAL NOT NULL,
    visitor TEXT NOT NULL,
    name TEXT NOT NULL,
    properties TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_of ON events (visitor);
CREATE TABLE IF NOT EXISTS traffic (
    dimension TEXT NOT NULL,
    key TEXT NOT NULL,
    weight REAL NOT NULL,
    PRIMARY KEY (dimension, key)
) WITHOUT ROWID;
"""
_FETCH = """
SELECT i.customer, p.data
FROM (SELECT ?1 AS visitor)
LEFT JOIN identities i ON i.visitor = ?1
LEFT JOIN profiles p ON p.id = coalesce(i.customer, ?1)
"""
_LOG = "INSERT OR IGNORE INTO events (id, time, visitor, name, properties) VALUES (?, ?, ?, ?, ?)"
_SAVE = "INSERT INTO profiles VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET data = ?2"
_TRAFFIC = """
INSERT INTO traffic VALUES (?, ?, ?)
ON CONFLICT (dimension, key) DO UPDATE SET weight = weight + excluded.weight
"""

_encode_profile = msgspec.msgpack.Encoder().encode
_decode_profile = msgspec.msgpack.Decoder(Profile).decode
_encode_properties = msgspec.json.Encoder().encode


class SqliteStore:
    """One file, read where the request runs (a few microseconds), written by one thread.

    Several processes may use the same file: write-ahead logging lets them read while one
    writes, and every write takes its lock at once, so that nobody has to give up half-way.
    Raises :class:`StoreError` if the file cannot be opened.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        try:
            self._writing = self._open()
        except sqlite3.DatabaseError as error:
            if "locked" in str(error) or not self.path.exists():
                raise StoreError(f"{self.path} cannot be opened: {error}") from error
            aside = self.path.with_name(f"{self.path.name}.damaged-{int(time.time())}")
            self.path.rename(aside)
            log.error(
                "%s is damaged (%s): kept as %s, starting empty",
                self.path,
                error,
                aside,
            )
            self._writing = self._open()
        self._reading = self._connect(20)
        self._execute: Callable[[str, tuple[str]], sqlite3.Cursor] = (
            self._reading.execute
        )

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = self._connect(5_000)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > VERSION:
                raise StoreError(f"{self.path} was written by a newer shopwindow")
            connection.execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA.split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")
            connection.execute("COMMIT")
        except BaseException:
            connection.close()  # else the damaged file could not be moved away everywhere
            raise
        return connection

    def _connect(self, patience: int) -> sqlite3.Connection:
        """A connection that waits for locks for ``patience`` milliseconds."""
        connection = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False
        )
        connection.execute(f"PRAGMA busy_timeout = {patience}")
        # A crash of this process loses nothing; only a power cut may lose the last commits.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA mmap_size = 268435456")
        return connection

    def fetch(self, visitor: str) -> Profile | None:
        return self._fetch(self._execute, visitor)[1]

    def _fetch(
        self, execute: Callable[..., sqlite3.Cursor], visitor: str
    ) -> tuple[str, Profile | None]:
        try:
            customer, data = execute(_FETCH, (visitor,)).fetchone()
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error
        if customer == "":
            raise Retired(visitor)
        return customer or visitor, None if data is None else _decode_profile(data)

    def commit(self, events: Sequence[Event], learn: Learn, weights: Weights) -> None:
        execute = self._writing.execute
        try:
            execute("BEGIN IMMEDIATE")
            try:
                self._keep(events, learn)
                if weights:
                    rows = [
                        (dimension, key, weight)
                        for (dimension, key), weight in weights.items()
                    ]
                    self._writing.executemany(_TRAFFIC, rows)
                execute("COMMIT")
            except BaseException:
                execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error

    def _keep(self, events: Sequence[Event], learn: Learn) -> None:
        execute = self._writing.execute
        owners: dict[str, str] = {}
        profiles: dict[str, Profile | None] = {}
        changed: set[str] = set()

        def owner_of(visitor: str) -> str:
            if visitor not in owners:
                try:
                    owners[visitor], profile = self._fetch(execute, visitor)
                except Retired:
                    owners[visitor], profile = "", None
                profiles.setdefault(owners[visitor], profile)
            return owners[visitor]

        # What arrives for an id that was given up is not even logged.
        for event in self._log([event for event in events if owner_of(event.visitor)]):
            owner = owner_of(event.visitor)
            if not owner:
                continue
            if event.name in REARRANGING:
                # Rows change their owner: write what was learned so far, read again after.
                self._save(profiles, changed)
                self._rearrange(event, owner)
                owners.clear()
                profiles.clear()
                changed.clear()
            else:
                profiles[owner] = learn(profiles[owner], event)
                changed.add(owner)
        self._save(profiles, changed)

    def _log(self, events: Sequence[Event]) -> Sequence[Event]:
        """Append to the log; returns the events that were not there yet."""
        rows = [
            (
                event.id,
                event.time,
                event.visitor,
                event.name,
                _encode_properties(event.properties).decode(),
            )
            for event in events
            if event.name not in INTERNAL
        ]
        if not rows:
            return events
        ids = [row[0] for row in rows]
        marks = ",".join("?" * len(ids))
        there = {
            id
            for (id,) in self._writing.execute(
                f"SELECT id FROM events WHERE id IN ({marks})", ids
            )
        }
        self._writing.executemany(_LOG, rows)
        return [event for event in events if event.id not in there] if there else events

    def _save(self, profiles: dict[str, Profile | None], changed: set[str]) -> None:
        self._writing.executemany(
            _SAVE, [(owner, _encode_profile(profiles[owner])) for owner in changed]
        )

    def _rearrange(self, event: Event, owner: str) -> None:
        execute = self._writing.execute
        if event.name == IDENTIFIED:
            customer = str(event.properties["customer"])
            known = [
                _decode_profile(data)
                for (data,) in execute(
                    "SELECT data FROM profiles WHERE id IN (?, ?)", (owner, customer)
                )
            ]
            execute("DELETE FROM profiles WHERE id = ?", (owner,))
            merged = (
                Profile()
                if not known
                else known[0]
                if len(known) == 1
                else merge(*known)
            )
            owned = msgspec.structs.replace(merged, customer=customer)
            execute(_SAVE, (customer, _encode_profile(owned)))
            self._point(event.visitor, "")
            self._point(str(event.properties["visitor"]), customer)
        elif event.name == FORGOTTEN:
            self._point(event.visitor, "")
            if owner == event.visitor:
                execute("DELETE FROM profiles WHERE id = ?", (owner,))
        else:
            everyone = [
                v
                for (v,) in execute(
                    "SELECT visitor FROM identities WHERE customer = ?", (owner,)
                )
            ]
            execute("DELETE FROM profiles WHERE id = ?", (owner,))
            for visitor in {*everyone, event.visitor}:
                execute("DELETE FROM events WHERE visitor = ?", (visitor,))
                self._point(visitor, "")

    def _point(self, visitor: str, customer: str) -> None:
        self._writing.execute(
            "INSERT OR REPLACE INTO identities VALUES (?, ?)", (visitor, customer)
        )

    def traffic(self) -> Weights:
        try:
            rows: list[tuple[Any, ...]] = self._reading.execute(
                "SELECT * FROM traffic"
            ).fetchall()
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error
        return {(dimension, key): weight for dimension, key, weight in rows}

    def close(self) -> None:
        self._reading.close()
        self._writing.close()

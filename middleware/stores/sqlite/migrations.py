"""The tables of a SQLite store: numbered steps that bring an older file up to date."""

import sqlite3
from pathlib import Path

# Steps are only ever appended. Each one has to be quick with millions of rows: all processes
# of the shop wait for it.
_STEPS = (
    """
    CREATE TABLE IF NOT EXISTS profiles (
        id TEXT PRIMARY KEY,    -- a visitor's mark or a customer
        data BLOB NOT NULL      -- a profile; or @ and the customer who it is; or nothing: retired
    );
    CREATE TABLE IF NOT EXISTS logins (
        customer TEXT NOT NULL,
        visitor TEXT NOT NULL,
        PRIMARY KEY (customer, visitor)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS events (
        id TEXT PRIMARY KEY,    -- begins with the time: new rows go to the end
        time REAL NOT NULL,
        visitor TEXT NOT NULL,
        name TEXT NOT NULL,
        properties TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS traffic (
        dimension TEXT NOT NULL,
        key TEXT NOT NULL,
        weight REAL NOT NULL,
        PRIMARY KEY (dimension, key)
    ) WITHOUT ROWID;
    """,
    """
    -- One more with each change of the profile; NULL: there is none.
    ALTER TABLE profiles ADD COLUMN version INTEGER;
    """,
    """
    -- What an event tells of what was decided, and what it is kept for: to be asked for
    -- without reading properties.
    ALTER TABLE events ADD COLUMN decision TEXT;
    ALTER TABLE events ADD COLUMN rule TEXT;
    ALTER TABLE events ADD COLUMN variant TEXT;
    ALTER TABLE events ADD COLUMN revision TEXT;
    ALTER TABLE events ADD COLUMN purpose TEXT NOT NULL DEFAULT 'personalization';
    """,
    """
    -- What owners add to the sums of a shop, the sums by day, and what is known about them: see
    -- the room of the roll-ups. Generation 0 is of visitors who are gone.
    CREATE TABLE rollup_units (
        owner TEXT PRIMARY KEY,
        generation INTEGER NOT NULL,
        body BLOB NOT NULL,
        first INTEGER NOT NULL,     -- the earliest day in it
        shown REAL NOT NULL,        -- when they were shown something last, and did something
        did REAL NOT NULL,
        settled REAL,               -- when it became part of generation 0, just before it goes
        past BLOB                   -- what became part of it when their events got too old
    ) WITHOUT ROWID;
    CREATE TABLE rollup_members (
        account TEXT NOT NULL,
        owner TEXT NOT NULL,        -- empty: those who are gone
        body BLOB NOT NULL,
        PRIMARY KEY (account, owner)
    ) WITHOUT ROWID;
    CREATE INDEX rollup_members_owner ON rollup_members (owner);
    CREATE TABLE rollup_sums (
        generation INTEGER NOT NULL,
        day INTEGER NOT NULL,
        what INTEGER NOT NULL,      -- a name
        value BLOB NOT NULL,
        PRIMARY KEY (generation, day, what)
    );
    CREATE TABLE rollup_names (
        id INTEGER PRIMARY KEY,
        text TEXT NOT NULL UNIQUE
    );
    CREATE TABLE rollup_state (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) WITHOUT ROWID;
    """,
    """
    -- Which events are whose: see directory.py. Of each part the last id of those that are
    -- entered in it; part 0 is of those that came late.
    CREATE TABLE directory (
        part INTEGER NOT NULL,
        owner TEXT NOT NULL,        -- the end of a visitor's mark: others may have the same
        event TEXT NOT NULL,
        PRIMARY KEY (part, owner, event)
    ) WITHOUT ROWID;
    CREATE TABLE directory_parts (
        part INTEGER PRIMARY KEY,
        until TEXT NOT NULL UNIQUE
    );
    INSERT INTO directory_parts VALUES (0, '');
    CREATE TRIGGER directory_late AFTER INSERT ON events
    WHEN new.id <= (SELECT max(until) FROM directory_parts)
    BEGIN INSERT OR IGNORE INTO directory VALUES (0, substr(new.visitor, -8), new.id); END;
    CREATE TRIGGER directory_gone AFTER DELETE ON events
    BEGIN DELETE FROM directory WHERE owner = substr(old.visitor, -8) AND event = old.id AND part IN (0, (SELECT part FROM directory_parts WHERE until >= old.id ORDER BY until LIMIT 1)); END;
    CREATE INDEX logins_visitor ON logins (visitor);
    """,
)

VERSION = len(_STEPS)


def migrate(connection: sqlite3.Connection) -> bool:
    """Take the steps that the file has not seen, within the open transaction.

    False for the file of a newer shopwindow, which stays as it is.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        return False
    for step in _STEPS[version:]:
        for statement in step.split(";\n"):
            connection.execute(statement)
    if version < VERSION:
        connection.execute(f"PRAGMA user_version = {VERSION}")
    return True


def newer(path: Path) -> str:
    """What to say of a file that knows steps which we do not."""
    return (
        f"{path} was written by a newer shopwindow: install that version again, "
        f"or name another file"
    )

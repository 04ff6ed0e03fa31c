"""The tables in a PostgreSQL: numbered steps, taken by one process at a time."""

import asyncpg

from .. import StoreError
from .address import TROUBLES, Address, connect

# Steps are only ever appended.
_STEPS = (
    """
    -- `data` is a profile; empty for an id that was given up, with version -1 for one that was
    -- erased. An id with a `customer` stands for that customer. A row with neither is there
    -- only while somebody writes it. `version` is another one with each change.
    CREATE TABLE {schema}.profiles (
        id text PRIMARY KEY,
        data bytea,
        customer text,
        version bigint NOT NULL DEFAULT 0
    ) WITH (fillfactor = 80);
    CREATE TABLE {schema}.logins (
        customer text NOT NULL,
        visitor text NOT NULL,
        PRIMARY KEY (customer, visitor)
    );
    CREATE INDEX logins_visitor ON {schema}.logins (visitor);
    CREATE TABLE {schema}.events (
        id text PRIMARY KEY,
        time double precision NOT NULL,
        visitor text NOT NULL,
        name text NOT NULL,
        properties json NOT NULL,
        decision text,
        rule text,
        variant text,
        revision text,
        purpose text NOT NULL
    );
    CREATE INDEX events_visitor ON {schema}.events (visitor);
    CREATE INDEX events_time ON {schema}.events USING brin (time);
    CREATE TABLE {schema}.traffic (
        dimension text NOT NULL,
        key text NOT NULL,
        weight double precision NOT NULL,
        PRIMARY KEY (dimension, key)
    ) WITH (fillfactor = 80);
    -- Which batch each process wrote last: when the connection breaks just as it commits, the
    -- next try finds out whether it did.
    CREATE TABLE {schema}.writers (
        id text PRIMARY KEY,
        batch text NOT NULL,
        at timestamptz NOT NULL
    ) WITH (fillfactor = 50);
    """,
    """
    -- What owners add to the sums of a shop, the sums by day, and what is known about them: see
    -- the room of the roll-ups. Generation 0 is of visitors who are gone. `first` is the earliest
    -- day of a unit; `shown` and `did` are when something was shown to them last, and when they
    -- did something; `settled` is when it became part of generation 0, just before it goes;
    -- `past` is what became part of it when their events got too old. An empty owner stands for
    -- those who are gone. `what` is a name.
    CREATE TABLE {schema}.rollup_units (
        owner text PRIMARY KEY,
        generation bigint NOT NULL,
        body bytea NOT NULL,
        first integer NOT NULL,
        shown double precision NOT NULL,
        did double precision NOT NULL,
        settled double precision,
        past bytea
    );
    CREATE TABLE {schema}.rollup_members (
        account text NOT NULL,
        owner text NOT NULL,
        body bytea NOT NULL,
        PRIMARY KEY (account, owner)
    );
    CREATE INDEX rollup_members_owner ON {schema}.rollup_members (owner);
    CREATE TABLE {schema}.rollup_sums (
        generation bigint NOT NULL,
        day integer NOT NULL,
        what bigint NOT NULL,
        value bytea NOT NULL,
        PRIMARY KEY (generation, day, what)
    );
    CREATE TABLE {schema}.rollup_names (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        text text NOT NULL UNIQUE
    );
    CREATE TABLE {schema}.rollup_state (
        key text PRIMARY KEY,
        value text NOT NULL
    ) WITH (fillfactor = 50);
    """,
)

VERSION = len(_STEPS)


async def version_of(connection: asyncpg.Connection, address: Address) -> int:
    """The last step that was taken; 0: none. Raises :class:`StoreError` for a newer one."""
    there = await connection.fetchval(
        "SELECT to_regclass($1) IS NOT NULL", f"{address.schema}.steps"
    )
    if not there:
        return 0
    version = await connection.fetchval(
        f"SELECT coalesce(max(number), 0) FROM {address.schema}.steps"
    )
    if version > VERSION:
        raise StoreError(
            f"{address.words} was written by a newer shopwindow: install that version "
            "again, or name another schema with ?schema=..."
        )
    return int(version)


async def migrate(address: Address) -> None:
    """Bring the tables up to date. Raises :class:`StoreError`."""
    try:
        connection = await connect(address)
        try:
            async with connection.transaction():
                if await version_of(connection, address) < VERSION:
                    await _take_steps(connection, address)
        finally:
            connection.terminate()
    except TROUBLES as error:
        raise address.cannot("opened", error) from error


async def _take_steps(connection: asyncpg.Connection, address: Address) -> None:
    schema = address.schema
    # All the workers of a shop start at the same time.
    await connection.execute(
        f"SELECT pg_advisory_xact_lock(hashtext('shopwindow steps {schema}'))"
    )
    there = await connection.fetchval(
        "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)", schema
    )
    if not there:  # else asking for it would need the right to make one
        await connection.execute(f"CREATE SCHEMA {schema}")
    await connection.execute(
        f"CREATE TABLE IF NOT EXISTS {schema}.steps (number integer PRIMARY KEY, "
        "taken timestamptz NOT NULL DEFAULT now())"
    )
    for number in range(await version_of(connection, address), VERSION):
        await connection.execute(_STEPS[number].format(schema=schema))
        await connection.execute(
            f"INSERT INTO {schema}.steps (number) VALUES ({number + 1})"
        )

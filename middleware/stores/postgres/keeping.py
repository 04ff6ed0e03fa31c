"""What the shop's people do with a PostgreSQL store: give all of one person, erase, tidy up, count."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import asyncpg

from ....rules.facts import Event, Profile
from .. import DayOf, Due, StoreError
from ..rows import QUARTER, daily, decode_profile, event_of, mark_of, unseen
from .address import Address
from .history import PROFILE, check
from .looking import Looking
from .sql import changed_by
from .statements import Statements
from .store import BEGIN, VACUUM
from .writing import TRIES, Batch

STEP = 1_000  # rows that are deleted at once

_OWNERS = """
LEFT JOIN (SELECT visitor, min(customer) AS customer FROM {schema}.logins GROUP BY visitor)
AS known ON known.visitor = events.visitor
"""
_STORY = """
SELECT id, name, time, properties FROM {schema}.events
WHERE visitor = $1 OR visitor IN (SELECT visitor FROM {schema}.logins WHERE customer = $1)
ORDER BY time, id
"""
_EVENTS = f"""
SELECT id, name, coalesce(customer, events.visitor), time, properties
FROM {{schema}}.events {_OWNERS} WHERE time >= $1 AND time < $2 ORDER BY id
"""
# Rows that a worker holds now are left for the next time: nobody waits for anybody.
_PICKED = "ORDER BY id LIMIT $4 FOR UPDATE SKIP LOCKED"
_LINK = (
    "NOT EXISTS (SELECT 1 FROM {schema}.profiles AS one WHERE one.id = logins.customer)"
)
_LINKS = f"""
DELETE FROM {{schema}}.logins WHERE (customer, visitor) IN (
    SELECT customer, visitor FROM {{schema}}.logins WHERE {_LINK}
    AND customer NOT IN (
        SELECT customer FROM {{schema}}.logins
        WHERE visitor IN (SELECT visitor FROM {{schema}}.events)
    ) LIMIT $1
) AND {_LINK}
"""
_ORPHANS = """
DELETE FROM {schema}.profiles WHERE id IN (
    SELECT id FROM {schema}.profiles AS own WHERE customer IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM {schema}.profiles AS one WHERE one.id = own.customer)
    AND id NOT IN (SELECT visitor FROM {schema}.logins)
    ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
)
"""
_SIZES = f"""
SELECT
    (SELECT count(*) FROM {{schema}}.profiles WHERE {PROFILE}) AS profiles,
    (SELECT count(DISTINCT customer) FROM {{schema}}.logins) AS customers,
    (SELECT count(*) FROM {{schema}}.events) AS events,
    (SELECT count(DISTINCT coalesce(customer, events.visitor))
     FROM {{schema}}.events {_OWNERS}) AS visitors,
    (SELECT count(*) FROM {{schema}}.profiles WHERE data = ''::bytea) AS retired,
    (SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class AS c
     WHERE c.relnamespace = '{{schema}}'::regnamespace AND c.relkind = 'r') AS bytes,
    (SELECT min(time) FROM {{schema}}.events) AS oldest,
    (SELECT max(time) FROM {{schema}}.events) AS newest
"""


class PostgresKeeper:
    """The :class:`~shopwindow.middleware.stores.Keeper` of one schema, over connections of
    its own. Raises :class:`StoreError` if there are no tables, and makes none."""

    def __init__(self, address: Address, day: DayOf) -> None:
        self._day = day
        self._looking = Looking(address)
        try:
            check(self._looking)
        except BaseException:  # raised on; only the connection is given back
            self._looking.close()
            raise

    def close(self) -> None:
        self._looking.close()

    # -- one person ------------------------------------------------------------------------

    def owner_of(self, visitor_or_customer: str) -> str | None:
        first = self._looking.first
        for id in (visitor_or_customer, mark_of(visitor_or_customer)):
            row = first(
                "SELECT data, customer FROM {schema}.profiles WHERE id = $1", id
            )
            if row is not None and row[1] is not None:
                return str(row[1])
            link = first(
                "SELECT min(customer) FROM {schema}.logins WHERE visitor = $1", id
            )
            if link is not None and link[0] is not None:
                return str(link[0])
            if row is not None and row[0]:
                return id
            for table, column in (("logins", "customer"), ("events", "visitor")):
                if first(
                    f"SELECT 1 FROM {{schema}}.{table} WHERE {column} = $1 LIMIT 1", id
                ):
                    return id
        return None

    def everything(self, owner: str) -> tuple[Profile | None, Iterator[Event]]:
        row = self._looking.first(
            f"SELECT data FROM {{schema}}.profiles WHERE id = $1 AND {PROFILE}", owner
        )
        profile = None if row is None else decode_profile(row[0])
        rows = self._looking.rows(_STORY, owner)
        return profile, (
            event_of(self._day, id, name, owner, time, text)
            for id, name, time, text in rows
        )

    def erase(self, owner: str) -> int:
        gone: int = self._looking.do(self._erase(owner))
        self._looking.do(self._vacuum())
        return gone

    async def _erase(self, owner: str) -> int:
        connection = self._looking.connection
        schema = self._looking.address.schema
        statements = Statements(connection, schema, named=False)
        concerned: frozenset[str] = frozenset()
        for _ in range(TRIES):
            batch = Batch(statements, _nothing, {}, None)
            batch.concerned = concerned
            await connection.execute(BEGIN)
            try:
                gone = await batch.erase(owner)
                if gone is not None:
                    await connection.execute("COMMIT")
                    return gone
            finally:
                if connection.is_in_transaction():
                    await connection.execute("ROLLBACK")
            concerned = batch.concerned
        raise StoreError(f"{owner} logs in again and again: try once more")

    async def _vacuum(self) -> None:
        await self._looking.connection.execute(self._looking.sql(VACUUM))

    # -- the log ---------------------------------------------------------------------------

    def events(self, since: float, until: float) -> Iterator[Event]:
        for row in self._looking.rows(_EVENTS, since, until):
            yield event_of(self._day, *row)

    def daily(self) -> Mapping[tuple[str, int], int]:
        statement = (
            f"SELECT name, floor(time / {QUARTER})::bigint AS quarter, count(*) "
            "FROM {schema}.events GROUP BY name, quarter"
        )
        return daily(self._looking.rows(statement), self._day)

    # -- what is too old -------------------------------------------------------------------

    def due(self, events_before: Mapping[str, float], profiles_before: float) -> Due:
        events = profiles = 0
        if events_before:
            old, values = _older(events_before)
            statement = f"SELECT count(*) FROM {{schema}}.events WHERE {old}"
            events = self._looking.number(statement, *values)
        if profiles_before:
            statement = f"SELECT data FROM {{schema}}.profiles WHERE {PROFILE}"
            rows = self._looking.rows(statement)
            profiles = sum(unseen(data, profiles_before) for (data,) in rows)
        return Due(events, profiles)

    def purge(
        self,
        events_before: Mapping[str, float],
        profiles_before: float,
        batch: int = STEP,
    ) -> Iterator[int]:
        if events_before:
            old, values = _older(events_before)
            statement = (
                "DELETE FROM {schema}.events WHERE id IN "
                f"(SELECT id FROM {{schema}}.events WHERE {old} {_PICKED})"
            )
            yield from self._repeat(statement, *values, batch)
        if profiles_before:
            yield from self._purge_profiles(profiles_before, batch)
            for statement in (_LINKS, _ORPHANS):
                yield from self._repeat(statement, batch)

    def _purge_profiles(self, before: float, batch: int) -> Iterator[int]:
        # Not who came meanwhile: their version is another one.
        delete = """
            DELETE FROM {schema}.profiles AS one USING (
                SELECT own.id FROM {schema}.profiles AS own
                JOIN unnest($1::text[], $2::bigint[]) AS old (id, version)
                ON old.id = own.id AND old.version = own.version
                FOR UPDATE OF own SKIP LOCKED
            ) AS picked WHERE picked.id = one.id
        """
        statement = f"""
            SELECT id, version, data FROM {{schema}}.profiles
            WHERE id > $1 AND {PROFILE} ORDER BY id LIMIT {batch}
        """
        last = ""
        while rows := list(self._looking.rows(statement, last)):
            last = rows[-1][0]
            old = [(id, version) for id, version, data in rows if unseen(data, before)]
            if old:
                ids, versions = (list(column) for column in zip(*old, strict=True))
                yield self._changed(delete, ids, versions)

    def _repeat(self, statement: str, *values: Any) -> Iterator[int]:
        while gone := self._changed(statement, *values):
            yield gone

    def _changed(self, statement: str, *values: Any) -> int:
        return int(self._looking.do(self._change(statement, values)))

    async def _change(self, statement: str, values: Sequence[Any]) -> int:
        connection: asyncpg.Connection[Any] = self._looking.connection
        async with connection.transaction():
            status = await connection.execute(self._looking.sql(statement), *values)
        return changed_by(status)

    # -- how much there is -----------------------------------------------------------------

    def sizes(self) -> Mapping[str, int]:
        row = self._looking.first(_SIZES)
        return {name: int(value) for name, value in row.items() if value is not None}


def _nothing(profile: Profile | None, event: Event) -> Profile | None:
    return profile


def _older(before: Mapping[str, float]) -> tuple[str, tuple[Any, ...]]:
    """The condition that an event is older than it may get, and its values from $1 on."""
    names = [name for name in before if name]
    # What is older than nothing stays.
    return (
        "time < coalesce((SELECT moment FROM unnest($1::text[], $2::float8[]) "
        "AS kind (name, moment) WHERE kind.name = events.name), $3::float8)",
        (names, [float(before[name]) for name in names], float(before.get("", 0.0))),
    )

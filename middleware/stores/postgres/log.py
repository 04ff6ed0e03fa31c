"""An event log in a PostgreSQL, for profiles that are kept elsewhere."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import Any

import asyncpg

from ....rules.facts import Event
from .. import DayOf, Keeper
from ..rows import row_of
from .address import FAULTS, TROUBLES, address_of, connect
from .aside import Aside
from .history import PostgresHistory
from .schema import migrate
from .sql import LOG, ROLLUPS, UNROLL, columns_of
from .store import BEGIN, WRITING
from .writing import ERASURE

# What was appended while somebody erases would be left: they keep out of each other's way.
_TURN = "SELECT pg_advisory_xact_lock{kind}(hashtext('shopwindow log {schema}'))"
# A mark that was erased is kept as a store keeps it.
_APPEND = LOG.replace(
    "ON CONFLICT",
    "WHERE NOT EXISTS (SELECT 1 FROM {schema}.profiles AS one\n"
    "WHERE one.id = new.visitor AND one.data = ''::bytea)\nON CONFLICT",
)
_ADOPT = """
INSERT INTO {schema}.logins (customer, visitor) SELECT $1, $2
WHERE NOT EXISTS (SELECT 1 FROM {schema}.profiles WHERE id = $2 AND data = ''::bytea)
ON CONFLICT DO NOTHING
"""
_GONE = """
SELECT visitor FROM {schema}.logins WHERE customer = $1 UNION SELECT unnest($2::text[])
"""
_ERASE = "DELETE FROM {schema}.events WHERE visitor = ANY($1::text[])"
_REFUSE = f"""
INSERT INTO {{schema}}.profiles (id, data, version)
SELECT id, ''::bytea, {ERASURE} FROM unnest($1::text[]) AS new (id) ORDER BY id
ON CONFLICT (id) DO UPDATE SET data = ''::bytea, customer = NULL, version = {ERASURE}
"""
_UNLOGIN = "DELETE FROM {schema}.logins WHERE customer = $1"
_VACUUM = """
VACUUM {schema}.events, {schema}.logins, {schema}.rollup_units, {schema}.rollup_members
"""

Work = Callable[[asyncpg.Connection], Coroutine[Any, Any, None]]


class PostgresLog:
    """The :class:`~shopwindow.middleware.stores.EventLog` of one schema.

    It has the tables of a store, so that commands can read it like one. Raises
    :class:`StoreError` if the server cannot be reached, or refuses.
    """

    def __init__(self, url: str) -> None:
        self._address = address_of(url)
        self._connection: asyncpg.Connection | None = None
        self._aside = Aside()
        try:
            self._aside.run(migrate(self._address))
        except BaseException:  # raised on; only the thread is given back
            self._aside.close()
            raise

    def append(self, events: Sequence[Event]) -> None:
        if not events:
            return
        columns = columns_of([row_of(event, event.visitor) for event in events])

        async def work(connection: asyncpg.Connection) -> None:
            await connection.execute(self._sql(_TURN, kind="_shared"))
            await connection.execute(self._sql(_APPEND), *columns)

        self._change(work)

    def adopt(self, customer: str, mark: str) -> None:
        async def work(connection: asyncpg.Connection) -> None:
            await connection.execute(self._sql(_TURN, kind="_shared"))
            await connection.execute(self._sql(_ADOPT), customer, mark)

        self._change(work)

    def erase(self, owner: str, marks: Collection[str]) -> None:
        async def work(connection: asyncpg.Connection) -> None:
            await connection.execute(self._sql(_TURN, kind=""))
            rows = await connection.fetch(self._sql(_GONE), owner, sorted(marks))
            gone = [mark for (mark,) in rows]
            await connection.execute(self._sql(_ERASE), [*gone, owner])
            await connection.execute(self._sql(_REFUSE), gone)
            await connection.execute(self._sql(_UNLOGIN), owner)
            await connection.execute(self._sql(ROLLUPS))
            await connection.execute(self._sql(UNROLL), [*gone, owner])

        self._change(work)
        self._aside.start(self._clean())

    def _change(self, work: Work) -> None:
        try:
            self._aside.run(self._changed(work))
        except FAULTS:
            raise
        except TROUBLES as error:
            raise self._address.cannot("written to", error) from error

    async def _changed(self, work: Work) -> None:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._address)
        connection = self._connection
        try:
            async with asyncio.timeout(WRITING):
                await connection.execute(BEGIN)
                await work(connection)
                await connection.execute("COMMIT")
        except BaseException:
            connection.terminate()  # that undoes it
            raise

    async def _clean(self) -> None:
        try:
            connection = await connect(self._address)
        except TROUBLES:
            return  # the server tidies up by itself, later
        try:
            await connection.execute(self._sql(_VACUUM))
        except TROUBLES:
            pass  # as above
        finally:
            connection.terminate()

    def keeper(self, day: DayOf) -> Keeper:
        from .keeping import PostgresKeeper  # pages do not need it

        return PostgresKeeper(self._address, day)

    def history(self, day: DayOf) -> PostgresHistory:
        return PostgresHistory(self._address, day)

    def close(self) -> None:
        last = [] if self._connection is None else [self._connection.terminate]
        self._aside.close(*last)

    def _sql(self, statement: str, **words: str) -> str:
        return statement.format(schema=self._address.schema, **words)

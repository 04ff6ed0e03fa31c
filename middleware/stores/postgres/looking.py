"""Rows for a command, which waits for them: over connections that it opens itself."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import asyncpg

from .. import StoreError
from .address import TROUBLES, Address, connect
from .aside import Aside

STEP = 1_000  # rows that are fetched at once


class Looking:
    """Asks the tables of one schema, on the caller's thread. Raises :class:`StoreError`."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._aside = Aside()
        try:
            self.connection = self.do(connect(address))
        except BaseException:  # raised on; only the thread is given back
            self._aside.close()
            raise

    def sql(self, statement: str) -> str:
        return statement.replace("{schema}", self.address.schema)

    def do(self, work: Any) -> Any:
        """What a coroutine returns."""
        try:
            return self._aside.run(work)
        except TROUBLES as error:
            raise self.address.cannot("read", error) from error

    def first(self, statement: str, *values: Any) -> Any:
        """The first row, or None."""
        return self.do(self._fetchrow(self.sql(statement), values))

    async def _fetchrow(self, statement: str, values: tuple[Any, ...]) -> Any:
        # In a transaction: a pooler may lend another connection for the second half.
        async with self.connection.transaction():
            return await self.connection.fetchrow(statement, *values)

    def begin(self) -> Any:
        """A transaction that has begun."""
        return self.do(self._begun())

    async def _begun(self) -> Any:
        # Of a connection that was lost it is here that the driver complains.
        transaction = self.connection.transaction()
        await transaction.start()
        return transaction

    def number(self, statement: str, *values: Any) -> int:
        (number,) = self.first(statement, *values)
        return int(number)

    def rows(self, statement: str, *values: Any) -> Iterator[Any]:
        """All rows as they were when the reading began, a few at a time."""
        connection = self.do(connect(self.address))
        try:
            cursor = self.do(_declared(connection, self.sql(statement), values))
            while found := self.do(cursor.fetch(STEP)):
                yield from found
        finally:
            with suppress(StoreError):  # closed before its reader: that cut it already
                self.do(_cut(connection))

    def close(self) -> None:
        self._aside.close(self.connection.terminate)


async def _declared(
    connection: asyncpg.Connection, statement: str, values: tuple[Any, ...]
) -> Any:
    await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    return await connection.cursor(statement, *values)


async def _cut(connection: asyncpg.Connection) -> None:
    connection.terminate()

"""Statements that a server knows by name: one round trip instead of two."""

from hashlib import blake2b
from typing import Any

import asyncpg

LOST = (
    asyncpg.InvalidSQLStatementNameError,
    asyncpg.DuplicatePreparedStatementError,
    asyncpg.InvalidCachedStatementError,
)
"""A pooler that lends another connection for each transaction does not know our names."""


def name_of(statement: str) -> str:
    """Made of what it asks: over whichever connection, the name means nothing else."""
    mark = blake2b(statement.encode(), digest_size=8).hexdigest()
    return f"shopwindow_{mark}"


class Statements:
    """Asks over one connection, where ``named`` by names. Raises one of :data:`LOST` where
    these are not known: then only without."""

    def __init__(
        self, connection: asyncpg.Connection, schema: str, named: bool
    ) -> None:
        self.connection = connection
        self.schema = schema
        self._prepared: dict[str, Any] | None = {} if named else None

    async def fetch(self, statement: str, *values: Any) -> list[Any]:
        """The rows that ``statement`` gives."""
        if self._prepared is None:
            return await self.connection.fetch(self._sql(statement), *values)
        return list(await (await self._known(statement)).fetch(*values))

    async def execute(self, statement: str, *values: Any) -> str:
        """What the server says that ``statement`` did."""
        if self._prepared is None:
            return await self.connection.execute(self._sql(statement), *values)
        known = await self._known(statement)
        await known.fetch(*values)
        return str(known.get_statusmsg())

    async def _known(self, statement: str) -> Any:
        assert self._prepared is not None
        known = self._prepared.get(statement)
        if known is None:
            text = self._sql(statement)
            known = await self.connection.prepare(text, name=name_of(text))
            self._prepared[statement] = known
        return known

    def _sql(self, statement: str) -> str:
        return statement.format(schema=self.schema)

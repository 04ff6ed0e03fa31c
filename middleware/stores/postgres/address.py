"""Where a PostgreSQL is, and how its tables are reached."""

import asyncio
import re
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

import asyncpg

from .. import StoreError
from ..urls import shown
from .bounded import BoundedConnection

CONNECTING = 3.0  # seconds until a server that does not answer counts as down
SCHEMA = "shopwindow"
CONNECTIONS = 4  # that one event loop reads over
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}\Z")

TROUBLES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    EOFError,
    TimeoutError,
)
"""Of the server or the way to it: trying again later may help."""
FAULTS = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    asyncpg.CardinalityViolationError,
)
"""Of one event: trying again would not help."""


class Address(NamedTuple):
    """``url`` is for the driver; ``schema`` holds the tables; ``words`` name it to people."""

    url: str
    schema: str
    connections: int
    words: str

    def __repr__(self) -> str:
        return f"<Address {self.words}>"  # whatever reports errors may tell of it

    def cannot(self, what: str, error: BaseException) -> StoreError:
        return StoreError(f"{self.words} cannot be {what}: {told(error)}")


def address_of(url: str) -> Address:
    """``postgresql://user:password@host/database``, as libpq reads it.

    Ours are ``?schema=`` (default ``shopwindow``: several shops may share a database) and
    ``?connections=`` (default 4: so many a process reads over; one more writes). Raises
    :class:`StoreError` for what these cannot be.
    """
    start, _, query = url.partition("?")
    schema, connections, rest = SCHEMA, str(CONNECTIONS), []
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key == "schema":
            schema = value
        elif key == "connections":
            connections = value
        else:
            rest.append((key, value))
    words = shown(url)
    if not _NAME.match(schema):
        raise StoreError(
            f"{words}: a schema's name has small letters, digits and _ only"
        )
    if not connections.isdecimal() or not 1 <= int(connections) <= 100:
        raise StoreError(f"{words}: connections is a number from 1 to 100")
    driver = f"{start}?{urlencode(rest)}" if rest else start
    return Address(driver, schema, int(connections), words)


def told(error: BaseException) -> str:
    """What to say of ``error``: some have no words of their own."""
    if isinstance(error, TimeoutError):
        return "the server does not answer"
    return str(error) or type(error).__name__


async def connect(address: Address) -> asyncpg.Connection:
    """A new connection. Raises one of :data:`TROUBLES`.

    It caches no statements: behind a pooler that lends a connection for one transaction only,
    the next one may be another.
    """
    async with asyncio.timeout(CONNECTING):
        try:
            connection: asyncpg.Connection = await asyncpg.connect(
                address.url, statement_cache_size=0, connection_class=BoundedConnection
            )
        except ValueError as error:
            # Its words may show parts of the URL.
            raise asyncpg.InterfaceError("its URL cannot be understood") from error
    return connection

"""Looking profiles up on the app's event loop: nobody gets the answer to another's question."""

import asyncio
import logging
from collections import deque
from typing import Any, NamedTuple

import asyncpg

from .. import StoreError
from .address import CONNECTING, TROUBLES, Address, connect
from .statements import LOST, name_of

log = logging.getLogger("shopwindow")

ANSWERING = 2.0  # seconds until a question that nobody waits for any more is given up

_FETCH = """
SELECT one.data, one.customer, one.version, their.data, their.version
FROM {schema}.profiles AS one LEFT JOIN {schema}.profiles AS their ON their.id = one.customer
WHERE one.id = $1
"""
Found = asyncpg.Record


class Line(NamedTuple):
    """A connection, and the question as it knows it by name."""

    connection: asyncpg.Connection
    fetch: Any


class Lines:
    """The connections over which one event loop asks, opened when they are needed.

    Who waits for a page may give up at any moment (its deadline, or the browser has left): the
    question itself goes on, is read to its end by a task of its own, and only then is the
    connection given to somebody else.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._statement = _FETCH.format(schema=address.schema)
        self._name = name_of(self._statement)
        self._named = True
        self._idle: list[Line] = []
        self._open = 0
        self._waiting: deque[asyncio.Future[Line]] = deque()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False
        self.loop = asyncio.get_running_loop()

    async def ask(self, mark: str) -> Found | None:
        """The row of ``mark`` and of whom it stands for. Raises :class:`StoreError`."""
        line = await self._take()
        asking = self._spawn(self._answer(line, mark))
        found: Found | None = await asyncio.shield(asking)
        return found

    async def _answer(self, line: Line, mark: str) -> Found | None:
        connection = line.connection
        # Cutting it ends the waiting below with an error.
        limit = self.loop.call_later(ANSWERING, connection.terminate)
        try:
            return await self._fetch(line, mark)
        except TROUBLES as error:
            raise self._address.cannot("asked", error) from error
        except BaseException:
            connection.terminate()  # whatever is still to come over it, nobody reads it
            raise
        finally:
            limit.cancel()
            self._give(line)

    async def _fetch(self, line: Line, mark: str) -> Found | None:
        if self._named and line.fetch is not None:
            try:
                found: Found | None = await line.fetch.fetchrow(mark)
                return found
            except LOST:
                self._unname()
        # Within a transaction the pooler leaves us the connection.
        async with line.connection.transaction(readonly=True):
            return await line.connection.fetchrow(self._statement, mark)

    def _unname(self) -> None:
        if self._named:
            self._named = False
            log.info(
                "%s is reached through a pooler of transactions: a look-up takes a few "
                "round trips more",
                self._address.words,
            )

    # -- the connections -------------------------------------------------------------------

    async def _take(self) -> Line:
        while self._idle:
            line = self._idle.pop()
            if not line.connection.is_closed():
                return line
            self._open -= 1
        waiter: asyncio.Future[Line] = self.loop.create_future()
        self._waiting.append(waiter)
        self._open_more()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and not waiter.exception():
                self._give(waiter.result())  # it came just as we gave up
            raise

    def _open_more(self) -> None:
        if self._open < self._address.connections:
            self._open += 1
            # Not in the hands of who waits: a page's deadline is shorter than a handshake.
            self._spawn(self._connect())

    async def _connect(self) -> None:
        try:
            connection = await connect(self._address)
            try:
                async with asyncio.timeout(CONNECTING):
                    fetch = await self._prepared(connection)
            except BaseException:  # raised on; only the connection is given back
                connection.terminate()
                raise
        except TROUBLES as error:
            self._open -= 1
            trouble = self._address.cannot("reached", error)
            while self._waiting:
                waiter = self._waiting.popleft()
                if not waiter.done():
                    waiter.set_exception(StoreError(*trouble.args))
            return
        self._give(Line(connection, fetch))

    async def _prepared(self, connection: asyncpg.Connection) -> Any:
        if self._named:
            try:
                return await connection.prepare(self._statement, name=self._name)
            except LOST:
                self._unname()
        return None

    def _give(self, line: Line) -> None:
        """To who waits longest, or back to the others."""
        if self._closed:
            line.connection.terminate()
        if line.connection.is_closed():
            self._open -= 1
            if not self._closed and any(not one.done() for one in self._waiting):
                self._open_more()
            return
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(line)
                return
        self._idle.append(line)

    def _spawn(self, work: Any) -> "asyncio.Task[Any]":
        task: asyncio.Task[Any] = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # nobody may be there any more to hear of it

    def close(self) -> None:
        """Cut all connections; on the loop of these."""
        self._closed = True
        for task in list(self._tasks):
            task.cancel()
        for line in self._idle:
            line.connection.terminate()
        self._idle.clear()

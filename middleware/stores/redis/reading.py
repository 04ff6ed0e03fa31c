"""Asking a Redis on the event loop, for pages: nothing here waits longer than its caller."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any

from redis.asyncio.connection import (
    AbstractConnection,
    Connection,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.exceptions import (
    AskError,
    ConnectionError,
    MovedError,
    RedisError,
    ResponseError,
)

from .. import StoreError
from .address import Address, Node
from .bounded import BoundedForPages
from .slots import MAP, REDIRECTIONS, Command, Slots, packed

CONNECTIONS = 64  # of one event loop, to all nodes together
PATIENCE = 2.0  # seconds, where the caller sets no deadline
LEARNING = 0.5  # seconds for a node to say where everything is
RESTING = 0.5  # seconds until somebody is asked that again
_ASKING = packed((b"ASKING",))
_KINDS: Mapping[str, Callable[..., AbstractConnection]] = {
    "tcp": Connection,
    "tls": SSLConnection,
    "unix": UnixDomainSocketConnection,
}


class _Pool:
    """The connections of one event loop; those that wait for nothing are ``idle``."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.idle: dict[Node, list[AbstractConnection]] = {}
        self.room = asyncio.Semaphore(CONNECTIONS)

    def close(self) -> None:
        for connections in self.idle.values():
            while connections:
                cutting = _cut(connections.pop())
                try:
                    cutting.send(None)  # it waits for nothing
                except StopIteration:
                    pass
                finally:
                    cutting.close()


async def _cut(connection: AbstractConnection) -> None:
    """Close it without waiting for anything: what may still come over it is for nobody."""
    try:
        await connection.disconnect(nowait=True)
    except (RedisError, OSError):
        pass  # it is gone either way


def _running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class Reader:
    """Sends commands in one go and gives back their answers.

    redis-py's connections log in and speak the protocol; its pools, time-outs and retries,
    which make seconds of milliseconds, are not used. A connection serves one caller at a time
    and is cut when that caller is cancelled: nobody gets an answer that was meant for another.
    """

    def __init__(self, address: Address, slots: Slots) -> None:
        self._address = address
        self._slots = slots
        self._pool: _Pool | None = None
        self._learning: asyncio.Task[None] | None = None
        self._asked = 0.0  # when it was known last, or not, where everything is

    async def ask(self, commands: Sequence[Command]) -> list[Any]:
        """The answers, in order. Raises :class:`StoreError`."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._ask(commands)
        except TimeoutError as error:
            words = f"{self._address.words} does not answer"
            raise StoreError(words) from error
        except (RedisError, OSError) as error:
            raise StoreError(f"{self._address.words}: {error}") from error

    def close(self) -> None:
        """Cut all connections, on whatever thread and whether or not their loop still runs."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        if _running() is pool.loop:
            pool.close()
        elif not pool.loop.is_closed():
            pool.loop.call_soon_threadsafe(pool.close)

    def _pooled(self) -> _Pool:
        pool = self._pool
        if pool is None or pool.loop is not asyncio.get_running_loop():
            self.close()
            pool = self._pool = _Pool()
        return pool

    async def _ask(self, commands: Sequence[Command]) -> list[Any]:
        slots = self._slots
        if slots.stale:
            learning = self._learn()
            if not slots.known:  # else the old map will do meanwhile
                await asyncio.shield(learning)
        answers: list[Any] = [None] * len(commands)
        left: Sequence[int] = range(len(commands))
        for _ in range(REDIRECTIONS):
            parts = slots.divided(commands, left)
            if len(parts) == 1:
                ((node, numbers),) = parts.items()
                await self._fill(node, commands, numbers, answers)
            else:
                tasks = [
                    asyncio.create_task(self._fill(node, commands, numbers, answers))
                    for node, numbers in parts.items()
                ]
                try:
                    await asyncio.gather(*tasks)
                finally:
                    for task in tasks:
                        task.cancel()
            left = [n for n in left if isinstance(answers[n], MovedError)]
            if not left:
                break
        for answer in answers:
            if isinstance(answer, ResponseError):
                raise answer
        return answers

    async def _fill(
        self,
        node: Node,
        commands: Sequence[Command],
        numbers: Sequence[int],
        answers: list[Any],
    ) -> None:
        data = b"".join(packed(commands[number].words) for number in numbers)
        got = await self._exchange(node, data, len(numbers))
        for number, answer in zip(numbers, got, strict=True):
            answers[number] = answer
            if isinstance(answer, MovedError):
                self._slots.moved(answer.slot_id, answer.host, answer.port, node)
            elif isinstance(answer, AskError):
                self._slots.check_cluster(node)
                there = Node(answer.host or node.host, answer.port)
                asking = _ASKING + packed(commands[number].words)
                answers[number] = (await self._exchange(there, asking, 2))[1]

    async def _exchange(self, node: Node, data: bytes, count: int) -> list[Any]:
        """Send ``data`` and read ``count`` answers; errors that a server answers are answers."""
        pool = self._pooled()
        async with pool.room:
            idle = pool.idle.setdefault(node, [])
            while True:
                kept = bool(idle)
                connection = idle.pop() if kept else _connection_to(self._address, node)
                done = False
                try:
                    answers = await _talk(connection, data, count)
                    done = True
                except (ConnectionError, OSError):
                    # The server has closed it while it lay here, and likely the others, too.
                    if not kept:
                        raise
                    while idle:
                        await _cut(idle.pop())
                    continue
                finally:
                    if (
                        not done
                    ):  # nobody waits any longer, or there is nothing to wait for
                        self._slots.lost(node)
                        await _cut(connection)
                if pool is self._pool:
                    idle.append(connection)
                else:  # closed meanwhile
                    await _cut(connection)
                return answers

    def _learn(self) -> "asyncio.Task[None]":
        """Somebody is asking where everything is: one for all who want to know."""
        loop = asyncio.get_running_loop()
        learning = self._learning
        resting = self._slots.known and monotonic() < self._asked + RESTING
        if learning is not None and learning.get_loop() is loop:
            if resting or not learning.done():
                return learning
        self._learning = learning = loop.create_task(self._learn_slots())
        learning.add_done_callback(self._learned)
        return learning

    def _learned(self, learning: "asyncio.Task[None]") -> None:
        self._asked = monotonic()
        if not learning.cancelled():
            learning.exception()  # whoever waited for it has it; else nobody misses it

    async def _learn_slots(self) -> None:
        slots = self._slots
        problem: Exception | None = None
        for node in slots.candidates():
            try:
                async with asyncio.timeout(LEARNING):
                    (rows,) = await self._exchange(node, packed(MAP), 1)
                if isinstance(rows, ResponseError):
                    raise rows
                slots.learn(rows, node)
                return
            except (RedisError, OSError) as error:
                problem = error
        if problem is not None:
            raise problem


async def _talk(connection: AbstractConnection, data: bytes, count: int) -> list[Any]:
    if not connection.is_connected:
        await connection.connect()
    await connection.send_packed_command(data, check_health=False)
    answers: list[Any] = []
    for _ in range(count):
        try:
            answers.append(await connection.read_response())
        except ResponseError as error:
            answers.append(error)
    return answers


def _connection_to(address: Address, node: Node) -> AbstractConnection:
    options = {
        **address.options,
        "socket_timeout": None,  # the caller's deadline counts, over all of it
        "socket_connect_timeout": PATIENCE,
        "retry": None,
        "parser_class": BoundedForPages,
        "protocol": 2,
        "driver_info": None,
    }
    kind = _KINDS[address.transport]
    if address.transport != "unix":  # there the path is among the options
        options |= {"host": node.host, "port": node.port}
    return kind(**options)

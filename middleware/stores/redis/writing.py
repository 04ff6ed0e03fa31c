"""Asking a Redis from a thread that may wait: for the writer and for commands."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any

from redis.connection import (
    AbstractConnection,
    Connection,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.exceptions import (
    AskError,
    MovedError,
    NoScriptError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)

from .. import StoreError
from .address import Address, Node
from .bounded import Bounded
from .scripts import by_text
from .slots import MAP, REDIRECTIONS, Command, Slots, packed

CONNECTING = 1.0  # seconds
PATIENCE = Bounded.patience  # closing the journal waits a little longer
FRESH = 1.0  # seconds after which a connection is looked at before it is used again
PAUSE = 0.05  # seconds before a command is tried again whose slot is moving
_ASKING = packed((b"ASKING",))
_KINDS: Mapping[str, Callable[..., AbstractConnection]] = {
    "tcp": Connection,
    "tls": SSLConnection,
    "unix": UnixDomainSocketConnection,
}


class Writer:
    """Sends commands in one go over one connection to each node, and gives back the answers.

    Whatever goes wrong is told as :class:`StoreError`: some of the commands may have been
    done then, so all of them must be such that they can be sent again.
    """

    def __init__(self, address: Address, slots: Slots) -> None:
        self.address = address
        self._slots = slots
        self._lock = Lock()
        self._connections: dict[Node, AbstractConnection] = {}
        self._used: dict[Node, float] = {}

    def ask(self, commands: Sequence[Command]) -> list[Any]:
        """The answers, in order."""
        with self._told():
            return self._ask(commands)

    def ask_all_nodes(self, words: tuple[bytes, ...]) -> list[Any]:
        """The answer of each node that has keys; an error that it answers is one, too."""
        with self._told():
            self._learn_slots()
            return [self._exchange(node, [words])[0] for node in self._slots.nodes]

    def info(self, section: bytes) -> Iterator[Mapping[str, str]]:
        """What each node says of itself; nothing where it does not."""
        for answer in self.ask_all_nodes((b"INFO", section)):
            text = answer.decode(errors="replace") if isinstance(answer, bytes) else ""
            lines = text.splitlines()
            yield dict(line.split(":", 1) for line in lines if ":" in line)

    def nodes(self) -> Sequence[Node]:
        """Those that have keys."""
        with self._told():
            self._learn_slots()
            return self._slots.nodes

    def ask_node(self, node: Node, *words: bytes) -> Any:
        """The answer of one node."""
        with self._told():
            (answer,) = self._exchange(node, [words])
            if isinstance(answer, ResponseError):
                raise answer
            return answer

    def close(self) -> None:
        with self._lock:
            while self._connections:
                self._connections.popitem()[1].disconnect()

    def _told(self) -> "_Told":
        return _Told(self._lock, self.address.words)

    def _ask(self, commands: Sequence[Command]) -> list[Any]:
        self._learn_slots()
        answers: list[Any] = [None] * len(commands)
        left: Sequence[int] = range(len(commands))
        for turn in range(REDIRECTIONS):
            for node, numbers in self._slots.divided(commands, left).items():
                self._fill(node, commands, numbers, answers)
            left = [
                number
                for number in left
                if isinstance(answers[number], MovedError | TryAgainError)
            ]
            if not left:
                break
            time.sleep(PAUSE * turn)
        for answer in answers:
            if isinstance(answer, ResponseError):
                raise answer
        return answers

    def _fill(
        self,
        node: Node,
        commands: Sequence[Command],
        numbers: Sequence[int],
        answers: list[Any],
    ) -> None:
        got = self._exchange(node, [commands[number].words for number in numbers])
        unknown = []
        for number, answer in zip(numbers, got, strict=True):
            answers[number] = answer
            if isinstance(answer, MovedError):
                self._slots.moved(answer.slot_id, answer.host, answer.port, node)
            elif isinstance(answer, AskError):
                self._slots.check_cluster(node)
                there = Node(answer.host or node.host, answer.port)
                words = by_text(commands[number].words)
                answers[number] = self._exchange(there, [(b"ASKING",), words])[1]
            elif isinstance(answer, NoScriptError):
                unknown.append(number)
        if unknown:  # a new server, or one that was started anew
            texts = [by_text(commands[number].words) for number in unknown]
            for number, answer in zip(
                unknown, self._exchange(node, texts), strict=True
            ):
                answers[number] = answer

    def _exchange(self, node: Node, commands: Sequence[tuple[bytes, ...]]) -> list[Any]:
        connection = self._connection(node)
        done = False
        try:
            connection.send_packed_command(
                [b"".join(map(packed, commands))], check_health=False
            )
            answers = [_answer(connection) for _ in commands]
            # Where a name led to the server that was in charge, it may lead to another now.
            done = not any(isinstance(answer, ReadOnlyError) for answer in answers)
        finally:
            if not done:
                self._connections.pop(node, None)
                connection.disconnect()
                self._slots.lost(node)
        self._used[node] = time.monotonic()
        return answers

    def _connection(self, node: Node) -> AbstractConnection:
        connection = self._connections.get(node)
        if connection is not None:
            idle = time.monotonic() - self._used[node]
            if idle < FRESH or not _spoilt(connection):
                return connection
            del self._connections[node]
            connection.disconnect()
        connection = _connection_to(self.address, node)
        try:
            connection.connect()
        except RedisError:
            self._slots.lost(node)
            raise
        self._connections[node] = connection
        return connection

    def _learn_slots(self) -> None:
        slots = self._slots
        problem: Exception | None = None
        if not slots.stale:
            return
        for node in slots.candidates():
            try:
                (rows,) = self._exchange(node, [MAP])
                if isinstance(rows, ResponseError):
                    raise rows
                slots.learn(rows, node)
                return
            except (RedisError, OSError) as error:
                problem = error
        if problem is not None:
            raise problem


class _Told:
    """One thread at a time; what redis-py raises becomes a :class:`StoreError`."""

    def __init__(self, lock: Lock, words: str) -> None:
        self._lock = lock
        self._words = words

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        self._lock.release()
        if isinstance(error, RedisError | OSError):
            raise StoreError(f"{self._words}: {error}") from error


def _spoilt(connection: AbstractConnection) -> bool:
    """Whether it was closed at the other end, or holds what nobody has asked for."""
    try:
        return bool(connection.can_read())
    except RedisError:
        return True


def _answer(connection: AbstractConnection) -> Any:
    try:
        return connection.read_response()
    except ResponseError as error:
        return error


def _connection_to(address: Address, node: Node) -> AbstractConnection:
    options = {
        **address.options,
        "socket_timeout": PATIENCE,
        "socket_connect_timeout": CONNECTING,
        "retry": None,
        "parser_class": Bounded,
        "protocol": 2,
        "driver_info": None,
    }
    kind = _KINDS[address.transport]
    if address.transport != "unix":  # there the path is among the options
        options |= {"host": node.host, "port": node.port}
    return kind(**options)

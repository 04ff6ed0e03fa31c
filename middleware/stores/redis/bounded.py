"""How much a Redis may answer: what would fill the memory, or never ends, is no answer."""

import socket
from time import monotonic
from typing import Any, Protocol

from redis.asyncio.connection import DefaultParser as AsyncParser
from redis.connection import Connection, SSLConnection, UnixDomainSocketConnection

READ_MOST = 4 << 20  # bytes of an answer for a page; a profile has a few thousand
WRITE_MOST = 24 << 20  # bytes of the answers for a batch


class TooMuch(ConnectionError):
    """A server that answers more, or for longer, than anything that it was asked for."""

    def __init__(self) -> None:
        super().__init__("it does not stop answering")


class Allowed:
    """How many bytes may still come, and until when."""

    def __init__(self) -> None:
        self.most, self._until = WRITE_MOST, float("inf")

    def renew(self, most: int, seconds: float) -> None:
        self.most, self._until = most, monotonic() + seconds

    def take(self, number: int) -> None:
        """Raises :class:`TooMuch`."""
        self.most -= number
        if self.most < 0 or monotonic() > self._until:
            raise TooMuch


class _Socket:
    """A socket over which only so much may come."""

    def __init__(self, inner: socket.socket, allowed: Allowed) -> None:
        self._inner = inner
        self._allowed = allowed

    def recv_into(self, *arguments: Any) -> int:
        number = self._inner.recv_into(*arguments)
        self._allowed.take(number)
        return number

    def recv(self, *arguments: Any) -> bytes:
        data = self._inner.recv(*arguments)
        self._allowed.take(len(data))
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class Bounded(Protocol):
    """A connection of which ``allowed`` says how much may come over it."""

    allowed: Allowed

    def connect(self) -> None: ...

    def disconnect(self) -> None: ...

    def can_read(self) -> bool: ...

    def send_packed_command(self, command: Any, check_health: bool) -> None: ...

    def read_response(self) -> Any: ...


class _Bounded:
    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.allowed = Allowed()
        super().__init__(*arguments, **options)

    def _connect(self) -> Any:
        connection: Any = super()
        return _Socket(connection._connect(), self.allowed)


class BoundedConnection(_Bounded, Connection):
    """Over TCP."""


class BoundedSSLConnection(_Bounded, SSLConnection):
    """Over TLS."""


class BoundedUnixConnection(_Bounded, UnixDomainSocketConnection):
    """Over a socket of this machine."""


class _Stream:
    """What comes over a connection of an event loop, as far as it may."""

    def __init__(self, inner: Any, allowed: Allowed) -> None:
        self._inner = inner
        self._allowed = allowed

    async def read(self, number: int) -> bytes:
        data: bytes = await self._inner.read(number)
        self._allowed.take(len(data))
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class BoundedParser(AsyncParser):  # type: ignore[misc,valid-type]  # there are two of them
    """Reads answers on an event loop; each may have :data:`READ_MOST` bytes."""

    def on_connect(self, connection: Any) -> None:
        super().on_connect(connection)
        self._allowed = Allowed()
        stream: Any = self._stream
        self._stream: Any = _Stream(stream, self._allowed)

    async def read_response(self, *arguments: Any, **options: Any) -> Any:
        self._allowed.most = READ_MOST
        return await super().read_response(*arguments, **options)

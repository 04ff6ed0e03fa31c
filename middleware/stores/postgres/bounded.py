"""How much a PostgreSQL may answer: what would fill the memory is no answer."""

import asyncio
from typing import Any

import asyncpg

MOST = 32 << 20  # bytes of one message: far more than any row of ours has
_LETTERS = frozenset(
    b"123ACDEGHIKNRSTVWZcdnstv"
)  # that messages of a server begin with
_HEADER = 5  # bytes: a letter, and how long the rest is


class _Bounded(asyncio.Protocol):
    """Hands on what comes, and cuts the connection where it is no message, or one too long."""

    def __init__(self, inner: Any, transport: asyncio.Transport) -> None:
        self._inner = inner
        self._transport = transport
        self._head = bytearray()
        self._left = 0  # bytes of the message that has begun

    def data_received(self, data: bytes) -> None:
        if self._absurd(data):
            self._transport.abort()
        else:
            self._inner.data_received(data)

    def _absurd(self, data: bytes) -> bool:
        at, size = 0, len(data)
        while at < size:
            if self._left:
                step = min(self._left, size - at)
                self._left -= step
                at += step
                continue
            head = data[at : at + _HEADER - len(self._head)]
            self._head += head
            at += len(head)
            if len(self._head) == _HEADER:
                letter, said = self._head[0], int.from_bytes(self._head[1:], "big")
                self._head.clear()
                if letter not in _LETTERS or not 4 <= said <= MOST:
                    return True
                self._left = said - 4  # its own four bytes have come
        return False

    def eof_received(self) -> bool | None:
        ended: bool | None = self._inner.eof_received()
        return ended

    def connection_lost(self, error: Exception | None) -> None:
        self._inner.connection_lost(error)

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()


class BoundedConnection(asyncpg.Connection):
    """A connection over which no message is longer than :data:`MOST`."""

    def __init__(self, protocol: Any, transport: Any, *arguments: Any) -> None:
        super().__init__(protocol, transport, *arguments)
        transport.set_protocol(_Bounded(protocol, transport))

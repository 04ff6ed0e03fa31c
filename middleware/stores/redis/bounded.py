"""An end to every answer: a server that drips, or never stops, holds nobody up for good.

redis-py's time-outs begin anew with each byte. What is overridden here is called for each piece
that arrives; should a later redis-py call it something else, only these bounds are gone.
"""

from time import monotonic
from typing import Any

from redis._parsers import _AsyncHiredisParser, _HiredisParser
from redis.exceptions import ConnectionError, TimeoutError

MOST = 16 << 20  # bytes of one answer to a command or to the writer
PIECES_OF_A_PAGE = 64  # a profile has at most 16 kB


class _Counted:
    """A socket that knows how much came over it."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.came = 0

    def recv_into(self, *values: Any) -> int:
        number: int = self._inner.recv_into(*values)
        self.came += number
        return number

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class Bounded(_HiredisParser):
    """Reads answers from a socket."""

    patience = 4.0  # seconds for one answer

    def on_connect(self, connection: Any, **options: Any) -> None:
        super().on_connect(connection, **options)  # type: ignore[no-untyped-call]
        self._counted = _Counted(self._sock)
        self._sock: Any = self._counted

    def read_response(self, *values: Any, **options: Any) -> Any:
        self._counted.came = 0
        self._until = monotonic() + self.patience
        return super().read_response(*values, **options)

    def read_from_socket(self, *values: Any, **options: Any) -> Any:
        if self._counted.came > MOST:
            raise ConnectionError("its answer does not end")
        if monotonic() > self._until:
            raise TimeoutError("its answer takes too long")
        return super().read_from_socket(*values, **options)  # type: ignore[no-untyped-call]


class BoundedForPages(_AsyncHiredisParser):
    """Reads answers on an event loop, where whoever waits has a deadline."""

    __slots__ = ("_pieces",)

    async def read_response(self, *values: Any, **options: Any) -> Any:
        self._pieces = 0
        return await super().read_response(*values, **options)

    async def read_from_socket(self) -> Any:
        self._pieces += 1
        if self._pieces > PIECES_OF_A_PAGE:
            raise ConnectionError("its answer does not end")
        return await super().read_from_socket()  # type: ignore[no-untyped-call]

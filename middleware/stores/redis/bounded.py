"""An end to every answer: a server that drips, or never stops, holds nobody up for good.

redis-py's time-outs begin anew with each byte. What is overridden here is called for each piece
that arrives; should a later redis-py call it something else, only these bounds are gone.
"""

from time import monotonic
from typing import Any

from redis._parsers import _AsyncHiredisParser, _HiredisParser
from redis.exceptions import ConnectionError, TimeoutError

PIECES = 4_096  # of at most 64 kB, of one answer to a command or to the writer
PIECES_OF_A_PAGE = 64  # a profile has at most 16 kB


class Bounded(_HiredisParser):
    """Reads answers from a socket."""

    patience = 4.0  # seconds for one answer

    def read_response(self, *values: Any, **options: Any) -> Any:
        self._pieces = 0
        self._until = monotonic() + self.patience
        return super().read_response(*values, **options)

    def read_from_socket(self, *values: Any, **options: Any) -> Any:
        self._pieces += 1
        if self._pieces > PIECES:
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

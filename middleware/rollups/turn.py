"""Whose turn it is to update: one at a time, whichever process and machine it is on."""

import os
import secrets
import socket
import time
from types import TracebackType

from ..stores import StoreError
from . import Say
from .tables import Tables

BEAT = 2.0  # seconds between two signs of life
SILENCE = 30.0  # seconds without one, after which it has ended without saying so
WAITING = 900.0  # seconds
_LOOK = 0.2


class TakenOver(StoreError):
    """Somebody else updates since: what was done until then stays right."""


class Turn:
    """The turn to update, taken for a ``with`` block. ``token`` is that of one who has it: for
    the processes that help. Raises :class:`StoreError` where another one takes too long."""

    def __init__(self, tables: Tables, say: Say, token: str = "") -> None:
        self._tables = tables
        self._say = say
        self._beaten = time.monotonic()
        self._helps = bool(token)
        self.token = (
            token or f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(8)}"
        )

    def __enter__(self) -> "Turn":
        if self._helps:
            return self
        end = time.monotonic() + WAITING
        seen, since = "", 0.0
        while True:
            now = time.monotonic()
            with self._tables.changing():
                holder = self._tables.value("turn")
                sign = f"{holder} {self._tables.value('beat')}"
                if sign != seen:
                    seen, since = sign, now
                if holder is None or _dead(holder) or now - since > SILENCE:
                    self._tables.put("turn", self.token)
                    self._put_beat()
                    return self
            if now > end:
                raise StoreError(
                    "another update of the roll-ups has been at it for "
                    f"{WAITING / 60:.0f} minutes: wait for it, or end it"
                )
            self._say("waiting for another update", 0, None)
            time.sleep(_LOOK)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._helps:
            return
        try:
            with self._tables.changing():
                if self._tables.value("turn") == self.token:
                    self._tables.put("turn", None)
        except StoreError:
            pass  # whoever waits sees that it is silent

    def hold(self) -> None:
        """Within a change: it still is our turn. Raises :class:`TakenOver`."""
        if self._tables.value("turn") != self.token:
            raise TakenOver("another update of the roll-ups has taken over")
        if not self._helps and time.monotonic() - self._beaten > BEAT:
            self._put_beat()

    def beat(self) -> None:
        """Give a sign of life where it is time for one. Raises :class:`TakenOver`."""
        if time.monotonic() - self._beaten > BEAT:
            with self._tables.changing():
                self.hold()

    def _put_beat(self) -> None:
        self._tables.put("beat", secrets.token_hex(8))
        self._beaten = time.monotonic()


def _dead(holder: str) -> bool:
    """Whether it was a process of this machine that is there no more."""
    host, _, rest = holder.rpartition(":")[0].rpartition(":")
    if os.name != "posix" or host != socket.gethostname() or not rest.isdecimal():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass  # somebody else's: it is there
    return False

"""Ids of events: unlike all others, and in about the order of their times."""

import os
from itertools import count

GRAIN = 0.02  # seconds: ids of one process that are closer begin alike, ...
BEHIND = 0.1  # ... also those of so much earlier, which the journal's writer asks for


class _Beginning:
    """What the ids of one moment begin with: made once, for making it takes longer than all else."""

    __slots__ = ("late", "text", "until")

    def __init__(self, now: float, process: str) -> None:
        self.late = now - BEHIND
        self.until = now + GRAIN
        self.text = f"{int(now * 1000):011x}{process}"


_numbers = count()
_process = os.urandom(8).hex()
_latest = _Beginning(0.0, _process)


def _forked() -> None:
    global _process, _latest
    _process = os.urandom(8).hex()
    _latest = _Beginning(0.0, _process)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def new_id(now: float) -> str:
    """An event id that sorts by time: milliseconds, then what no other process has, then a number.

    Of those closer than :data:`GRAIN`, or made up to :data:`BEHIND` late, the milliseconds are
    those of the first.
    """
    global _latest
    latest = _latest
    if not latest.late <= now < latest.until:
        # Another thread may do so, too: the numbers make the difference.
        latest = _latest = _Beginning(now, _process)
    return f"{latest.text}{next(_numbers)}"

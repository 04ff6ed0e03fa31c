"""Work on a site that only one process of the machine does at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows: there the store alone takes care
    fcntl = None


class Busy(Exception):
    """Another process is at it."""


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """While it lasts, whoever else asks for ``file`` gets :class:`Busy`. Nothing is written, and
    a process that dies gives it back."""
    if fcntl is None:
        yield
        return
    opened = os.open(file, os.O_RDONLY)
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy from None
        yield
    finally:
        os.close(opened)  # and lets go of the lock

"""Long work in small steps, so that whoever runs it can let others go first."""

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")
Steps = Generator[None, None, T]  # gives way at each ``yield``; returns what it made


def finished(steps: Steps[T]) -> T:
    """What ``steps`` make, all at once."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            made: T = end.value
            return made

"""Some lines of a file of events, column by column, as they stand there."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

Value = str | int | float | None
#: Hears the number of a line and why it is no event.
Wrong = Callable[[int, str], None]

COLUMNS = ("visitor", "session", "event", "product", "time", "order")


class Batch(NamedTuple):
    """``values`` are the :data:`COLUMNS`, of equal length; ``line`` holds the numbers of the lines.
    ``done`` is how far into the file they end, in bytes, or rows of a table."""

    values: Sequence[Sequence[Value]]
    line: Sequence[int]
    done: int

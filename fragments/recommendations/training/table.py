"""A table of what goes with what: for each item those that go best with it, and how well."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Table(NamedTuple):
    """Item ``i`` leads to ``idx[ptr[i]:ptr[i + 1]]``, with ``val`` at the same places.

    The best comes first; of equal ones the lower number. None leads to itself.
    """

    ptr: NDArray[np.int64]
    idx: NDArray[np.int32]
    val: NDArray[np.float32]


def empty(items: int) -> Table:
    """The table of ``items`` things that lead nowhere."""
    return Table(
        np.zeros(items + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32)
    )


def table_of(
    rows: NDArray[np.integer],
    columns: NDArray[np.integer],
    values: NDArray[np.floating],
    items: int,
    keep: int,
) -> Table:
    """The table of pairs (row leads to column), each at most once: ``keep`` per row stay.

    Pairs of an item with itself, and those whose value is not above zero, are left out.
    """
    sound = (rows != columns) & (values > 0)
    if not sound.all():
        rows, columns, values = rows[sound], columns[sound], values[sound]
    short = values.astype(np.float32)  # equal is what is equal when it is read again
    order = np.lexsort((columns, -short, rows))
    counts = np.bincount(rows, minlength=items)
    first = np.zeros(items + 1, np.int64)
    np.cumsum(counts, out=first[1:])
    place = np.arange(len(order)) - np.repeat(first[:-1], counts)
    order = order[place < keep]
    ptr = np.zeros(items + 1, np.int64)
    np.cumsum(np.minimum(counts, keep), out=ptr[1:])
    return Table(ptr, columns[order].astype(np.int32), short[order])

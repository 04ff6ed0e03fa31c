"""Tables put together from parts, each of which has whole rows."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from .covisitation import sorted_rows
from .table import Table

_Ints = NDArray[np.int64]
#: Rows, columns and values of pairs.
Pairs = tuple[_Ints, NDArray[np.integer], NDArray[np.float32]]
#: A part has at most so many rows, so that a row, a score and a column fit into 64 bits.
ROWS = 1 << 13


def best(pairs: Pairs, rows: int, columns: int, keep: int) -> Pairs:
    """The best ``keep`` of each row, best first; of equal ones the lower column. Only what is above zero.

    ``rows`` and ``columns`` say how many there are of them: at most :data:`ROWS`, and a million.
    """
    of, to, values = positive(pairs)
    if not len(of):
        return of, to, values
    assert rows <= ROWS and columns <= 1 << 20
    return sorted_rows(of, values, to, columns, keep)


def positive(pairs: Pairs) -> Pairs:
    """Those above zero."""
    of, to, values = pairs
    sound = values > 0
    return of[sound], to[sound], values[sound].astype(np.float32, copy=False)


def joined(parts: Sequence[Pairs]) -> Pairs:
    """All of them, one part after the other."""
    rows, columns, values = (np.concatenate(one) for one in zip(*parts, strict=True))
    return rows, columns, values


def table(parts: Iterable[Pairs], items: int) -> Table:
    """The table of ``items`` things whose rows are in ``parts``: each whole in one of them, its pairs side by side, best first."""
    kept = list(parts)
    counts = np.zeros(items, np.int64)
    for rows, _, _ in kept:
        counts += np.bincount(rows, minlength=items)
    ptr = np.zeros(items + 1, np.int64)
    np.cumsum(counts, out=ptr[1:])
    idx = np.empty(ptr[-1], np.int32)
    val = np.empty(ptr[-1], np.float32)
    for rows, columns, values in kept:
        if len(rows):
            begins = np.flatnonzero(np.diff(rows, prepend=-1))
            lengths = np.diff(begins, append=len(rows))
            places = np.arange(len(rows)) + np.repeat(
                ptr[rows[begins]] - begins, lengths
            )
            idx[places] = columns
            val[places] = values
    return Table(ptr, idx, val)

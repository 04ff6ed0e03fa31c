"""A table with what goes with those that go with an item: a second step, where rows are short."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from . import rowwise
from .covisitation import sorted_rows
from .table import Table

#: So many of a row are gone on from, and so many of each of theirs are reached.
FIRST, SECOND = 5, 20
#: Items whose rows are made at once: memory depends on this.
ROWS = 8_192


def widened(
    table: Table, share: float, keep: int, only: NDArray[np.int64] | None = None
) -> Table:
    """The table with ``share`` times what its second steps give; ``keep`` per row stay.

    A step from i by k to j gives val(i, k) * val(k, j) / sum of the values of k: what the
    first step is worth is handed on in parts. A row that is full without them stays as it is,
    and without a share all do. Of ``only`` some items the others stay as they are, too: this is
    for who needs no more.
    """
    items = len(table.ptr) - 1
    lengths = np.diff(table.ptr)
    short = (lengths > 0) & (lengths < keep)
    if only is not None:
        short &= np.isin(np.arange(items), only)
    wanted = np.flatnonzero(short)
    if share <= 0 or not len(wanted):
        return table
    every = _first(table, keep)
    sums = np.maximum(np.asarray(every.sum(axis=1)).ravel(), np.float32(1e-30))
    steps = _first(table, SECOND)
    steps.data *= np.repeat(np.float32(share) / sums, np.diff(steps.indptr))
    start = _first(table, FIRST)
    rows = np.repeat(np.arange(items), lengths)
    kept = ~short[rows]
    parts = [(rows[kept], table.idx[kept], table.val[kept])]
    for begin in range(0, len(wanted), ROWS):
        some = wanted[begin : begin + ROWS]
        sum = every[some] + start[some] @ steps
        place = np.repeat(np.arange(len(some)), np.diff(sum.indptr))
        other = some[place] != sum.indices
        found = sorted_rows(
            place[other], sum.data[other], sum.indices[other], items, keep
        )
        parts.append((some[found[0]], found[1], found[2]))
    return rowwise.table(parts, items)


def _first(table: Table, most: int) -> csr_matrix:
    """The best of each row, as a matrix."""
    items = len(table.ptr) - 1
    lengths = np.diff(table.ptr)
    place = np.arange(len(table.idx)) - np.repeat(table.ptr[:-1], lengths)
    kept = place < most
    ptr = np.zeros(items + 1, np.int64)
    np.cumsum(np.minimum(lengths, most), out=ptr[1:])
    return csr_matrix((table.val[kept], table.idx[kept], ptr), shape=(items, items))

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
    sums = np.bincount(np.repeat(np.arange(items), lengths), table.val, items)
    whole, start = _first(table, keep, wanted), _first(table, FIRST, wanted)
    steps = _first(table, SECOND, np.unique(start.indices))
    rest = (share / np.maximum(sums, 1e-30)).astype(np.float32)
    steps.data *= np.repeat(rest, np.diff(steps.indptr))
    parts = [_pairs(table, np.flatnonzero(~short))]
    for begin in range(0, len(wanted), ROWS):
        some = wanted[begin : begin + ROWS]
        sum = whole[some] + start[some] @ steps
        place = np.repeat(np.arange(len(some)), np.diff(sum.indptr))
        other = some[place] != sum.indices
        found = sorted_rows(
            place[other], sum.data[other], sum.indices[other], items, keep
        )
        parts.append((some[found[0]], found[1], found[2]))
    return rowwise.table(parts, items)


def _first(table: Table, most: int, some: NDArray[np.int64]) -> csr_matrix:
    """The best of ``some`` rows, as a matrix whose other rows are empty."""
    items = len(table.ptr) - 1
    rows, columns, values = _pairs(table, some, most)
    ptr = np.zeros(items + 1, np.int64)
    np.cumsum(np.bincount(rows, minlength=items), out=ptr[1:])
    return csr_matrix((values, columns, ptr), shape=(items, items))


def _pairs(
    table: Table, some: NDArray[np.int64], most: int | None = None
) -> rowwise.Pairs:
    """What is in ``some`` rows, the best ``most`` of each."""
    begins = table.ptr[some]
    lengths = table.ptr[some + 1] - begins
    if most is not None:
        lengths = np.minimum(lengths, most)
    ends = np.cumsum(lengths)
    place = np.arange(ends[-1] if len(ends) else 0)
    place += np.repeat(begins - (ends - lengths), lengths)
    return np.repeat(some, lengths), table.idx[place], table.val[place]

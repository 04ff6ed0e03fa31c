"""A table with what goes with those that go with an item: a second step, for what is seldom seen."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, eye_array, hstack, vstack

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
    first step is worth is handed on in parts. Without a share it is the same table. Of ``only``
    some items, ascending, the others' rows are empty: this is for who needs no more.
    """
    if share <= 0 or not len(table.idx):
        return table
    items = len(table.ptr) - 1
    every = _first(table, keep)
    sums = np.maximum(np.asarray(every.sum(axis=1)).ravel(), np.float32(1e-30))
    parts = _first(table, SECOND)
    parts.data *= np.repeat(np.float32(share) / sums, np.diff(parts.indptr))
    # In one product: the first steps of an item, and by its own number what it has already.
    start = hstack((_first(table, FIRST), eye_array(items, dtype=np.float32)), "csr")
    reached = vstack((parts, every), "csr")
    del parts, every
    # What does not reach the last of a full row cannot be among the best.
    full = np.flatnonzero(np.diff(table.ptr) >= keep)
    least = np.zeros(items, np.float32)
    least[full] = table.val[table.ptr[full] + keep - 1]
    counts = np.zeros(items, np.int64)
    columns, scores = [], []
    wanted = np.arange(items) if only is None else only
    for begin in range(0, len(wanted), ROWS):
        some = wanted[begin : begin + ROWS]
        sum = start[some] @ reached
        place = np.repeat(np.arange(len(some)), np.diff(sum.indptr))
        rows = some[place]
        sound = (sum.data >= least[rows]) & (rows != sum.indices)
        values = sum.data[sound]
        found = sorted_rows(place[sound], values, sum.indices[sound], items, keep)
        counts[some] = np.bincount(found[0], minlength=len(some))
        columns.append(found[1])
        scores.append(found[2])
    ptr = np.zeros(items + 1, np.int64)
    np.cumsum(counts, out=ptr[1:])
    return Table(ptr, np.concatenate(columns), np.concatenate(scores))


def _first(table: Table, most: int) -> csr_matrix:
    """The best of each row, as a matrix."""
    items = len(table.ptr) - 1
    lengths = np.diff(table.ptr)
    place = np.arange(len(table.idx)) - np.repeat(table.ptr[:-1], lengths)
    kept = place < most
    ptr = np.zeros(items + 1, np.int64)
    np.cumsum(np.minimum(lengths, most), out=ptr[1:])
    return csr_matrix(
        (table.val[kept], table.idx[kept], ptr), shape=(items, items)
    )

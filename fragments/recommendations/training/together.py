"""What is bought together: for each item of a basket those that belong into it, too.

Each item is predicted from the others in its baskets by one ridge regression for all (EASE^R: H. Steck,
"Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019), with a penalty that grows
with how often an item is bought (as in his "Autoencoders that don't overfit towards the Identity",
NeurIPS 2020). That penalty is what makes one setting do for small and for large shops: there is
nothing to be tuned. Large baskets count less per item, very large ones (another shop stocking up)
not at all.

The regression inverts a square matrix of its items, so only the most frequent take part, as many as
the number of all that was bought pays for. The others are predicted from those, which costs little;
what they lead to themselves is the cosine, on the scale of the regression.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.sparse import csc_matrix, csr_matrix, diags

from . import rowwise
from .baskets import baskets
from .events import Events
from .part import Say, silent
from .rowwise import Pairs
from .table import Table, empty
from .weights import scales

#: Others that are kept for each item.
KEEP = 100
#: Items of the regression, at least and at most: the matrix of 10,000 has 400 MB.
FEWEST, MOST = 1_000, 10_000
#: Their number's third power is so much for each item of a basket: less than a microsecond of work.
PER_LINE = 8_000
#: The penalty: so many baskets, and on top so often what an item has.
RIDGE, RIDGE_OF_COUNT = 30.0, 1.0
#: An item of a basket of n items weighs n ** -2 * this.
POWER_OF_SIZE = 0.35
#: Of an item outside the regression, so many others are looked at.
NEAREST = 20
#: An item that fewer baskets have says nothing that could be relied on.
RARE = 3
_PAIRS = 1_500_000  # held at once
_HEIGHT = 512  # rows of the matrix that are looked at at once

_Floats = NDArray[np.float32]
_Sizes = NDArray[np.float64]
_Ints = NDArray[np.int64]


def together(events: Events, say: Say | None = None, keep: int = KEEP) -> Table:
    """For each item the ``keep`` that go best with it in a basket; empty where nobody bought anything.

    To score what goes with a basket, add up the rows of its items.
    """
    say = say or silent
    items = len(events.keys)
    of, size = baskets(events)
    if not of.nnz:
        return empty(items)
    counts = np.bincount(of.indices, minlength=items)
    order = np.argsort(-counts, kind="stable")
    order = order[: np.count_nonzero(counts >= RARE)]
    if not len(order):
        return empty(items)
    first = np.sort(order[: _affordable(of.nnz)])
    rest = np.sort(order[len(first) :])
    weights = size**-POWER_OF_SIZE
    weighted = csc_matrix(diags(weights.astype(np.float32)) @ of)
    # The ridge is one of baskets of the usual weight.
    ridge = RIDGE * float((weights**2 * size).sum() / size.sum())
    say("bought together", 0, 3)
    inner = weighted[:, first]
    inverse = _inverse(inner, ridge, size)
    say("bought together", 1, 3)
    regressed = _named(_regression(inverse, keep), first, first)
    if not len(rest):
        say("bought together", 3, 3)
        return _sorted([regressed], items, keep)
    predicted = _named(_predicted(inverse, inner, weighted[:, rest], size), first, rest)
    del inverse, weighted, inner
    say("bought together", 2, 3)
    plain = csc_matrix(of)
    sample = order[: len(first)][-max(1, len(first) // 10) :]
    scale = _scale(regressed, plain, counts, np.sort(sample), size, keep)
    rows = _cosine(plain, counts, rest, size, keep, scale)
    found = rowwise.joined([regressed, predicted])
    say("bought together", 3, 3)
    return _sorted([found], items, keep, rows)


def cosine(events: Events, keep: int = KEEP) -> Table:
    """The same, of baskets' cosines alone, which grouped joins can count as well.

    Of two items, float32((common * scale) * scale): the baskets that have both, and each one's
    ``scales(baskets that have it, 0.5)``, in float64.
    """
    items = len(events.keys)
    of, size = baskets(events)
    counts = np.bincount(of.indices, minlength=items)
    some = np.flatnonzero(counts)
    return rowwise.table(_cosine(csc_matrix(of), counts, some, size, keep), items)


def _affordable(lines: int) -> int:
    """Items of the regression, whose cost grows with their third power."""
    return max(FEWEST, min(MOST, int((PER_LINE * lines) ** (1 / 3))))


def _inverse(inner: csc_matrix, ridge: float, size: _Sizes) -> _Floats:
    """The inverse of what the items have in common, with the penalty on its diagonal."""
    number = inner.shape[1]
    # As LAPACK has it, column by column: nothing is copied.
    common = np.empty((number, number), np.float32, order="F")
    other = csr_matrix(inner.T)
    for some in _parts(np.arange(number), inner, size):
        common[:, some] = (other @ inner[:, some]).toarray()
    place = np.arange(number)
    common[place, place] *= 1 + RIDGE_OF_COUNT
    common[place, place] += ridge
    lower, failed = lapack.spotrf(common, lower=1, overwrite_a=1, clean=0)
    if not failed:
        lower, failed = lapack.spotri(lower, lower=1, overwrite_c=1)
    if failed:  # cannot be: the diagonal is well above what rounding takes away
        raise ArithmeticError(f"no inverse of {number:,} items: LAPACK says {failed}")
    for begin in range(0, number, _HEIGHT):  # the upper half is not filled
        end = min(begin + _HEIGHT, number)
        block = np.tril(lower[begin:end, begin:end])
        lower[begin:end, begin:end] = block + np.tril(block, -1).T
        lower[begin:end, end:] = lower[end:, begin:end].T
    found: _Floats = lower
    return found


def _regression(inverse: _Floats, keep: int) -> Pairs:
    """How much each item says of each other one: the best of every row."""
    number = len(inverse)
    scale: _Floats = np.float32(-1) / np.diagonal(inverse)
    keep = min(keep, number)
    found: list[Pairs] = []
    for begin in range(0, number, _HEIGHT):
        end = min(begin + _HEIGHT, number)
        part = inverse[:, begin:end].T * scale  # it is symmetric
        part[np.arange(end - begin), np.arange(begin, end)] = 0
        least = np.partition(part, number - keep, axis=1)[:, number - keep]
        rows, columns = np.nonzero(part >= np.maximum(least, 1e-12)[:, None])
        found.append((rows + begin, columns, part[rows, columns]))
    return rowwise.joined(found)


def _predicted(
    inverse: _Floats, inner: csc_matrix, outer: csc_matrix, size: _Sizes
) -> Pairs:
    """How much the items of the regression say of others: of each, those nearest to it."""
    # What is shared with what is bought all the time says little.
    near = np.sqrt(np.diagonal(inverse))
    found = []
    for some in _parts(np.arange(outer.shape[1]), outer, size):
        common = csr_matrix(outer[:, some].T @ inner)
        rows = _rows(common)
        scores = common.data * near[common.indices]
        pairs = (rows, common.indices, scores)
        rows, columns, scores = rowwise.best(pairs, len(some), len(near), NEAREST)
        width = np.bincount(rows, minlength=len(some))
        across = np.arange(len(rows)) - np.repeat(np.cumsum(width) - width, width)
        items = np.zeros((len(some), NEAREST), np.int64)
        shared = np.zeros((len(some), NEAREST), np.float32)
        items[rows, across] = columns
        shared[rows, across] = scores / near[columns]
        for begin in range(0, len(some), _HEIGHT):
            these, weights = (
                items[begin : begin + _HEIGHT],
                shared[begin : begin + _HEIGHT],
            )
            square = inverse[these[:, :, None], these[:, None, :]]
            values = np.matmul(square, weights[:, :, None])[..., 0]
            values[weights == 0] = 0
            to = np.repeat(some[begin : begin + _HEIGHT], NEAREST)
            found.append(rowwise.positive((these.ravel(), to, values.ravel())))
    return rowwise.joined(found)


def _cosine(
    of: csc_matrix,
    counts: _Ints,
    some: _Ints,
    size: _Sizes,
    keep: int,
    scale: float = 1.0,
) -> Iterator[Pairs]:
    """What some items lead to, by the cosine of baskets, times ``scale``."""
    each = scales(counts, 0.5)
    for part in _parts(some, of, size):
        common = csr_matrix(of[:, part].T @ of)
        rows = _rows(common)
        values = (common.data.astype(np.float64) * each[part[rows]]) * each[
            common.indices
        ]
        values[part[rows] == common.indices] = 0
        pairs = (rows, common.indices, (values * scale).astype(np.float32))
        rows, columns, scores = rowwise.best(pairs, len(part), of.shape[1], keep)
        yield part[rows], columns, scores


def _scale(
    regressed: Pairs,
    of: csc_matrix,
    counts: _Ints,
    some: _Ints,
    size: _Sizes,
    keep: int,
) -> float:
    """What a cosine is worth in a sum with the regression: by ``some`` items that have both."""
    ours = float(regressed[2][np.isin(regressed[0], some)].sum())
    parts = _cosine(of, counts, some, size, keep)
    theirs = sum(float(values.sum()) for _, _, values in parts)
    return ours / theirs if ours > 0 and theirs > 0 else 1.0


def _sorted(
    parts: list[Pairs], items: int, keep: int, rows: Iterator[Pairs] | tuple[()] = ()
) -> Table:
    """The table of pairs in any order, and of rows that are in theirs."""
    found: list[Pairs] = []
    for of, to, values in parts:
        order = np.argsort(of, kind="stable")
        of, to, values = of[order], to[order], values[order]
        edges = np.searchsorted(of, np.arange(0, items + rowwise.ROWS, rowwise.ROWS))
        for number, (begin, end) in enumerate(zip(edges, edges[1:], strict=False)):
            first = number * rowwise.ROWS
            pairs = (of[begin:end] - first, to[begin:end], values[begin:end])
            best = rowwise.best(pairs, rowwise.ROWS, items, keep)
            found.append((best[0] + first, best[1], best[2]))
    return rowwise.table([*found, *rows], items)


def _parts(items: _Ints, of: csc_matrix, size: _Sizes) -> Iterator[_Ints]:
    """``items`` in parts that do not make too many pairs at once."""
    chosen = of[:, items] if len(items) != of.shape[1] else of
    each = np.zeros(len(chosen.indices) + 1)
    np.cumsum(size[chosen.indices], out=each[1:])
    work = each[chosen.indptr]
    begin = 0
    while begin < len(items):
        end = int(np.searchsorted(work, work[begin] + _PAIRS, "right")) - 1
        end = min(max(end, begin + 1), begin + rowwise.ROWS, len(items))
        yield items[begin:end]
        begin = end


def _rows(matrix: csr_matrix) -> _Ints:
    rows: _Ints = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    return rows


def _named(pairs: Pairs, rows: _Ints, columns: _Ints) -> Pairs:
    return rows[pairs[0]], columns[pairs[1]], pairs[2]

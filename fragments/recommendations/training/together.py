"""What is bought together: for each item of a basket those that belong into it, too.

Each item is predicted from the others in its baskets by one ridge regression for all (EASE^R: H. Steck,
"Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019), with a penalty that grows
with how often an item is bought (as in his "Autoencoders that don't overfit towards the Identity",
NeurIPS 2020). That penalty is what makes one setting do for small and for large shops: there is
nothing to be tuned. Large baskets count less per item, very large ones (another shop stocking up)
not at all.

The regression inverts a square matrix of its items, so only the most frequent take part, as many as
the length of the log pays for. The others are predicted from those, which costs little;
what they lead to themselves is the weighted cosine, on the scale of the regression.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.sparse import csc_matrix, csr_matrix, diags

from .baskets import baskets
from .events import Events
from .table import Table, empty, table_of

#: Others that are kept for each item.
KEEP = 100
#: Items of the regression, at least and at most: the matrix of 10,000 has 400 MB.
FEWEST, MOST = 2_000, 10_000
#: So many operations, of about 60 a nanosecond, are allowed for a line of the log.
PER_LINE = 50_000
#: The penalty: so many baskets, and on top so often what an item has.
RIDGE, RIDGE_OF_COUNT = 30.0, 1.0
#: An item of a basket of n items weighs n ** -2 * this.
POWER_OF_SIZE = 0.35
#: Of an item outside the regression, so many others are looked at.
NEAREST = 40
#: An item that fewer baskets have says nothing that could be relied on.
RARE = 2
_PAIRS = 4_000_000  # held at once
_HEIGHT = 512  # rows of the matrix that are pruned at once

Say = Callable[[str, int, int], object]
_Floats = NDArray[np.float32]
_Ints = NDArray[np.int64]
_Pairs = tuple[_Ints, _Ints, _Floats]


def together(events: Events, say: Say | None = None, keep: int = KEEP) -> Table:
    """For each item the ``keep`` that go best with it in a basket; empty where nobody bought anything.

    To score what goes with a basket, add up the rows of its items.
    """
    say = say or _silent
    items = len(events.keys)
    of, size = baskets(events)
    if not of.nnz:
        return empty(items)
    counts = np.bincount(of.indices, minlength=items)
    order = np.argsort(-counts, kind="stable")
    order = order[: np.count_nonzero(counts)]
    first = order[: _affordable(events.lines)]
    rest = order[len(first) :]
    rest = rest[counts[rest] >= RARE]
    weights = size**-POWER_OF_SIZE
    weighted = csc_matrix(diags(weights.astype(np.float32)) @ of)
    # The ridge is one of baskets of the usual weight.
    ridge = RIDGE * float((weights**2 * size).sum() / size.sum())
    say("together", 0, 3)
    inner = weighted[:, first]
    inverse = _inverse(inner, ridge, size)
    say("together", 1, 3)
    found = [_named(_regression(inverse, keep), first, first)]
    if len(rest):
        outer = weighted[:, rest]
        found.append(_named(_predicted(inverse, inner, outer, size), first, rest))
    del inverse
    say("together", 2, 3)
    if len(rest):
        plain = csc_matrix(of)
        scale = _scale(
            found[0], plain, counts, first[-max(1, len(first) // 10) :], size
        )
        for some in _parts(rest, plain, size):
            rows, columns, values = _cosine(plain, some, counts, keep)
            found.append((rows, columns, values * np.float32(scale)))
    say("together", 3, 3)
    rows, columns, values = (np.concatenate(one) for one in zip(*found, strict=True))
    return table_of(rows, columns, values, items, keep)


def _silent(step: str, done: int, of: int) -> None:
    pass


def _affordable(lines: int) -> int:
    """Items of the regression, whose cost grows with their third power."""
    return max(FEWEST, min(MOST, int((PER_LINE * lines) ** (1 / 3))))


def _inverse(inner: csc_matrix, ridge: float, size: NDArray[np.float64]) -> _Floats:
    """The inverse of what the items have in common, with the penalty on its diagonal."""
    number = inner.shape[1]
    # As LAPACK has it, column by column: nothing is copied.
    common = np.empty((number, number), np.float32, order="F")
    for some in _parts(np.arange(number), inner, size):
        common[:, some] = (inner.T @ inner[:, some]).toarray()
    place = np.arange(number)
    common[place, place] *= 1 + RIDGE_OF_COUNT
    common[place, place] += ridge
    lower, failed = lapack.spotrf(common, lower=1, overwrite_a=1, clean=0)
    if not failed:
        lower, failed = lapack.spotri(lower, lower=1, overwrite_c=1)
    if failed:  # cannot be: the diagonal is above zero
        raise ArithmeticError(f"no inverse of {number:,} items: LAPACK says {failed}")
    for begin in range(0, number, _HEIGHT):  # the upper half is not filled
        end = min(begin + _HEIGHT, number)
        corner = np.tril(lower[begin:end, begin:end], -1)
        lower[begin:end, begin:end] = np.tril(lower[begin:end, begin:end]) + corner.T
        lower[begin:end, end:] = lower[end:, begin:end].T
    found: _Floats = lower
    return found


def _regression(inverse: _Floats, keep: int) -> _Pairs:
    """How much each item says of each other one: the best of every row."""
    number = len(inverse)
    own = np.diagonal(inverse).copy()
    keep = min(keep, number)
    found = []
    for begin in range(0, number, _HEIGHT):
        end = min(begin + _HEIGHT, number)
        part = inverse[:, begin:end].T / -own  # it is symmetric
        part[np.arange(end - begin), np.arange(begin, end)] = 0
        found.append(_best(part, keep, begin))
    return _joined(found)


def _best(part: _Floats, keep: int, begin: int) -> _Pairs:
    places = np.argpartition(part, part.shape[1] - keep, axis=1)[:, -keep:]
    values = np.take_along_axis(part, places, axis=1)
    rows = np.repeat(np.arange(begin, begin + len(part)), keep)
    return _positive((rows, places.ravel(), values.ravel()))


def _predicted(
    inverse: _Floats, inner: csc_matrix, outer: csc_matrix, size: NDArray[np.float64]
) -> _Pairs:
    """How much the items of the regression say of others: of each, those nearest to it."""
    own = np.diagonal(inverse)
    found = []
    for some in _parts(np.arange(outer.shape[1]), outer, size):
        common = csr_matrix(outer[:, some].T @ inner)
        # What is shared with what is bought all the time says little.
        near = common.copy()
        near.data = common.data * np.sqrt(own[common.indices])
        rows, places = _first_of_rows(near, NEAREST)
        width = np.bincount(rows, minlength=len(some))
        height = len(some)
        across = np.arange(len(rows)) - np.repeat(np.cumsum(width) - width, width)
        items = np.zeros((height, NEAREST), np.int64)
        shared = np.zeros((height, NEAREST), np.float32)
        items[rows, across] = common.indices[places]
        shared[rows, across] = common.data[places]
        for begin in range(0, height, _HEIGHT):
            these = items[begin : begin + _HEIGHT]
            square = inverse[these[:, :, None], these[:, None, :]]
            values = np.matmul(square, shared[begin : begin + _HEIGHT, :, None])[..., 0]
            values[shared[begin : begin + _HEIGHT] == 0] = 0
            columns = np.repeat(some[begin : begin + _HEIGHT], NEAREST)
            found.append(_positive((these.ravel(), columns, values.ravel())))
    return _joined(found)


def _first_of_rows(matrix: csr_matrix, keep: int) -> tuple[_Ints, _Ints]:
    """The rows and the places in ``data`` of the highest ``keep`` of every row."""
    lengths = np.diff(matrix.indptr)
    rows = np.repeat(np.arange(matrix.shape[0]), lengths)
    order = np.lexsort((matrix.indices, -matrix.data, rows))
    place = np.arange(len(order)) - np.repeat(
        matrix.indptr[:-1].astype(np.int64), lengths
    )
    chosen = place < keep
    return rows[chosen], order[chosen]


def _cosine(of: csc_matrix, some: _Ints, counts: _Ints, keep: int) -> _Pairs:
    """What some items lead to, by the cosine of baskets."""
    common = csr_matrix(of[:, some].T @ of)
    rows = np.repeat(np.arange(len(some)), np.diff(common.indptr))
    common.data /= np.sqrt(counts[some[rows]] * counts[common.indices])
    common.data[some[rows] == common.indices] = 0
    common.data[counts[common.indices] < RARE] = 0
    rows, places = _first_of_rows(common, keep)
    return _positive((some[rows], common.indices[places], common.data[places]))


def _scale(
    regressed: _Pairs,
    of: csc_matrix,
    counts: _Ints,
    some: _Ints,
    size: NDArray[np.float64],
) -> float:
    """What a cosine is worth in a sum with the regression: by ``some`` items that have both."""
    ours = float(regressed[2][np.isin(regressed[0], some)].sum())
    cosine = sum(
        float(_cosine(of, part, counts, KEEP)[2].sum())
        for part in _parts(some, of, size)
    )
    return ours / cosine if ours > 0 and cosine > 0 else 1.0


def _parts(items: _Ints, of: csc_matrix, size: NDArray[np.float64]) -> Iterator[_Ints]:
    """``items`` in parts that do not make too many pairs at once."""
    chosen = of[:, items] if len(items) != of.shape[1] else of
    work = np.bincount(
        np.repeat(np.arange(len(items)), np.diff(chosen.indptr)),
        size[chosen.indices],
        minlength=len(items),
    )
    part = (np.cumsum(work) // _PAIRS).astype(np.int64)
    edges = np.flatnonzero(np.diff(part)) + 1
    yield from np.split(items, edges)


def _named(pairs: _Pairs, rows: _Ints, columns: _Ints) -> _Pairs:
    return rows[pairs[0]], columns[pairs[1]], pairs[2]


def _positive(pairs: _Pairs) -> _Pairs:
    sound = pairs[2] > 0
    return pairs[0][sound], pairs[1][sound], pairs[2][sound]


def _joined(parts: list[_Pairs]) -> _Pairs:
    rows, columns, values = (np.concatenate(one) for one in zip(*parts, strict=True))
    return rows, columns, values

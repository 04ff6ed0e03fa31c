"""What is like what, out of the catalogue alone: for items that nobody has looked at yet.

Two items are alike as far as they share a category (or those above it), a brand, tags and words
of their titles, each the more the fewer items have it; and of those that are, the more
their prices are of the same order.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from ...catalog import Catalog
from ...items import Item
from ..model import kind_and_id
from . import rowwise
from .part import Say
from .table import Table, empty
from .words import pieces, words

#: Others that are kept for each item.
KEEP = 30
#: What a field is worth, if both have it.
WORTH = {"category": 0.35, "tag": 0.2, "brand": 0.1, "word": 0.25, "piece": 0.1}
#: What prices of one order add to a likeness of 1, and how fast it fades: per factor of e.
PRICE, PRICE_DECAY = 0.15, 1.0
#: A category above says less: by this factor each.
ABOVE = 0.5
#: Pairs for each item that may be looked at. What so many have that there would be more
#: finds nothing by itself; it still counts.
PAIRS_EACH = 600
#: A row of clicks from so many views is believed as much as the catalogue.
BELIEVED = 5.0
_PAIRS = 1_500_000  # held at once
_SHORTLIST = 3  # times as many as are kept are looked at more closely

_Ints = NDArray[np.int64]
_Floats = NDArray[np.float32]


def similar(
    catalog: Catalog, keys: Sequence[str], say: Say | None = None, keep: int = KEEP
) -> Table:
    """For each of the items ``keys`` the ``keep`` that are most like it, with a likeness from 0 to 1.

    Those that the catalogue does not know have no row, and are in none.
    """
    known = [
        (number, item)
        for number, key in enumerate(keys)
        if (item := catalog.item(*kind_and_id(key))) is not None
    ]
    if len(known) < 2:
        return empty(len(keys))
    numbers = np.array([number for number, _ in known])
    features = _features(catalog, [item for _, item in known])
    counts = np.bincount(features.indices, minlength=features.shape[1])
    most = _most_common(counts, len(known))
    rare, common = features.copy(), features.copy()
    rare.data[counts[rare.indices] > most] = 0
    common.data[counts[common.indices] <= most] = 0
    rare.eliminate_zeros()
    common.eliminate_zeros()
    other = csr_matrix(rare.T)
    prices = _prices([item for _, item in known])
    found = []
    for begin, end in _parts(rare, counts):
        alike = csr_matrix(rare[begin:end] @ other)
        rows, columns, values = _shortlist(alike, begin, keep)
        if common.nnz:
            both = common[rows].multiply(common[columns]).sum(axis=1)
            values = values + np.asarray(both, np.float32).ravel()
        far = np.abs(prices[rows] - prices[columns])
        near = np.where(np.isnan(far), 0.5, np.exp(-far / PRICE_DECAY))
        values = values * (1 - PRICE + PRICE * near).astype(np.float32)
        pairs = (rows - begin, columns, values)
        rows, columns, values = rowwise.best(pairs, end - begin, len(known), keep)
        found.append((numbers[rows + begin], numbers[columns], values))
        if say is not None:
            say("similar", end, len(known))
    return rowwise.table(found, len(keys))


def worth(views: _Ints, learned: Table) -> _Floats:
    """What an item's row of likeness is worth beside its row of ``learned``, of which ``views`` are known.

    A row without any views is worth as much as a usual row of ``learned``; one of many
    views nothing.
    """
    filled = np.diff(learned.ptr) > 0
    usual = 1.0
    if filled.any():
        usual = float(np.median(learned.val[learned.ptr[:-1][filled]]))
    share = BELIEVED / (views + BELIEVED)
    share[share < 0.05] = 0
    share[~filled] = 1
    return (usual * share).astype(np.float32)


def _features(catalog: Catalog, items: Sequence[Item]) -> csr_matrix:
    """A row per item, as long as what the item has is worth: what is shared is their product."""
    places: dict[tuple[str, str], int] = {}
    fields: list[int] = []
    rows: list[int] = []
    columns: list[int] = []
    weights: list[float] = []
    names = list(WORTH)
    for row, item in enumerate(items):
        for field, text, weight in _said(catalog, item):
            rows.append(row)
            columns.append(places.setdefault((field, text), len(places)))
            weights.append(weight)
            if len(fields) < len(places):
                fields.append(names.index(field))
    shape = (len(items), max(1, len(places)))
    whole = csr_matrix((np.array(weights), (rows, columns)), shape=shape)
    # Where no item says anything there is still a column, which nobody has.
    counts = np.maximum(np.bincount(whole.indices, minlength=shape[1]), 1)
    # What all have, or only one, says nothing.
    whole.data *= np.log((len(items) + 1) / counts)[whole.indices]
    whole.data[counts[whole.indices] < 2] *= 0.5
    # Within its field a row has the length 1, and then what the field is worth.
    rows_of = np.repeat(np.arange(len(items)), np.diff(whole.indptr))
    of = np.array(fields or [0])[whole.indices]
    cell = rows_of * len(names) + of
    lengths = np.sqrt(
        np.bincount(cell, whole.data**2, minlength=len(items) * len(names))
    )
    share = np.sqrt(np.array([WORTH[name] for name in names]))
    whole.data *= share[of] / np.maximum(lengths[cell], 1e-12)
    return whole.astype(np.float32)


def _said(catalog: Catalog, item: Item) -> Iterator[tuple[str, str, float]]:
    for depth, category in enumerate(catalog.line(item.category)):
        yield "category", category, ABOVE**depth
    if item.brand:
        yield "brand", item.brand, 1.0
    for tag in item.tags:
        yield "tag", tag, 1.0
    for word in dict.fromkeys(words(item.title)):
        yield "word", word, 1.0
        for piece in pieces(word):
            yield "piece", piece, 1.0


def _prices(items: Sequence[Item]) -> NDArray[np.float64]:
    """Logarithms, so that a difference is a factor; nan: there is no price."""
    return np.array(
        [
            math.log(item.price) if item.price and item.price > 0 else math.nan
            for item in items
        ]
    )


def _most_common(counts: _Ints, items: int) -> int:
    """So many items may have a feature that finds others: all that share it are looked at."""
    rising = np.sort(counts)
    pairs = np.cumsum(rising.astype(np.float64) ** 2)
    affordable = int(np.searchsorted(pairs, PAIRS_EACH * items, "right"))
    return int(rising[max(0, affordable - 1)])


def _shortlist(alike: csr_matrix, begin: int, keep: int) -> rowwise.Pairs:
    rows = np.repeat(np.arange(alike.shape[0]), np.diff(alike.indptr))
    alike.data[rows + begin == alike.indices] = 0
    pairs = (rows, alike.indices, alike.data)
    rows, columns, values = rowwise.best(
        pairs, alike.shape[0], alike.shape[1], keep * _SHORTLIST
    )
    return rows + begin, columns, values


def _parts(features: csr_matrix, counts: _Ints) -> Iterator[tuple[int, int]]:
    """Rows from a first one up to a last one, with not too many pairs at once."""
    work = np.zeros(features.shape[0] + 1, np.int64)
    each = np.zeros(len(features.data) + 1, np.int64)
    np.cumsum(counts[features.indices], out=each[1:])
    work[1:] = each[features.indptr[1:]]
    begin = 0
    while begin < features.shape[0]:
        end = int(np.searchsorted(work, work[begin] + _PAIRS, "right")) - 1
        end = min(max(end, begin + 1), begin + rowwise.ROWS, features.shape[0])
        yield begin, end
        begin = end

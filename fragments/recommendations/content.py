"""What the catalogue itself says: what is like what, and what fits a visitor's interests.

For items that too few have looked at for anything to be learned of them, and for articles.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..catalog import Catalog
from .scoring import Parameters, weights

if TYPE_CHECKING:
    from .model import Model
    from .rows import Rows

#: The table of what is like what.
CONTENT = "content"
#: The array of what a row of that table is worth beside those of clicks: 0 for what many looked at.
WEIGHT = "content-weight"
#: Dimensions in which an item may fit somebody's interests, and what each is worth.
DIMENSIONS = {"tag": 1.0, "category": 0.7, "brand": 0.5}


def add_unknown(
    model: "Model",
    seen: Sequence[int],
    parameters: Parameters,
    found: dict[int, float],
    why: dict[int, int],
    ready: "Rows | None" = None,
) -> None:
    """Add what is like the seen items of which too little is learned, to what :func:`.scoring.scores` found.

    The fewer have looked at an item, the more its row of the table counts. ``seen`` holds item
    numbers, oldest first; ``ready`` rows are taken instead of the model's. A model without the table
    changes nothing.
    """
    rows, worth = model.table(CONTENT), model.array(WEIGHT)
    if rows is None or worth is None:
        return
    ptr, idx, val = rows
    latest = seen[: -parameters.clicks - 1 : -1]
    steps = weights(parameters.clicks, parameters.click_decay)
    for item, step in zip(latest, steps, strict=False):
        weight = worth[item] * step
        if not weight:
            continue
        pairs: Iterable[tuple[int, float]]
        if ready is not None:
            pairs = ready[item].items()
        else:
            begin, end = ptr[item], ptr[item + 1]
            pairs = zip(idx[begin:end].tolist(), val[begin:end].tolist(), strict=True)
        for other, value in pairs:
            score = value * weight
            before = found.get(other, 0.0)
            found[other] = before + score
            if score > before:
                why[other] = item


class Fit(NamedTuple):
    """How well an article fits, 0 to 1, and by which of its dimensions and keys most of all."""

    score: float
    dimension: str
    key: str


class Overlap:
    """What of a catalogue's articles shares tags, categories and brands with interests.

    Made once for a catalogue, then only read.
    """

    def __init__(self, catalog: Catalog) -> None:
        items = catalog.articles
        having: dict[tuple[str, str], list[str]] = {}
        for id in items:
            for pair in catalog.relatives("article", id):
                if pair[0] in DIMENSIONS:
                    having.setdefault(pair, []).append(id)
        self._having = having
        # What few items have says more.
        self._worth = {
            pair: DIMENSIONS[pair[0]] * math.log1p(len(items) / len(ids))
            for pair, ids in having.items()
        }
        wholes: dict[str, float] = {}
        for pair, ids in having.items():
            for id in ids:
                wholes[id] = wholes.get(id, 0.0) + self._worth[pair] ** 2
        self._lengths = {id: math.sqrt(whole) for id, whole in wholes.items()}

    def fits(self, interests: Mapping[str, Mapping[str, float]]) -> dict[str, Fit]:
        """Article id -> how well it fits, for all that share anything with ``interests``.

        Those map a dimension (category, brand, tag) to its keys and how strong each interest is, on any
        scale that grows from 0. The score is the cosine of the two.
        """
        pairs = {
            (dimension, key): strength * DIMENSIONS[dimension]
            for dimension, strengths in interests.items()
            if dimension in DIMENSIONS
            for key, strength in strengths.items()
            if 0 < strength < math.inf
        }
        length = math.hypot(*pairs.values())
        sums: dict[str, float] = {}
        most: dict[str, float] = {}
        by: dict[str, tuple[str, str]] = {}
        for pair, strength in pairs.items():
            ids = self._having.get(pair)
            if ids is None:
                continue
            score = strength * self._worth[pair]
            for id in ids:
                sums[id] = sums.get(id, 0.0) + score
                if score > most.get(id, 0.0):
                    most[id], by[id] = score, pair
        return {
            id: Fit(score / (length * self._lengths[id]), *by[id])
            for id, score in sums.items()
        }

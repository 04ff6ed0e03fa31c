"""Small models, made up."""

import random
from array import array
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shopwindow.fragments.recommendations.writing import write

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
Rows = Mapping[str, Sequence[tuple[str, float]]]


def table(keys: Sequence[str], rows: Rows, name: str) -> dict[str, Any]:
    """The three arrays of a table; ``rows`` maps keys to what goes with them, best first."""
    numbers = {key: number for number, key in enumerate(keys)}
    ptr, idx, val = array("q", [0]), array("i"), array("f")
    for key in keys:
        for other, score in rows.get(key, ()):
            idx.append(numbers[other])
            val.append(score)
        ptr.append(len(idx))
    return {f"{name}.ptr": ptr, f"{name}.idx": idx, f"{name}.val": val}


def popular(keys: Sequence[str], order: Sequence[str], name: str) -> dict[str, Any]:
    """Score and order of all ``keys``; the first of ``order`` is the most popular one."""
    places = {key: place for place, key in enumerate(order)}
    scores = array("f", [1 / (1 + places.get(key, len(keys))) for key in keys])
    ordered = sorted(range(len(keys)), key=lambda number: -scores[number])
    return {name: scores, f"{name}-order": array("i", ordered)}


def small(
    out: Path,
    rows: Rows,
    *,
    together: Rows | None = None,
    bought: Rows | None = None,
    order: Sequence[str] = (),
    now: datetime = NOON,
    **meta: Any,
) -> Path:
    """A model of the products that ``rows`` and ``order`` name, written into ``out``."""
    named = {*rows, *order, *(key for row in rows.values() for key, _ in row)}
    keys = sorted(named)
    arrays = {
        **table(keys, rows, "viewed-viewed"),
        **table(keys, bought or {}, "viewed-bought"),
        **table(keys, together or {}, "together"),
        **popular(keys, order, "popular"),
        **popular(keys, order, "trending"),
    }
    return write(out, keys, arrays, meta, now)


def large(out: Path, items: int, kept: int, *, now: datetime = NOON) -> list[str]:
    """A model of ``items`` with full rows, at random but the same every time; its keys."""
    chance = random.Random(items)
    keys = sorted(str(100_000_000 + 7 * number) for number in range(items))
    # Pieces of one long row: making each anew would take minutes.
    length = items * kept
    row = [chance.randrange(items) for _ in range(100_003)]
    times = length // len(row) + 1
    scores = [1 / (1 + place) for place in range(kept)]
    arrays = {
        "viewed-viewed.ptr": array("q", range(0, length + 1, kept)),
        "viewed-viewed.idx": (array("i", row) * times)[:length],
        "viewed-viewed.val": array("f", scores) * items,
        **popular(keys, keys[:100], "popular"),
        **popular(keys, keys[100:200], "trending"),
    }
    write(out, keys, arrays, {}, now)
    return keys

"""The counting in SQL: the same tables as with numpy, to the last item.

The queries are the files in ``queries``: each is a SELECT in words that DuckDB, PostgreSQL and
Spark SQL all know and take the same way. Whatever they would do each in its own way is done here:
the order of texts, powers, and how weights are rounded.
"""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..scoring import Parameters
from . import weights
from .events import BOUGHT, PAUSE, VIEWED
from .table import Table, empty

Columns = Mapping[str, NDArray[Any] | Sequence[str]]

#: What each table leads from, and to.
TABLES = {"viewed-viewed": (VIEWED, VIEWED), "viewed-bought": (VIEWED, BOUGHT)}


class Engine(Protocol):
    """Something that runs SQL, with a table ``log`` in it: what happened, a row for each thing.

    Its columns are ``visitor`` and ``session`` (texts; the session may be null), ``article`` (1
    for an article, 0 for a product), ``product`` (the id, a text), ``verb`` (0 viewed, 1 added, 2
    bought), ``moment`` (a double: seconds, or the place in a log without times), ``place`` (a
    bigint, another one for each row) and ``basket`` (a text or null: which order).
    """

    def make(self, name: str, select: str) -> None:
        """A table ``name`` of what a query gives; one of that name gives way to it."""

    def load(self, name: str, columns: Columns) -> None:
        """A table ``name`` of these columns: int32, int64, float64 or texts."""

    def fetch(self, select: str) -> dict[str, NDArray[Any]]:
        """What a query gives, by column."""


class Items(NamedTuple):
    """The items of a log, sorted by the UTF-8 bytes of their keys, and how often each verb
    was said of them (a row per verb)."""

    articles: NDArray[np.int32]
    products: list[str]
    counts: NDArray[np.int64]


def query(name: str, **words: object) -> str:
    """The query in ``queries/NAME.sql``, with these words in place of those in braces."""
    text = (files(__package__) / "queries" / f"{name}.sql").read_text("utf-8")
    return text.format(**words)


def prepare(engine: Engine, timed: bool) -> Items:
    """Cut the ``log`` into sessions, and number its items.

    Without times (``timed`` false) a visitor whose log names no sessions has one.
    """
    pause = PAUSE if timed else 1 << 62
    engine.make("visits", query("sessions", pause=f"{pause:.0f}"))
    found = engine.fetch(query("items"))
    articles, products = found["article"].tolist(), found["product"].tolist()
    order = sorted(range(len(products)), key=lambda at: _bytes(articles[at], products[at]))
    counts = np.array(
        [found[verb] for verb in ("viewed", "added", "bought")], np.int64
    ).reshape(3, len(order))
    items = Items(
        np.array([articles[at] for at in order], np.int32),
        [products[at] for at in order],
        counts[:, order],
    )
    numbers = np.arange(len(order), dtype=np.int32)
    engine.load(
        "items", {"number": numbers, "article": items.articles, "product": items.products}
    )
    return items


def _bytes(article: int, product: str) -> bytes:
    """How an item is sorted: articles, whose keys begin with a zero, before products."""
    return (b"\0" if article else b"\1") + product.encode("utf-8", "surrogatepass")


def selection(
    engine: Engine, items: Items, parameters: Parameters, source: int, target: int
) -> str:
    """The query for the table of what is done (``target``) with what after another thing was
    done (``source``); what it reads is made. It gives i, j, val and nth, in no order."""
    counts = items.counts
    verb = "visits.verb"
    if source == target == VIEWED and not counts[VIEWED].any():
        verb, counts = "0", counts.sum(axis=0, keepdims=True)  # a log of purchases alone
    words = {
        "source": source,
        "target": target,
        "verb": verb,
        "farthest": parameters.farthest,
        "buckets": weights.BUCKETS,
        "keep": parameters.keep,
    }
    recency = np.array(weights.recencies(parameters.recency), np.int64)
    engine.load(
        "recency", {"bucket": np.arange(len(recency), dtype=np.int32), "weight": recency}
    )
    ahead, back = weights.distances(
        parameters.farthest, parameters.distance_decay, parameters.backward
    )
    engine.load(
        "steps",
        {
            "step": np.arange(1, len(ahead), dtype=np.int32),
            "ahead": np.array(ahead[1:], np.int64),
            "back": np.array(back[1:], np.int64),
        },
    )
    engine.load(
        "scales",
        {
            "number": np.arange(len(items.products), dtype=np.int32),
            "scale_from": _scales(counts[source], parameters.power_of) / weights.UNIT**2,
            "scale_to": _scales(counts[target], parameters.power_to),
        },
    )
    engine.make("clicks", query("clicks", **words))
    return query("table", **words)


def _scales(counts: NDArray[np.int64], power: float) -> NDArray[np.float64]:
    there, which = np.unique(counts, return_inverse=True)
    known = weights.scales(there.tolist(), power)
    return np.array([known.get(count, 0.0) for count in there.tolist()], np.float64)[which]


def table(
    engine: Engine, items: Items, parameters: Parameters, source: int, target: int
) -> Table:
    """The table of ``source`` and ``target``, as covisitation.table counts it with numpy."""
    number = len(items.products)
    if not number:
        return empty(0)
    chosen = selection(engine, items, parameters, source, target)
    found = engine.fetch(f"SELECT i, j, val FROM ({chosen}) AS best ORDER BY i, nth")
    ptr = np.zeros(number + 1, np.int64)
    np.cumsum(np.bincount(found["i"], minlength=number), out=ptr[1:])
    return Table(ptr, found["j"].astype(np.int32), found["val"].astype(np.float32))

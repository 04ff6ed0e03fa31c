"""The counting in SQL: the same tables as with numpy, to the last item.

The queries are the files in ``queries``: each is a SELECT in words that DuckDB, PostgreSQL and
Spark SQL all know and take the same way. Whatever each of them would do in its own way is done
here: the order of texts, powers, and how weights are rounded.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..model import article_key
from ..scoring import Parameters
from . import weights
from .events import BOUGHT, PAUSE, VIEWED
from .sessions import FAR, FAR_OFF, LONGEST, NO_TIME, TOO_MANY
from .table import Table, empty

Columns = Mapping[str, NDArray[Any] | Sequence[str]]

#: What each table leads from, and to.
TABLES = {"viewed-viewed": (VIEWED, VIEWED), "viewed-bought": (VIEWED, BOUGHT)}
#: Without times a visitor has one session: no pause is as long as this.
NEVER = 1 << 62
DAY = 86_400.0


class Engine(Protocol):
    """Something that runs SQL, with a table ``raw`` in it: what happened, a row for each thing.

    No column is ever null. ``visitor``, ``session`` and ``basket`` (which order) are of any type
    that can be compared, ``named`` is 1 where the log names the session and else 0. ``article``
    is 1 for an article and 0 for a product, whose id is the text ``product``. ``verb`` is 0
    (viewed), 1 (added) or 2 (bought). ``timed`` is 1 where ``moment``, a double, is a time in
    seconds, and else 0. ``place``, a bigint, is another one for each row, and settles the order
    of rows of the same moment.
    """

    def make(self, name: str, select: str) -> None:
        """A table ``name`` of what a query gives; one of that name gives way to it."""

    def load(self, name: str, columns: Columns) -> None:
        """A table ``name`` of these columns: int32, int64, float64 or texts."""

    def fetch(self, select: str) -> dict[str, NDArray[Any]]:
        """What a query gives, by column."""


class Items(NamedTuple):
    """The items of a log: ``keys`` are sorted by their UTF-8 bytes, and ``counts`` says how often
    each verb (a row) was said of each of them."""

    keys: list[str]
    counts: NDArray[np.int64]


class Prepared(NamedTuple):
    """A log that can be counted. ``rejected`` says why some of its rows are left out."""

    items: Items
    timed: bool
    rejected: Counter[str]


def query(name: str, **words: object) -> str:
    """The query in ``queries/NAME.sql``, with these words in place of those in braces."""
    text = (files(__package__) / "queries" / f"{name}.sql").read_text("utf-8")
    return text.format(**words)


def prepare(engine: Engine) -> Prepared:
    """Make the tables ``visits`` (the rows of ``raw`` in sessions) and ``items`` of ``raw``."""
    number, with_time, low, high = (
        column[0] for column in engine.fetch(query("facts")).values()
    )
    timed = bool(number) and int(with_time) * 2 > int(number)
    margin = max(FAR * (high - low), DAY) if timed else 0.0
    bounds = (low - margin, high + margin) if timed else (0.0, 0.0)
    engine.load(
        "bounds",
        {"low": np.array([bounds[0]]), "high": np.array([bounds[1]]), "one": np.ones(1)},
    )
    moment = "moment" if timed else "place * bounds.one"
    engine.make("log", query("log", timed=int(timed), moment=moment))
    pause = PAUSE if timed else NEVER
    engine.make("visits", query("visits", pause=f"{pause:.0f}", longest=LONGEST))
    near, kept = (
        int(engine.fetch(f"SELECT COUNT(*) AS number FROM {name}")["number"][0])
        for name in ("log", "visits")
    )
    missing = int(number) - int(with_time) if timed else 0
    rejected = Counter(
        {
            NO_TIME: missing,
            FAR_OFF: int(number) - missing - near,
            TOO_MANY: near - kept,
        }
    )
    return Prepared(_items(engine), timed, +rejected)


def _items(engine: Engine) -> Items:
    found = engine.fetch(query("items"))
    articles, products = found["article"].tolist(), found["product"].tolist()
    keys = [
        article_key(product) if article else product
        for article, product in zip(articles, products, strict=True)
    ]
    # By code points, which is the order of UTF-8's bytes.
    order = sorted(range(len(keys)), key=keys.__getitem__)
    counts = np.array(
        [found[verb].astype(np.int64) for verb in ("viewed", "added", "bought")]
    )
    engine.load(
        "items",
        {
            "number": np.arange(len(order), dtype=np.int32),
            "article": np.array([articles[at] for at in order], np.int32),
            "product": [products[at] for at in order],
        },
    )
    return Items([keys[at] for at in order], counts[:, order])


def selection(
    engine: Engine, items: Items, parameters: Parameters, source: int, target: int
) -> str:
    """The query for the table from ``source`` (a verb) to ``target``, once all that it reads is
    made. It gives i, j, val and nth (from 1 in each row i), in no order."""
    counts, verb = items.counts, "visits.verb"
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
            "number": np.arange(len(items.keys), dtype=np.int32),
            "scale_from": _scales(counts[source], parameters.power_of) / weights.UNIT**2,
            "scale_to": _scales(counts[target], parameters.power_to),
        },
    )
    engine.make("clicks", query("clicks", **words))
    return query("table", **words)


def _scales(counts: NDArray[np.int64], power: float) -> NDArray[np.float64]:
    there, which = np.unique(counts, return_inverse=True)
    known = weights.scales(there.tolist(), power)
    each = np.array([known.get(count, 0.0) for count in there.tolist()], np.float64)
    return each[which]


def table(
    engine: Engine, items: Items, parameters: Parameters, source: int, target: int
) -> Table:
    """The table from ``source`` to ``target``, as covisitation.table counts it with numpy."""
    number = len(items.keys)
    if not number:
        return empty(0)
    chosen = selection(engine, items, parameters, source, target)
    found = engine.fetch(f"SELECT i, j, val FROM ({chosen}) AS best ORDER BY i, nth")
    return table_of_rows(found, number)


def table_of_rows(found: Mapping[str, NDArray[Any]], items: int) -> Table:
    """The table of rows i, j, val that are in its order."""
    ptr = np.zeros(items + 1, np.int64)
    np.cumsum(np.bincount(found["i"], minlength=items), out=ptr[1:])
    return Table(ptr, found["j"].astype(np.int32), found["val"].astype(np.float32))

"""The counting in SQL: the same tables as with numpy, to the last item.

The queries are the files in ``queries``: each is a SELECT in words that DuckDB, PostgreSQL and
Spark SQL all know and take the same way. Whatever each of them would do in its own way is done
here: the order of texts, powers, and how weights are rounded.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..model import article_key, kind_and_id
from ..scoring import Parameters
from . import weights
from .events import BOUGHT, PAUSE, VIEWED, Events
from .part import Say
from .popularity import DAY, UNTIMED_DAYS, WEIGHTS, Popularity, decays, ranked
from .sessions import FAR, FAR_OFF, LONGEST, NO_TIME, TOO_MANY
from .table import Table, empty

Columns = Mapping[str, NDArray[Any] | Sequence[str]]

#: What each table leads from, and to.
TABLES = {"viewed-viewed": (VIEWED, VIEWED), "viewed-bought": (VIEWED, BOUGHT)}
#: Without times a visitor has one session: no pause is as long as this.
NEVER = 1 << 62


class Engine(Protocol):
    """Something that runs SQL, with a table ``raw`` in it: what happened, a row for each thing.

    No column is ever null. ``visitor``, ``session`` and ``basket`` (which order) are of any type
    that can be compared, ``named`` is 1 where the log names the session and else 0. ``article``
    is 1 for an article and 0 for a product, whose id is the text ``product``. ``verb`` is 0
    (viewed), 1 (added) or 2 (bought). ``timed`` is 1 where ``moment``, a double, is a time in
    seconds, and else 0. ``line``, a bigint, is how far into the log the row is, and counts where
    times do not; ``place``, a bigint, is another one for each row, and settles the order of rows
    of the same moment.
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


def query(name: str, **words: object) -> str:
    """The query in ``queries/NAME.sql``, with these words in place of those in braces."""
    text = (files(__package__) / "queries" / f"{name}.sql").read_text("utf-8")
    return text.format(**words)


class Counting:
    """The counting of the ``raw`` of an engine: made once, it has put its rows into sessions.

    ``items`` are those of the log, and ``also`` (keys) whether the log knows them or not.
    ``rows`` is how many there were; ``rejected`` says why some of them are left out. ``oldest`` and
    ``newest`` are moments.
    """

    def __init__(self, engine: Engine, also: Iterable[str] = ()) -> None:
        self.engine = engine
        self.rows, self.timed, self.rejected = _arrange(engine)
        self.items = _number(engine, also)
        span = engine.fetch(
            "SELECT MIN(moment) AS oldest, MAX(moment) AS newest FROM visits"
        )
        self.oldest, self.newest = (
            float(column[0]) if self.items.counts.any() else 0.0
            for column in span.values()
        )

    @property
    def until(self) -> float | None:
        """When the log ends, in seconds, if it has times."""
        return self.newest if self.timed and self.items.counts.any() else None

    def settled(self, tuned: Parameters) -> Parameters:
        """How pairs are counted can still be chosen."""
        return tuned

    def table(
        self,
        parameters: Parameters,
        source: int = VIEWED,
        target: int = VIEWED,
        say: Say | None = None,
    ) -> Table:
        """The table from ``source`` (a verb) to ``target``, as covisitation.table counts it.
        ``say`` hears nothing: the engines do not tell how far they are."""
        if not self.items.counts.any():
            return empty(len(self.items.keys))
        chosen = self.selection(parameters, source, target)
        found = self.engine.fetch(
            f"SELECT i, j, val FROM ({chosen}) AS best ORDER BY i, nth"
        )
        return table_of_rows(found, len(self.items.keys))

    def selection(self, parameters: Parameters, source: int, target: int) -> str:
        """The query for that table, once all that it reads is made. It gives i, j, val and nth
        (from 1 in each row i), in no order."""
        engine, counts, verb = self.engine, self.items.counts, "visits.verb"
        if source == target == VIEWED and not counts[VIEWED].any():
            # A log of purchases alone.
            verb, counts = "0", counts.sum(axis=0, keepdims=True)
        words = {
            "source": source,
            "target": target,
            "verb": verb,
            "farthest": parameters.farthest,
            "buckets": weights.BUCKETS,
            "keep": parameters.keep,
        }
        recency = np.array(weights.recencies(parameters.recency), np.int64)
        engine.load("recency", {"bucket": _numbers(len(recency)), "weight": recency})
        ahead, back = weights.distances(
            parameters.farthest, parameters.distance_decay, parameters.backward
        )
        engine.load(
            "steps",
            {
                "step": _numbers(len(ahead)),
                "ahead": np.array(ahead, np.int64),
                "back": np.array(back, np.int64),
            },
        )
        scale_from = _scales(counts[source], parameters.power_of) / weights.UNIT**2
        engine.load(
            "scales",
            {
                "number": _numbers(len(self.items.keys)),
                "scale_from": scale_from,
                "scale_to": _scales(counts[target], parameters.power_to),
            },
        )
        engine.make("clicks", query("clicks", **words))
        return query("table", **words)

    def events(self, most: int) -> Events:
        """The newest sessions with ``most`` events in all, or a few more."""
        found = self.engine.fetch(query("newest", most=most))
        closing, kept = found["closing"], len(found["closing"])
        begins = np.ones(kept, np.bool_)
        begins[1:] = np.diff(closing) != 0
        return Events(
            found["visitor"].astype(np.int32) - 1,
            (np.cumsum(begins) - 1).astype(np.int32),
            found["item"].astype(np.int32),
            found["verb"].astype(np.int8),
            found["moment"].astype(np.float64),
            found["basket"].astype(np.int32) - 1,
            self.items.keys,
            self.timed,
            kept,
            Counter(),
        )

    def counts(self) -> dict[str, int]:
        """How much there is, by the names that a model's ``meta`` has for it."""
        found = self.engine.fetch(query("counts"))
        viewed, added, bought = self.items.counts.sum(axis=1).tolist()
        return {
            "events": viewed + added + bought,
            "viewed": viewed,
            "added": added,
            "bought": bought,
            "visitors": int(found["visitors"][0]),
            "sessions": int(found["sessions"][0]),
            "items": int(self.items.counts.any(axis=0).sum()),
        }

    def popular(self) -> Popularity:
        """As popularity.popular."""
        each = np.array([WEIGHTS[verb] for verb in sorted(WEIGHTS)], np.int64)
        return ranked((each @ self.items.counts * weights.UNIT).astype(np.float64))

    def trending(self) -> Popularity:
        """As popularity.trending."""
        sums = np.zeros(len(self.items.keys))
        if not self.items.counts.any():
            return ranked(sums)
        day = f"(span.newest - visits.moment) / {DAY:.0f}"
        oldest = int((self.newest - self.oldest) / DAY)
        if not self.timed:
            length = "GREATEST(span.newest - span.oldest, 1)"
            day = f"(span.newest - visits.moment) / {length} * {UNTIMED_DAYS}"
            oldest = UNTIMED_DAYS
        each = decays(oldest + 1)
        verbs, days = np.indices(each.shape, np.int32)
        self.engine.load(
            "ages",
            {"verb": verbs.ravel(), "day": days.ravel(), "weight": each.ravel()},
        )
        found = self.engine.fetch(query("trends", day=day))
        sums[found["i"]] = found["weight"]
        return ranked(sums)


def _arrange(engine: Engine) -> tuple[int, bool, Counter[str]]:
    """Make ``visits`` of ``raw``: how many rows there are, whether times count, and why some rows
    are left out."""
    all_rows, with_time, low, high = (
        column[0] for column in engine.fetch(query("facts")).values()
    )
    timed = bool(all_rows) and int(with_time) * 2 > int(all_rows)
    margin = max(FAR * (high - low), DAY) if timed else 0.0
    bounds = (low - margin, high + margin) if timed else (0.0, 0.0)
    columns = {"low": bounds[0], "high": bounds[1], "one": 1.0}
    engine.load("bounds", {name: np.array([one]) for name, one in columns.items()})
    # A bigint times a double is a double, which each engine has another name for.
    moment = "raw.moment" if timed else "raw.line * bounds.one"
    engine.make("log", query("log", timed=int(timed), moment=moment))
    pause = PAUSE if timed else NEVER
    engine.make("visits", query("visits", pause=f"{pause:.0f}", longest=LONGEST))
    near, kept = (
        int(engine.fetch(f"SELECT COUNT(*) AS number FROM {name}")["number"][0])
        for name in ("log", "visits")
    )
    missing = int(all_rows) - int(with_time) if timed else 0
    rejected = {
        NO_TIME: missing,
        FAR_OFF: int(all_rows) - missing - near,
        TOO_MANY: near - kept,
    }
    return int(all_rows), timed, +Counter(rejected)


def _number(engine: Engine, also: Iterable[str]) -> Items:
    """Make ``items`` of ``visits`` and ``also``."""
    found = engine.fetch(query("items"))
    there = [
        article_key(product) if article else product
        for article, product in zip(
            found["article"].tolist(), found["product"].tolist(), strict=True
        )
    ]
    # By code points, which is the order of UTF-8's bytes.
    keys = sorted({*there, *also})
    places = {key: number for number, key in enumerate(keys)}
    counts = np.zeros((3, len(keys)), np.int64)
    numbers = [places[key] for key in there]
    for verb, name in enumerate(("viewed", "added", "bought")):
        counts[verb, numbers] = found[name]
    kinds = [kind_and_id(key) for key in keys]
    engine.load(
        "items",
        {
            "number": _numbers(len(keys)),
            "article": np.array([kind == "article" for kind, _ in kinds], np.int32),
            "product": [id for _, id in kinds],
        },
    )
    return Items(keys, counts)


def _numbers(count: int) -> NDArray[np.int32]:
    return np.arange(count, dtype=np.int32)


def _scales(counts: NDArray[np.int64], power: float) -> NDArray[np.float64]:
    there, which = np.unique(counts, return_inverse=True)
    known = weights.scales(there.tolist(), power)
    each = np.array([known.get(count, 0.0) for count in there.tolist()], np.float64)
    return each[which]


def table_of_rows(found: Mapping[str, NDArray[Any]], items: int) -> Table:
    """The table of rows i, j, val that are in its order."""
    ptr = np.zeros(items + 1, np.int64)
    np.cumsum(np.bincount(found["i"], minlength=items), out=ptr[1:])
    return Table(ptr, found["j"].astype(np.int32), found["val"].astype(np.float32))

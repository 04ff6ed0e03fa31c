"""The counting in SQL: the same tables as with numpy, to the last item.

The queries are the files in ``queries``: each is a SELECT in words that DuckDB, PostgreSQL and
Spark SQL all know and take the same way. Whatever each of them would do in its own way is done
here: the order of texts, powers, and how weights are rounded.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..scoring import Parameters
from . import weights
from .again import weighed
from .baskets import LARGEST
from .engine import Engine, arrange, number, numbers, query
from .events import ADDED, BOUGHT, DAY, VIEWED, Events
from .part import Say
from .popularity import UNTIMED_DAYS, WEIGHTS, Popularity, decays, ranked
from .table import Table, empty
from .together import KEEP

#: What each table leads from, and to.
TABLES = {"viewed-viewed": (VIEWED, VIEWED), "viewed-bought": (VIEWED, BOUGHT)}


class Counting:
    """The counting of the ``raw`` of an engine: made once, it has put its rows into sessions.

    ``items`` are those of the log, and ``also`` (keys) whether the log knows them or not.
    ``rows`` is how many there were; ``rejected`` says why some of them are left out. ``oldest`` and
    ``newest`` are moments.
    """

    def __init__(self, engine: Engine, also: Iterable[str] = ()) -> None:
        self.engine = engine
        self._made: tuple[Parameters, int, int] | None = None
        self.rows, self.timed, self.rejected = arrange(engine)
        self.items = number(engine, also)
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
        self._clicks(parameters, source, target)
        ahead, back = weights.distances(
            parameters.farthest, parameters.distance_decay, parameters.backward
        )
        self.engine.load(
            "steps",
            {
                "step": numbers(len(ahead)),
                "ahead": np.array(ahead, np.int64),
                "back": np.array(back, np.int64),
            },
        )
        counts = self.items.counts
        sources = self.looked_at() if source == VIEWED else counts[source]
        targets = sources if source == target else counts[target]
        scale_from = weights.scales(sources, parameters.power_of) / weights.UNIT**2
        self.engine.load(
            "scales",
            {
                "number": numbers(len(self.items.keys)),
                "scale_from": scale_from,
                "scale_to": weights.scales(targets, parameters.power_to),
            },
        )
        return query(
            "table",
            source=source,
            target=target,
            farthest=parameters.farthest,
            keep=parameters.keep,
        )

    def _clicks(self, parameters: Parameters, source: int, target: int) -> None:
        """Make ``clicks`` of these verbs, unless it is there."""
        if self._made == (parameters, source, target):
            return
        verb, dating = "verb", "1 = 1"
        if source == target == VIEWED:
            if self.items.counts[VIEWED].any():
                dating = f"verb = {VIEWED}"
            else:
                verb = str(VIEWED)  # a till's log: whatever was done counts as that
        recency = np.array(weights.recencies(parameters.recency), np.int64)
        self.engine.load(
            "recency", {"bucket": numbers(len(recency)), "weight": recency}
        )
        clicks = query(
            "clicks",
            source=source,
            target=target,
            verb=verb,
            dating=dating,
            farthest=parameters.farthest,
            buckets=weights.BUCKETS,
        )
        self.engine.make("clicks", clicks)
        self._made = (parameters, source, target)

    def cosine(self, keep: int = KEEP) -> Table:
        """What is bought together, as together.cosine."""
        if not self.items.counts.any():
            return empty(len(self.items.keys))
        found = self.engine.fetch(
            f"SELECT i, j, val FROM ({self.bought(keep)}) AS best ORDER BY i, nth"
        )
        return table_of_rows(found, len(self.items.keys))

    def bought(self, keep: int = KEEP) -> str:
        """The query for that table, as :meth:`selection` gives one."""
        engine, chosen = self.engine, f"verb = {BOUGHT} OR basket <> ''"
        by_day = "visitor <> ''" if self.timed else "1 = 0"
        some = engine.fetch(f"SELECT COUNT(*) AS number FROM visits WHERE {chosen}")
        if not int(some["number"][0]):  # then what was put into carts, by session
            chosen, by_day = f"verb = {ADDED}", "1 = 0"
        engine.make("baskets", query("baskets", chosen=chosen, by_day=by_day))
        engine.make("goods", query("goods", largest=LARGEST))
        found = engine.fetch(
            "SELECT number, COUNT(*) AS baskets FROM goods GROUP BY number"
        )
        counts = np.zeros(len(self.items.keys), np.int64)
        counts[found["number"]] = found["baskets"]
        engine.load(
            "shares",
            {"number": numbers(len(counts)), "scale": weights.scales(counts, 0.5)},
        )
        return query("cosine", keep=keep)

    def again(self, parameters: Parameters) -> NDArray[np.float32]:
        """As again.again."""
        sums = np.zeros(len(self.items.keys), np.int64)
        if self.items.counts.any():
            self._clicks(parameters, VIEWED, VIEWED)
            found = self.engine.fetch(query("again"))
            sums[found["i"]] = found["weight"]
        return weighed(sums, self.looked_at(), parameters)

    def looked_at(self) -> NDArray[np.int64]:
        """How often each item was viewed, or whatever else where nothing was."""
        counts = self.items.counts
        viewed: NDArray[np.int64] = counts[VIEWED]
        return viewed if viewed.any() else counts.sum(axis=0)

    def events(self, most: int) -> Events:
        """The newest sessions with ``most`` events in all, or a few more."""
        found = self.engine.fetch(query("newest", most=most))
        closing, kept = found["closing"], len(found["closing"])
        begins = np.ones(kept, np.bool_)
        begins[1:] = np.diff(closing) != 0
        return Events(
            _dense(found["visitor"]),
            (np.cumsum(begins) - 1).astype(np.int32),
            found["item"].astype(np.int32),
            found["verb"].astype(np.int8),
            found["moment"].astype(np.float64),
            _dense(found["basket"]),
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


def _dense(first: NDArray[np.int64]) -> NDArray[np.int32]:
    """Numbers from 0 in the same order; -1 stays."""
    _, which = np.unique(np.append(first, -1), return_inverse=True)
    return (which[:-1] - 1).astype(np.int32)


def table_of_rows(found: Mapping[str, NDArray[Any]], items: int) -> Table:
    """The table of rows i, j, val that are in its order."""
    ptr = np.zeros(items + 1, np.int64)
    np.cumsum(np.bincount(found["i"], minlength=items), out=ptr[1:])
    return Table(ptr, found["j"].astype(np.int32), found["val"].astype(np.float32))

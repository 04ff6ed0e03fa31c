"""What was counted before, by Spark: Parquet files that a model is made of."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from ..scoring import Parameters
from . import weights
from .engine import Columns
from .events import VIEWED, Events
from .lines import Unreadable
from .part import Say
from .popularity import WEIGHTS, Popularity, ranked
from .sql import TABLES, Counting, table_of_rows
from .table import Table

#: What says how pairs were counted: that cannot be chosen any more.
_COUNTED = (
    "farthest",
    "distance_decay",
    "backward",
    "recency",
    "power_of",
    "power_to",
    "keep",
)
NOTHING: Counter[str] = Counter()


class _About(msgspec.Struct):
    parameters: Parameters
    timed: bool
    until: float
    counts: dict[str, Any]


def items_of(counting: Counting, parameters: Parameters) -> Columns:
    """What is written of each item."""
    viewed, added, bought = counting.items.counts
    return {
        "key": counting.items.keys,
        "viewed": viewed,
        "added": added,
        "bought": bought,
        "again": counting.again(parameters),
        "trending": counting.trending().scores,
    }


def about(
    counting: Counting,
    parameters: Parameters,
    until: float | None = None,
    rejected: Counter[str] = NOTHING,
) -> Columns:
    """What is written of the log, and how it was counted; ``rejected`` was left out before."""
    left_out = rejected + counting.rejected
    counts: dict[str, Any] = {
        **counting.counts(),
        "lines": counting.rows + rejected.total(),
        "rejected": dict(left_out.most_common()),
    }
    end = counting.newest if until is None else until
    told = _About(parameters, counting.timed, end, counts)
    return {"about": [msgspec.json.encode(told).decode()]}


class Tables:
    """The tables below ``folder``, in the place of a counting, among ``also`` (keys), too.

    Raises :class:`.lines.Unreadable` if they are not there, or not whole.
    """

    def __init__(self, folder: Path, also: Iterable[str] = ()) -> None:
        self._folder = folder
        about = str(self._read("about", "about", "about")["about"][0])
        try:
            self.about = msgspec.json.decode(about, type=_About)
        except msgspec.MsgspecError as error:
            raise Unreadable(
                f"{folder}/about is not what was written: {error}"
            ) from error
        found = self._read(
            "items", "key, viewed, added, bought, again, trending", "key"
        )
        there: list[str] = found["key"].tolist()
        #: Sorted by their UTF-8 bytes, as all items are.
        self.keys = sorted({*there, *also})
        places = {key: number for number, key in enumerate(self.keys)}
        numbers = sorted(places[key] for key in there)
        self._numbers = np.array(numbers, np.int32)
        order = np.argsort([places[key] for key in there])
        self._sums = np.array([found[name] for name in ("viewed", "added", "bought")])
        self._sums = self._sums[:, order].astype(np.int64)
        self._again: NDArray[np.float32] = found["again"][order]
        self._trending: NDArray[np.float32] = found["trending"][order].astype(
            np.float32
        )

    @property
    def until(self) -> float | None:
        """When the log ends, in seconds, if it has times."""
        return self.about.until if self.about.timed else None

    def events(self) -> Events:
        """None: they were counted elsewhere."""
        no = np.zeros(0, np.int32)
        return Events(
            no, no, no, no.astype(np.int8), no.astype(np.float64), no, self.keys,
            self.about.timed, self.about.counts["lines"], Counter(self.about.counts["rejected"]),
        )  # fmt: skip

    def settled(self, tuned: Parameters) -> Parameters:
        """What was tuned, as far as it can still be chosen."""
        counted = {name: getattr(self.about.parameters, name) for name in _COUNTED}
        return replace(tuned, **counted)

    def table(
        self, parameters: Parameters, source: int, target: int, say: Say | None = None
    ) -> Table:
        """The table from ``source`` (a verb) to ``target``."""
        names = {verbs: name for name, verbs in TABLES.items()}
        return self._table(names[source, target])

    def cosine(self) -> Table:
        """What is bought together, counted without a regression."""
        return self._table("together")

    def _table(self, name: str) -> Table:
        found = self._read(name, "i, j, val", "i, nth")
        for column in ("i", "j"):
            found[column] = self._numbers[found[column]]
        return table_of_rows(found, len(self.keys))

    def again(self, parameters: Parameters) -> NDArray[np.float32]:
        """How much each item is looked at a second time."""
        return self._among(self._again).astype(np.float32)

    def looked_at(self) -> NDArray[np.int64]:
        """How often each item was viewed, or whatever else where nothing was."""
        viewed: NDArray[np.int64] = self._sums[VIEWED]
        counts = viewed if viewed.any() else self._sums.sum(axis=0)
        return self._among(counts).astype(np.int64)

    def popular(self) -> Popularity:
        each = np.array([WEIGHTS[verb] for verb in sorted(WEIGHTS)], np.int64)
        return ranked(self._among(each @ self._sums * weights.UNIT))

    def trending(self) -> Popularity:
        # Back to whole numbers, by a power of two: it is exact.
        return ranked(self._among(self._trending.astype(np.float64) * weights.UNIT))

    def _among(self, values: NDArray[Any]) -> NDArray[np.float64]:
        all_of_them = np.zeros(len(self.keys))
        all_of_them[self._numbers] = values
        return all_of_them

    def counts(self) -> dict[str, Any]:
        return self.about.counts

    def _read(self, name: str, columns: str, order: str) -> dict[str, NDArray[Any]]:
        files = str(self._folder / name / "*.parquet").replace("'", "''")
        try:
            with duckdb.connect() as connection:
                return dict(
                    connection.execute(
                        f"SELECT {columns} FROM read_parquet('{files}') ORDER BY {order}"
                    ).fetchnumpy()
                )
        except duckdb.Error as error:
            raise Unreadable(
                f"{self._folder} holds no counted tables: {name} cannot be read ({error})"
            ) from error

"""DuckDB as the engine that counts: in this process, and on disk what does not fit into memory."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
from numpy.typing import NDArray

from ..model import kind_and_id
from .elsewhere import NEWEST, Elsewhere
from .engine import Columns
from .sessions import Columns as Sound
from .values import Numbers

#: So many things one line tells of at most.
A_LINE = 1 << 20
_RAW = """
CREATE OR REPLACE TABLE raw (
    visitor VARCHAR, session VARCHAR, named INTEGER, basket VARCHAR, article INTEGER,
    product VARCHAR, verb INTEGER, timed INTEGER, moment DOUBLE, line BIGINT,
    place BIGINT
)
"""


class Duck:
    """An :class:`~.engine.Engine`. ``memory`` is as DuckDB says it: ``4GB``; what is more than that
    goes to files in ``folder``, which are gone when it is closed."""

    def __init__(self, folder: Path, memory: str = "", threads: int = 0) -> None:
        config: dict[str, Any] = {"preserve_insertion_order": False}
        if memory:
            config["memory_limit"] = memory
        if threads:
            config["threads"] = threads
        self._connection = duckdb.connect(
            str(folder / "counting.duckdb"), config=config
        )

    def make(self, name: str, select: str) -> None:
        self._connection.execute(f"CREATE OR REPLACE TABLE {name} AS {select}")

    def load(self, name: str, columns: Columns) -> None:
        self._given(columns)
        self.make(name, "SELECT * FROM given")
        self._connection.unregister("given")

    def add(self, columns: Columns) -> None:
        """More rows of ``raw``."""
        self._given(columns)
        self._connection.execute("INSERT INTO raw BY NAME SELECT * FROM given")
        self._connection.unregister("given")

    def _given(self, columns: Columns) -> None:
        given = {
            key: column if isinstance(column, np.ndarray) else np.array(column, object)
            for key, column in columns.items()
        }
        self._connection.register("given", given)

    def fetch(self, select: str) -> dict[str, NDArray[Any]]:
        return dict(self._connection.execute(select).fetchnumpy())

    def execute(self, statement: str) -> None:
        self._connection.execute(statement)

    def close(self) -> None:
        self._connection.close()


class _Last(NamedTuple):
    """The line that came last, and how many rows of it did."""

    line: int
    rows: int


class DuckGathering(Elsewhere):
    """Keeps in DuckDB's ``raw`` what is sound; of the ids, no more than those of a batch are in
    memory."""

    def __init__(
        self,
        duck: Duck,
        until: float | None,
        now: float,
        also: Sequence[str] = (),
        most: int = NEWEST,
    ) -> None:
        super().__init__(duck, until, now, also, most)
        self.duck = duck
        self._last = _Last(-1, 0)
        duck.execute(_RAW)

    def take(self, columns: Sound) -> None:
        kinds = [kind_and_id(key) for key in self.items.texts]
        articles = np.array([kind == "article" for kind, _ in kinds], np.int32)
        timed = ~np.isnan(columns.time)
        self.duck.add(
            {
                "visitor": _texts(self.visitors.texts, columns.visitor),
                "session": _texts(self.sessions.texts, columns.session),
                "named": (columns.session >= 0).astype(np.int32),
                "basket": _texts(self.orders.texts, columns.order),
                "article": articles[columns.item],
                "product": _texts([id for _, id in kinds], columns.item),
                "verb": columns.verb.astype(np.int32),
                "timed": timed.astype(np.int32),
                "moment": np.where(timed, columns.time, 0.0),
                "line": columns.place,
                "place": self._places(columns.place),
            }
        )
        self.visitors, self.sessions = Numbers(), Numbers()
        self.items, self.orders = Numbers(), Numbers()

    def _places(self, lines: NDArray[np.int64]) -> NDArray[np.int64]:
        """A place of its own for each row, also where a line tells of several things."""
        if not len(lines):
            return lines
        row = np.arange(len(lines))
        begins = np.diff(lines, prepend=self._last.line) != 0
        first = np.maximum.accumulate(np.where(begins, row, 0))
        within = row - first
        if not begins[0]:
            within[: len(row) if begins.sum() == 0 else begins.argmax()] += (
                self._last.rows
            )
        self._last = _Last(int(lines[-1]), int(within[-1]) + 1)
        return lines * A_LINE + within


def _texts(texts: list[str], numbers: NDArray[np.int32]) -> NDArray[np.object_]:
    """The texts of these numbers; of -1, the last one, an empty one."""
    return np.array([*texts, ""], object)[numbers]

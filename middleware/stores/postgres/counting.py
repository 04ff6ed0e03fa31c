"""The shop's PostgreSQL as the engine that counts what goes with what."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....fragments.recommendations.training.engine import Columns
from .address import address_of
from .happened import happened
from .history import check
from .looking import Looking

STEP = 20_000  # rows that are fetched at once
_TYPES = {"i": "integer", "q": "bigint", "l": "bigint", "d": "double precision"}
_DTYPES: Mapping[str, Any] = {
    "int4": np.int32,
    "int8": np.int64,
    "float4": np.float32,
    "float8": np.float64,
}


class PostgresCounting:
    """An :class:`~shopwindow.fragments.recommendations.training.engine.Engine` in the database at
    ``url``. All that it makes are temporary tables, in one transaction that is never committed:
    nobody else sees them, and nothing stays.

    Raises :class:`~shopwindow.middleware.stores.StoreError` if the server cannot be reached, or
    refuses.
    """

    def __init__(self, url: str) -> None:
        self._looking = Looking(address_of(url))
        self._begun = False

    def read(self, since: float, until: float) -> int:
        """Make ``raw`` of the shop's log, between two moments; how many things had an id that
        cannot be one. Raises :class:`StoreError` for a database without our tables."""
        if not self._begun:
            check(self._looking)
        self.make("happened", happened(since, until))
        self.make("raw", "SELECT * FROM happened WHERE sound")
        unsound = self.fetch("SELECT count(*) AS number FROM happened WHERE NOT sound")
        return int(unsound["number"][0])

    def make(self, name: str, select: str) -> None:
        self._execute(
            f"DROP TABLE IF EXISTS pg_temp.{name}",
            f"CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS {self._looking.sql(select)}",
            f"ANALYZE pg_temp.{name}",
        )

    def load(self, name: str, columns: Columns) -> None:
        kinds = {
            key: _TYPES[column.dtype.char] if isinstance(column, np.ndarray) else "text"
            for key, column in columns.items()
        }
        listed = ", ".join(f"{key} {kind}" for key, kind in kinds.items())
        self._execute(
            f"DROP TABLE IF EXISTS pg_temp.{name}",
            f"CREATE TEMPORARY TABLE {name} ({listed}) ON COMMIT DROP",
        )
        plain = (
            column.tolist() if isinstance(column, np.ndarray) else column
            for column in columns.values()
        )
        self._looking.do(
            self._looking.connection.copy_records_to_table(
                name, records=zip(*plain, strict=True), columns=list(kinds)
            )
        )
        self._execute(f"ANALYZE pg_temp.{name}")

    def fetch(self, select: str) -> dict[str, NDArray[Any]]:
        found: dict[str, NDArray[Any]] = self._looking.do(self._fetch(select))
        return found

    async def _fetch(self, select: str) -> dict[str, NDArray[Any]]:
        statement = await self._looking.connection.prepare(select)
        columns = statement.get_attributes()
        types = [_DTYPES.get(column.type.name, object) for column in columns]
        parts: list[list[NDArray[Any]]] = [[np.zeros(0, dtype)] for dtype in types]
        rows: list[Any] = []

        def pack() -> None:
            values = zip(*rows, strict=True)
            for part, some, dtype in zip(parts, values, types, strict=False):
                part.append(np.array(some, dtype))
            rows.clear()

        # To the end: a cursor that is left before would hold the tables.
        async for row in statement.cursor(prefetch=STEP):
            rows.append(row)
            if len(rows) == STEP:
                pack()
        pack()
        return {
            column.name: np.concatenate(part)
            for column, part in zip(columns, parts, strict=True)
        }

    def _execute(self, *statements: str) -> None:
        if not self._begun:
            statements = ("BEGIN ISOLATION LEVEL REPEATABLE READ", *statements)
            self._begun = True
        for statement in statements:
            self._looking.do(self._looking.connection.execute(statement))

    def close(self) -> None:
        """Nothing of it stays."""
        self._looking.close()

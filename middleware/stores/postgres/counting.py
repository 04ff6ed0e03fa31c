"""The shop's PostgreSQL as the engine that counts what goes with what."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....fragments.recommendations.training.sql import Columns
from .address import address_of
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
    """An :class:`~shopwindow.fragments.recommendations.training.sql.Engine` in the database at
    ``url``. All that it makes are temporary tables, in one transaction that is never committed:
    nothing of it is seen by others, and nothing stays.

    Raises :class:`~shopwindow.middleware.stores.StoreError` if the server cannot be reached, or
    refuses.
    """

    def __init__(self, url: str) -> None:
        self._looking = Looking(address_of(url))
        self._do(self._looking.connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ"))

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
        self._do(
            self._looking.connection.copy_records_to_table(
                name, records=zip(*plain, strict=True), columns=list(kinds)
            )
        )
        self._execute(f"ANALYZE pg_temp.{name}")

    def fetch(self, select: str) -> dict[str, NDArray[Any]]:
        return self._do(self._fetch(select))

    async def _fetch(self, select: str) -> Mapping[str, NDArray[Any]]:
        statement = await self._looking.connection.prepare(select)
        names = [one.name for one in statement.get_attributes()]
        types = [_DTYPES.get(one.type.name, object) for one in statement.get_attributes()]
        parts: list[list[NDArray[Any]]] = [[] for _ in names]
        some: list[Any] = []

        def pack() -> None:
            for part, values, dtype in zip(parts, zip(*some, strict=True), types, strict=True):
                part.append(np.array(values, dtype))
            some.clear()

        # It reads to the end: a cursor that is left before would hold the tables.
        async for row in statement.cursor(prefetch=STEP):
            some.append(row)
            if len(some) == STEP:
                pack()
        if some:
            pack()
        return {
            name: np.concatenate(part) if part else np.zeros(0, dtype)
            for name, part, dtype in zip(names, parts, types, strict=True)
        }

    def _execute(self, *statements: str) -> None:
        for statement in statements:
            self._do(self._looking.connection.execute(statement))

    def _do(self, work: Any) -> Any:
        return self._looking.do(work)

    def close(self) -> None:
        self._looking.close()

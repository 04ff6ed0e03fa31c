"""DuckDB as the engine that counts: in this process, and on disk what does not fit into memory."""

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from .sql import Columns


class Duck:
    """An :class:`~.sql.Engine`. ``memory`` is as DuckDB says it: ``4GB``; what is more than that
    goes to files in ``folder``, which are gone when it is closed."""

    def __init__(self, folder: Path, memory: str = "", threads: int = 0) -> None:
        config: dict[str, Any] = {"temp_directory": str(folder), "preserve_insertion_order": False}
        if memory:
            config["memory_limit"] = memory
        if threads:
            config["threads"] = threads
        self.connection = duckdb.connect(config=config)

    def make(self, name: str, select: str) -> None:
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {select}")

    def load(self, name: str, columns: Columns) -> None:
        given = {
            key: np.array(column, dtype=object) if isinstance(column, list) else column
            for key, column in columns.items()
        }
        self.connection.register("given", given)
        self.make(name, "SELECT * FROM given")
        self.connection.unregister("given")

    def fetch(self, select: str) -> dict[str, NDArray[Any]]:
        return dict(self.connection.execute(select).fetchnumpy())

    def close(self) -> None:
        self.connection.close()

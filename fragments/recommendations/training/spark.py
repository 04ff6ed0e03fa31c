"""Spark as the engine that counts, for logs that do not fit one machine.

Only SQL goes to the cluster: its workers need no Python of ours, and its driver this package with
the extra ``train``.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame, SparkSession

from .sql import Columns


class Spark:
    """An :class:`~.sql.Engine` in the session of the caller, who has made the view ``log``."""

    def __init__(self, session: SparkSession) -> None:
        self.session = session
        self._kept: dict[str, DataFrame] = {}

    def make(self, name: str, select: str) -> None:
        self._keep(name, self.session.sql(select))

    def load(self, name: str, columns: Columns) -> None:
        given = pa.table({key: pa.array(column) for key, column in columns.items()})
        self._keep(name, self.session.createDataFrame(given))

    def _keep(self, name: str, frame: DataFrame) -> None:
        """Views are worked out anew by each query that reads them, unless they are kept."""
        before = self._kept.pop(name, None)
        if before is not None:
            before.unpersist()
        self._kept[name] = frame.persist()
        frame.createOrReplaceTempView(name)

    def fetch(self, select: str) -> dict[str, NDArray[Any]]:
        found = self.session.sql(select).toArrow()
        return {
            name: np.asarray(found[name].to_numpy(zero_copy_only=False))
            for name in found.column_names
        }

    def close(self) -> None:
        """Give back what was kept; the session stays the caller's."""
        for name, frame in self._kept.items():
            frame.unpersist()
            self.session.catalog.dropTempView(name)
        self._kept.clear()

"""Spark as the engine that counts, for logs that do not fit one machine.

    python -m shopwindow.fragments.recommendations.training.spark LOG TABLES

reads the Parquet files at LOG, and writes Parquet files below TABLES, of which
``shopwindow train --tables TABLES --out DIR`` makes a model. Both may be anywhere that Spark
reads and writes: a path, ``hdfs://...``, ``s3a://...``. Only SQL goes to the cluster: its workers
need no Python of ours, and its driver this package with the extra ``train``, and pyarrow.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame, SparkSession

from ..scoring import Parameters
from . import sql, tables
from .engine import Columns
from .gathering import BAD_EVENT, BAD_ID, BAD_TIME, NO_PRODUCT, NO_VISITOR
from .sql import Counting
from .values import EARLIEST, FINER, LATEST, LONGEST, Verbs, moment_of

_TEXTS = ("visitor", "session", "product", "order")
_RAW = """
SELECT
    visitor, session, CASE WHEN session <> '' THEN 1 ELSE 0 END AS named, basket, article,
    product, verb, timed, moment, place AS line, place
FROM told WHERE why = ''
"""


class Spark:
    """An :class:`~.engine.Engine` in the session of the caller."""

    def __init__(self, session: SparkSession) -> None:
        self.session = session
        self._kept: dict[str, DataFrame] = {}

    def make(self, name: str, select: str) -> None:
        self.keep(name, self.session.sql(select))

    def load(self, name: str, columns: Columns) -> None:
        self.keep(name, self.frame(columns))

    def frame(self, columns: Columns) -> DataFrame:
        """These columns as Spark has them."""
        given = {key: pa.array(column) for key, column in columns.items()}
        return self.session.createDataFrame(pa.table(given))

    def keep(self, name: str, frame: DataFrame) -> None:
        """Make a view that is worked out once, not anew by each query that reads it."""
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


def read(engine: Spark, log: DataFrame, until: float | None = None) -> Counter[str]:
    """Make ``raw`` of a log with the columns ``visitor, session, event, product, time, order``, as
    files have them, and ``place``, which orders what happened at the same time. Why some rows are
    left out, and how many.

    ``session``, ``order`` and one of ``time`` and ``place`` may be missing. ``time`` is a
    timestamp or a number. Raises ValueError for other columns.
    """
    names = {name.lower(): name for name in log.columns}
    kinds = dict(log.dtypes)
    if "product" not in names or not {"visitor", "session"} & set(names):
        raise ValueError(
            f"visitor or session, and product are needed; not {log.columns}"
        )
    texts = ", ".join(
        f"trim(coalesce(cast(`{names[name]}` AS string), '')) AS `{name}`"
        if name in names
        else f"'' AS `{name}`"
        for name in (*_TEXTS, "event")
    )
    moment = "cast(NULL AS double)"
    if "time" in names:
        moment = _moment(f"`{names['time']}`", kinds[names["time"]])
    elif "place" not in names:
        raise ValueError("without times a column place says what came first")
    place = f"cast(`{names['place']}` AS bigint)" if "place" in names else "rows"
    log.createOrReplaceTempView("given")
    numbered = "SELECT *, monotonically_increasing_id() AS rows FROM given"
    engine.make(
        "texts",
        f"SELECT {texts}, {moment} AS moment, {place} AS place FROM ({numbered})",
    )
    said = engine.fetch("SELECT DISTINCT event FROM texts")["event"].tolist()
    verbs = Verbs()
    numbers = verbs.of(said).astype(np.int32)
    articles = np.array([name in verbs.of_articles for name in said], np.int32)
    engine.load("verbs", {"event": said, "verb": numbers, "article": articles})
    later = "" if until is None else f"WHERE moment IS NULL OR moment < {until!r}"
    engine.make("told", _told(later))
    engine.make("raw", _RAW)
    found = engine.fetch("SELECT why, count(*) AS number FROM told GROUP BY why")
    counts = dict(zip(found["why"].tolist(), found["number"].tolist(), strict=True))
    return Counter({why: number for why, number in counts.items() if why})


def _moment(column: str, kind: str) -> str:
    """A column in seconds."""
    if kind.startswith("timestamp"):
        return f"unix_micros(cast({column} AS timestamp)) / 1000000D"
    if kind in ("string", "binary", "boolean", "date"):
        raise ValueError(
            f"the time is a {kind}: make it a timestamp or a number of seconds"
        )
    number = f"cast({column} AS double)"
    cases = " ".join(
        f"WHEN {number} >= {above!r} THEN {number} / {unit!r}" for above, unit in FINER
    )
    return f"CASE {cases} ELSE {number} END"


def _told(later: str) -> str:
    long = " OR ".join(
        f"length({name}) > {LONGEST}" for name in ("product", "visitor", "session")
    )
    zero = " OR ".join(
        f"contains({name}, '\\0')" for name in ("product", "visitor", "session")
    )
    return f"""
        SELECT
            visitor, session, article, product,
            CASE WHEN length(`order`) > {LONGEST} OR contains(`order`, '\\0') THEN ''
                ELSE `order` END AS basket,
            CASE WHEN verb = -1 AND `order` <> '' THEN 2 WHEN verb = -1 THEN 0 ELSE verb END AS verb,
            CASE WHEN moment IS NULL OR isnan(moment) THEN 0 ELSE 1 END AS timed,
            CASE WHEN moment IS NULL OR isnan(moment) THEN 0D ELSE moment END AS moment, place,
            CASE
                WHEN product = '' THEN '{NO_PRODUCT}'
                WHEN {long} OR {zero} THEN '{BAD_ID}'
                WHEN visitor = '' AND session = '' THEN '{NO_VISITOR}'
                WHEN verb = -2 THEN '{BAD_EVENT}'
                WHEN NOT isnan(moment) AND (moment < {EARLIEST}D OR moment >= {LATEST}D)
                    THEN '{BAD_TIME}'
                ELSE ''
            END AS why
        FROM texts JOIN verbs USING (event) {later}
    """


def write(
    session: SparkSession,
    log: DataFrame,
    out: str,
    parameters: Parameters | None = None,
    until: float | None = None,
) -> None:
    """Count a log, as :func:`read` takes it, and write all that is counted below ``out``; what is
    there is written anew. Raises ValueError for a log without events."""
    parameters = parameters or Parameters()
    engine = Spark(session)
    try:
        rejected = read(engine, log, until)
        counting = Counting(engine)
        if not counting.items.keys:
            raise ValueError(
                f"nothing in the log can be learned from: {dict(rejected)}"
            )
        for name, (source, target) in sql.TABLES.items():
            chosen = session.sql(counting.selection(parameters, source, target))
            chosen.write.mode("overwrite").parquet(f"{out}/{name}")
        together = session.sql(counting.bought())
        together.write.mode("overwrite").parquet(f"{out}/together")
        for name, columns in (
            ("items", tables.items_of(counting, parameters)),
            ("about", tables.about(counting, parameters, until, rejected)),
        ):
            frame = engine.frame(columns).coalesce(1)
            frame.write.mode("overwrite").parquet(f"{out}/{name}")
    finally:
        engine.close()


def main(arguments: Sequence[str] | None = None) -> None:
    """The command: ``LOG TABLES [--until TIME]``."""
    parser = argparse.ArgumentParser(description="Count a log of events with Spark.")
    parser.add_argument(
        "log", help="Parquet: visitor, session, event, product, time, order, place"
    )
    parser.add_argument(
        "tables", help="where shopwindow train --tables finds the result"
    )
    parser.add_argument(
        "--until", help="only events before: 2026-11-20T08:00+01:00, or seconds"
    )
    asked = parser.parse_args(arguments)
    until = None if asked.until is None else moment_of(asked.until)
    if asked.until is not None and until is None:
        parser.error(
            "--until is written like 2026-11-20T08:00+01:00, or in seconds since 1970"
        )
    session = SparkSession.builder.appName("shopwindow").getOrCreate()
    try:
        write(session, session.read.parquet(asked.log), asked.tables, until=until)
    except ValueError as error:
        parser.error(str(error))
    finally:
        session.stop()


if __name__ == "__main__":
    main()

"""Spark counts what numpy counts, to the last item; by `make spark`, with Spark in this process.

Not among the tests of `make test`: Spark takes 450 MB, a Java, and most of a minute to begin.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from pyspark.sql import SparkSession

from shopwindow.fragments.recommendations.training import reading, spark, sql
from shopwindow.fragments.recommendations.training.here import Here
from tests.commands import run
from tests.fragments import eventlogs
from tests.fragments.sqlcounted import copy, in_duckdb, same
from tests.servers import absent

SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "3",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}


@pytest.fixture(scope="module")
def session() -> Iterator[SparkSession]:
    if shutil.which("java") is None:
        absent("Java", "apt-get install openjdk-17-jre-headless")
    builder = SparkSession.builder.master("local[2]")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    made = builder.getOrCreate()
    yield made
    made.stop()


@pytest.mark.parametrize(
    ("timed", "named"), ((True, False), (False, True)), ids=("timed", "untimed")
)
def test_spark_counts_what_numpy_counts(
    timed: bool, named: bool, tmp_path: Path, session: SparkSession
) -> None:
    path = eventlogs.written(tmp_path, timed, named)
    events = reading.read(path).events
    engine = spark.Spark(session)
    with in_duckdb(path, tmp_path) as gathering:
        copy(gathering.duck, engine)
    found = sql.Counting(engine)
    assert found.items.keys == events.keys
    same(Here(events), found)
    engine.close()


def parquet(lines: Path, folder: Path) -> Path:
    """The same log as Parquet files; times are timestamps. Lines that are no JSON are left out."""
    rows = []
    for place, line in enumerate(lines.read_text("utf-8").split("\n"), 1):
        if line.startswith('{"'):
            row = json.loads(line) | {"place": place}
            row["visitor"] = str(row.get("visitor", ""))
            row["time"] = row["time"] * 1_000_000 if "time" in row else None
            rows.append(row)
    table = pa.table(
        {
            name: pa.array(
                [row.get(name) for row in rows],
                {"time": pa.timestamp("us", "UTC"), "place": pa.int64()}.get(
                    name, pa.string()
                ),
            )
            for name in (
                "visitor",
                "session",
                "event",
                "product",
                "time",
                "order",
                "place",
            )
        }
    )
    folder.mkdir()
    for part in range(3):
        pyarrow.parquet.write_table(
            table.slice(part * 1_000, 1_000 if part < 2 else None),
            folder / f"{part}.parquet",
        )
    return folder


def test_what_spark_wrote_becomes_the_same_model(
    tmp_path: Path, session: SparkSession
) -> None:
    path = eventlogs.written(tmp_path, timed=True, named=True)
    log = parquet(path, tmp_path / "log")
    tables = tmp_path / "tables"
    spark.write(session, session.read.parquet(str(log)), str(tables))
    run("train", "--events", path, "--out", tmp_path / "here")
    run("train", "--tables", tables, "--events", path, "--out", tmp_path / "there")
    (here,), (there,) = ((tmp_path / one).glob("model-*") for one in ("here", "there"))
    ours, theirs = (
        json.loads((one / "meta.json").read_text()) for one in (here, there)
    )
    for name in ("until", "parameters", "files"):
        assert ours[name] == theirs[name]
    # A line that is no JSON is in no Parquet.
    assert ours["counts"].pop("lines") == theirs["counts"].pop("lines") + 1
    assert ours["counts"].pop("rejected") != theirs["counts"].pop("rejected")
    assert ours["counts"] == theirs["counts"]


def test_a_log_that_is_none_is_refused_with_words(
    tmp_path: Path, session: SparkSession
) -> None:
    engine = spark.Spark(session)
    for columns, words in (
        ("'a' AS visitor, 'view' AS event", "product"),
        ("'a' AS visitor, 'x' AS product, 'view' AS event", "place"),
        ("'a' AS visitor, 'x' AS product, '2026-11-20' AS time", "timestamp"),
    ):
        with pytest.raises(ValueError, match=words):
            spark.read(engine, session.sql(f"SELECT {columns}"))

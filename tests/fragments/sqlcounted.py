"""Logs that are counted by an engine that runs SQL, and what has to come of it."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from shopwindow.fragments.recommendations.scoring import Parameters
from shopwindow.fragments.recommendations.training import reading, sql
from shopwindow.fragments.recommendations.training.duck import Duck, DuckGathering
from shopwindow.fragments.recommendations.training.engine import Engine
from shopwindow.fragments.recommendations.training.here import Here

PARAMETERS = Parameters(keep=7, farthest=5)


@contextmanager
def in_duckdb(path: Path, folder: Path, **options: Any) -> Iterator[DuckGathering]:
    """A file of events in a DuckDB."""
    with closing(Duck(folder, "200MB", threads=2)) as duck:
        gathering = DuckGathering(duck, None, time.time(), **options)
        for batch in reading.batches_of(path, gathering)[1]:
            gathering.add(batch)
        yield gathering


def same(ours: Here, theirs: sql.Counting, least: int = 30) -> None:
    """All that is counted is equal, and the tables have more than so many pairs."""
    for source, target in sql.TABLES.values():
        expected = ours.table(PARAMETERS, source, target)
        found = theirs.table(PARAMETERS, source, target)
        assert expected.ptr[-1] > least
        for left, right in zip(expected, found, strict=True):
            assert np.asarray(left).dtype == np.asarray(right).dtype
            np.testing.assert_array_equal(left, right)
    for left, right in (
        *zip(ours.cosine(5), theirs.cosine(5), strict=True),
        (ours.again(PARAMETERS), theirs.again(PARAMETERS)),
        (ours.looked_at(), theirs.looked_at()),
        *zip(ours.popular(), theirs.popular(), strict=True),
        *zip(ours.trending(), theirs.trending(), strict=True),
    ):
        np.testing.assert_array_equal(left, right)


def copy(duck: Duck, engine: Engine) -> None:
    """What is to be counted, from one engine to another."""
    columns = duck.fetch("SELECT * FROM raw ORDER BY place")
    engine.load(
        "raw",
        {
            name: column.tolist() if column.dtype == object else np.asarray(column)
            for name, column in columns.items()
        },
    )

"""Logs that somebody made to break the training, or that something broke."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shopwindow.fragments.recommendations.training.gathering import BAD_TIME
from shopwindow.fragments.recommendations.training.lines import Unreadable
from shopwindow.fragments.recommendations.training.reading import read
from shopwindow.fragments.recommendations.training.train import train


def test_times_of_no_shop_are_no_times(tmp_path: Path) -> None:
    # Each day of the history is counted: one far back would be more days than there is memory.
    path = tmp_path / "log.jsonl"
    times = [1.78e9 + place for place in range(300)]
    times[::3] = [-1e16 * place for place in range(1, 101)]
    path.write_text(
        "".join(
            json.dumps({"visitor": place % 7, "product": place % 5, "time": time})
            + "\n"
            for place, time in enumerate(times)
        )
    )
    found = read(path)
    assert found.events.rejected == {BAD_TIME: 100}
    assert len(train(found).keys) == 5


def test_a_log_of_such_times_alone_is_none(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"visitor": 1, "product": 2, "time": -1e300}\n' * 3)
    with pytest.raises(Unreadable, match="cannot be read: -1e\\+300"):
        read(path)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("product", [["a"], ["b"]]),
        ("visitor", [{"id": 1}, {"id": 2}]),
        ("event", [["view"], ["view"]]),
        ("order", [[1], [2]]),
        ("time", [[1.0], []]),
        ("time", pa.array([1, 2], pa.time32("s"))),
        ("time", pa.array([1, 2], pa.duration("ns"))),
    ],
)
def test_columns_of_another_kind_are_named(
    tmp_path: Path, name: str, values: Any
) -> None:
    path = tmp_path / "log.parquet"
    columns = {"visitor": ["a", "b"], "product": ["x", "y"], name: values}
    pq.write_table(pa.table(columns), path)
    with pytest.raises(Unreadable, match=f'its column "{name}" is of '):
        read(path)


def test_a_column_that_is_there_twice_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    column = pa.array(["a", "b"])
    names = ["visitor", "product", "visitor"]
    pq.write_table(pa.Table.from_arrays([column] * 3, names=names), path)
    with pytest.raises(Unreadable, match='has the column "visitor" twice'):
        read(path)


def test_a_dictionary_of_texts_is_texts(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    column = pa.array(["a", "b"]).dictionary_encode()
    pq.write_table(pa.table({"visitor": column, "product": column}), path)
    assert read(path).events.keys == ["a", "b"]

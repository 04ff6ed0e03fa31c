"""Counting in SQL gives what counting with numpy gives, to the last item."""

from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shopwindow.fragments.recommendations.model import article_key
from shopwindow.fragments.recommendations.training import reading
from shopwindow.fragments.recommendations.training.duck import Duck, DuckGathering
from shopwindow.fragments.recommendations.training.events import Events
from shopwindow.fragments.recommendations.training.here import Here
from tests.fragments import eventlogs
from tests.fragments.sqlcounted import PARAMETERS, in_duckdb, same


def renamed(numbers: np.ndarray[Any, Any]) -> list[int]:
    """Numbers by when they come first; -1, which is none, stays."""
    names = {-1: -1}
    return [names.setdefault(number, len(names)) for number in numbers.tolist()]


@pytest.mark.parametrize(
    "named", (False, True), ids=("sessions-parted", "sessions-named")
)
@pytest.mark.parametrize("timed", (False, True), ids=("untimed", "timed"))
def test_duckdb_counts_what_numpy_counts(
    timed: bool, named: bool, tmp_path: Path
) -> None:
    path = eventlogs.written(tmp_path, timed, named)
    read = reading.read(path)
    events = read.events
    assert events.timed == timed
    with in_duckdb(path, tmp_path) as gathering:
        found = reading.read_of(gathering, "it", None)
        assert found.examples == read.examples
        assert found.events.rejected == events.rejected
        assert len(events.rejected) >= (5 if timed else 3)
        same(Here(events), gathering.counting)
    for name in ("session", "item", "verb", "time"):
        ours, theirs = getattr(events, name), getattr(found.events, name)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)
    assert found.events.keys == events.keys
    assert found.events.lines == events.lines
    assert renamed(found.events.visitor) == renamed(events.visitor)
    assert renamed(found.events.order) == renamed(events.order)


def test_a_log_of_purchases_alone_counts_them_as_looked_at(tmp_path: Path) -> None:
    path = eventlogs.written(tmp_path, timed=True, named=False, verbs="b")
    lines = path.read_text("utf-8").split("\n")
    path.write_text("\n".join(line for line in lines if '"buy"' in line), "utf-8")
    events = reading.read(path).events
    with in_duckdb(path, tmp_path) as gathering:
        gathering.finish()
        assert len(gathering.counting.table(PARAMETERS).idx) > 100
        same(Here(events), gathering.counting, least=-1)


def test_items_that_nothing_was_done_with_get_their_numbers_too(tmp_path: Path) -> None:
    path = eventlogs.written(tmp_path, timed=True, named=False)
    also = ["a new one", article_key("guide"), "17é"]
    with in_duckdb(path, tmp_path, also=also) as gathering:
        events = gathering.finish()
        assert set(also) < set(events.keys)
        assert events.keys == sorted(events.keys, key=str.encode)
        same(Here(events), gathering.counting)


def test_the_newest_sessions_come_whole(tmp_path: Path) -> None:
    path = eventlogs.written(tmp_path, timed=True, named=False)
    whole: Events = reading.read(path).events
    with in_duckdb(path, tmp_path, most=300) as gathering:
        some = gathering.finish()
    assert 300 <= len(some.item) < 400
    np.testing.assert_array_equal(some.item, whole.item[-len(some.item) :])
    np.testing.assert_array_equal(some.time, whole.time[-len(some.time) :])
    assert some.keys == whole.keys


def test_a_log_without_events_has_tables_without_pairs(tmp_path: Path) -> None:
    with closing(Duck(tmp_path)) as duck:
        nothing = DuckGathering(duck, None, 0.0, ["a", "b"])
        events = nothing.finish()
        assert events.keys == ["a", "b"]
        assert not len(events.item)
        assert nothing.counting.table(PARAMETERS).ptr.tolist() == [0, 0, 0]
        assert nothing.counting.trending().scores.tolist() == [0.0, 0.0]

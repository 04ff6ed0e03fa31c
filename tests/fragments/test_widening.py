import numpy as np
import pytest

from shopwindow.fragments.recommendations.scoring import Parameters
from shopwindow.fragments.recommendations.training import widening
from shopwindow.fragments.recommendations.training.again import again
from shopwindow.fragments.recommendations.training.covisitation import table
from shopwindow.fragments.recommendations.training.table import Table
from shopwindow.fragments.recommendations.training.widening import widened

from .clicks import events, walks


def made(*pairs: tuple[int, int, float]) -> Table:
    """Four items; the pairs are in the order of a table."""
    rows, columns, values = zip(*pairs, strict=True)
    ptr = np.searchsorted(rows, np.arange(5))
    return Table(ptr, np.array(columns, np.int32), np.array(values, np.float32))


def row(table: Table, item: int) -> dict[int, float]:
    part = slice(table.ptr[item], table.ptr[item + 1])
    return dict(zip(table.idx[part].tolist(), table.val[part].tolist(), strict=True))


def test_what_goes_with_what_goes_with_it_is_added_in_parts() -> None:
    one = made((0, 1, 2.0), (1, 2, 3.0), (1, 3, 1.0))

    wide = widened(one, 0.5, 50)

    assert row(wide, 0) == pytest.approx({1: 2.0, 2: 0.75, 3: 0.25})
    assert row(wide, 1) == {2: 3.0, 3: 1.0}


def test_nothing_leads_to_itself_by_a_detour() -> None:
    assert row(widened(made((0, 1, 1.0), (1, 0, 1.0)), 0.5, 50), 0) == {1: 1.0}


def test_the_best_stay() -> None:
    pairs = made((0, 1, 2.0), (1, 2, 3.0), (1, 3, 1.0), (1, 0, 0.5))
    wide = widened(pairs, 0.5, 2)

    assert wide.idx[wide.ptr[0] : wide.ptr[1]].tolist() == [1, 2]


def test_without_a_share_it_is_the_same_table() -> None:
    one = made((0, 1, 2.0), (1, 2, 3.0))

    assert widened(one, 0.0, 50) is one


def test_the_parts_it_is_made_in_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    one = table(events(walks(300)), Parameters(keep=8))
    whole = widened(one, 0.5, 8)
    monkeypatch.setattr(widening, "ROWS", 7)

    parts = widened(one, 0.5, 8)

    for left, right in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(left, right)


def test_only_a_second_look_at_once_counts_as_one() -> None:
    found = again(events([[0, 0, 1], [0, 1, 0], [1, 2]], 3), Parameters())

    assert found[0] > 0
    assert found[1:].tolist() == [0, 0]


def test_a_second_look_does_not_reach_over_sessions() -> None:
    assert not again(events([[0, 1], [1, 0]], 2), Parameters()).any()


def test_a_full_row_stays_as_it_is() -> None:
    one = made((0, 1, 2.0), (0, 2, 1.0), (1, 2, 3.0), (1, 3, 1.0))

    wide = widened(one, 0.5, 2)

    assert row(wide, 0) == {1: 2.0, 2: 1.0}


def test_rows_that_nobody_asks_for_may_stay_as_they_are() -> None:
    one = table(events(walks(300)), Parameters(keep=8))
    whole = widened(one, 0.5, 8)
    some = np.array([1, 4, 5, 9])

    few = widened(one, 0.5, 8, some)

    for item in range(len(one.ptr) - 1):
        assert row(few, item) == row(whole if item in some else one, item)

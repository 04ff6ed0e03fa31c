"""What is bought together, learned from baskets that were made up."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from shopwindow.fragments.recommendations import Model, Recommender
from shopwindow.fragments.recommendations.together import goes_with
from shopwindow.fragments.recommendations.training import together as training
from shopwindow.fragments.recommendations.training.baskets import LARGEST, baskets
from shopwindow.fragments.recommendations.training.events import ADDED, BOUGHT, Events
from shopwindow.fragments.recommendations.training.part import arrays_of
from shopwindow.fragments.recommendations.training.table import Table
from shopwindow.fragments.recommendations.training.together import cosine, together
from shopwindow.fragments.recommendations.writing import write
from tests.fragments.models import NOON, popular

DAY = 86400.0


def events(
    lines: Sequence[tuple[int, ...]],
    items: int,
    *,
    verb: int = BOUGHT,
    timed: bool = True,
) -> Events:
    """``lines`` are (visitor, session, item, order, time)."""
    columns: NDArray[Any] = np.array(lines, np.int64).reshape(-1, 5)
    return Events(
        visitor=columns[:, 0].astype(np.int32),
        session=columns[:, 1].astype(np.int32),
        item=columns[:, 2].astype(np.int32),
        verb=np.full(len(columns), verb, np.int8),
        time=columns[:, 4].astype(np.float64),
        order=columns[:, 3].astype(np.int32),
        keys=[f"{number:05}" for number in range(items)],
        timed=timed,
        lines=len(columns),
        rejected=Counter(),
    )


def orders(contents: list[list[int]], items: int) -> Events:
    return events(
        [(n, n, item, n, n) for n, order in enumerate(contents) for item in order],
        items,
    )


def row(table: Table, item: int) -> dict[int, float]:
    part = slice(table.ptr[item], table.ptr[item + 1])
    return dict(zip(table.idx[part].tolist(), table.val[part].tolist(), strict=True))


def planted(seed: int, themes: int = 40, each: int = 5, count: int = 3000) -> Events:
    """Orders of two themes each, and of one thing that everybody buys."""
    luck = np.random.default_rng(seed)
    everybody = themes * each
    contents = []
    for _ in range(count):
        order = {everybody} if luck.random() < 0.7 else set()
        for theme in luck.choice(themes, 2, replace=False):
            parts = luck.choice(each, 3, replace=False)
            order.update((theme * each + parts).tolist())
        contents.append(sorted(order))
    return orders(contents, everybody + 1)


# With 60 in the regression, the others go by the cosine.
@pytest.mark.parametrize(("fewest", "wrong"), [(2_000, 0), (60, 10)])
def test_a_theme_is_found_again_with_all_items_and_with_few(
    monkeypatch: pytest.MonkeyPatch, fewest: int, wrong: int
) -> None:
    monkeypatch.setattr(training, "FEWEST", fewest)
    monkeypatch.setattr(training, "PER_LINE", 0)
    table = together(planted(1))
    themes = range(200)
    first = [int(table.idx[table.ptr[item]]) for item in themes]
    # What everybody buys says nothing, though most orders have it.
    assert sum(a // 5 != b // 5 for a, b in zip(first, themes, strict=True)) <= wrong


def test_a_basket_adds_up_to_what_both_lead_to() -> None:
    # 0 and 1 lead to 2 half the time; each of them leads to something of its own as often.
    contents = [[0, 1, 2]] * 30 + [[0, 3]] * 30 + [[1, 4]] * 30 + [[5, 6]] * 40
    table = together(orders(contents, 7))
    sums = Counter(row(table, 0)) + Counter(row(table, 1))
    assert max((item for item in sums if item > 1), key=sums.__getitem__) == 2
    assert 5 not in sums and 6 not in sums


def test_items_outside_the_regression_are_found_and_lead_somewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(training, "FEWEST", 4)
    monkeypatch.setattr(training, "PER_LINE", 0)
    contents = [[0, 1]] * 40 + [[2, 3]] * 40 + [[0, 4]] * 5 + [[2, 5]] * 5
    table = together(orders(contents, 6))
    assert 4 in row(table, 0) and 5 in row(table, 2)
    assert 5 not in row(table, 0) and 4 not in row(table, 2)
    assert list(row(table, 4)) == [0] and list(row(table, 5)) == [2]
    # On the scale of the others: none of them is worth many of the usual ones.
    assert row(table, 4)[0] < 3 * row(table, 1)[0]


def test_the_cosine_is_exact() -> None:
    table = cosine(orders([[0, 1], [0, 1], [0, 2], [1], [2]], 4))
    assert row(table, 0) == pytest.approx({1: 2 / 3, 2: 1 / 6**0.5})
    assert row(table, 0)[1] == np.float32((2.0 * 3**-0.5) * 3**-0.5)
    assert row(table, 3) == {}


def contents_of(found: Events) -> list[list[int]]:
    of, size = baskets(found)
    rows = [of.indices[a:b].tolist() for a, b in pairwise(of.indptr.tolist())]
    assert [len(one) for one in rows] == size.tolist()
    return sorted(map(sorted, rows))


def test_an_order_is_a_basket_else_a_day_of_a_visitor_else_a_session() -> None:
    noon = 100 * DAY + DAY / 2
    lines = [
        (0, 0, 0, 7, noon),
        (0, 1, 1, 7, noon + 5),  # the same order in the next session
        (0, 1, 1, 7, noon + 5),  # twice the same
        (1, 2, 2, -1, noon),
        (1, 3, 3, -1, noon + 3600),  # the same day
        (1, 3, 4, -1, noon + DAY),
        (-1, 4, 0, -1, noon),  # nobody knows of whom
        (-1, 5, 2, -1, noon),
    ]
    rows = [tuple(map(int, line)) for line in lines]
    assert contents_of(events(rows, 5)) == [[0], [0, 1], [2], [2, 3], [4]]
    untimed = events(rows, 5, timed=False)
    assert contents_of(untimed) == [[0], [0, 1], [2], [2], [3, 4]]


def test_carts_count_where_nothing_is_bought() -> None:
    lines = [(0, 0, 0, -1, 0), (0, 0, 1, -1, 0), (0, 1, 2, -1, 0)]
    assert contents_of(events(lines, 3, verb=ADDED)) == [[0, 1], [2]]
    viewed = events(lines, 3, verb=0)
    assert contents_of(viewed) == []
    assert together(viewed).ptr.tolist() == [0, 0, 0, 0]
    assert together(events([], 3)).ptr.tolist() == [0, 0, 0, 0]


def test_what_no_household_buys_at_once_is_left_out() -> None:
    assert contents_of(orders([list(range(LARGEST + 1)), [0, 1]], 300)) == [[0, 1]]


def test_the_number_of_items_grows_with_the_log_to_a_limit() -> None:
    affordable = training._affordable
    assert affordable(100) == training.FEWEST
    assert 1_900 < affordable(1_000_000) < 2_100
    assert affordable(10**9) == training.MOST


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 11), min_size=1, max_size=6), max_size=30),
    st.integers(1, 12),
    st.integers(1, 6),
)
def test_rows_are_sorted_finite_and_without_themselves(
    contents: list[list[int]], fewest: int, keep: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "FEWEST", fewest)
        patch.setattr(training, "PER_LINE", 0)
        tables = [together(orders(contents, 12), keep=keep)]
    tables.append(cosine(orders(contents, 12), keep))
    for table in tables:
        assert len(table.ptr) == 13 and table.ptr[-1] == len(table.idx)
        assert len(table.val) == len(table.idx)
        assert np.isfinite(table.val).all() and (table.val > 0).all()
        for item in range(12):
            part = slice(table.ptr[item], table.ptr[item + 1])
            others, values = table.idx[part].tolist(), table.val[part].tolist()
            assert item not in others and len(others) == len(set(others)) <= keep
            order = sorted(
                zip(values, others, strict=True), key=lambda p: (-p[0], p[1])
            )
            assert [other for _, other in order] == others


def test_pages_get_what_was_learned(tmp_path: Path) -> None:
    contents = [[0, 1, 2]] * 20 + [[3, 4]] * 20 + [[5]] * 50
    found = orders(contents, 6)
    arrays = arrays_of("together", together(found))
    arrays |= popular(found.keys, found.keys[5:], "popular")
    model = Model.open(write(tmp_path, found.keys, arrays, {}, NOON))
    first, why = goes_with(model, [0, 3, 0])
    assert set(first) == {1, 2, 4} and why == {1: 0, 2: 0, 4: 3}
    once, _ = goes_with(model, [0])
    assert once[1] == first[1]  # twice in the basket counts once
    assert goes_with(model, []) == ({}, {})
    shown = Recommender(model).recommend(
        basket=["00000", "gone", "00003"], strategy="bought-together", limit=4
    )
    assert {one.id for one in shown[:3]} == {"00001", "00002", "00004"}
    because = {one.id: one.reason.product for one in shown[:3]}
    assert because == {"00001": "00000", "00002": "00000", "00004": "00003"}
    assert shown[3].id == "00005"  # what is popular fills the rest


def test_all_of_a_basket_counts_not_only_the_last_of_it(tmp_path: Path) -> None:
    contents = [[0, 1]] * 20 + [[n, n + 1] for n in range(2, 18, 2)] * 4
    found = orders(contents, 20)
    model = Model.open(
        write(tmp_path, found.keys, arrays_of("together", together(found)), {}, NOON)
    )
    basket = ["00000", *(f"{number:05}" for number in range(2, 18, 2))]
    shown = Recommender(model).recommend(basket=basket, strategy="bought-together")
    assert shown[0].id == "00001"

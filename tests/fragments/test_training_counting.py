"""The tables of what goes together, against the same counted pair by pair; what is popular."""

import math
from collections import Counter, defaultdict

import numpy as np
import pytest

from shopwindow.fragments.recommendations.scoring import Parameters
from shopwindow.fragments.recommendations.training import covisitation, popularity
from shopwindow.fragments.recommendations.training.events import (
    BOUGHT,
    VIEWED,
    Events,
)
from shopwindow.fragments.recommendations.training.table import Table
from shopwindow.fragments.recommendations.training.weights import (
    BUCKETS,
    distances,
    recencies,
)
from tests.fragments.madeup import DAY, made_up

Row = list[tuple[np.float32, int]]


def pair_by_pair(
    events: Events, parameters: Parameters, of: int, to: int
) -> dict[int, Row]:
    """What the module says that a table is, word by word."""
    forward, backward = distances(
        parameters.farthest, parameters.distance_decay, parameters.backward
    )
    weights = recencies(parameters.recency)
    first, last = events.time.min(), events.time.max()
    rows = zip(events.session, events.item, events.verb, events.time, strict=True)
    by_session = defaultdict(list)
    for session, item, verb, time in rows:
        by_session[session].append((int(item), verb, time))
    sums: Counter[tuple[int, int]] = Counter()
    for row in by_session.values():
        bucket = math.floor((row[-1][2] - first) / (last - first) * BUCKETS)
        weight = weights[min(bucket, BUCKETS - 1)]
        line = [(item, verb) for item, verb, _ in row if verb in (of, to)]
        for here, (one, verb) in enumerate(line):
            for there, (other, second) in enumerate(line):
                steps = abs(here - there)
                if (verb, second) == (of, to) and 0 < steps <= parameters.farthest:
                    along = forward if here < there else backward
                    sums[one, other] += weight * along[steps]
    ofs = Counter(events.item[events.verb == of].tolist())
    tos = Counter(events.item[events.verb == to].tolist())
    table = defaultdict(list)
    for (one, other), sum in sums.items():
        if one != other:
            of_scale = ofs[one] ** -parameters.power_of * 2.0**-32
            score = float(sum) * of_scale * tos[other] ** -parameters.power_to
            table[one].append((np.float32(score), other))
    return {
        one: sorted(row, key=lambda pair: (-pair[0], pair[1]))[: parameters.keep]
        for one, row in table.items()
    }


def rows(table: Table) -> dict[int, Row]:
    return {
        item: list(
            zip(table.val[begin:end], table.idx[begin:end].tolist(), strict=True)
        )
        for item, (begin, end) in enumerate(
            zip(table.ptr[:-1], table.ptr[1:], strict=True)
        )
        if end > begin
    }


@pytest.mark.parametrize("pairs", [1, 50, 2_000, covisitation.PAIRS])
@pytest.mark.parametrize("to", [VIEWED, BOUGHT])
@pytest.mark.parametrize("timed", [True, False])
def test_a_table_is_what_it_says_however_it_is_parted(
    monkeypatch: pytest.MonkeyPatch, pairs: int, to: int, timed: bool
) -> None:
    monkeypatch.setattr(covisitation, "PAIRS", pairs)
    events = made_up(timed=timed)
    parameters = Parameters(farthest=6, keep=9)
    table = covisitation.table(events, parameters, VIEWED, to)
    assert rows(table) == pair_by_pair(events, parameters, VIEWED, to)
    assert table.ptr[-1] == len(table.idx) == len(table.val)
    assert [column.dtype for column in table] == [np.int64, np.int32, np.float32]


def test_sessions_that_were_taken_away_leave_no_trace() -> None:
    events = made_up()
    later = events.where(events.session >= 150)
    parameters = Parameters()
    expected = pair_by_pair(later, parameters, VIEWED, VIEWED)
    assert rows(covisitation.table(later, parameters)) == expected


def test_where_nothing_was_done_there_are_no_pairs() -> None:
    events = made_up()
    none = events.where(events.verb > BOUGHT)
    for some, to in ((none, VIEWED), (events.where(events.verb == VIEWED), BOUGHT)):
        table = covisitation.table(some, Parameters(), VIEWED, to)
        assert len(table.ptr) == len(events.keys) + 1 and not len(table.idx)


def test_how_far_the_counting_is_gets_told() -> None:
    told: list[tuple[str, int, int]] = []
    events = made_up()
    covisitation.table(events, Parameters(), say=lambda *step: told.append(step))
    assert told[-1] == ("counting", 40, 40)


def _of(*happened: tuple[int, int, float], timed: bool = True) -> Events:
    """Item, verb and time of each event."""
    item, verb, time = (np.array(column) for column in zip(*happened, strict=True))
    number = np.arange(len(item), dtype=np.int32)
    return Events(
        number, number, item.astype(np.int32), verb.astype(np.int8),
        time.astype(np.float64), number, ["a", "b", "c", "d"], timed, len(item), Counter(),
    )  # fmt: skip


def test_an_order_counts_more_than_a_look_and_what_is_equal_keeps_its_order() -> None:
    found = popularity.popular(_of((0, 0, 0), (0, 0, 0), (1, 2, 0), (2, 1, 0)))
    assert found.scores.tolist() == [2, 5, 3, 0]
    assert found.order.tolist() == [1, 2, 0, 3]
    same = popularity.popular(_of((3, 0, 0), (1, 0, 0)))
    assert same.order.tolist() == [1, 3, 0, 2]


def test_what_is_in_fashion_halves_with_each_week() -> None:
    week = 7 * DAY
    events = _of((0, 0, 0), (0, 0, 0), (1, 0, week + DAY / 2), (2, 0, 2 * week))
    scores = popularity.trending(events).scores.tolist()
    assert scores == pytest.approx([2 * 0.25, 0.5 ** (6 / 7), 1, 0], abs=1e-4)
    assert popularity.trending(events).order.tolist() == [2, 1, 0, 3]


def test_without_times_the_file_counts_as_a_month() -> None:
    events = _of((0, 0, 1), (1, 0, 51), (2, 0, 101), timed=False)
    scores = popularity.trending(events).scores.tolist()
    assert scores == pytest.approx([0.5 ** (30 / 7), 0.5 ** (15 / 7), 1, 0], abs=1e-4)


def test_a_category_has_its_items_by_their_popularity() -> None:
    popular = popularity.popular(_of((2, 2, 0), (1, 1, 0), (0, 0, 0)))
    categories = {
        "a": ("tea", "all"),
        "c": ("all",),
        "d": ("all", "tea"),
        "x": ("none",),
    }
    found = popularity.by_category(popular, ["a", "b", "c", "d"], categories)
    assert found.names == ["all", "none", "tea"]
    of = zip(found.ptr[:-1], found.ptr[1:], strict=True)
    assert [found.idx[begin:end].tolist() for begin, end in of] == [
        [2, 0, 3],
        [],
        [0, 3],
    ]
    assert popularity.by_category(popular, ["a", "b", "c", "d"], {}).names == []

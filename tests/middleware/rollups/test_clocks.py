"""Workers whose clocks are not the same."""

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from shopwindow.middleware.rollups.rolled import Rolled
from shopwindow.middleware.stores import ERASED, Store
from shopwindow.rules.facts import Event
from tests.counted import BEGIN, PLAN, opened
from tests.databases import PLACES, Place
from tests.stores import learn, open_at

NOW = BEGIN + 40_000.0
MINUTE = 60.0


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return PLACES[request.param](request, tmp_path)


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    with closing(open_at(place)) as store:
        yield store


@pytest.fixture
def rollups(store: Store, place: Place) -> Iterator[Rolled]:
    with opened(place) as rollups:
        yield rollups


def event(visitor: str, time: float, name: str = "Promotion Viewed") -> Event:
    shown = {"promotion_id": "banner", "slot": "home.hero", "rule": "hello"}
    properties = {"promotions": [shown]} if name == "Promotion Viewed" else {}
    id = f"{int(time * 1000):011x}{visitor}{name}"
    return Event(id, name, visitor, time, PLAN.day(time), properties)


def counts(rollups: Rolled) -> dict[str, int]:
    """Of the site, over all days."""
    found: dict[str, int] = {}
    for (_, kind, _, counter), number in rollups.counts(0, 100_000).items():
        if kind == "site":
            found[counter] = found.get(counter, 0) + number
    return found


@pytest.mark.parametrize("minutes", [-12.0, 0.02, 12.0])
def test_who_leaves_where_another_clock_is_ahead_has_seen_it_all_the_same(
    store: Store, rollups: Rolled, minutes: float
) -> None:
    store.commit([event("hasty", NOW + minutes * MINUTE)], learn, {})
    rollups.update(PLAN, NOW)
    for _ in range(2):  # the erasure was tried again
        rollups.settle(rollups.owner_of("hasty"), PLAN, NOW)
    store.commit([event("hasty", NOW, ERASED)], learn, {})
    for later in (NOW + MINUTE, NOW + 60 * MINUTE):
        rollups.update(PLAN, later)
        assert counts(rollups) == {"impressions": 1, "opt-outs": 1}
    ((_, tally),) = rollups.cells(0, 100_000, ("site",))
    assert tally.n == 1
    assert tally.sample("opt-outs").y == 1


def test_what_a_clock_ahead_notes_counts_once_when_its_time_has_come(
    store: Store, rollups: Rolled
) -> None:
    update = partial(rollups.update, PLAN)
    update(NOW - MINUTE)
    right, ahead = event("a", NOW), event("a", NOW + 10 * MINUTE)
    store.commit([right, ahead], learn, {})
    update(NOW + MINUTE)
    assert counts(rollups) == {"impressions": 1}
    for later in (11, 12, 60):
        update(NOW + later * MINUTE)
        assert counts(rollups) == {"impressions": 2}


def test_what_a_clock_behind_notes_counts_with_the_next_update(
    store: Store, rollups: Rolled
) -> None:
    for number in range(1, 4):
        behind = event(f"b{number}", NOW - number * 10 * MINUTE)
        store.commit([behind], learn, {})
        rollups.update(PLAN, NOW + number * MINUTE)
        assert counts(rollups) == {"impressions": number}


def test_who_measures_with_a_clock_behind_counts_no_less(
    store: Store, rollups: Rolled
) -> None:
    store.commit([event("c", NOW)], learn, {})
    rollups.update(PLAN, NOW + 30 * MINUTE)
    store.commit([event("d", NOW + 5 * MINUTE)], learn, {})
    done = rollups.update(PLAN, NOW - 30 * MINUTE)
    assert (done.rebuilt, counts(rollups)) == (False, {"impressions": 2})
    assert rollups.updated() == NOW + 30 * MINUTE


def test_what_is_told_late_is_counted(store: Store, rollups: Rolled) -> None:
    update, days = partial(rollups.update, PLAN), 1_440 * MINUTE
    store.commit([event("e", NOW - 20 * days), event("f", NOW)], learn, {})
    update(NOW + 1)
    store.commit([event("e", NOW - 15 * days, "Order Completed")], learn, {})
    rollups.late(NOW - 15 * days)
    store.commit([event("g", NOW - 16 * days)], learn, {})
    rollups.late(NOW - 16 * days)
    rollups.late(NOW - 3 * days)
    done = update(NOW + 2)
    assert not done.rebuilt
    assert counts(rollups) | {"impressions": 3, "orders": 1} == counts(rollups)
    expected = counts(rollups)
    assert update(NOW + 3).owners <= 3
    update(NOW + 4, rebuild=True)
    assert counts(rollups) == expected
    assert rollups._tables.value("late") is None


@pytest.mark.parametrize("rebuild", [False, True])
def test_what_is_told_late_while_somebody_counts_is_counted_next_time(
    store: Store, rollups: Rolled, place: Place, rebuild: bool
) -> None:
    days = 1_440 * MINUTE
    store.commit([event("h", NOW - 20 * days)], learn, {})
    rollups.update(PLAN, NOW)
    store.commit([event("i", NOW - 9 * days)], learn, {})
    rollups.late(NOW - 9 * days)
    told: list[str] = []

    def meanwhile(what: str, done: int, total: int | None) -> None:
        if not told:
            told.append(what)
            with opened(place) as other:
                store.commit([event("j", NOW - 8 * days)], learn, {})
                other.late(NOW - 8 * days)

    rollups.update(PLAN, NOW + 1, meanwhile, rebuild=rebuild)
    assert told
    rollups.update(PLAN, NOW + 2)
    assert counts(rollups) == {"impressions": 3}

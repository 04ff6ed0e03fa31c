"""What roll-ups say is what the log says, however it came to be counted."""

from contextlib import closing
from pathlib import Path

import pytest

from shopwindow.middleware.rollups import workers
from shopwindow.middleware.rollups.rolled import Rolled
from shopwindow.middleware.stores.rows import mark_of
from shopwindow.rules.experiments import Allocations
from tests.counted import DAY, PLAN, Shop, kept, opened
from tests.databases import PLACES, Place
from tests.stores import open_at

LASTING = [
    "sqlite",
    "postgresql",
    "postgresql, log in sqlite",
    "redis, log in postgresql",
]


@pytest.fixture(params=LASTING)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return PLACES[request.param](request, tmp_path)


def named(rollups: Rolled, owner: str) -> list[object]:
    """What the roll-ups still keep under the name of an owner."""
    name = owner if owner.startswith("c.") else mark_of(owner)
    tables = rollups._tables
    return [*tables.units([name]), *tables.accounts([name])]


@pytest.mark.parametrize("seed", range(3))
def test_any_way_to_count_gives_what_the_log_says(place: Place, seed: int) -> None:
    with closing(open_at(place)) as store:
        shop = Shop(store, seed)
        choose = shop.random
        with opened(place) as rollups:
            rollups.update(PLAN, shop.now)
            for _ in range(12):
                shop.act(choose.randint(1, 25))
                if choose.random() < 0.4:
                    shop.log_in()
                if choose.random() < 0.3:
                    gone = shop.erase(rollups)
                    assert not named(rollups, gone)
                if choose.random() < 0.7:
                    done = rollups.update(PLAN, shop.now + 1)
                    assert not done.rebuilt
                    shop.pass_time(choose.random() * 3)
                else:
                    shop.pass_time(choose.random() * 0.01)
            rollups.update(PLAN, shop.now + 1)
            expected = shop.expected()
            assert kept(rollups) == expected
            assert rollups.update(PLAN, shop.now + 1).changed == 0
            assert rollups.update(PLAN, shop.now + 1, rebuild=True).rebuilt
            assert kept(rollups) == expected


def test_another_plan_counts_anew(place: Place) -> None:
    from msgspec.structs import replace

    with closing(open_at(place)) as store, opened(place) as rollups:
        shop = Shop(store, 7)
        shop.act(60)
        rollups.update(PLAN, shop.now + 1)
        before = kept(rollups)
        longer = replace(PLAN, window=60.0, fingerprint="two")
        assert rollups.update(longer, shop.now + 1).rebuilt
        assert kept(rollups) != before
        assert rollups.update(PLAN, shop.now + 1).rebuilt
        assert kept(rollups) == before


def test_processes_that_help_count_the_same(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(open_at(place)) as store, opened(place) as rollups:
        shop = Shop(store, 8, visitors=80)
        shop.act(300)
        rollups.update(PLAN, shop.now + 1)
        expected = kept(rollups)
        assert expected == shop.expected()
        helped = []
        monkeypatch.setattr("shopwindow.middleware.rollups.rolled.LARGE", 1)

        def together(*values: object) -> object:
            helped.append(values)
            return workers.together(*values)  # type: ignore[arg-type]  # passed on

        monkeypatch.setattr("shopwindow.middleware.rollups.rolled.together", together)
        assert rollups.update(PLAN, shop.now + 1, rebuild=True).owners
        assert helped
        assert kept(rollups) == expected


def test_one_who_leaves_stays_in_the_sums_once(place: Place) -> None:
    with closing(open_at(place)) as store, opened(place) as rollups:
        shop = Shop(store, 9, visitors=3)
        shop.act(60)
        rollups.update(PLAN, shop.now + 1)
        visitor = shop.visitors[0]
        owner = rollups.owner_of(visitor)
        for _ in range(3):  # the erasure was tried again
            rollups.settle(owner, PLAN, shop.now)
        rollups.update(PLAN, shop.now + 2)  # and while it is tried, somebody updates
        sums, counts = kept(rollups)
        site = [tally for cell, tally in sums.items() if cell.kind == "site"]
        assert sum(tally.n for tally in site) == 3
        left = [n for key, n in counts.items() if key[1::2] == ("site", "opt-outs")]
        assert left == [1]
        assert rollups.sizes()["units"] == 3


def test_of_a_stranger_nothing_is_settled(place: Place) -> None:
    with closing(open_at(place)), opened(place) as rollups:
        rollups.settle(rollups.owner_of("nobody-ever-seen"), PLAN, 1e9)
        assert kept(rollups) == ({}, {})
        assert rollups.sizes() == {"units": 0, "sums": 0}


def test_who_was_settled_and_stays_counts_like_all_others(place: Place) -> None:
    with closing(open_at(place)) as store, opened(place) as rollups:
        shop = Shop(store, 10, visitors=2)
        shop.act(60)
        rollups.update(PLAN, shop.now + 1)
        rollups.settle(rollups.owner_of(shop.visitors[0]), PLAN, shop.now)
        shop.pass_time(0.5)  # the process that was about to erase them is gone
        shop.act(30)
        rollups.update(PLAN, shop.now + 1)
        assert kept(rollups) == shop.expected()


def test_who_was_settled_and_never_erased_goes_with_their_events(place: Place) -> None:
    with closing(open_at(place)) as store, opened(place) as rollups:
        shop = Shop(store, 14, visitors=2)
        shop.act(40)
        rollups.update(PLAN, shop.now + 1)
        rollups.settle(rollups.owner_of(shop.visitors[0]), PLAN, shop.now)
        before = kept(rollups)
        assert sum(rollups.purge({"": shop.now + DAY}))
        assert kept(rollups) == before
        assert rollups.sizes()["units"] == 0


def test_what_is_purged_stays_in_the_sums(place: Place) -> None:
    with closing(open_at(place)) as store, opened(place) as rollups:
        shop = Shop(store, 11, visitors=6)
        for _ in range(14):
            shop.act(20)
            shop.pass_time(5)
            rollups.update(PLAN, shop.now)
        expected = shop.expected()
        assert kept(rollups) == expected
        before = {"": shop.now - 50 * DAY}
        assert sum(rollups.purge(before))
        assert kept(rollups) == expected
        with closing(store.keeper(PLAN.day)) as keeper:
            assert sum(keeper.purge(before, 0.0))
        rollups.update(PLAN, shop.now)
        assert kept(rollups) == expected
        rollups.update(PLAN, shop.now, rebuild=True)
        assert kept(rollups) == expected
        everything = {"": shop.now + DAY}
        assert sum(rollups.purge(everything))
        assert rollups.sizes()["units"] == 0
        assert kept(rollups) == expected


def test_allocations_are_kept_for_all(place: Place) -> None:
    with closing(open_at(place)), opened(place) as rollups, opened(place) as other:
        assert rollups.allocations() == Allocations()
        told = Allocations(
            {"tone": {"": {"cosy": 0.7, "plain": 0.3}}}, {"safe": 0.05}, {"safe": "{}"}
        )
        rollups.allot(told)
        assert other.allocations() == told
        other.allot(Allocations())
        assert rollups.allocations() == Allocations()


def test_when_it_was_counted_is_known(place: Place) -> None:
    with closing(open_at(place)), opened(place) as rollups:
        assert rollups.updated() is None
        rollups.update(PLAN, 1_000.5)
        assert rollups.updated() == 1_000.5
        rollups.update(PLAN, 900.0)  # a clock that was put back
        assert rollups.updated() == 1_000.5


def test_only_the_days_and_kinds_that_are_asked_for(place: Place) -> None:
    with closing(open_at(place)) as store, opened(place) as rollups:
        shop = Shop(store, 12)
        for _ in range(3):
            shop.act(30)
            shop.pass_time(1)
        rollups.update(PLAN, shop.now)
        sums, counts = kept(rollups)
        days = sorted({cell.day for cell in sums})
        first, last = days[1], days[-1]
        some = dict(rollups.cells(first, last, ["experiment", "site"]))
        assert some == {
            cell: tally
            for cell, tally in sums.items()
            if first <= cell.day < last and cell.kind in ("experiment", "site")
        }
        assert some
        assert [*rollups.cells(first, last)] == sorted(
            (item for item in sums.items() if first <= item[0].day < last),
            key=lambda item: item[0],
        )
        assert rollups.counts(first, last) == {
            key: number for key, number in counts.items() if first <= key[0] < last
        }


def test_the_same_log_gives_the_same_bytes_everywhere(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    found = []
    for number, name in enumerate(("sqlite", "postgresql")):
        folder = tmp_path / str(number)
        folder.mkdir()
        where = PLACES[name](request, folder)
        with closing(open_at(where)) as store, opened(where) as rollups:
            shop = Shop(store, 13)
            for _ in range(3):
                shop.act(40)
                shop.log_in()
                rollups.update(PLAN, shop.now + 1)
                shop.erase(rollups)
            assert isinstance(rollups, Rolled)
            sums, counts = kept(rollups)
            found.append(({cell: t.encode() for cell, t in sums.items()}, counts))
    assert found[0] == found[1]


def test_a_clock_that_was_wrong_for_once_stops_nothing(tmp_path: Path) -> None:
    place = Place(f"sqlite:///{tmp_path}/shop.db")
    with closing(open_at(place)) as store, opened(place) as rollups:
        shop = Shop(store, 5)
        shop.act(40)
        rollups.update(PLAN, shop.now + 3_000 * DAY)
        shop.act(40)
        shop.pass_time(30)
        shop.act(40)
        assert rollups.update(PLAN, shop.now + 1).rebuilt
        assert rollups.updated() == shop.now + 1
        shop.act(40)
        assert not rollups.update(PLAN, shop.now + 1).rebuilt
        assert kept(rollups) == shop.expected()


@pytest.mark.parametrize(
    "text", ["{{{", "null", "[]", '{"weights": {"hero": {"": {"a": "x"}}}}', "\ufffd"]
)
def test_weights_that_cannot_be_read_are_learned_anew(
    tmp_path: Path, text: str
) -> None:
    place = Place(f"sqlite:///{tmp_path}/shop.db")
    with closing(open_at(place)), opened(place) as rollups:
        with rollups._tables.changing():
            rollups._tables.put("allocations", text)
        assert rollups.allocations() == Allocations()
        rollups.allot(Allocations(shares={"hero": 0.5}))
        assert rollups.allocations().shares == {"hero": 0.5}

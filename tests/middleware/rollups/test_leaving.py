"""Who leaves stays in the sums, and nowhere else."""

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from shopwindow.middleware import journal as journal_room
from shopwindow.middleware.journal import Journal
from shopwindow.middleware.rollups import Rollups
from shopwindow.middleware.rollups import leaving as leaving_room
from shopwindow.middleware.rollups.planning import plan_for
from shopwindow.middleware.site import Site, read_site
from shopwindow.middleware.stores import ERASED, StoreError
from shopwindow.middleware.stores.rows import mark_of
from shopwindow.middleware.stores.sqlite import SqliteStore
from shopwindow.rules.facts import Event
from tests.commands import run
from tests.counted import PLAN, opened
from tests.databases import Place
from tests.kept import ANNA, CUSTOMER, STRANGER, keep, people, set_keys, write_site
from tests.stores import learn

SHOWN: dict[str, Any] = {
    "promotions": [
        {"promotion_id": "banner", "slot": "home.hero", "rule": "banner-for-all"}
    ],
    "revision": "r",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = write_site(tmp_path / "site")
    people(made)
    keep(made, (STRANGER, "Promotion Viewed", SHOWN, 1))
    return made


@pytest.fixture
def site(folder: Path) -> Site:
    return read_site(folder)


@pytest.fixture
def rollups(folder: Path) -> Iterator[Rollups]:
    with opened(Place(f"sqlite:///{folder}/shop.db")) as rollups:
        yield rollups


def numbers(rollups: Rollups) -> dict[str, int]:
    """Of the site, over all days."""
    found: dict[str, int] = {}
    for (_, kind, _, counter), number in rollups.counts(0, 100_000).items():
        if kind == "site":
            found[counter] = found.get(counter, 0) + number
    return found


def bytes_of(folder: Path) -> bytes:
    return b"".join(
        each.read_bytes() for each in sorted(folder.iterdir()) if "shop.db" in each.name
    )


def test_who_is_erased_by_hand_counts_as_one_who_left(
    folder: Path, site: Site, rollups: Rollups
) -> None:
    rollups.update(plan_for(site), 1e10)
    assert rollups.sizes()["units"] == 2
    assert numbers(rollups) == {"impressions": 1}
    assert mark_of(STRANGER).encode() in bytes_of(folder)
    run("erase", folder, STRANGER, "--yes")
    assert numbers(rollups) == {"impressions": 1, "opt-outs": 1}
    assert rollups.sizes()["units"] == 1
    rollups.update(plan_for(site), 1e10, rebuild=True)
    assert numbers(rollups) == {"impressions": 1, "opt-outs": 1}


def test_no_file_knows_a_customer_who_was_erased(
    folder: Path, site: Site, rollups: Rollups, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_keys(monkeypatch)
    rollups.update(plan_for(site), 1e10)
    assert ANNA.encode() in bytes_of(folder)
    rollups.close()
    run("erase", folder, "--customer", CUSTOMER, "--yes")
    assert ANNA.encode() not in bytes_of(folder)


def test_a_fault_of_the_roll_ups_stops_no_erasure(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr(leaving_room, "settle_owner", broken)
    said = run("erase", folder, STRANGER, "--yes")
    assert "not counted among those who left: out of order" in said.stderr
    sizes = json.loads(run("stats", folder, "--format", "json").stdout)
    assert sizes["visitors"] == 1


def test_roll_ups_are_counted(folder: Path, site: Site, rollups: Rollups) -> None:
    said = json.loads(run("stats", folder, "--format", "json").stdout)
    assert said["roll-ups"] == {"units": 0, "sums": 0, "updated": None}
    rollups.update(plan_for(site), 1_800_000_000.0)
    said = json.loads(run("stats", folder, "--format", "json").stdout)
    assert said["roll-ups"]["units"] == 2 and said["roll-ups"]["sums"] > 3
    assert said["roll-ups"]["updated"].startswith("2027-01-15")
    assert "of 2 visitors" in run("stats", folder).stdout


def test_purging_leaves_the_sums(folder: Path, site: Site, rollups: Rollups) -> None:
    keep(folder, ("old-one", "Promotion Viewed", SHOWN, 500))
    rollups.update(plan_for(site), 1e10)
    assert rollups.sizes()["units"] == 3
    run("purge", folder, "--dry-run")
    assert rollups.sizes()["units"] == 3
    run("purge", folder)
    assert rollups.sizes()["units"] == 2
    rollups.update(plan_for(site), 1e10, rebuild=True)
    assert numbers(rollups) == {"impressions": 2}


def test_allocations_are_copied_and_roll_ups_are_not(
    folder: Path, tmp_path: Path, site: Site, rollups: Rollups
) -> None:
    from shopwindow.rules.experiments import Allocations

    told = Allocations({}, {"safe": 0.05}, {})
    rollups.allot(told)
    rollups.update(plan_for(site), 1e10)
    said = run("store", "copy", folder / "shop.db", tmp_path / "copy.db").output
    assert "allocations: 1, the same on both sides" in said
    assert "roll-ups: made of the events again" in said
    with opened(Place(f"sqlite:///{tmp_path}/copy.db")) as copied:
        assert copied.allocations() == told
        assert copied.updated() is None


# -- the journal -----------------------------------------------------------------------


def event(number: int, name: str, visitor: str = "somebody") -> Event:
    properties = SHOWN if name == "Promotion Viewed" else {}
    return Event(f"{number:032x}", name, visitor, 1e9 + number, 0, properties)


def test_the_writer_settles_after_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    store = SqliteStore(path)
    seen: list[tuple[str, int]] = []
    with closing(store), opened(Place(f"sqlite:///{path}")) as rollups:

        def settle(visitors: Sequence[str]) -> int:
            for visitor in visitors:
                rollups.settle(rollups.owner_of(visitor), PLAN, 1e9 + 50)
                seen.append((visitor, numbers(rollups)["impressions"]))
            return len(visitors)

        journal = Journal(store, lambda p, e: p, lambda e: {}, settle=settle)
        for number in range(5):
            journal.note(event(number, "Promotion Viewed"))
        journal.note(event(5, ERASED))
        journal.note(event(6, "Promotion Viewed", "another"))
        journal.note(event(7, "Promotion Viewed", "a-third"))
        journal.note(event(8, ERASED, "another"))
        journal.start()
        assert journal.wait_until_written()
        assert journal.close()
        assert seen == [("somebody", 5), ("another", 6)]
        assert journal.stored == 9
        rollups.update(PLAN, 2e9)
        assert numbers(rollups) == {"impressions": 7, "opt-outs": 2}
        assert rollups.sizes()["units"] == 1


def test_a_fault_while_settling_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = SqliteStore(tmp_path / "shop.db")

    def settle(visitors: Sequence[str]) -> int:
        raise RuntimeError("out of order")

    with closing(store), caplog.at_level(logging.WARNING, "shopwindow"):
        journal = Journal(store, lambda p, e: p, lambda e: {}, settle=settle)
        journal.note(event(1, "Promotion Viewed"))
        journal.note(event(2, ERASED))
        journal.start()
        assert journal.wait_until_written()
        assert journal.close()
        assert journal.stored == 2
        with closing(store.keeper(PLAN.day)) as keeper:
            assert keeper.sizes()["events"] == 0
    assert "is not counted as one who left: out of order" in caplog.text


def test_who_is_settled_twice_leaves_an_account_once(tmp_path: Path) -> None:
    def came(visitor: str, time: float) -> Event:
        told = SHOWN["promotions"][0] | {"decision": f"{visitor}.0", "variant": "a"}
        told |= {"experiment": "by-firm", "unit": "account", "of": "a." + "0" * 32}
        properties = {"promotions": [told], "revision": "r"}
        id = f"{int(time * 1000):011x}{visitor}"
        return Event(
            id, "Promotion Viewed", visitor, time, int(time // 86_400), properties
        )

    with (
        closing(SqliteStore(tmp_path / "shop.db")) as store,
        opened(Place(f"sqlite:///{tmp_path}/shop.db")) as rollups,
    ):
        store.commit([came("one", 1e9), came("two", 1e9 + 5)], learn, {})
        rollups.update(PLAN, 1e9 + 1_000)
        found = []
        for _ in range(2):
            rollups.settle(rollups.owner_of("one"), PLAN, 1e9 + 2_000)
            found.append(dict(rollups.cells(0, 100_000, ("experiment",))))
    assert found[0] == found[1]
    (tally,) = found[0].values()
    assert tally.n == 1 and tally.moments["click-rate"][2] == 2


def test_who_cannot_be_settled_for_a_moment_is_not_erased_before(
    tmp_path: Path,
) -> None:
    told: list[int] = []
    with closing(SqliteStore(tmp_path / "shop.db")) as store:

        def settle(visitors: Sequence[str]) -> int:
            with closing(store.keeper(PLAN.day)) as keeper:
                told.append(keeper.sizes()["events"])
            if len(told) < 3:
                raise StoreError("too many clients already")
            return len(visitors)

        journal = Journal(store, lambda p, e: p, lambda e: {}, settle=settle)
        journal.note(event(1, "Promotion Viewed"))
        journal.note(event(2, ERASED))
        journal.start()
        assert journal.wait_until_written()
        assert journal.close()
    assert told == [1, 1, 1]


def test_who_cannot_be_settled_at_all_is_erased_and_only_the_first_one_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(journal_room, "SETTLING", 0.3)
    tried: list[Sequence[str]] = []

    def settle(visitors: Sequence[str]) -> int:
        tried.append(visitors)
        raise StoreError("permission denied")

    with closing(SqliteStore(tmp_path / "shop.db")) as store:
        journal = Journal(store, lambda p, e: p, lambda e: {}, settle=settle)
        for number in range(1, 9):
            journal.note(event(number, "Promotion Viewed", f"v{number}"))
            journal.note(event(20 + number, ERASED, f"v{number}"))
        journal.start()
        assert journal.wait_until_written()
        assert journal.close()
        with closing(store.keeper(PLAN.day)) as keeper:
            assert keeper.sizes()["events"] == 0
    assert [len(visitors) for visitors in tried[-8:]] == [8, 7, 6, 5, 4, 3, 2, 1]
    assert caplog.text.count("is not counted as one who left") == 8

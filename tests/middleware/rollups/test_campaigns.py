"""Campaigns that visitors make up."""

from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from shopwindow.middleware.rollups import Rollups
from shopwindow.middleware.rollups import names as names_room
from shopwindow.middleware.rollups.names import OTHERS
from shopwindow.middleware.stores.sqlite import SqliteStore
from shopwindow.rules.facts import Event
from tests.counted import ALWAYS, BEGIN, PLAN, kept, opened
from tests.databases import Place
from tests.stores import learn

SHOWN = {"promotion_id": "banner", "slot": "home.hero", "rule": "banner-for-all"}


def came(number: int, campaign: str) -> Event:
    said = {"promotions": [SHOWN], "revision": "r", "campaign": campaign}
    visitor = f"visitor-{number}"
    return Event(f"{number:028x}", "Promotion Viewed", visitor, BEGIN + number, 0, said)


def test_campaigns_without_end_are_counted_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names_room, "CAMPAIGNS", 5)
    plan = msgspec.structs.replace(PLAN, campaigns=frozenset({"spring"}))
    with (
        closing(SqliteStore(tmp_path / "shop.db")) as store,
        opened(Place(f"sqlite:///{tmp_path}/shop.db")) as rollups,
    ):
        store.commit([came(n, f"made-up-{n}") for n in range(40)], learn, {})
        rollups.update(plan, BEGIN + 1_000)
        known = min(_found(rollups).keys() - {OTHERS})
        unknown = min({f"made-up-{n}" for n in range(40)} - _found(rollups).keys())
        store.commit([came(n, "spring") for n in range(40, 43)], learn, {})
        store.commit([came(50, known), came(51, unknown)], learn, {})
        rollups.update(plan, BEGIN + 1_000)
        found = _found(rollups)
        assert len(found) == 7
        assert found["spring"] == 3 and found[known] == 2
        assert found[OTHERS] == 36
        shown = {
            name: number
            for (_, kind, name, counter), number in rollups.counts(*ALWAYS).items()
            if kind == "campaign"
        }
        assert shown == found
        before = kept(rollups)
        rollups.update(plan, BEGIN + 1_000, rebuild=True)
        assert kept(rollups) == before


def _found(rollups: Rollups) -> dict[str, int]:
    cells = rollups.cells(*ALWAYS, ("campaign",))
    return {cell.name: tally.n for cell, tally in cells}

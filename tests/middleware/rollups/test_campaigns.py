"""Campaigns that visitors make up."""

from contextlib import closing
from pathlib import Path

import msgspec
import pytest

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
        own = {cell.name for cell, _ in rollups.cells(*ALWAYS, ("campaign",))}
        one = min(own - {OTHERS})
        other = next(name for n in range(40) if (name := f"made-up-{n}") not in own)
        store.commit([came(n, "spring") for n in range(40, 43)], learn, {})
        store.commit([came(50, one), came(51, other)], learn, {})
        rollups.update(plan, BEGIN + 1_000)
        found = {
            cell.name: tally.n for cell, tally in rollups.cells(*ALWAYS, ("campaign",))
        }
        assert len(found) == 7
        assert found["spring"] == 3 and found[one] == 2
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

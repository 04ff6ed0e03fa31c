"""Several processes write to one store: no count is lost, and none counts twice."""

from pathlib import Path

import pytest

from shopwindow.rules.facts import Profile
from tests.databases import PLACES, SHARED
from tests.stores import fetched, logged, open_at, views
from tests.writers import write_at_once

PROCESSES, EVENTS, BATCH = 3, 36, 6


@pytest.mark.parametrize("name", [one for one in SHARED if "log in" not in one])
def test_processes_lose_no_count(
    request: pytest.FixtureRequest, tmp_path: Path, name: str
) -> None:
    place = PLACES[name](request, tmp_path)
    open_at(place).close()
    write_at_once(place, PROCESSES, EVENTS, BATCH)
    total, commits = PROCESSES * EVENTS, PROCESSES * EVENTS // BATCH
    store = open_at(place)
    assert views(store, "v1") == total
    assert len(logged(store)) == total + 2 * commits
    profile = fetched(store, "dp0-0-in")
    assert isinstance(profile, Profile) and profile.customer == "c.anna"
    assert views(store, "dp0-0-in") == views(store, "dp2-30-in") == 2 * commits
    assert store.traffic() == {
        ("product", "hay"): float(total),
        **{("brand", f"p{n}"): float(EVENTS // BATCH) for n in range(PROCESSES)},
    }
    store.close()

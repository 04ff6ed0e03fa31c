"""The commands that look after a store, over every kind of store there is."""

import json
from pathlib import Path

import pytest

from shopwindow import Shopwindow
from shopwindow.middleware.settings import address
from shopwindow.middleware.stores.opening import open_store
from shopwindow.middleware.summary import profile_of
from tests.commands import run
from tests.databases import PLACES, SHARED
from tests.kept import CUSTOMER, SECRET, STRANGER, keep, people, set_keys, write_site


@pytest.fixture(params=SHARED)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    place = PLACES[request.param](request, tmp_path)
    more = '\n[events]\nkeep = "100 days"\n'
    if place.events:
        more += f'url = "{place.events}"\n'
    made = write_site(tmp_path / "site", more, place.store)
    people(made)
    return made


def test_a_shop_can_look_after_what_it_keeps(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_keys(monkeypatch)
    said = json.loads(run("stats", folder, "--format", "json").stdout)
    assert (said["profiles"], said["events"], said["visitors"]) == (2, 5, 2)
    (record,) = json.loads(run("export", folder, STRANGER).stdout)["records"]
    assert len(record["events"]) == 3 and SECRET in json.dumps(record)

    window = Shopwindow(folder)
    window.store = open_store(address(window.site.settings))
    profile = profile_of(window, CUSTOMER)
    window.store.close()
    assert profile is not None and profile.recent_orders == ("A1",)

    log = run("export", folder, "--events", "--format", "jsonl").stdout.splitlines()
    assert len(log) == 5
    assert {"userId" in json.loads(line) for line in log} == {True, False}

    view = {"product_id": "tea-1"}
    keep(folder, (STRANGER, "Product Viewed", view, 101))
    said = json.loads(run("purge", folder, "--format", "json").stdout)
    assert said["deleted"] == {"events": 1, "statistics": 0, "profiles": 0}

    assert "3 events" in run("erase", folder, STRANGER, "--yes").output
    run("erase", folder, "--customer", CUSTOMER, "--yes")
    run("erase", folder, "--customer", CUSTOMER, "--yes", code=1)
    said = json.loads(run("stats", folder, "--format", "json").stdout)
    assert (said["profiles"], said["events"], said["customers"]) == (0, 0, 0)
    keep(folder, (STRANGER, "Product Viewed", view, 0))  # a worker had it in its hands
    assert json.loads(run("stats", folder, "--format", "json").stdout)["events"] == 0

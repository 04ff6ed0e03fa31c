"""Days of a report that have no 24 hours, in the site's time zone."""

import json
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from shopwindow.middleware.settings import address
from shopwindow.middleware.site import read_site
from shopwindow.middleware.stores.opening import open_store
from shopwindow.rules.facts import Event
from tests.commands import change, run
from tests.databases import PLACES
from tests.shop import site_folder

QUARTER = timedelta(minutes=15)
# What a day has in quarters of an hour.
CHANGES = [
    ("Europe/Berlin", "2026-03-29", 23 * 4),
    ("Europe/Berlin", "2026-10-25", 25 * 4),
    ("America/Sao_Paulo", "2018-11-04", 23 * 4),  # there is no midnight
    ("America/Sao_Paulo", "2019-02-16", 25 * 4),  # its last hour is there twice
    ("Australia/Lord_Howe", "2026-04-05", 24 * 4 + 2),
    ("Australia/Lord_Howe", "2026-10-04", 24 * 4 - 2),
    ("Pacific/Apia", "2011-12-30", 0),
]


@pytest.mark.parametrize("name", ["sqlite", "postgresql"])
@pytest.mark.parametrize(("zone", "day", "quarters"), CHANGES)
def test_each_showing_counts_on_the_day_that_its_clock_says(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    name: str,
    zone: str,
    day: str,
    quarters: int,
) -> None:
    folder = site_folder(tmp_path / "site")
    place = PLACES[name](request, tmp_path)
    change(folder / "site.toml", "memory:", place.store)
    change(folder / "site.toml", "Europe/Berlin", zone)
    site, middle = read_site(folder), datetime.fromisoformat(f"{day}T12:00Z")
    page = {"slot": "home.teaser", "rule": "hello", "promotion_id": "banner"}
    moments = [middle + QUARTER * number for number in range(-300, 300)]
    events = [
        Event(
            *(f"{number:032x}", "Promotion Viewed", f"visitor-{number}"),
            *(moment.timestamp(), 0, {"promotions": [page]}),
        )
        for number, moment in enumerate(moments)
    ]
    with closing(open_store(address(site.settings))) as store:
        store.commit(events, site.learn, {})

    def shown(since: str, until: str) -> tuple[int, int]:
        """How many showings, and how many who came first."""
        asked = ("--since", since, "--until", until, "--format", "json")
        told = json.loads(run("report", folder, *asked).stdout)
        if told["empty"]:
            return 0, 0
        (rule,) = (one for one in told["rules"] if one["name"] == "hello")
        exposed = sum(arm["funnel"]["exposed"] for arm in rule["arms"])
        return rule["response"]["impressions"], exposed

    assert shown(day, day) == (quarters, quarters)
    before, after = (
        (middle + timedelta(days=days)).date().isoformat() for days in (-1, 1)
    )
    local = [moment.astimezone(ZoneInfo(zone)).date() for moment in moments]
    around = [before, day, after]
    number = sum(one.isoformat() in around for one in local)
    assert shown(before, after) == (number, number)
    assert number == quarters + 2 * 24 * 4


@pytest.mark.parametrize("name", ["sqlite", "postgresql"])
@pytest.mark.parametrize("day", ["2026-03-28", "2026-10-24"])
def test_a_window_of_days_is_as_long_where_clocks_change(
    tmp_path: Path, request: pytest.FixtureRequest, name: str, day: str
) -> None:
    """Seven days are seven times 24 hours; their end is not part of them."""
    folder = site_folder(tmp_path / "site")
    place = PLACES[name](request, tmp_path)
    change(folder / "site.toml", "memory:", place.store)
    site, first = read_site(folder), datetime.fromisoformat(f"{day}T12:00Z").timestamp()
    page = {"slot": "home.teaser", "rule": "hello", "promotion_id": "banner"}
    events = []
    for visitor, after in (("within", 7 * 86_400 - 1), ("late", 7 * 86_400)):
        order = {"order_id": visitor, "revenue": 10.0}
        for name, time, told in (
            ("Promotion Viewed", first, {"promotions": [page]}),
            ("Order Completed", first + after, order),
        ):
            events.append(Event(f"{time:.0f}{visitor}", name, visitor, time, 0, told))
    with closing(open_store(address(site.settings))) as store:
        store.commit(events, site.learn, {})
    asked = ("--since", day, "--until", day, "--format", "json")
    (arm,) = json.loads(run("report", folder, *asked).stdout)["total"]["arms"]
    assert (arm["funnel"]["exposed"], arm["funnel"]["ordered"]) == (2, 1)
    assert arm["counts"]["revenue"] == 10.0

"""An update looks at those who did something since, and at nobody else."""

from contextlib import closing
from pathlib import Path

import pytest

from shopwindow.rules.facts import Event
from tests.counted import BEGIN, DAY, PLAN, kept, opened
from tests.databases import PLACES
from tests.stores import learn, open_at

DECIDED = {"promotion_id": "welcome", "rule": "hello", "slot": "home"}
NOW = BEGIN + 2 * DAY


def came(number: int, time: float) -> Event:
    """Visitor ``number`` saw something."""
    said = {"promotions": [DECIDED], "revision": "r"}
    id = f"{int(time * 1000):011x}{number:017x}"
    return Event(id, "Promotion Viewed", f"visitor-{number}", time, 0, said)


@pytest.mark.parametrize("name", ["sqlite", "postgresql"])
def test_only_those_of_quarters_that_changed_are_looked_at(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    place = PLACES[name](request, tmp_path)
    with closing(open_at(place)) as store, opened(place) as rollups:
        # An hour between any two of the last day: each in a quarter of an hour of their own.
        store.commit([came(n, NOW - n * 3_600.0) for n in range(1, 24)], learn, {})
        rollups.update(PLAN, NOW)
        assert rollups.update(PLAN, NOW + 1).owners == 0
        store.commit([came(50, NOW + 1)], learn, {})
        assert rollups.update(PLAN, NOW + 2).owners == 1
        late = NOW - 5 * 3_600.0 + 1  # in the quarter of somebody else
        store.commit([came(60, late)], learn, {})
        done = rollups.update(PLAN, NOW + 3)
        assert (done.owners, done.changed) == (2, 1)
        before = kept(rollups)
        rollups.update(PLAN, NOW + 3, rebuild=True)
        assert kept(rollups) == before
        assert rollups.update(PLAN, NOW + 4).owners == 0

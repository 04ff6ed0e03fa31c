"""Life events: a birthday comes at midnight, in the time zone of the site."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shopwindow.rules.decide import decide
from shopwindow.rules.moments import as_day, months_before
from shopwindow.rules.reading import read_rules
from tests.rules.shop import VOCABULARY, ask, read

DOGS = """\
rules:
  - {id: adult, slot: home.hero, show: hero, when: [{pet-born: {older-than: 12 months}}]}
  - {id: puppy, slot: home.hero, show: hero, when: [{pet-born: {within-last: 12 months}}]}
"""


def shown(born: str, now: float, zone: str) -> str | None:
    """Who the dog is at ``now`` in a shop of ``zone``."""
    rules, findings = read_rules({"f": DOGS}, replace(VOCABULARY, timezone=zone))
    assert findings == []
    wall = datetime.fromtimestamp(now, ZoneInfo(zone))
    facts = ask(rules, {"pet-born": born}, now=now, day=as_day(wall.date()))
    return decide(rules, facts, "home.hero").rule


@pytest.mark.parametrize(
    ("born", "birthday", "zone"),
    [
        ("2025-11-26", "2026-11-26", "Europe/Berlin"),
        ("2025-03-29", "2026-03-29", "Europe/Berlin"),  # the clocks go forward that day
        ("2025-10-25", "2026-10-25", "Europe/Berlin"),  # and back
        ("2025-03-08", "2026-03-08", "America/Havana"),  # midnight is skipped
        ("2025-11-01", "2026-11-01", "America/New_York"),
        ("2025-11-26", "2026-11-26", "Pacific/Kiritimati"),
        ("2024-02-29", "2025-03-01", "Europe/Berlin"),
        ("2023-02-28", "2024-02-28", "Europe/Berlin"),
        ("2024-03-31", "2025-03-31", "Europe/Berlin"),
    ],
)
def test_a_puppy_is_grown_up_on_its_first_birthday(
    born: str, birthday: str, zone: str
) -> None:
    midnight = datetime.fromisoformat(birthday).replace(tzinfo=ZoneInfo(zone))
    # Where midnight is skipped, this is the moment of the jump all the same.
    assert shown(born, midnight.timestamp() - 1, zone) == "puppy"
    assert shown(born, midnight.timestamp(), zone) == "adult"


def test_who_is_not_born_yet_is_neither() -> None:
    now = datetime(2026, 11, 26, 12).timestamp()
    assert shown("2026-11-28", now, "Europe/Berlin") is None


@given(st.dates(date(1990, 1, 1), date(2030, 12, 31)), st.integers(0, 14_000))
def test_everybody_born_is_either_young_or_old(born: date, later: int) -> None:
    rules = read(DOGS)
    today = as_day(born + timedelta(days=later))
    facts = ask(rules, {"pet-born": born}, day=today)
    adult, puppy = sorted(rules.rules, key=lambda rule: rule.id)
    assert adult.holds(facts) is not puppy.holds(facts)
    assert adult.holds(facts) is (as_day(born) <= months_before(today, 12))

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwindow.rules.moments import (
    as_day,
    day_of,
    duration,
    months_before,
    read_day,
    read_now,
    read_time,
    weekday,
)

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30 seconds", 30),
        ("90 minutes", 5400),
        ("1 hour", 3600),
        ("30 days", 30 * 86_400),
        ("6 weeks", 42 * 86_400),
        ("12 months", 360 * 86_400),
        ("1 year", 365 * 86_400),
    ],
)
def test_a_duration_has_a_length(text: str, seconds: int) -> None:
    found = duration(text)
    assert found is not None
    assert (found.seconds, str(found)) == (seconds, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "30",
        "30 tage",
        "0 days",
        "-1 days",
        "1.5 days",
        "30  days",
        "٣ days",
        "999999 days",
    ],
)
def test_everything_else_is_no_duration(text: str) -> None:
    assert duration(text) is None


@pytest.mark.parametrize(
    ("day", "months", "wanted"),
    [
        ("2026-11-21", 12, "2025-11-21"),
        ("2026-03-31", 1, "2026-02-28"),
        ("2024-02-29", 12, "2023-02-28"),
        ("2024-03-31", 1, "2024-02-29"),
        ("2026-01-15", 1, "2025-12-15"),
        ("2026-12-31", 1, "2026-11-30"),
    ],
)
def test_months_are_calendar_months(day: str, months: int, wanted: str) -> None:
    start = as_day(date.fromisoformat(day))
    assert months_before(start, months) == as_day(date.fromisoformat(wanted))


@given(st.dates(), st.integers(0, 99_999 * 12))
def test_every_day_has_a_day_months_before(day: date, months: int) -> None:
    assert months_before(as_day(day), months) <= as_day(day)


@given(st.text(max_size=40))
def test_no_text_raises(text: str) -> None:
    read_day(text)
    read_time(text, BERLIN)


def test_a_time_without_offset_is_meant_in_the_zone() -> None:
    assert read_time("2026-11-21 01:00", BERLIN) == read_time(
        "2026-11-21T00:00Z", BERLIN
    )


def test_the_day_is_that_of_the_zone() -> None:
    late = read_time("2026-11-20T23:30Z", BERLIN)
    assert late is not None
    assert day_of(late, BERLIN) == read_day("2026-11-21")


@given(st.dates())
def test_a_day_has_a_weekday(day: date) -> None:
    assert weekday(as_day(day)) == day.strftime("%a").lower()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1970-01-01 01:00", 0.0),
        ("2026-11-21T11:00", 1795255200.0),
        ("1970-01-01 00:59", None),
        ("0001-01-01", None),
        ("9999-12-31", None),
        ("noon", None),
    ],
)
def test_now_is_a_time_with_years_before_and_after_it(
    text: str, wanted: float | None
) -> None:
    assert read_now(text, BERLIN) == wanted

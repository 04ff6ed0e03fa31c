"""Habits, read off the clock of the site."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from shopwindow.rules.habits import usual_hour

BERLIN = ZoneInfo("Europe/Berlin")


def starts(*times: str) -> list[float]:
    return [datetime.fromisoformat(f"{time}+00:00").timestamp() for time in times]


@pytest.mark.parametrize(
    ("times", "hour"),
    [
        ((), None),
        (("2026-11-02 19:00", "2026-11-03 19:10"), None),
        (("2026-11-02 19:00", "2026-11-03 19:10", "2026-11-04 06:00"), 20),
        (("2026-11-02 19:00", "2026-11-03 18:10", "2026-11-04 20:00"), 20),
        (("2026-11-02 08:00", "2026-11-03 14:10", "2026-11-04 20:00"), None),
        # Around midnight: 23, 0 and 23 o'clock in Berlin.
        (("2026-11-02 22:50", "2026-11-03 23:10", "2026-11-04 22:10"), 23),
        # The clocks went back in between: the habit is by the clock, not by the sun.
        (("2026-10-23 17:00", "2026-10-24 17:00", "2026-10-26 18:00"), 19),
        # Two habits of two visits each: neither is the usual one.
        (
            (
                "2026-11-02 08:00",
                "2026-11-03 08:00",
                "2026-11-04 19:00",
                "2026-11-05 19:00",
            ),
            None,
        ),
    ],
)
def test_the_usual_hour_is_that_of_most_visits(
    times: tuple[str, ...], hour: int | None
) -> None:
    assert usual_hour(starts(*times), BERLIN) == hour


def test_a_beginning_that_no_calendar_holds_counts_for_nothing() -> None:
    real = starts("2026-11-02 19:00", "2026-11-03 19:10", "2026-11-04 19:00")
    assert usual_hour([10**18, -(10**18), float("nan"), *real], BERLIN) == 20
    assert usual_hour([10**18, *real[:2]], BERLIN) is None

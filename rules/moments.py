"""Durations and points in time, as editors write them."""

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

import msgspec

from .facts import DAY

_EPOCH = date(1970, 1, 1).toordinal()
DURATION_PATTERN = r"([1-9]\d{0,4}) (second|minute|hour|day|week|month|year)s?"
_DURATION = re.compile(DURATION_PATTERN, re.ASCII)
_SECONDS = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": DAY,
    "week": 7 * DAY,
    "month": 30 * DAY,
    "year": 365 * DAY,
}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LATEST = 8_000 * 365 * DAY  # the calendar ends with the year 9999
DURATION_HINT = "write for example `30 days` or `2 hours`"
FIRST_DAY = date(1, 1, 1).toordinal() - _EPOCH


class Duration(msgspec.Struct, frozen=True, gc=False):
    """A length of time. In windows a month is 30 days and a year 365, in ages both are calendar."""

    amount: int
    unit: str

    @property
    def seconds(self) -> int:
        return self.amount * _SECONDS[self.unit]

    @property
    def days(self) -> int | None:
        """Whole days; None for hours and less, which day counters cannot count."""
        return self.seconds // DAY if _SECONDS[self.unit] >= DAY else None

    @property
    def months(self) -> int:
        """Calendar months, 0 for everything shorter than a month."""
        return {"month": 1, "year": 12}.get(self.unit, 0) * self.amount

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}{'' if self.amount == 1 else 's'}"


def duration(text: str) -> Duration | None:
    """``30 days`` -> Duration; None for what is not a duration."""
    found = _DURATION.fullmatch(text)
    return Duration(int(found[1]), found[2]) if found else None


@lru_cache(maxsize=512)  # the same few ages are asked on every request of a day
def months_before(day: int, months: int) -> int:
    """The day ``months`` calendar months before ``day``; a day the month lacks is its last one."""
    today = date.fromordinal(day + _EPOCH)
    years, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    if years < 1:
        return FIRST_DAY
    following = (
        date(years + (month == 11), (month + 1) % 12 + 1, 1) if years < 9999 else None
    )
    last = (following - timedelta(days=1)).day if following else 28
    return date(years, month + 1, min(today.day, last)).toordinal() - _EPOCH


def as_day(value: date) -> int:
    """A date as days since 1970-01-01."""
    return value.toordinal() - _EPOCH


def day_of(time: float, zone: tzinfo) -> int:
    """The day, since 1970-01-01, that ``time`` (seconds since 1970) falls on in ``zone``."""
    return datetime.fromtimestamp(time, zone).toordinal() - _EPOCH


def read_day(text: str) -> int | None:
    """``2026-11-20`` as days since 1970-01-01."""
    if len(text) != 10:
        return None
    try:
        return as_day(date.fromisoformat(text))
    except ValueError:
        return None


def read_time(text: str, zone: tzinfo) -> float | None:
    """``2026-11-20 08:00``, with or without offset, as seconds since 1970; a date alone is 00:00."""
    if len(text) < 10 or len(text) > 40:
        return None
    try:
        return as_time(datetime.fromisoformat(text), zone)
    except ValueError:
        return None


def read_now(text: str, zone: tzinfo) -> float | None:
    """As :func:`read_time`, for a time that things happen at: some years before and after it
    must be in the calendar too."""
    time = read_time(text, zone)
    return time if time is not None and in_calendar(time) else None


def in_calendar(time: float) -> bool:
    """Whether things can happen at ``time``, so that it may be printed and counted from."""
    return 0 <= time <= LATEST


def clock(time: float, zone: tzinfo) -> datetime:
    """What a clock on the wall shows at ``time`` in ``zone``, without an offset."""
    return datetime.fromtimestamp(time, zone).replace(tzinfo=None)


def moment(wall: datetime, zone: tzinfo) -> float:
    """The first moment at which the clock in ``zone`` shows ``wall`` or, where that is skipped,
    a later time. A time that comes twice means its first one."""
    time = wall.replace(tzinfo=zone).timestamp()
    if clock(time, zone) == wall:
        return time
    # The clock jumps over it: the jump lies between what its two offsets make of it.
    before, after = int(wall.replace(tzinfo=zone, fold=1).timestamp()), int(time)
    while after - before > 1:
        middle = (before + after) // 2
        if clock(middle, zone) < wall:
            before = middle
        else:
            after = middle
    return float(after)


def later(time: float, length: Duration, zone: tzinfo) -> float:
    """``time`` after ``length``: a day later the clock in ``zone`` shows the same time, an hour
    later is 60 minutes later."""
    if length.days is None:
        return time + length.seconds
    return moment(clock(time, zone) + timedelta(days=length.days), zone)


def weekday(day: int) -> str:
    """The weekday, ``mon`` to ``sun``, of a day since 1970-01-01, which was a Thursday."""
    return WEEKDAYS[(day + 3) % 7]


def as_time(value: datetime, zone: tzinfo = UTC) -> float | None:
    """Seconds since 1970; without an offset the moment is meant in ``zone``."""
    try:
        return (value if value.tzinfo else value.replace(tzinfo=zone)).timestamp()
    except (OverflowError, ValueError, OSError):
        return None


def lasted(seconds: float) -> str:
    """A length of time for people, in the largest unit that it fills: ``3 hours``."""
    for unit, size in (("day", DAY), ("hour", 3600), ("minute", 60)):
        if (amount := int(seconds // size)) >= 1:
            return f"{amount} {unit}{'' if amount == 1 else 's'}"
    return "less than a minute"

"""When a rule is in force: from, until, days and hours, by the clock on the wall of a zone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import msgspec

from .facts import DAY
from .moments import WEEKDAYS, clock, moment

_HORIZON = 16  # days in which a week's windows show themselves, whatever the clocks do
_YEAR = 366
_DAY = timedelta(days=1)


class Schedule(msgspec.Struct, frozen=True, gc=False):
    """``start`` (inclusive) and ``until`` (exclusive) in seconds since 1970; None: open.

    ``days`` are weekdays from 0, Monday; empty means all. ``hours`` are minutes after 00:00,
    the second one exclusive; where it is not the larger one the window crosses midnight, and
    its hours after midnight belong to the day on whose evening it began: ``days: [fri]``,
    ``hours: 22:00-06:00`` ends on Saturday morning. Both are read off the clock in ``zone``: a
    time that is skipped there means the first moment after it, one that comes twice its first.
    """

    start: float | None = None
    until: float | None = None
    days: frozenset[int] = frozenset()
    hours: tuple[int, int] | None = None
    zone: tzinfo = UTC
    line: int = 0

    def active(self, now: float) -> bool:
        """Whether the schedule allows its rule at ``now``, seconds since 1970."""
        if self.start is not None and now < self.start:
            return False
        if self.expired(now):
            return False
        if not self.days and self.hours is None:
            return True
        # Yesterday's window may reach into today; and where a clock goes back over midnight,
        # tomorrow's has begun.
        return any(begin <= now < end for begin, end in self._windows(now, 2))

    def next_change(self, now: float) -> float | None:
        """The next moment at which :meth:`active` may change; None: it stays for ever.

        Until then, without that moment, it is what it is at ``now``.
        """
        if self.expired(now):
            return None
        if self.start is not None and now < self.start:
            return self.start
        if not self.days and self.hours is None:
            return self.until
        active = self.active(now)
        edge = now + (_HORIZON - 2) * DAY  # asked again then
        until = now
        for begin, end in self._windows(now, _HORIZON):
            if end <= now or begin == end:  # over, or swallowed by a skipped hour
                continue
            if not active:
                edge = begin
                break
            if begin > until:
                break
            edge = until = end  # windows that touch are one
        return edge if self.until is None else min(edge, self.until)

    def expired(self, now: float) -> bool:
        """Whether ``until`` has passed, so that nothing can bring the rule back."""
        return self.until is not None and now >= self.until

    def never(self) -> bool:
        """Whether no moment between ``start`` and ``until`` is in one of the windows."""
        if self.start is None or self.until is None:
            return False
        moment: float | None = self.start
        while moment is not None and moment < self.until:
            if self.active(moment):
                return False
            moment = self.next_change(moment)
        return True

    def within(self, other: "Schedule") -> bool:
        """Whether this one is surely never on when ``other`` is not."""
        if (other.days or other.hours) and not (
            (self.days, self.hours, self.zone) == (other.days, other.hours, other.zone)
        ):
            return False
        begins = other.start is None or (
            self.start is not None and self.start >= other.start
        )
        ends = other.until is None or (
            self.until is not None and self.until <= other.until
        )
        return begins and ends

    def apart(self, other: "Schedule") -> bool:
        """Whether one ends before the other begins."""
        return any(
            first.until is not None
            and second.start is not None
            and first.until <= second.start
            for first, second in ((self, other), (other, self))
        )

    def skipped(self, now: float) -> date | None:
        """The next day, within a year, whose clock skips the beginning or the end of ``hours``.

        Only days on which the schedule is in force are looked at.
        """
        if self.hours is None or self.expired(now):
            return None
        first = now if self.start is None else max(now, self.start)
        for begin, end in self._walls(first, _YEAR):
            for wall in (begin, end):
                shown = clock(when := moment(wall, self.zone), self.zone)
                if shown != wall and when >= first and not self.expired(when):
                    return wall.date()
        return None

    def _windows(self, now: float, days: int) -> Iterator[tuple[float, float]]:
        """The windows, as moments, from that of the day before ``now`` on."""
        for begin, end in self._walls(now, days):
            yield moment(begin, self.zone), moment(end, self.zone)

    def _walls(self, now: float, days: int) -> Iterator[tuple[datetime, datetime]]:
        """The windows as a clock shows them, from that of the day before ``now`` on."""
        opens, closes = self.hours or (0, 1440)
        length = timedelta(minutes=closes - opens + (1440 if closes <= opens else 0))
        midnight = datetime.combine(clock(now, self.zone), time())
        for number in range(-1, days):
            day = midnight + number * _DAY
            if not self.days or day.weekday() in self.days:
                begin = day + timedelta(minutes=opens)
                yield begin, begin + length

    def __str__(self) -> str:
        said = []
        for word, bound in (("from", self.start), ("until", self.until)):
            if bound is not None:
                wall = clock(bound, self.zone)
                form = "%Y-%m-%d %H:%M" if wall.time() != time() else "%Y-%m-%d"
                said.append(f"{word} {wall:{form}}")
        if self.days:
            said.append(" ".join(WEEKDAYS[day] for day in sorted(self.days)))
        if self.hours is not None:
            said.append("-".join(f"{m // 60:02}:{m % 60:02}" for m in self.hours))
        return f"{', '.join(said)} ({self.zone})"

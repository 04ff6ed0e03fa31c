"""Which rules are in force: asked of their schedules once, kept until one of them changes."""

from collections.abc import Iterable
from math import inf, nan

from .schedule import Schedule


class Timetable:
    """The bits of all rules whose schedule is on; those without a schedule always are.

    Safe to use from several threads: what is kept is replaced as a whole.
    """

    __slots__ = ("_kept", "_schedules")

    def __init__(self, schedules: Iterable[tuple[Schedule, int]]) -> None:
        """``schedules``, each with the bits of its rule."""
        self._schedules = tuple(schedules)
        self._kept = (nan, nan, 0)  # since when, until when, which

    def __bool__(self) -> bool:
        return bool(self._schedules)

    def open(self, now: float) -> int:
        """The mask at ``now``, in seconds since 1970."""
        since, until, mask = self._kept
        if not since <= now < until:
            since, until, mask = self._kept = self._at(now)
        return mask

    def _at(self, now: float) -> tuple[float, float, int]:
        until, mask = inf, -1  # all bits, however many there are
        for schedule, bits in self._schedules:
            change = schedule.next_change(now)
            if change is not None and change < until:
                until = change
            if not schedule.active(now):
                mask &= ~bits
        return now, until, mask

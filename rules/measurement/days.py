"""Days of a site's time zone, asked for very often."""

from .plan import DayOf, Plan

_STEP = 900  # seconds: clocks change at whole quarters of an hour
_KEPT = 50_000


class Days:
    """Remembers, of quarters of an hour that lie within one day, which one that is."""

    __slots__ = ("_known", "_of")
    _last: "Days | None" = None

    def __init__(self, of: DayOf) -> None:
        self._of = of
        self._known: dict[int, int] = {}

    @classmethod
    def of(cls, plan: Plan) -> "Days":
        """Those of ``plan``: of one and the same, always the same."""
        last = cls._last
        if last is None or last._of is not plan.day:
            last = cls._last = cls(plan.day)
        return last

    def day(self, time: float) -> int:
        """The day of ``time``, as the plan's own ``day`` says it."""
        quarter = int(time) // _STEP
        found = self._known.get(quarter)
        if found is not None:
            return found
        begin = quarter * _STEP
        first = self._of(begin)
        if first != self._of(begin + _STEP - 0.001):
            return self._of(time)
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[quarter] = first
        return first

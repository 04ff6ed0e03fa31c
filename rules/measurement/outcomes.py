"""What an owner did in a window, and before it: the part that all cells share."""

from bisect import bisect_left

from ..facts import DAY
from .plan import Plan
from .quantities import NO_PAST
from .story import Story

PAST = (
    28.0 * DAY
)  # seconds before the first exposure that are compared with what came after
_NO_SALES = (0,) * 7


class Outcomes:
    """The outcomes of one story, by the moment from which they count. Each is worked out once."""

    __slots__ = ("_known", "_left", "_plan", "_quiet", "_story")

    def __init__(self, story: Story, plan: Plan, left: float | None) -> None:
        self._story = story
        self._plan = plan
        self._left = left
        self._known: dict[tuple[float, float], tuple[int, ...]] = {}
        # Most have bought nothing: nothing of it has to be looked for.
        self._quiet = not (story.orders or story.added or story.leads) and left is None

    def since(self, start: float, window: float) -> tuple[int, ...]:
        """All of :data:`.quantities.OF_OUTCOMES` from ``start`` on, then of the past before it."""
        key = start, window
        found = self._known.get(key)
        if found is None:
            visits = self._visits(start, start + window)
            if self._quiet:
                found = visits + _NO_SALES + _NO_PAST_AND_NET
            else:
                found = visits + self._sales(start, start + window) + self._past(start)
            self._known[key] = found
        return found

    def _visits(self, start: float, end: float) -> tuple[int, ...]:
        story = self._story
        visits = bounces = products = seconds = 0
        for visit in story.visits:
            if visit.last < start or visit.first >= end:
                continue  # a visit without a page was never there: its last is below 0
            visits += 1
            if visit.pages == 1:
                bounces += 1
            product = visit.product
            if start <= product < end:
                products += 1
                seconds += int(product - visit.begin)
        pages = story.pages
        seen = bisect_left(pages, end) - bisect_left(pages, start)
        return visits, seen, bounces, products, seconds

    def _sales(self, start: float, end: float) -> tuple[int, ...]:
        story, left = self._story, self._left
        orders = revenue = 0
        for time, cents in story.orders:
            if start <= time < end:
                orders += 1
                revenue += cents
        left_now = left is not None and start <= left < end
        return (
            _within(story.added, start, end),
            int(orders > 0),
            orders,
            revenue,
            self._again(start, end, float("inf")),
            _within(story.leads, start, end),
            int(left_now),
            revenue - left_now * self._plan.customer,
        )

    def _past(self, start: float) -> tuple[int, ...]:
        story, begin = self._story, start - PAST
        before = [cents for time, cents in story.orders if begin <= time < start]
        return (
            _within(story.added, begin, start),
            int(bool(before)),
            sum(before),
            self._again(begin, start, start),
            _within(story.leads, begin, start),
        )

    def _again(self, start: float, end: float, known: float) -> int:
        """Whether a first order from ``start`` to ``end`` was followed by a second one soon after,
        before ``known``. The second may come after ``end``."""
        times = [time for time, _ in self._story.orders]
        first = bisect_left(times, start)
        if first + 1 >= len(times) or times[first] >= end:
            return 0
        second = times[first + 1]
        return int(second < known and second - times[first] <= self._plan.repurchase)


def _within(times: list[float], start: float, end: float) -> int:
    """Whether one of ``times`` (oldest first) is from ``start`` to ``end``, without it."""
    first = bisect_left(times, start)
    return int(first < len(times) and times[first] < end)


_NO_PAST_AND_NET = (0, *NO_PAST)

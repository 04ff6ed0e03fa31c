"""What a visitor usually does."""

from collections.abc import Sequence
from datetime import tzinfo

from .moments import clock, in_calendar

VISITS_NEEDED = 3


def usual_hour(starts: Sequence[float], zone: tzinfo) -> int | None:
    """The hour of the day in ``zone`` around which visits begin, of their moments, oldest first.

    More than half of them began in that hour, the one before or the one after. None for fewer
    than three visits, and where there is no such hour. Among equals the latest visit decides.
    """
    hours = [clock(start, zone).hour for start in starts if in_calendar(start)]
    if len(hours) < VISITS_NEEDED:
        return None
    counts = [hours.count(hour) for hour in range(24)]
    near = [counts[hour - 1] + counts[hour] + counts[hour - 23] for hour in range(24)]
    best = max(reversed(hours), key=lambda hour: (near[hour], counts[hour]))
    return best if 2 * near[best] > len(hours) else None

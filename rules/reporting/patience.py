"""How much longer it takes, and what could be seen by now."""

from ..statistics.power import detectable, time_to_go
from .effects import ALWAYS, Raw
from .verdicts import LEAST_EVENTS, LEAST_VISITORS

MOST_DAYS = 730  # later is never


def detectable_by(raw: Raw) -> float | None:
    """The least relative uplift that so many visitors show, four times out of five."""
    return detectable(*raw.samples, sequential=ALWAYS) or None


def days_to_go(raw: Raw, sought: float | None, days: int) -> float | None:
    """Days until an uplift of ``sought``, else one as large as the present one, shows four times
    out of five, if visitors go on to come as in these ``days``; None: not in two years."""
    aim = sought or abs(raw.uplift.relative)
    more = time_to_go(*raw.samples, aim, days, sequential=ALWAYS)
    return more if more and more <= MOST_DAYS else None


def days_to_least(days: int, *arms: tuple[int, int]) -> float | None:
    """Days until each arm has the visitors and events that a verdict takes; None: nobody comes."""
    if not all(visitors and events for visitors, events in arms):
        return None
    times = max(
        max(LEAST_VISITORS / visitors, LEAST_EVENTS / events)
        for visitors, events in arms
    )
    more = days * (times - 1)
    return more if 0 < more <= MOST_DAYS else None

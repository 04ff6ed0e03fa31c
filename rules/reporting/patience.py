"""How much longer it takes, and what could be seen by now."""

from ..statistics.power import detectable, time_to_go
from .effects import ALWAYS, Raw
from .verdicts import LEAST_EVENTS, LEAST_VISITORS

MOST_DAYS = 730  # later is never


def detectable_by(raw: Raw) -> float | None:
    """The least relative uplift that so many visitors show, four times out of five."""
    return (
        detectable(*raw.samples, confidence=raw.confidence, sequential=ALWAYS) or None
    )


def days_to_go(raw: Raw, sought: float | None, days: int) -> float | None:
    """Days until an uplift of ``sought``, else one as large as the present one, shows four times
    out of five, if visitors go on to come as in these ``days``; None: not in two years."""
    aim = sought or abs(raw.uplift.relative)
    more = time_to_go(
        *raw.samples, aim, days, confidence=raw.confidence, sequential=ALWAYS
    )
    return more if more and more <= MOST_DAYS else None


def days_to_least(days: int, *arms: tuple[int, int]) -> float | None:
    """Days until each arm has the visitors that a verdict takes, and the smaller one may expect
    the events; None: nobody comes."""
    visitors, events = (sum(each) for each in zip(*arms, strict=True))
    smaller = min(count for count, _ in arms)
    if not smaller or not events:
        return None
    due = events * smaller / visitors
    times = max(LEAST_VISITORS / smaller, LEAST_EVENTS / due)
    more = days * (times - 1)
    return more if 0 < more <= MOST_DAYS else None

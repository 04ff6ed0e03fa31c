"""How much longer it takes, and what could be seen by now."""

from typing import NamedTuple

from ..statistics.power import detectable, time_to_go
from .effects import ALWAYS, Raw
from .judgements import Reach
from .verdicts import LEAST_EVENTS, LEAST_VISITORS

#: Days. Later is nothing to wait for: the shop will be another one by then.
FAR = 365
STALLED = 7  # days without anybody new, after which there is no pace to go by


class Wait(NamedTuple):
    """So many days, at the pace of the report's days; None where they are not to be said."""

    days: float | None = None
    reach: Reach = ""


class Pace(NamedTuple):
    """Over how many ``days`` visitors have come, and for how many last ones nobody new has."""

    days: int
    quiet: int = 0

    @property
    def stalled(self) -> bool:
        return self.quiet >= STALLED


def detectable_by(raw: Raw) -> float | None:
    """The least relative uplift that so many visitors show, four times out of five."""
    return (
        detectable(*raw.samples, confidence=raw.confidence, sequential=ALWAYS) or None
    )


def wait(raw: Raw, sought: float | None, pace: Pace) -> Wait:
    """Until an uplift of ``sought``, else one as large as the present one, shows four times out of
    five, if visitors go on to come as they did."""
    aim = sought or abs(raw.uplift.relative)
    if not aim:
        return (
            Wait()
        )  # two arms that are exactly alike: nobody knows what is looked for
    if pace.stalled:
        return Wait(None, "stalled")
    more = time_to_go(
        *raw.samples, aim, pace.days, confidence=raw.confidence, sequential=ALWAYS
    )
    if more is None:
        return Wait(None, "far")
    return Wait(more, _reach(more)) if more else Wait()


def wait_for_least(pace: Pace, *arms: tuple[int, int]) -> Wait:
    """Until each arm has the visitors that a verdict takes, and the smaller one may expect the
    events. ``arms``: visitors, and how many of them did what counts."""
    visitors, events = (sum(each) for each in zip(*arms, strict=True))
    smaller = min(count for count, _ in arms)
    if pace.stalled:
        return Wait(None, "stalled")
    if not smaller or not events:
        return Wait(None, "unknown")
    due = events * smaller / visitors
    times = max(LEAST_VISITORS / smaller, LEAST_EVENTS / due)
    more = pace.days * (times - 1)
    return Wait(more, _reach(more)) if more > 0 else Wait()


def _reach(days: float) -> Reach:
    return "near" if days <= FAR else "far"

"""How long what is for what it is kept, and from when on it is too old."""

from collections.abc import Mapping

import msgspec

from ..rules.events import (
    PROMOTION_CLICKED,
    PROMOTION_DISMISSED,
    PROMOTION_RATED,
    PROMOTION_VIEWED,
)
from ..rules.moments import DURATION_HINT, Duration, duration
from .toml import Section

YEAR_AND_MORE = Duration(400, "day")  # what browsers keep a cookie at most
SHOWN = (PROMOTION_VIEWED, PROMOTION_CLICKED, PROMOTION_DISMISSED, PROMOTION_RATED)
"""The events that say what was shown to whom: what statistics are made of."""


class Retention(msgspec.Struct, frozen=True):
    """How long events, those that are kept for statistics, and profiles stay.

    An event's age is counted from when it happened, a profile's from when the visitor was
    last seen.
    """

    events: Duration = YEAR_AND_MORE
    statistics: Duration = YEAR_AND_MORE
    profiles: Duration = YEAR_AND_MORE

    def events_before(self, now: float) -> Mapping[str, float]:
        """Event name -> the moment before which it is too old; "" stands for the others."""
        statistics = now - self.statistics.seconds
        return dict.fromkeys(SHOWN, statistics) | {"": now - self.events.seconds}

    def profiles_before(self, now: float) -> float:
        """Who was last seen before it is forgotten."""
        return now - self.profiles.seconds


def read_retention(store: Section, events: Section) -> Retention:
    """``keep`` and ``keep-statistics`` of the table [events], and ``keep`` of [store]."""
    kept = _kept(events, "keep", YEAR_AND_MORE)
    return Retention(
        kept,
        _kept(events, "keep-statistics", kept),
        _kept(store, "keep", YEAR_AND_MORE),
    )


def _kept(section: Section, key: str, default: Duration) -> Duration:
    text = section.text(key, str(default))
    length = duration(text)
    if length is None:
        section.wrong(key, f'"{text}" is not a duration', DURATION_HINT)
    elif length.days is None:
        section.wrong(
            key, f'"{text}" is less than a day', "write for example `30 days`"
        )
    else:
        return length
    return default

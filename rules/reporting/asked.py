"""What a report is asked for, and what it knows of the site besides its rules."""

from collections.abc import Mapping

import msgspec

from ..allocating.rollout import Standing
from .writing import Writing


class Asked(msgspec.Struct, frozen=True):
    """``since`` to ``until`` are days since 1970 in the site's time zone, both included; ``today``
    is the day of ``now``. ``metric`` takes the place of every goal, ``experiment`` leaves out
    what does not belong to it. ``slots`` are those of site.toml, ``holdout`` the share of its visitors that sees
    nothing. ``events`` is how many the log holds, None: nobody looked. ``updated`` is up to when
    they were counted, ``counted`` that moment's day. ``standings`` say how far roll-outs have come.
    ``moved`` are the experiments whose shares of the visitors have moved, whatever they do now.
    """

    site: str
    since: int
    until: int
    today: int
    now: float
    write: Writing
    metric: str = ""
    experiment: str = ""
    slots: tuple[str, ...] = ()
    holdout: float = 0.0
    events: int | None = None
    updated: float | None = None
    counted: int | None = None
    currency: str = "EUR"
    language: str = "en"
    timezone: str = "UTC"
    standings: Mapping[str, Standing] = {}
    moved: frozenset[str] = frozenset()

    @property
    def last(self) -> int:
        """The last day that is over."""
        return min(self.until, self.today - 1)

    @property
    def counted_until(self) -> int:
        """The last day of the report of which anything is known."""
        known = self.today if self.counted is None else self.counted
        return min(self.until, self.today, known)

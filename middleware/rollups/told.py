"""The stories that the log tells, as what their owners add."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from ...rules.measurement.contributions import Contribution, contribution_of
from ...rules.measurement.plan import Plan
from ..stores.rows import purpose_of
from .tables import StoryRow
from .unit import NEVER

_OWNER = itemgetter(0)
_STATISTICS: dict[str, bool] = {}


class Told(NamedTuple):
    """What one owner adds, when they were shown something last, and when they did something."""

    owner: str
    contribution: Contribution
    shown: float
    did: float
    events: int


def told(
    rows: Iterable[StoryRow], plan: Plan, until: float, left: float | None = None
) -> Iterator[Told]:
    """One after the other, of rows in the order of their owners."""
    for owner, group in groupby(rows, _OWNER):
        story = [row[1:] for row in group]
        shown = did = NEVER
        for time, name, _ in reversed(story):
            if _is_statistics(name):
                shown = max(shown, time)
            else:
                did = max(did, time)
            if shown > NEVER and did > NEVER:
                break
        one = contribution_of(story, plan, until, left)
        yield Told(owner, one, shown, did, len(story))


def _is_statistics(name: str) -> bool:
    known = _STATISTICS.get(name)
    if known is None:
        if len(_STATISTICS) > 1_000:  # a shop may make up names
            _STATISTICS.clear()
        known = _STATISTICS[name] = purpose_of(name) == "statistics"
    return known

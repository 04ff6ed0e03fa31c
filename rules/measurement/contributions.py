"""What one owner of the log adds to a site's sums."""

from collections.abc import Iterable, Sequence

import msgspec

from ..facts import Event
from .attribution import answered
from .cells import Cell
from .daily import further, tell
from .days import Days
from .marks import Count, Mark, add, counted
from .outcomes import Outcomes
from .pages import PAGE_FROM_JSON, PAGE_FROM_PROPERTIES
from .places import Places
from .placing import Placed, Placing
from .plan import Plan
from .quantities import Quantities
from .responses import Responses
from .rows import FROM_JSON, FROM_PROPERTIES
from .story import Row, Story

_FROM_JSON = {**FROM_JSON, **PAGE_FROM_JSON}
_FROM_PROPERTIES = {**FROM_PROPERTIES, **PAGE_FROM_PROPERTIES}


class Contribution(msgspec.Struct):
    """What one owner adds: quantities to cells, and numbers to what is counted day by day.

    ``placed`` are the cells in short, ``cells`` the same in full.
    ``accounts`` maps an account's pseudonym to this owner's part in what it did. ``marks`` are
    what became of showings; ``further`` what is counted beside them. ``skipped`` is how many rows
    could not be read.
    """

    placed: Placed = msgspec.field(default_factory=Placed)
    accounts: dict[str, dict[Cell, Quantities]] = {}
    marks: dict[Mark, int] = {}
    further: dict[Count, int] = {}
    skipped: int = 0

    @property
    def cells(self) -> dict[Cell, Quantities]:
        return self.placed.cells()

    @property
    def counts(self) -> dict[Count, int]:
        """All that is counted, by the day on which it happened. Of experiments the name is
        ``NAME/ARM``, of slots ``SLOT`` and ``SLOT@STAGE``."""
        counts = counted(self.marks.items())
        for key, number in self.further.items():
            add(counts, key, number)
        return counts


def contribution(
    story: Sequence[Event], plan: Plan, until: float, left: float | None = None
) -> Contribution:
    """What the owner of ``story``, all logged events of theirs, adds up to ``until`` inclusively.

    ``left`` is when they withdrew their consent or had everything erased. Nothing is raised:
    what cannot be read is skipped. Without new events, a later ``until`` changes nothing.
    """
    rows = ((event.time, event.name, event.properties) for event in story)
    return _of(Story(rows, plan, until, _FROM_PROPERTIES), plan, left)


def contribution_of(
    rows: Iterable[Row], plan: Plan, until: float, left: float | None = None
) -> Contribution:
    """:func:`contribution` of rows of the log: time, name, and properties as JSON."""
    return _of(Story(rows, plan, until, _FROM_JSON), plan, left)


def _of(story: Story, plan: Plan, left: float | None) -> Contribution:
    whole = Contribution(skipped=story.skipped)
    days = Days.of(plan)
    places = Places(story, plan.rollouts, days.day)
    if places.site is None:
        return whole
    responses = answered(story)
    whole.marks = places.marks
    tell(whole.marks, story, responses, plan, days.day)
    whole.placed, whole.accounts = Placing(
        places, Outcomes(story, plan, left), Responses(responses), plan
    ).placed()
    whole.further = further(story, places, plan, days.day, left)
    return whole

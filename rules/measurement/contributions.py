"""What one owner of the log adds to a site's sums."""

from collections.abc import Sequence

import msgspec

from ..events import (
    ORDER_COMPLETED,
    PROMOTION_CLICKED,
    PROMOTION_DISMISSED,
    PROMOTION_VIEWED,
)
from ..facts import Event
from .cells import Cell
from .plan import Plan
from .quantities import Quantities

Count = tuple[int, str, str, str]
"""A day, a kind (site, experiment, rule, slot or campaign), a name, and what is counted."""


class Contribution(msgspec.Struct):
    """What one owner adds: quantities to cells, and numbers to what is counted day by day.

    ``counts`` are by the day of the event. Of experiments the name is ``NAME/ARM``, of slots
    ``SLOT`` and ``SLOT@STAGE``. ``accounts`` maps an account's pseudonym to this owner's part in
    what it did. ``skipped`` is how many rows could not be read.
    """

    cells: dict[Cell, Quantities] = {}
    counts: dict[Count, int] = {}
    accounts: dict[str, dict[Cell, Quantities]] = {}
    skipped: int = 0


READS = frozenset(
    {
        ORDER_COMPLETED,
        PROMOTION_VIEWED,
        PROMOTION_CLICKED,
        PROMOTION_DISMISSED,
        "Promotion Rated",
    }
)
"""The events whose properties are looked at; of all others the name and the time are enough."""


def contribution(
    story: Sequence[Event], plan: Plan, until: float, left: float | None = None
) -> Contribution:
    """What the owner of ``story``, all logged events of theirs, adds up to ``until`` inclusively.

    ``left`` is when they withdrew their consent or had everything erased. Nothing is raised:
    what cannot be read is skipped. Without new events, a later ``until`` changes nothing.
    """
    return Contribution()

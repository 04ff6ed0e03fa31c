"""The counting of events that are in memory, with numpy."""

import numpy as np

from ..scoring import Parameters
from . import covisitation, popularity
from .events import VIEWED, Events
from .part import Say
from .table import Table


class Here:
    """What of ``events`` is counted; :class:`.sql.Counting` does the same elsewhere."""

    def __init__(self, events: Events) -> None:
        self._events = events

    def table(
        self,
        parameters: Parameters,
        source: int = VIEWED,
        target: int = VIEWED,
        say: Say | None = None,
    ) -> Table:
        """The table from ``source`` (a verb) to ``target``."""
        events = self._events
        if source == target == VIEWED and not (events.verb == VIEWED).any():
            # In a till's log, whatever was done counts as looked at.
            events = events._replace(verb=np.full(len(events.verb), VIEWED, np.int8))
        return covisitation.table(events, parameters, source, target, say)

    def popular(self) -> popularity.Popularity:
        return popularity.popular(self._events)

    def trending(self) -> popularity.Popularity:
        return popularity.trending(self._events)

"""The counting of events that are in memory, with numpy."""

import numpy as np
from numpy.typing import NDArray

from ..scoring import Parameters
from . import covisitation, popularity
from .again import again
from .events import VIEWED, Events, views_of
from .part import Say
from .table import Table
from .together import KEEP, cosine


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
        views = source == target == VIEWED
        events = views_of(self._events) if views else self._events
        return covisitation.table(events, parameters, source, target, say)

    def cosine(self, keep: int = KEEP) -> Table:
        """What is bought together, counted without a regression."""
        return cosine(self._events, keep)

    def again(self, parameters: Parameters) -> NDArray[np.float32]:
        return again(views_of(self._events), parameters)

    def looked_at(self) -> NDArray[np.int64]:
        """How often each item was viewed, or whatever else where nothing was."""
        items = views_of(self._events).item
        counts: NDArray[np.int64] = np.bincount(items, minlength=len(self._events.keys))
        return counts

    def popular(self) -> popularity.Popularity:
        return popularity.popular(self._events)

    def trending(self) -> popularity.Popularity:
        return popularity.trending(self._events)

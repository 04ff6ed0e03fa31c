"""Events as they come, in any order: made to columns of numbers, and sound or rejected."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from .batch import COLUMNS, Batch, Value
from .events import BOUGHT, DAY, VIEWED, Events
from .sessions import Columns, arranged
from .values import MISSING, UNUSABLE, Numbers, Verbs, article_of, moments

NO_PRODUCT = "no product"
NO_VISITOR = "neither visitor nor session"
BAD_ID = "an id is too long, or holds a zero byte"
BAD_EVENT = "an unknown event"
BAD_TIME = "the time cannot be read"
FUTURE = "the time is in the future"

_EVENT, _TIME = COLUMNS.index("event"), COLUMNS.index("time")

#: Seconds that clocks may be ahead.
AHEAD = DAY
SHOWN = 10


class Gathering:
    """Takes batches of events, and makes :class:`.events.Events` of them at the end."""

    def __init__(self, until: float | None, now: float) -> None:
        """Events at ``until`` or later are left out; without it, those a day after ``now``."""
        self._until = until
        self._now = now
        self.visitors, self.sessions = Numbers(), Numbers()
        self.items, self.orders = Numbers(), Numbers()
        self._verbs = Verbs()
        self._parts: list[list[NDArray[np.generic]]] = []
        self.lines = 0
        self.later = 0
        self.rejected: Counter[str] = Counter()
        #: The first few lines that are no events, with the reason.
        self.examples: list[tuple[int, str]] = []

    def wrong(self, line: int, why: str) -> None:
        """``line`` is no event."""
        self.lines += 1
        self.rejected[why] += 1
        if len(self.examples) < SHOWN:
            self.examples.append((line, why))

    def add(self, batch: Batch) -> None:
        """Take these."""
        number = len(batch.line)
        self.lines += number
        visitors, sessions, names, products, times, orders = batch.values
        verb = self._verbs.of(names)
        articles = self._verbs.are_of_articles(names).tolist()
        item = self.items.of(products)
        if articles:
            item[articles] = self.items.of([article_of(products[n]) for n in articles])
        visitor = self.visitors.of(visitors)
        session = self.sessions.of(sessions)
        order = self.orders.of(orders)
        unnamed = verb == MISSING  # an order's line, or somebody looked at it
        if unnamed.any():
            verb[unnamed] = np.where(order[unnamed] >= 0, BOUGHT, VIEWED)
        time = moments(times)
        sound = np.ones(number, np.bool_)
        for bad, why in (
            (item == MISSING, NO_PRODUCT),
            (
                (item == UNUSABLE) | (visitor == UNUSABLE) | (session == UNUSABLE),
                BAD_ID,
            ),
            ((visitor < 0) & (session < 0), NO_VISITOR),
            (verb == UNUSABLE, BAD_EVENT),
            (np.isinf(time), BAD_TIME),
        ):
            self._reject(bad, why, sound, batch)
        if self._until is None:
            self._reject(time > self._now + AHEAD, FUTURE, sound, batch)
        else:
            later = sound & (time >= self._until)
            self.later += int(later.sum())
            sound &= ~later
        order[order < 0] = -1
        lines = batch.line
        if isinstance(lines, range):
            place = np.arange(lines.start, lines.stop)
        else:
            place = np.array(lines, np.int64)
        columns = Columns(visitor, session, item, verb, time, order, place)
        self.take(columns if sound.all() else columns.where(sound))

    def take(self, columns: Columns) -> None:
        """Keep what is sound of a batch; its numbers are places in the ``texts`` of
        ``visitors``, ``sessions``, ``items`` and ``orders``."""
        self._parts.append(list(columns))

    def _reject(
        self, bad: NDArray[np.bool_], why: str, sound: NDArray[np.bool_], batch: Batch
    ) -> None:
        bad = bad & sound
        if not bad.any():
            return
        sound &= ~bad
        self.rejected[why] += int(bad.sum())
        for place in np.flatnonzero(bad)[:SHOWN].tolist():
            words = why
            if why == BAD_EVENT:
                words += f" {_short(batch.values[_EVENT][place])}"
            elif why == BAD_TIME:
                words += f": {_short(batch.values[_TIME][place])}"
            self.examples.append((batch.line[place], words))
        self.examples.sort()
        del self.examples[SHOWN:]

    def finish(self) -> Events:
        """All that was taken; the gathering is empty then."""
        # As large as all the columns.
        self.visitors, self.sessions, self.orders = Numbers(), Numbers(), Numbers()
        kinds = (np.int32, np.int32, np.int32, np.int8, np.float64, np.int32, np.int64)
        columns = []
        for place, kind in enumerate(kinds):
            parts = [part[place] for part in self._parts]
            columns.append(np.concatenate(parts) if parts else np.zeros(0, kind))
            for part in self._parts:
                part[place] = parts[0][:0]
        self._parts.clear()
        self.examples.sort()
        return arranged(Columns(*columns), self.items.texts, self.lines, self.rejected)


def _short(value: Value) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."

"""Events that are kept and counted by an engine that runs SQL."""

from collections import Counter
from collections.abc import Sequence

from .engine import Engine
from .events import Events
from .gathering import BAD_ID, Gathering
from .sql import Counting

#: Events, the newest, that are read into memory for what is not counted.
NEWEST = 5_000_000


class Elsewhere(Gathering):
    """Its end is the counting of what is in the engine's ``raw`` by then; the events that it gives
    are the newest of them, ``most`` or a few more, among all items of the log and ``also``. ``bad_ids`` are
    things that were left out before, as their ids cannot be any."""

    counting: Counting

    def __init__(
        self,
        engine: Engine,
        until: float | None,
        now: float,
        also: Sequence[str] = (),
        most: int = NEWEST,
        bad_ids: int = 0,
    ) -> None:
        super().__init__(until, now)
        self._engine = engine
        self._also = also
        self._most = most
        self.rejected = +Counter({BAD_ID: bad_ids})

    def finish(self) -> Events:
        self.counting = Counting(self._engine, self._also)
        self.examples.sort()
        return self.counting.events(self._most)._replace(
            lines=self.lines or self.counting.rows + self.rejected[BAD_ID],
            rejected=self.rejected + self.counting.rejected,
        )

"""How often is often enough: the caps of a rule, asked of what was shown and clicked."""

from collections.abc import Sequence

import msgspec

from .attributes import Facts
from .counting import how_often
from .facts import DAY, Counter
from .moments import Duration, lasted


class Record:
    """What is on record of the showings that count for one cap, and of the clicks on them.

    ``shown`` holds a counter for each rule that was shown, at least one; ``clicked`` one for
    each of their fragments that was clicked.
    """

    __slots__ = ("clicked", "day", "now", "shown")

    def __init__(
        self, shown: Sequence[Counter], clicked: Sequence[Counter], facts: Facts
    ) -> None:
        self.shown = shown
        self.clicked = clicked
        self.day = facts.day
        self.now = facts.context.now

    def times(self, within: Duration | None) -> int:
        """How often it was shown within the window; for hours and minutes once per rule."""
        return sum(how_often(one, within, self.day, self.now) for one in self.shown)

    @property
    def ago(self) -> float:
        """Seconds since the last showing."""
        return self.now - max(one.last for one in self.shown)

    @property
    def answered(self) -> bool:
        """Whether there was a click after the first showing.

        Of the first showing only the day is known: a click on that day counts, unless that
        showing was the only one and is known to the second.
        """
        if not self.clicked:
            return False
        click = max(one.last for one in self.clicked)
        if sum(one.total for one in self.shown) == 1:
            return click >= self.shown[0].last
        return self._day_of_click >= min(one.days[0] for one in self.shown)

    @property
    def ignored(self) -> int:
        """How often it was shown on the days after the last click."""
        if not self.clicked:
            return sum(one.total for one in self.shown)
        return sum(one.since(self._day_of_click + 1) for one in self.shown)

    @property
    def _day_of_click(self) -> int:
        return max(one.days[-2] for one in self.clicked)


class Times(msgspec.Struct, frozen=True, gc=False):
    """At most ``times`` showings within ``per``; None: as long as the shop keeps events."""

    times: int
    per: Duration | None = None

    def reached(self, record: Record) -> bool:
        return record.times(self.per) >= self.times

    def has(self, record: Record) -> str:
        return f"it was shown {record.times(self.per)} x"

    def __str__(self) -> str:
        return f"{self.times} x" + (f" in {self.per}" if self.per else "")


class Cooldown(msgspec.Struct, frozen=True, gc=False):
    """A pause after each showing, counted to the second."""

    pause: Duration

    def reached(self, record: Record) -> bool:
        return record.ago < self.pause.seconds

    def has(self, record: Record) -> str:
        return f"it was shown {lasted(record.ago)} ago"

    def __str__(self) -> str:
        return f"pause of {self.pause}"


class UntilClicked(msgspec.Struct, frozen=True, gc=False):
    """A click after the first showing ends it."""

    def reached(self, record: Record) -> bool:
        return record.answered

    def has(self, record: Record) -> str:
        return "it was clicked"

    def __str__(self) -> str:
        return "until clicked"


class Adaptive(msgspec.Struct, frozen=True, gc=False):
    """A pause that grows while nobody clicks: one day after 2 showings without a click, two
    days after 4, four days after 8, and so on."""

    def reached(self, record: Record) -> bool:
        return record.ago < self.pause(record.ignored)

    @staticmethod
    def pause(ignored: int) -> int:
        """Seconds to wait after ``ignored`` showings without a click."""
        doublings = ignored.bit_length() - 2
        return DAY << doublings if doublings >= 0 else 0

    def has(self, record: Record) -> str:
        return (
            f"it was shown {record.ignored} x without a click, "
            f"the last time {lasted(record.ago)} ago"
        )

    def __str__(self) -> str:
        return "adaptive"


Limit = Times | Cooldown | UntilClicked | Adaptive


class Cap(msgspec.Struct, frozen=True, gc=False):
    """All ``limits`` of a rule. The showings of ``rules`` count, and clicks on ``fragments``:
    those of the rule itself, or of everything that shares its ``cap-group``."""

    limits: tuple[Limit, ...]
    rules: tuple[str, ...]
    fragments: tuple[str, ...]

    def reached(self, facts: Facts) -> bool:
        """Whether one of the limits is reached."""
        record = self._record(facts)
        if record is None:
            return False
        return any(limit.reached(record) for limit in self.limits)

    def why(self, facts: Facts) -> str:
        """The limit that is reached, and what is on record; empty where none is."""
        record = self._record(facts)
        if record is not None:
            for limit in self.limits:
                if limit.reached(record):
                    shared = " of the group" if len(self.rules) > 1 else ""
                    return f"cap {limit}{shared} is reached, {limit.has(record)}"
        return ""

    def _record(self, facts: Facts) -> Record | None:
        """None: nothing of it was ever shown."""
        counters = facts.counts.get("shown rule")
        if counters is None:
            return None
        shown = [counters[id] for id in self.rules if id in counters]
        if not shown:
            return None
        clicks = facts.counts.get("clicked fragment", {})
        clicked = [clicks[name] for name in self.fragments if name in clicks]
        return Record(shown, clicked, facts)

"""What came of an owner's showings: by rule, slot and experiment, within a window."""

from bisect import bisect_left
from collections.abc import Iterable

from .attribution import Shown
from .quantities import OF_SHOWINGS
from .rows import arm_of

_REST = (0,) * (len(OF_SHOWINGS) - 1)
_PLAIN = tuple((number, *_REST) for number in range(64))

Whose = tuple[str, str, str]
"""Of which showings: ``("rule", name, "")``, ``("slot", name, "")``, of an experiment its name and
the account; ``("", "", "")`` are all."""
ALL: Whose = ("", "", "")


class Responses:
    """Counts the showings of one place, and what came of them."""

    __slots__ = ("_answered",)

    def __init__(self, answered: Iterable[Shown]) -> None:
        self._answered: dict[Whose, list[Shown]] = {}
        for shown in answered:
            entry = shown.entry
            whose: list[Whose] = [ALL, ("rule", entry.rule or "", "")]
            whose.append(("slot", entry.slot or "", ""))
            if arm_of(entry):
                account = (entry.of or "") if entry.unit == "account" else ""
                whose.append(("experiment", entry.experiment or "", account))
            for one in whose:
                self._answered.setdefault(one, []).append(shown)

    def since(
        self, whose: Whose, times: list[float], start: float, window: float
    ) -> tuple[int, ...]:
        """All of :data:`.quantities.OF_SHOWINGS`, of showings at ``times`` (oldest first)."""
        end = start + window
        if times and times[0] >= start and times[-1] < end:
            impressions = len(times)
        else:
            impressions = bisect_left(times, end) - bisect_left(times, start)
        answered = self._answered.get(whose) if self._answered else None
        if not answered:
            if impressions < len(_PLAIN):
                return _PLAIN[impressions]
            return (impressions, *_REST)
        clicks = dismissals = up = down = 0
        for shown in answered:
            if not start <= shown.time < end:
                continue
            if shown.clicked is not None and shown.clicked < end:
                clicks += 1
            if shown.dismissed is not None and shown.dismissed < end:
                dismissals += 1
            if shown.rated is not None and shown.rated < end:
                up += shown.up
                down += not shown.up
        return impressions, clicks, int(clicks > 0), dismissals, up, down

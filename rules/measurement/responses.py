"""What came of an owner's showings: by rule, slot and experiment, within a window."""

from collections.abc import Iterable

from .attribution import Answered
from .rows import drawn

Whose = tuple[str, str, str]
"""Of which showings: ``("rule", name, "")``, ``("slot", name, "")``, of an experiment's arm
``NAME/ARM`` and the account; ``("", "", "")`` are all."""
ALL: Whose = ("", "", "")
NONE = (0, 0, 0, 0, 0)


class Responses:
    """Finds what came of the showings of one place."""

    __slots__ = ("_answered",)

    def __init__(self, answered: Iterable[Answered]) -> None:
        self._answered: dict[Whose, list[Answered]] = {}
        for one in answered:
            entry = one.entry
            keys: list[Whose] = [ALL, ("rule", entry.rule or "", "")]
            keys.append(("slot", entry.slot or "", ""))
            if arm := drawn(entry):
                account = (entry.of or "") if entry.unit == "account" else ""
                keys.append(("experiment", f"{entry.experiment}/{arm}", account))
            for whose in keys:
                self._answered.setdefault(whose, []).append(one)

    def __bool__(self) -> bool:
        return bool(self._answered)

    def since(self, whose: Whose, start: float, end: float) -> tuple[int, ...]:
        """All of :data:`.quantities.OF_SHOWINGS` but the showings themselves."""
        answered = self._answered.get(whose)
        if not answered:
            return NONE
        clicks = dismissals = up = down = 0
        for one in answered:
            if not start <= one.time < end:
                continue
            if one.clicked is not None and one.clicked < end:
                clicks += 1
            if one.dismissed is not None and one.dismissed < end:
                dismissals += 1
            if one.rated is not None and one.rated < end:
                up += one.up
                down += not one.up
        return clicks, int(clicks > 0), dismissals, up, down

"""What came of an owner's showings: by rule, slot and experiment, within a window."""

from collections.abc import Sequence

from .attribution import Answered
from .rows import drawn

NONE = (0, 0, 0, 0, 0)


class Responses:
    """The showings that were answered: ``all`` of them, and those of each rule, each slot, and
    each experiment's arm for each account (empty for the owner alone)."""

    __slots__ = ("all", "experiments", "rules", "slots")

    def __init__(self, answered: Sequence[Answered]) -> None:
        self.all = answered
        self.rules: dict[str, list[Answered]] = {}
        self.slots: dict[str, list[Answered]] = {}
        self.experiments: dict[tuple[str, str, str], list[Answered]] = {}
        for one in answered:
            entry = one.entry
            self.rules.setdefault(entry.rule or "", []).append(one)
            self.slots.setdefault(entry.slot or "", []).append(one)
            if arm := drawn(entry):
                account = (entry.of or "") if entry.unit == "account" else ""
                key = (entry.experiment or "", arm, account)
                self.experiments.setdefault(key, []).append(one)


def came(answered: Sequence[Answered], start: float, end: float) -> tuple[int, ...]:
    """All of :data:`.quantities.OF_SHOWINGS` but the showings themselves; :data:`NONE` where
    nothing came of them."""
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
    if clicks or dismissals or up or down:
        return clicks, int(clicks > 0), dismissals, up, down
    return NONE

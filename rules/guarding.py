"""Whether a roll-out has broken what it must not: those who see it beside those who would have."""

from collections.abc import Iterable, Sequence

from .experiments import CONTROL
from .goals import Guardrail
from .measurement.cells import Cell, Tally, cap
from .rollout import Compared, Looked, confidence
from .statistics.sequences import Sequential
from .statistics.uplift import uplift

_SUCCESSES = 10  # of both sides together: fewer say nothing, whatever their interval


def looked(
    cells: Iterable[tuple[Cell, Tally]],
    guardrails: Sequence[Guardrail],
    since: int,
    until: int,
) -> Looked:
    """Both sides of a roll-out, from the ``cells`` of its experiment: those of all visitors who
    came first on the days from ``since`` up to, but without, ``until``."""
    shown, held = Tally(), Tally()
    for cell, tally in cells:
        if not cell.context and since <= cell.day < until:
            (held if cell.arm == CONTROL else shown).add(tally)
    level = confidence(guardrails)
    compared = [Compared(each, _between(each, held, shown, level)) for each in guardrails]
    return Looked(shown.n, held.n, compared)


def _between(
    guardrail: Guardrail, held: Tally, shown: Tally, level: float
) -> tuple[float, float] | None:
    metric = guardrail.metric
    most = cap((held, shown), metric)
    before, after = held.sample(metric, most), shown.sample(metric, most)
    if held.units(metric) + shown.units(metric) < _SUCCESSES:
        return None
    found = uplift(before, after, confidence=level, sequential=Sequential())
    return None if found is None else (found.low, found.high)

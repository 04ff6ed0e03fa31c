"""Whether a roll-out has broken what it must not: those who see it beside those who would have."""

from collections.abc import Iterable, Sequence
from math import sqrt

from ..experiments import CONTROL
from ..goals import Guardrail
from ..measurement.cells import Cell, Tally, cap
from ..rule import Rule
from ..statistics.samples import Sample
from ..statistics.sequences import Sequential
from .rollout import Compared, Looked, confidence


def guardrails_of(rules: Iterable[Rule]) -> tuple[Guardrail, ...]:
    """Those of an experiment: what one of its rules is to keep to is broken by it as a whole. Each
    once, wherever it is written."""
    found = {str(each): each for rule in rules for each in rule.guardrails}
    return tuple(found.values())


def looked(
    cells: Iterable[tuple[Cell, Tally]],
    guardrails: Sequence[Guardrail],
    since: int,
    until: int,
) -> Looked:
    """Both sides of a roll-out, from the ``cells`` of its experiment: all visitors who came first
    on the days from ``since`` up to, but without, ``until``."""
    shown, held = Tally(), Tally()
    for cell, tally in cells:
        if not cell.context and since <= cell.day < until:
            (held if cell.arm == CONTROL else shown).add(tally)
    level = confidence(guardrails)
    compared = []
    for each in guardrails:
        most = cap((held, shown), each.metric)
        before, after = held.sample(each.metric, most), shown.sample(each.metric, most)
        compared.append(Compared(each, change(before, after, level)))
    return Looked(shown.n, held.n, compared)


def change(
    control: Sample, treated: Sample, confidence: float
) -> tuple[float, float] | None:
    """Between which bounds the treated mean has changed, relative to the control's, at whatever
    moment one looks. None: nothing can be said yet.

    These are the changes that a test of their own would not refuse (E. Fieller, "Some problems in
    interval estimation", 1954), with the variance of both sides together. Where successes are
    few, the usual interval around the quotient of two means is too sure that it fell, because who
    happened to have few has a small variance, too; and a roll-out is looked at from the first
    hour on.
    """
    c, t = control.mean, treated.mean
    one, other = control.variance, treated.variance
    if c is None or t is None or one is None or other is None:
        return None
    units = control.n + treated.n
    spread = (one * control.n + other * treated.n) / units
    deviations = Sequential().deviations(units, 1 - confidence)
    error_c, error_t = (deviations**2 * spread / each.n for each in (control, treated))
    # All r with (t - r c)^2 <= error_t + r^2 error_c, which are an interval if c is surely not 0.
    square = c * c - error_c
    inner = (c * t) ** 2 - square * (t * t - error_t)
    if c <= 0 or square <= 0 or inner < 0 or spread <= 0:
        return None
    return (c * t - sqrt(inner)) / square - 1, (c * t + sqrt(inner)) / square - 1

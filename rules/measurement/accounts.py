"""Accounts: several owners who count as one unit."""

from collections.abc import Iterable, Mapping

from .cells import Cell
from .quantities import Quantities, together

CROSSED = ""  # the arm of an owner who saw more than one

Part = Mapping[Cell, Quantities]
"""What one owner adds to what their account did: cells of experiments that go by account."""


def combined(
    parts: Iterable[Part],
) -> tuple[dict[Cell, Quantities], dict[tuple[int, str, str, str], int]]:
    """The cells of one account, and what it adds to the counts: ``crossed``.

    An account stands in a cell from the first day of any of its owners. It stands in all
    contexts that one of them stands in, with what all of them did. Owners who saw different arms
    of an experiment take their account out of it.
    """
    days: dict[str, int] = {}
    arms: dict[str, set[str]] = {}
    contexts: dict[str, set[str]] = {}
    did: dict[str, list[Quantities]] = {}
    for part in parts:
        for cell, quantities in part.items():
            name = cell.name
            days[name] = min(cell.day, days.get(name, cell.day))
            arms.setdefault(name, set()).add(cell.arm)
            contexts.setdefault(name, set()).add(cell.context)
            if not cell.context:
                did.setdefault(name, []).append(quantities)
    cells: dict[Cell, Quantities] = {}
    counts: dict[tuple[int, str, str, str], int] = {}
    for name, day in days.items():
        if len(arms[name]) > 1 or CROSSED in arms[name]:
            counts[day, "experiment", name, "crossed"] = 1
            continue
        (arm,) = arms[name]
        total = together(did.get(name, ()))
        for context in contexts[name]:
            cells[Cell(day, "experiment", name, context, arm)] = total
    return cells, counts

"""The rows of all that is measured about recommendations: one module each, found by its ``goals``."""

import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, NamedTuple

from ..goals import Goal

if TYPE_CHECKING:  # numpy decides about threads when it is imported
    from shopwindow.fragments.recommendations.training.part import Say

#: Where the data are, which nobody ships: see the modules for the names of the files.
DATA = "SHOPWINDOW_DATA"


class Collected(NamedTuple):
    """The rows, and the modules that measured nothing, as their data are not there."""

    goals: list[Goal]
    not_run: list[str]


def collect(names: tuple[str, ...], say: "Say") -> Collected:
    """Measure what the named modules measure; without names all, one after the other.

    Training is measured in CPU time, so arithmetic stays in one thread.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    place = os.environ.get(DATA)
    folder = Path(place) if place else None
    collected = Collected([], [])
    for name in names or tuple(measuring()):
        rows = import_module(f"{__package__}.{name}").goals(folder, say)
        collected.goals.extend(rows)
        if not rows:
            collected.not_run.append(name)
    return collected


def measuring() -> Iterator[str]:
    """The modules beside this one that have ``goals``."""
    folder = Path(__file__).parent
    for module in iter_modules([str(folder)]):
        source = (folder / f"{module.name}.py").read_text(encoding="utf-8")
        if "\ndef goals(" in source:
            yield module.name

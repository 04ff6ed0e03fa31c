"""What came out of one long run."""

from collections.abc import Mapping
from typing import NamedTuple

KEPT = 5  # faults that are shown


class Soaked(NamedTuple):
    """``figures`` count what happened by its name; ``examples`` show some of the faults."""

    name: str
    runs: int
    faults: int
    figures: Mapping[str, int]
    examples: list[str]

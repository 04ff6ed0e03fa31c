"""What a part of the training gives to the model."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .table import Table

#: Hears which step is at work, how much of it is done, and of how much.
Say = Callable[[str, int, int], object]


def silent(step: str, done: int, of: int) -> None:
    """A :data:`Say` for who does not want to hear."""


class Part(NamedTuple):
    """Arrays by the names that they get in the model, and what its ``metrics`` say of the part."""

    arrays: Mapping[str, NDArray[np.generic]]
    metrics: Mapping[str, Any]


def arrays_of(name: str, table: Table) -> dict[str, NDArray[np.generic]]:
    """The arrays of a table under their names in a model."""
    return {f"{name}.{field}": column for field, column in table._asdict().items()}

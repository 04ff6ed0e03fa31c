"""A table of what goes with what: for each item those that go best with it, and how well."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Table(NamedTuple):
    """Item ``i`` leads to ``idx[ptr[i]:ptr[i + 1]]``, with ``val`` at the same places.

    The best comes first; of equal ones the lower number. None leads to itself.
    """

    ptr: NDArray[np.int64]
    idx: NDArray[np.int32]
    val: NDArray[np.float32]


def empty(items: int) -> Table:
    """The table of ``items`` things that lead nowhere."""
    return Table(
        np.zeros(items + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32)
    )

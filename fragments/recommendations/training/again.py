"""How much each item is looked at a second time, at once: some are, and others never."""

import numpy as np
from numpy.typing import NDArray

from ..scoring import Parameters
from .covisitation import recency
from .events import VIEWED, Events
from .weights import UNIT, scales


def again(events: Events, parameters: Parameters) -> NDArray[np.float32]:
    """Per item what the pair of it with itself weighs, on the scale of the table of views.

    Only pairs of one view and the next of the session count; sums are of whole numbers.
    """
    number = len(events.keys)
    viewed = events.verb == VIEWED
    items, session = events.item[viewed], events.session[viewed]
    same = (items[1:] == items[:-1]) & (session[1:] == session[:-1])
    sums = np.zeros(number, np.int64)
    np.add.at(
        sums, items[1:][same], recency(events, parameters.recency)[session[1:][same]]
    )
    return weighed(sums, np.bincount(items, minlength=number), parameters)


def weighed(
    sums: NDArray[np.int64], counts: NDArray[np.int64], parameters: Parameters
) -> NDArray[np.float32]:
    """The same, of sums in fixed point and how often each item was viewed."""
    power = parameters.power_of + parameters.power_to
    scaled = sums * (scales(counts, power) / UNIT)
    found: NDArray[np.float32] = scaled.astype(np.float32)
    return found

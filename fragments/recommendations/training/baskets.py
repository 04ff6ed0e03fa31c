"""Baskets out of events: what was bought at once."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from .events import ADDED, BOUGHT, DAY, Events

#: A basket of more different items is no household's: it is left out.
LARGEST = 200


def baskets(events: Events) -> tuple[csr_matrix, NDArray[np.float64]]:
    """A row of ones per basket, over all items, and how many different items each one has.

    Of what was bought, an order is a basket; what has no order goes by visitor and day, or by session in
    a log without times. Where nothing was bought, what was put into the cart in a session.
    """
    ordered = events.order >= 0
    chosen = ordered | (events.verb == BOUGHT)
    if chosen.any():
        basket = _basket(events, chosen)
    else:
        chosen = events.verb == ADDED
        basket = events.session[chosen]
    shape = (int(basket.max(initial=-1)) + 1, len(events.keys))
    item = events.item[chosen]
    found = csr_matrix((np.ones(len(item), np.float32), (basket, item)), shape=shape)
    found.sum_duplicates()
    found.data[:] = 1
    size = np.diff(found.indptr)
    sound = (size > 0) & (size <= LARGEST)
    return found[np.flatnonzero(sound)], size[sound].astype(np.float64)


def _basket(events: Events, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The number of the basket of each chosen event: orders have their own, then come the others."""
    basket = events.order[chosen].astype(np.int64)
    loose = basket < 0
    if not loose.any():
        return basket
    group = events.session[chosen][loose].astype(np.int64)
    if events.timed:
        days = np.floor(events.time[chosen][loose] / DAY).astype(np.int64)
        days -= days.min()
        visitor = events.visitor[chosen][loose].astype(np.int64)
        # Nobody knows which visitor a negative one is: the session stands in.
        group = np.where(
            visitor >= 0, visitor * (int(days.max()) + 1) + days, -1 - group
        )
    _, group = np.unique(group, return_inverse=True)
    basket[loose] = group + (int(basket.max()) + 1)
    return basket

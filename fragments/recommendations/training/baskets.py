"""Baskets out of events: what was bought at once."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from .events import ADDED, BOUGHT, Events

#: A basket of more different items is no household's: it is left out.
LARGEST = 200
_DAY = 86400.0


def baskets(events: Events) -> tuple[csr_matrix, NDArray[np.float64]]:
    """A row of ones per basket, over all items, and how many different items each one has.

    Of what was bought, an order is a basket; what has no order goes by visitor and day, or by session in
    a log without times. Where nothing was bought, what was put into the cart in a session.
    """
    number = len(events.keys)
    ordered = events.order >= 0
    chosen = ordered | (events.verb == BOUGHT)
    added = not chosen.any()
    if added:
        chosen = events.verb == ADDED
    item = events.item[chosen].astype(np.int64)
    group = events.session[chosen].astype(np.int64)
    if not added:
        if events.timed:
            days = np.floor(events.time[chosen] / _DAY).astype(np.int64)
            days -= days.min(initial=0)
            width = int(days.max(initial=0)) + 1
            group = events.visitor[chosen].astype(np.int64) * width + days
        order = events.order[chosen].astype(np.int64)
        group = np.where(order >= 0, -1 - order, group)
    _, basket = np.unique(group, return_inverse=True)
    once = np.unique(basket * number + item)
    basket, item = np.divmod(once, max(1, number))
    size = np.bincount(basket)
    sound = (size <= LARGEST)[basket]
    _, basket = np.unique(basket[sound], return_inverse=True)
    item = item[sound]
    found = csr_matrix(
        (np.ones(len(item), np.float32), (basket, item)),
        shape=(int(basket.max(initial=-1)) + 1, number),
    )
    return found, np.diff(found.indptr).astype(np.float64)

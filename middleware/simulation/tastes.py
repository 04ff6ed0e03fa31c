"""Who a made-up visitor is: animals, curiosity, and how ready to buy."""

from bisect import bisect
from itertools import accumulate
from random import Random

import msgspec

# How many in a hundred like which animal most; the pet shop has a category of each.
FAVOURITES = {
    "dog": 27,
    "cat": 25,
    "rabbit": 12,
    "hamster": 10,
    "bird": 9,
    "garden": 9,
    "fish": 8,
}
_NAMES = tuple(FAVOURITES)
_SUMS = tuple(accumulate(FAVOURITES.values()))

# Visits by hour of the day, from midnight: most come in the evening.
HOURS = (1, 1, 0, 0, 0, 1, 3, 6, 7, 6, 6, 7, 9, 8, 7, 7, 8, 10, 13, 16, 18, 15, 9, 4)
_HOURS = tuple(accumulate(HOURS))

ORDERING = 0.12  # the mean chance of an order, before anything that is shown changes it


class Taste(msgspec.Struct, frozen=True, gc=False):
    """``favourite`` is a category; ``curious`` how likely a click is, ``ready`` an order."""

    favourite: str
    curious: float
    ready: float
    picky: float  # how likely it is that something shown is sent away


def taste(luck: Random) -> Taste:
    """Somebody's taste, drawn."""
    favourite = _NAMES[bisect(_SUMS, luck.random() * _SUMS[-1])]
    # Twice the mean at most: no planted effect makes a chance of more than one of it.
    return Taste(
        favourite,
        curious=0.04 + 0.12 * luck.random(),
        ready=2 * ORDERING * luck.random(),
        picky=0.02 * luck.random(),
    )


def hour(luck: Random) -> int:
    """An hour of the day, from 0 to 23, as people come."""
    return bisect(_HOURS, luck.random() * _HOURS[-1])

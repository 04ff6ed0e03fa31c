"""Sessions of a made-up shop: visitors walk from one product to the next of the same kind."""

import random
from collections import Counter
from collections.abc import Sequence

import numpy as np

from shopwindow.fragments.recommendations.training.events import VIEWED, Events

KINDS, PER_KIND = 12, 15


def walks(
    sessions: int, returns: float = 0.0, looks: float = 0.0, seed: int = 7
) -> list[list[int]]:
    """Items by number; ``returns`` is how often a visitor goes back to the click before the last,
    ``looks`` how often the same item is clicked twice at once."""
    chance = random.Random(seed)
    made = []
    for _ in range(sessions):
        kind = chance.randrange(KINDS) * PER_KIND
        place = chance.randrange(PER_KIND)
        clicks = [kind + place]
        for _ in range(chance.randint(1, 6)):
            luck = chance.random()
            if luck < looks:
                clicks.append(clicks[-1])
            elif luck < looks + returns and len(clicks) > 1:
                clicks.append(clicks[-2])
            else:
                place = (place + chance.choice((1, 1, 1, 2, 3))) % PER_KIND
                clicks.append(kind + place)
        made.append(clicks)
    return made


def events(sessions: Sequence[Sequence[int]], items: int = KINDS * PER_KIND) -> Events:
    """Views without times, one session after the other."""
    lengths = [len(session) for session in sessions]
    item = np.array([item for session in sessions for item in session], np.int32)
    number = np.repeat(np.arange(len(sessions), dtype=np.int32), lengths)
    total = len(item)
    return Events(
        visitor=number,
        session=number,
        item=item,
        verb=np.full(total, VIEWED, np.int8),
        time=np.arange(total, dtype=np.float64),
        order=np.full(total, -1, np.int32),
        keys=[f"{number:04}" for number in range(items)],
        timed=False,
        lines=total,
        rejected=Counter(),
    )

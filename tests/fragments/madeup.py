"""Events that are made up, for what learns from them."""

from collections import Counter

import numpy as np

from shopwindow.fragments.recommendations.training.events import Events

DAY = 86_400.0


def made_up(
    sessions: int = 200, items: int = 40, seed: int = 5, timed: bool = True
) -> Events:
    """Sessions of some length, most of it viewed, some added and bought; neighbours go together."""
    chance = np.random.default_rng(seed)
    lengths = chance.integers(1, 15, sessions)
    session = np.repeat(np.arange(sessions, dtype=np.int32), lengths)
    number = len(session)
    near = chance.integers(0, items, sessions)[session] + chance.integers(-3, 4, number)
    verb = chance.choice([0, 0, 0, 0, 1, 2], number).astype(np.int8)
    time = np.sort(chance.random(number)) * 60 * DAY if timed else np.arange(number)
    return Events(
        visitor=(session // 2).astype(np.int32),
        session=session,
        item=(near % items).astype(np.int32),
        verb=verb,
        time=time.astype(np.float64),
        order=np.where(verb == 2, session, -1).astype(np.int32),
        keys=sorted(f"p{item:03}" for item in range(items)),
        timed=timed,
        lines=number,
        rejected=Counter(),
    )

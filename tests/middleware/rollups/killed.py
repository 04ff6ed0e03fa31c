"""Updates the roll-ups of a file, and is killed in the middle of it.

Arguments: the file, at which change, whether within it or after it, and whether all is built.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from shopwindow.middleware.rollups import building, updating
from shopwindow.middleware.rollups.sqlite import SqliteTables
from tests.counted import PLAN, opened
from tests.databases import Place

path, at, when, until, rebuild = sys.argv[1:]
building.BATCH = updating.BATCH = 2
building.STEP = 40
whole, numbers = SqliteTables.changing, count()


@contextmanager
def changing(tables: SqliteTables) -> Iterator[None]:
    last = next(numbers) == int(at)
    with whole(tables):
        yield
        if last and when == "within":
            os.kill(os.getpid(), signal.SIGKILL)
    if last:
        os.kill(os.getpid(), signal.SIGKILL)


SqliteTables.changing = changing  # type: ignore[method-assign, assignment]  # to be killed in it
with opened(Place(f"sqlite:///{path}")) as rollups:
    rollups.update(PLAN, float(until), rebuild=rebuild == "rebuild")
print("it was not killed", next(numbers))

"""A process that counts some parts of the owners, and says how far it is."""

import gc
import pickle
import sys
import time
from contextlib import closing

from ..stores import StoreError
from . import silent, tables_at
from .building import count_parts
from .changes import Ledger
from .turn import Turn
from .workers import DONE, FAILED, PROCESSES, Job

SAID = 0.25  # seconds between two lines


def main() -> None:
    """Reads a :class:`~.workers.Job` from stdin."""
    job: Job = pickle.load(sys.stdin.buffer)
    gc.disable()
    try:
        _count(job)
    except StoreError as error:
        _say(FAILED.decode(), " ".join(str(error).split()))
    else:
        _say(DONE.decode())


def _count(job: Job) -> None:
    with closing(tables_at(job.at)) as tables:
        turn = Turn(tables, silent, job.token)
        owners = events = 0
        said = time.monotonic()
        for of_owners, of_events in count_parts(
            Ledger(tables, job.plan.campaigns),
            *(turn, job.plan, job.until, job.generation),
            *([job.process], PROCESSES),
        ):
            owners += of_owners
            events += of_events
            if time.monotonic() - said > SAID:
                _say(owners, events)
                owners = events = 0
                said = time.monotonic()
        _say(owners, events)


def _say(*words: object) -> None:
    print(*words, flush=True)


if __name__ == "__main__":
    main()

"""Large logs are counted by several processes, each its own parts of the owners."""

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from typing import NamedTuple

from ...rules.measurement.plan import Plan
from ..loading.apart import python
from ..stores import StoreError
from ..stores.opening import Address
from .turn import BEAT

PROCESSES = (
    2  # each holds all sums: more would take more memory than a small machine has
)
LARGE = 200_000  # events that are worth starting processes for
DONE = b"done"
FAILED = b"failed"
_COMMAND = ("-m", "shopwindow.middleware.rollups.worker")


class Job(NamedTuple):
    """What a process is told: ``process`` is its number, of all that count together."""

    at: Address
    plan: Plan
    until: float
    generation: int
    token: str
    process: int


def can_help(plan: Plan) -> bool:
    """Whether processes can be started here and told of ``plan``."""
    if python() is None or (os.cpu_count() or 1) < PROCESSES:
        return False
    try:
        pickle.dumps(plan)
    except (pickle.PicklingError, TypeError, AttributeError):
        return False  # its days are those of something that lives only here
    return True


def together(
    at: Address, plan: Plan, until: float, generation: int, token: str
) -> Iterator[tuple[int, int]]:
    """Gives owners and events as they are counted. Raises :class:`StoreError` if one of the
    processes fails."""
    heard: SimpleQueue[bytes] = SimpleQueue()
    children: list[subprocess.Popen[bytes]] = []
    try:
        for number in range(PROCESSES):
            job = Job(at, plan, until, generation, token, number)
            children.append(_started(job))
            threading.Thread(
                target=_listen, args=(children[-1], heard), daemon=True
            ).start()
        working = PROCESSES
        while working:
            try:
                line = heard.get(timeout=BEAT)
            except Empty:
                line = b"0 0"  # they sort: whoever waits sees that we are here
            if line == DONE:
                working -= 1
            elif line.startswith(FAILED):
                raise StoreError(line.removeprefix(FAILED).decode().strip())
            else:
                owners, events = line.split()
                yield int(owners), int(events)
    finally:
        for child in children:
            child.kill()
            child.wait()


def _started(job: Job) -> "subprocess.Popen[bytes]":
    # The child finds what we found, and nothing that lies in the folder it starts in.
    path = os.pathsep.join(entry for entry in sys.path if entry)
    try:
        child = subprocess.Popen(
            [str(python()), "-P", *_COMMAND],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )
        assert child.stdin is not None
        with child.stdin as pipe:
            pipe.write(pickle.dumps(job))
    except OSError as error:
        raise StoreError(f"no process to count with can be started: {error}") from error
    return child


def _listen(child: "subprocess.Popen[bytes]", heard: "SimpleQueue[bytes]") -> None:
    assert child.stdout is not None
    last = b""
    with child.stdout as pipe:
        for line in pipe:
            last = line.strip()
            heard.put(last)
    if last != DONE and not last.startswith(FAILED):
        code = child.wait()
        words = f"a process that counts ended with code {code}: update once more"
        heard.put(FAILED + b" " + words.encode())

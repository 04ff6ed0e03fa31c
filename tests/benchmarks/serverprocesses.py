"""Server processes: on a core of their own, and the CPU time that they took."""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
QUIET = 0.002  # CPU seconds in a pause that say: nothing is left to do
PAUSE = 0.06  # longer than events gather before they are written
LONGEST = 10.0  # seconds that a server may take to finish what it left behind


def missing() -> str | None:
    """What keeps this machine from measuring servers, or None."""
    if not (PROC / "self" / "schedstat").exists():
        return "the kernel tells no run times (/proc/PID/task/*/schedstat)"
    if len(os.sched_getaffinity(0)) < 2:
        return "servers and their load need a core each"
    return None


def cores() -> tuple[int, int]:
    """The core for servers, and the one for who asks them."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """What is started in the block runs on ``core`` alone, as do its children."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def family(roots: Iterable[int]) -> list[int]:
    """``roots`` and all processes that they started."""
    children: dict[int, list[int]] = {}
    for stat in PROC.glob("[0-9]*/stat"):
        try:
            # The name in parentheses may hold anything; the parent is the second field after it.
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = list(roots)
    for pid in found:
        found += children.get(pid, ())
    return found


class RunTime(NamedTuple):
    """CPU seconds: of all threads, and of those that are not a process's first one."""

    total: float
    behind: float

    def since(self, before: "RunTime") -> "RunTime":
        return RunTime(self.total - before.total, self.behind - before.behind)


def run_time(pids: Sequence[int]) -> RunTime:
    """What the scheduler says that ``pids`` have run so far."""
    total = behind = 0
    for pid in pids:
        for task in (PROC / str(pid) / "task").iterdir():
            try:
                nanoseconds = int((task / "schedstat").read_text().split()[0])
            except OSError:
                continue  # the thread ended meanwhile
            total += nanoseconds
            if int(task.name) != pid:
                behind += nanoseconds
    return RunTime(total / 1e9, behind / 1e9)


def settled(pids: Sequence[int]) -> RunTime:
    """:func:`run_time` once ``pids`` have finished what they left behind."""
    end = time.monotonic() + LONGEST
    now = run_time(pids)
    while time.monotonic() < end:
        time.sleep(PAUSE)
        before, now = now, run_time(pids)
        if now.total - before.total < QUIET:
            break
    return now

"""What a training costs: CPU for reading and for learning, and memory, at nine million events.

``python -m tests.benchmarks.recommending.training`` prints the table; with the name of a file of
events, what a process of its own needs to learn from it, as JSON.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console

from shopwindow.fragments.recommendations.training.part import Say

from ..goals import Goal, goals_table

ROOT = Path(__file__).parents[3]
MILLION = 1_000_000
#: Events and items of a large shop, of half a year.
LARGE, ITEMS = 9_000_000, 430_000
DAYS = 180
#: CPU seconds per million events, read and learned from.
CPU_SECONDS = 3.0
MEMORY_BYTES = 2.5e9
AT_ONCE = 100_000


class Cost(NamedTuple):
    """Of one training: CPU seconds, the most bytes of memory, and what was read."""

    reading: float
    learning: float
    memory: float
    lines: int
    events: int
    garbage: int


def goals(folder: Path | None, say: Say) -> list[Goal]:
    """The rows of the benchmark; needs no data, so ``folder`` may be None."""
    with tempfile.TemporaryDirectory() as made:
        file = Path(made) / "events.jsonl"
        say(f"training with {LARGE:,} events", 0, 3)
        _write(file, LARGE, ITEMS, garbage=False)
        large = _cost(file)
        say("training with a million events", 1, 3)
        _write(file, MILLION, ITEMS // 9, garbage=False)
        clean = _cost(file)
        say("training with a million events among a million lines of garbage", 2, 3)
        _write(file, MILLION, ITEMS // 9, garbage=True)
        dirty = _cost(file)
        say("training", 3, 3)
    name = f"training, {LARGE:,} events of {ITEMS:,} items"
    return [
        *_cpu(name, large),
        *_cpu("training, 1,000,000 events", clean),
        Goal(f"{name}, memory", large.memory, "MB", most=MEMORY_BYTES),
        Goal(
            "training, share of 1,000,000 garbage lines counted",
            dirty.garbage / MILLION,
            "",
            least=1.0,
            most=1.0,
        ),
        Goal(
            "training, share of the events among them",
            dirty.events / MILLION,
            "",
            least=0.99,
        ),
        Goal("training, with garbage, memory", dirty.memory, "MB"),
    ]


def _cpu(name: str, cost: Cost) -> list[Goal]:
    millions = cost.events / MILLION
    whole = (cost.reading + cost.learning) / millions
    reading = cost.reading / millions
    return [
        Goal(f"{name}, CPU per million", whole, "s", most=CPU_SECONDS),
        Goal(f"{name}, of it reading", reading, "s"),
    ]


def _cost(file: Path) -> Cost:
    ran = subprocess.run(
        [sys.executable, "-m", __spec__.name if __spec__ else __name__, str(file)],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    return Cost(**json.loads(ran.stdout))


def _measure(file: Path) -> Cost:
    """All that the command does but for what it prints, in this process."""
    from datetime import UTC, datetime

    from shopwindow.fragments.recommendations.training.reading import read
    from shopwindow.fragments.recommendations.training.train import train
    from shopwindow.fragments.recommendations.writing import write

    began = time.process_time()
    found = read(file)
    middle = time.process_time()
    trained = train(found)
    with tempfile.TemporaryDirectory() as out:
        write(Path(out), trained.keys, trained.arrays, trained.meta, datetime.now(UTC))
    ended = time.process_time()
    counts = trained.meta["counts"]
    return Cost(
        reading=middle - began,
        learning=ended - middle,
        memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0,
        lines=counts["lines"],
        events=counts["events"],
        garbage=sum(counts["rejected"].values()),
    )


# -- events that are made up -----------------------------------------------------------------


def _write(path: Path, events: int, items: int, garbage: bool) -> None:
    """Sessions about some theme each; with ``garbage`` every other line is none of them."""
    with path.open("w") as file:
        for columns in _sessions(events, items):
            lines = [_LINE % values for values in zip(*columns, strict=True)]
            if garbage:
                lines = [f"{line}{_GARBAGE[len(line) % 5]}\n" for line in lines]
            file.writelines(lines)


_LINE = '{"visitor": "v%d", "event": "%s", "product": "%d", "time": %.3f}\n'
_GARBAGE = (
    "GET /p/17 HTTP/1.1",
    '{"visitor": "v1", "event": "view", "prod',
    "[17, 18, 19]",
    '{"visitor": "v1", "event": "view"}',
    '{"visitor": "v1", "event": "view", "product": "p", "time": "soon"}',
)


def _sessions(events: int, items: int) -> Iterator[tuple[list[Any], ...]]:
    """Visitors, events, products and times, some at a time."""
    chance = np.random.default_rng(20_261_126)
    lengths = 1 + chance.geometric(1 / 4.8, events // 5)
    lengths[-1] += max(0, events - int(lengths.sum()))
    session = np.repeat(np.arange(len(lengths)), lengths)[:events]
    theme = (items * chance.power(0.7, len(lengths))).astype(np.int64)[session]
    near = theme + (6 * chance.standard_cauchy(events)).astype(np.int64)
    product = chance.permutation(items)[np.abs(near) % items]
    verb = chance.choice(["view", "add", "buy"], events, p=[0.9, 0.05, 0.05])
    begins = 1.75e9 + np.sort(chance.random(len(lengths))) * DAYS * 86_400
    moment = begins[session] + 20.0 * np.arange(events)
    moment -= 20.0 * np.searchsorted(session, session)
    for begin in range(0, events, AT_ONCE):
        part = slice(begin, begin + AT_ONCE)
        columns = (session // 2, verb, product, moment)
        yield tuple(column[part].tolist() for column in columns)


def main() -> None:
    if len(sys.argv) > 1:
        print(json.dumps(_measure(Path(sys.argv[1]))._asdict()))
        return
    console = Console()
    console.print(goals_table(goals(None, console.print)))


if __name__ == "__main__":
    main()

"""How soon a worker serves a new model, and how much memory of its own a large one takes.

``python -m tests.benchmarks.recommending.reloading`` prints the table; with the name of a folder
with a model in it, what a process of its own needs for that, as JSON.
"""

import asyncio
import gc
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median

from rich.console import Console

from shopwindow.fragments.recommendations import Recommender
from shopwindow.fragments.recommendations.model import CURRENT
from shopwindow.middleware.models import Models
from tests.faults.swaps import swapped
from tests.fragments.models import NOON, large

from ..goals import Goal, goals_table

ROOT = Path(__file__).parents[3]
ITEMS, KEPT = 400_000, 50
ROUNDS = 50
RELOAD_SECONDS = 0.005
GROWTH_BYTES = 20e6
RECOMMENDED = 5_000
SWAPS = 100  # `make soak` does a thousand
Say = Callable[[str], None]


def goals(folder: Path | None, say: Say) -> list[Goal]:
    """The rows of the benchmark; needs no data, so ``folder`` may be None."""
    found = []
    with tempfile.TemporaryDirectory() as made:
        out = Path(made) / "models"
        say(f"two models of {ITEMS:,} items")
        for minute in range(2):
            large(out, ITEMS, KEPT, now=NOON + timedelta(minutes=minute))
        say("reloading")
        found += _reloads(out)
        say("memory")
        found += _memory(out)
        say(f"{SWAPS} swaps under load")
        found += _swaps(Path(made), SWAPS)
    return found


def _reloads(out: Path) -> list[Goal]:
    """Of one look that finds another name in CURRENT."""
    models = Models(lambda: out, lambda model: None, lambda what: None, _no_warning)
    names = sorted(path.name for path in out.glob("model-*"))
    first: list[float] = []
    warm: list[float] = []
    for round in range(2 + ROUNDS):
        fresh = out / "fresh"
        fresh.write_text(names[round % 2])
        os.replace(fresh, out / CURRENT)
        before = time.perf_counter()
        models.look(time.monotonic())
        (first if round < 2 else warm).append(time.perf_counter() - before)
    name = f"reload of a model of {ITEMS:,} items"
    return [
        Goal(f"{name}, known", median(warm), "ms", most=RELOAD_SECONDS),
        Goal(f"{name}, known, slowest of {ROUNDS}", max(warm), "ms"),
        Goal(f"{name}, first seen: checksums of all files", max(first), "ms"),
    ]


def _no_warning(about: str, message: str, *arguments: object) -> None:
    raise AssertionError(message % arguments)


def _memory(out: Path) -> list[Goal]:
    command = [sys.executable, "-m", __spec__.name if __spec__ else __name__, str(out)]
    ran = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    told = json.loads(ran.stdout)
    name = f"a worker's memory, {ITEMS:,} items, {RECOMMENDED:,} lists"
    return [
        Goal(f"{name}: own", told["Pss_Anon"], "MB", most=GROWTH_BYTES),
        Goal(f"{name}: with its share", told["Pss"], "MB", most=GROWTH_BYTES),
        Goal(f"{name}: resident", told["Rss"], "MB"),
        Goal(f"a list out of {ITEMS:,} items, CPU", told["seconds"], "µs"),
    ]


def _swaps(folder: Path, swaps: int) -> list[Goal]:
    found = asyncio.run(swapped(folder, swaps))
    name = f"{swaps} models swapped under load"
    return [
        Goal(f"{name}: failed of {found.pages:,} pages", found.failed, "", most=0),
        Goal(f"{name}: mixed", found.mixed, "", most=0),
    ]


def memory() -> dict[str, int]:
    """Bytes of this process: its own, with its share of what is mapped, all that is resident."""
    found = {}
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]:
        name, _, rest = line.partition(":")
        if name in ("Rss", "Pss", "Pss_Anon"):
            found[name] = int(rest.split()[0]) * 1024
    return found


def recommended(out: Path) -> dict[str, float]:
    """By how many bytes this process has grown, and the seconds of a list in the middle."""
    gc.collect()
    before = memory()
    recommender = Recommender.open(out)
    chance = random.Random(1)
    model = recommender.model
    seconds = []
    most = before
    for number in range(RECOMMENDED):
        seen = [model.key(chance.randrange(model.size)) for _ in range(5)]
        begun = time.thread_time()
        recommender.recommend(seen=seen, limit=12)
        seconds.append(time.thread_time() - begun)
        if number % 500 == 0:
            now = memory()
            most = {name: max(most[name], now[name]) for name in now}
    now = memory()
    grown = {name: max(most[name], now[name]) - before[name] for name in now}
    return {**grown, "seconds": median(seconds)}


def main() -> None:
    if len(sys.argv) > 1:
        print(json.dumps(recommended(Path(sys.argv[1]))))
        return
    console = Console()
    console.print(goals_table(goals(None, lambda step: console.print(step))))


if __name__ == "__main__":
    main()

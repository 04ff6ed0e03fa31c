"""How soon a worker serves a new model, and how much memory of its own a large one takes.

``python -m tests.benchmarks.recommending.reloading`` prints the table; with ``lists`` or ``window``
and a folder of models, what a process of its own needs for that, as JSON.
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
from datetime import timedelta
from pathlib import Path
from statistics import median

from rich.console import Console

from shopwindow import Shopwindow
from shopwindow.fragments.recommendations import Recommender
from shopwindow.fragments.recommendations.model import current_name, folders
from shopwindow.fragments.recommendations.training.part import Say
from shopwindow.fragments.recommendations.writing import make_current
from shopwindow.middleware import models
from shopwindow.middleware.models import Models
from shopwindow.middleware.recommendations import VARIABLE
from tests.faults.swaps import swapped, write_site
from tests.fragments.models import NOON, large

from ..goals import Goal, goals_table
from ..work import KEY

ROOT = Path(__file__).parents[3]
ITEMS, KEPT = 400_000, 50
ROUNDS = 50
RELOAD_SECONDS = 0.005
GROWTH_BYTES = 20e6
RECOMMENDED = 5_000
SWAPPED = 6
SWAPS = 100  # `make soak` does a thousand


def goals(folder: Path | None, say: Say) -> list[Goal]:
    """The rows of the benchmark; needs no data, so ``folder`` may be None."""
    found = []
    with tempfile.TemporaryDirectory() as made:
        out = Path(made) / "models"
        say(f"two models of {ITEMS:,} items", 0, 4)
        for minute in range(2):
            large(out, ITEMS, KEPT, now=NOON + timedelta(minutes=minute))
        say("reloading", 1, 4)
        found += _reloads(out)
        say("memory", 2, 4)
        found += _memory(out) + _window(out)
        say(f"{SWAPS} swaps under load", 3, 4)
        found += _swaps(Path(made), SWAPS)
    return found


def _reloads(out: Path) -> list[Goal]:
    """Of one look that finds another name in CURRENT."""
    looking = Models(lambda: out, lambda model: None, lambda what: None, _no_warning)
    names = sorted(path.name for path in out.glob("model-*"))
    first: list[float] = []
    warm: list[float] = []
    for round in range(2 + ROUNDS):
        make_current(out, names[round % 2])
        before = time.perf_counter()
        looking.look(time.monotonic())
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
    command = [*_own_process(), "lists", str(out)]
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


def _window(out: Path) -> list[Goal]:
    """Of a shop with few products over a large model, and after it was swapped."""
    command = [*_own_process(), "window", str(out)]
    ran = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    told = json.loads(ran.stdout)
    name = f"a shop's memory, {ITEMS:,} items"
    return [
        Goal(f"{name}: own", told["opened"]["Pss_Anon"], "MB", most=GROWTH_BYTES),
        Goal(f"{name}: with its share", told["opened"]["Pss"], "MB", most=GROWTH_BYTES),
        Goal(
            f"{name}: own, after {SWAPPED} swaps",
            told["swapped"]["Pss_Anon"],
            "MB",
            most=GROWTH_BYTES,
        ),
    ]


def _own_process() -> list[str]:
    return [sys.executable, "-m", __spec__.name if __spec__ else __name__]


async def served(out: Path) -> dict[str, dict[str, int]]:
    """By how many bytes a window grows with the model in ``out``, and when it is swapped."""
    models.POLL = 0.05
    with tempfile.TemporaryDirectory() as folder:
        site = write_site(Path(folder) / "site")
        async with Shopwindow(site, keys=(KEY,)):
            gc.collect()
            before = memory()
        os.environ[VARIABLE] = str(out)
        async with Shopwindow(site, keys=(KEY,)) as window:
            name = current_name(out)
            await _until(window, name)
            opened = memory()
            names = sorted(path.name for path in folders(out))
            for _ in range(SWAPPED):
                name = next(each for each in names if each != name)
                make_current(out, name)
                await _until(window, name)
                await asyncio.sleep(4 * models.POLL)  # then the one before is let go
            swapped = memory()
    return {
        "opened": {name: opened[name] - before[name] for name in before},
        "swapped": {name: swapped[name] - before[name] for name in before},
    }


async def _until(window: Shopwindow, name: str) -> None:
    end = time.monotonic() + 30
    while window.assortment.model is None or window.assortment.model.name != name:
        if time.monotonic() > end:
            raise TimeoutError(f"{name} is not live")
        await asyncio.sleep(0.01)


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
    if len(sys.argv) > 2:
        out = Path(sys.argv[2])
        lists = sys.argv[1] == "lists"
        print(json.dumps(recommended(out) if lists else asyncio.run(served(out))))
        return
    console = Console()
    console.print(goals_table(goals(None, console.print)))


if __name__ == "__main__":
    main()

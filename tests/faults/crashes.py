"""Processes that are killed while they write: what is left of what they noted."""

import signal
import sqlite3
import subprocess
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from random import Random
from threading import Thread
from typing import NamedTuple

from shopwindow.middleware.stores.rows import mark_of
from tests.databases import Place
from tests.stores import fetched, open_at

from .writing import VISITORS, Plan, command

LOSS = 0.25  # seconds before the end, of which what was noted may be lost


class Crash(NamedTuple):
    """``seconds`` before its end the oldest event was noted that is lost."""

    noted: int
    stored: int
    acknowledged: int
    lost_acknowledged: int
    seconds: float
    corrupt: str = ""

    @property
    def complaints(self) -> list[str]:
        found = [self.corrupt] if self.corrupt else []
        if self.lost_acknowledged:
            found.append(f"{self.lost_acknowledged} acknowledged orders are lost")
        if self.seconds > LOSS:
            found.append(f"{self.seconds:.3f} s of views are lost")
        return found


def killed(
    place: Place, folder: Path, chance: Random, by: int = signal.SIGKILL
) -> tuple[Crash, str]:
    """Let a process write to the empty ``place`` and kill it after a while; also its last line."""
    process = subprocess.Popen(
        command(Plan(place, str(folder))), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    lines: list[str] = []
    output = process.stdout
    assert output.readline() == "ready\n"
    reader = Thread(target=lambda: lines.extend(output))
    reader.start()
    time.sleep(chance.uniform(0.3, 1.0))
    at = time.monotonic()
    process.send_signal(by)
    process.wait(20)
    reader.join()
    output.close()
    noted: dict[str, tuple[str, float]] = {}
    acknowledged = []
    for line in lines:
        what, *words = line.split()
        if what == "n" and len(words) == 3:
            noted[words[0]] = (words[1], float(words[2]))
        elif what == "a":
            acknowledged += words
    crash = _left(place, folder, noted, acknowledged, at)
    return crash, lines[-1] if lines else ""


def _left(
    place: Place,
    folder: Path,
    noted: dict[str, tuple[str, float]],
    acknowledged: list[str],
    at: float,
) -> Crash:
    corrupt = ""
    if place.store.startswith("sqlite:"):
        corrupt = _checked(Path(place.store.removeprefix("sqlite:///")))
    with closing(open_at(place, folder)) as store:
        with closing(store.history(lambda time: int(time // 86_400))) as history:
            kept = [one for story in history.stories(0, 1e12) for one in story]
        ids = {one.id for one in kept}
        if len(ids) < len(kept):
            corrupt = f"{len(kept) - len(ids)} events are there twice"
        views = Counter(one.visitor for one in kept if one.name == "Product Viewed")
        for number in range(VISITORS):
            visitor = f"visitor-{number}"
            profile = fetched(store, visitor)
            counter = profile and profile.counts.get("viewed product", {}).get("tea-1")
            learned, logged = counter.total if counter else 0, views[mark_of(visitor)]
            # A log that is elsewhere is written first: of one batch it may know more.
            apart = bool(place.events)
            if learned != logged and not (apart and learned < logged):
                corrupt = f"{visitor} has seen {learned}, the log says {logged}"
    lost = [when for id, (_, when) in noted.items() if id not in ids and when <= at]
    return Crash(
        len(noted),
        len(kept),
        len(acknowledged),
        sum(id not in ids for id in acknowledged),
        at - min(lost) if lost else 0.0,
        corrupt,
    )


def _checked(path: Path) -> str:
    with closing(sqlite3.connect(path)) as file:
        ((said,),) = file.execute("PRAGMA quick_check").fetchall()
    return "" if said == "ok" else f"{path.name}: {said}"

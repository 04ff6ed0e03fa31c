"""A store that takes nothing for a while: what waits is bounded, and what is lost is counted."""

import asyncio
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

from .breaking import broken
from .writing import Plan, command

GROWTH = 64 << 20  # bytes
BACK = 5.0  # seconds until everything that waited is stored


class Writer:
    """A process that writes, and what it says."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        self.process = process
        self._output = process.stdout
        assert self._output.readline() == "ready\n"
        self.counts: list[dict[str, Any]] = []
        self.noted: set[str] = set()
        self.orders: set[str] = set()
        self.acknowledged: set[str] = set()
        self._reader = Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self._output:
            what, _, rest = line.partition(" ")
            if what == "c":
                self.counts.append(json.loads(rest))
            elif what == "n":
                id, kind, _ = rest.split()
                self.noted.add(id)
                if kind == "O":
                    self.orders.add(id)
            elif what == "a":
                self.acknowledged.add(rest.strip())

    def count(self) -> dict[str, Any]:
        """How it counts, from now on."""
        seen = len(self.counts)
        end = time.monotonic() + 10
        while len(self.counts) == seen and time.monotonic() < end:
            time.sleep(0.05)
        return self.counts[-1]

    def end(self) -> dict[str, Any]:
        """Tell it to end; how it counted at last."""
        self.process.terminate()
        self.process.wait(20)
        self._reader.join()
        return self.counts[-1]


@contextmanager
def writer(plan: Plan, before: Any = None) -> Iterator[Writer]:
    process = subprocess.Popen(
        command(plan), stdout=subprocess.PIPE, text=True, preexec_fn=before
    )
    one = Writer(process)
    try:
        yield one
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        one._reader.join()
        one._output.close()


class Sink(NamedTuple):
    """What came of it: events, bytes and seconds."""

    kind: str
    accepted: int
    stored: int
    dropped: int
    dropped_orders: int
    unaccounted: int
    bytes: int
    back: float

    @property
    def complaints(self) -> list[str]:
        found = []
        if self.unaccounted:
            found.append(f"{self.unaccounted} events are neither stored nor counted")
        if self.dropped_orders:
            found.append(f"{self.dropped_orders} orders were dropped before views")
        if self.bytes > GROWTH:
            found.append(f"{self.bytes >> 20} MiB more")
        if self.back > BACK:
            found.append(f"all of it was stored after {self.back:.1f} s")
        return [f"{self.kind}: {one}" for one in found]


def sink_down(
    kind: str, folder: Path, seconds: float, more: int = 0, profiles: bool = False
) -> Sink:
    """A thousand events a second, while the store takes none for ``seconds``."""
    with broken(kind, folder) as store:
        if kind == "sqlite":
            (folder / "data").mkdir()
        plan = Plan(
            store.place, str(folder), 10 * seconds + 60, 1000.0, 20_000, more, profiles
        )
        fault = "frozen" if kind == "sqlite" else "down"
        with writer(plan) as one:
            time.sleep(1.0)
            before = one.count()
            asyncio.run(store.begin(fault, ()))
            end = time.monotonic() + seconds
            most = 0
            while time.monotonic() < end:
                most = max(most, one.count()["bytes"])
            asyncio.run(store.end(fault))
            ended = time.monotonic()
            while one.count()["waiting"] > 1_000 and time.monotonic() < ended + 30:
                pass
            back = time.monotonic() - ended
            last = one.end()
    dropped = sum(last["dropped"].values())
    return Sink(
        kind,
        last["accepted"],
        last["stored"],
        dropped,
        last["dropped"].get("Order Completed", 0),
        last["accepted"] - last["stored"] - dropped - last["waiting"],
        most - before["bytes"],
        back,
    )

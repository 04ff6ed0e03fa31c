"""A disk that is full for a while: pages do not notice, and every event is accounted for."""

import asyncio
import json
import os
import resource
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from tests.databases import Place

from .load import Client, Got, at_rate
from .shops import DEFAULT, KNOWN, Server, make_known, persons, shop

RATE = 80.0  # pages a second
PEOPLE = 40
SIZE = 8 << 20  # bytes of the disk
BACK = 5.0  # seconds until everything that waited is stored


class Full(NamedTuple):
    """What came of it; ``back`` in seconds since there was space again."""

    disk: str
    pages: int
    wrong: int
    waited: int
    unaccounted: int
    dropped: int
    back: float
    tracebacks: int

    @property
    def complaints(self) -> list[str]:
        found = []
        for what in ("wrong", "unaccounted", "dropped", "tracebacks"):
            if number := getattr(self, what):
                found.append(f"{number} {what}")
        if not self.waited:
            found.append("the disk was not full")
        if self.back > BACK:
            found.append(f"all was stored after {self.back:.1f} s only")
        return [f"{self.disk}: {one}" for one in found]


class Disk(Protocol):
    name: str

    def fill(self, server: Server) -> None: ...

    def clear(self, server: Server) -> None: ...


class _Small:
    """A disk of its own, in memory."""

    name = "a small disk"

    def __init__(self, folder: Path) -> None:
        self._ballast = folder / "ballast"

    def fill(self, server: Server) -> None:
        with self._ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))

    def clear(self, server: Server) -> None:
        self._ballast.unlink()


class _Limited:
    """Where nobody may mount a disk: no file of the process may grow any more."""

    name = "files of limited size"

    def fill(self, server: Server) -> None:
        self._limit(server, 4096)

    def clear(self, server: Server) -> None:
        self._limit(server, resource.RLIM_INFINITY)

    def _limit(self, server: Server, size: int) -> None:
        limits = (size, resource.RLIM_INFINITY)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, limits)


@contextmanager
def disk(folder: Path, kind: str) -> Iterator[Disk | None]:
    """A disk at ``folder`` ("small" or "limited"); None: it cannot be had here."""
    folder.mkdir()
    if kind == "limited":
        yield _Limited()
        return
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "shop", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        yield None
        return
    try:
        yield _Small(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


async def disk_full(folder: Path, kind: str, seconds: float) -> Full | None:
    """Views at a shop whose disk is full for ``seconds``; None: there is no such disk here."""
    with disk(folder / "disk", kind) as one:
        if one is None:
            return None
        place = Place(f"sqlite:///{folder}/disk/shop.db")
        people = persons(PEOPLE)
        make_known(place, folder, people)
        with shop(folder, place) as server:
            return await _run(one, server, people, seconds)


async def _run(one: Disk, server: Server, people: Any, seconds: float) -> Full:
    client, asking = Client(server.port), Client(server.port)
    pages: list[Got] = []

    async def state() -> dict[str, Any]:
        told: dict[str, Any] = json.loads((await asking.get("/state")).body)
        return told

    async def view(number: int) -> None:
        person = people[number % PEOPLE]
        pages.append(await client.get(f"/p/{number % 7}", person.cookie))

    async def views(seconds: float) -> None:
        end = time.monotonic() + seconds
        await at_rate(RATE, lambda: time.monotonic() > end, view)

    try:
        await views(1.0)
        await asyncio.to_thread(one.fill, server)
        await views(seconds)
        waited = (await state())["waiting"]
        await asyncio.to_thread(one.clear, server)
        ended = time.monotonic()
        while (last := await state())["waiting"] and time.monotonic() < ended + 30:
            await asyncio.sleep(0.05)
        back = time.monotonic() - ended
        await views(1.0)
        last = await state()
    finally:
        await client.close()
        await asking.close()
    dropped = sum(last["dropped"].values())
    return Full(
        one.name,
        len(pages),
        sum(got.status != 200 or got.body not in (DEFAULT, KNOWN) for got in pages),
        waited,
        last["accepted"] - last["stored"] - dropped - last["waiting"],
        dropped,
        back,
        server.tracebacks,
    )

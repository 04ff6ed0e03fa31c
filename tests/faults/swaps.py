"""New models go live under load: no page fails, and none shows two models."""

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from tests.fragments.models import NOON, small
from tests.servers import free_port, serving
from tests.shop import KEYS, site_folder

from .load import Client

CLIENTS = 4
SHELVES, PLACES = 2, 10
GENERATIONS = 10  # models that can be told apart
PATIENCE = 10.0  # seconds until a new model must be live
_ITEM = re.compile(rb"<li>g(\d)-\d+</li>")


class Swaps(NamedTuple):
    """What pages noticed of so many models that went live one after the other."""

    swaps: int
    pages: int
    failed: int
    mixed: int
    shown: int  # models that were seen on pages
    files: int  # more that are open at the end than after the first swap
    slowest: float  # seconds from a model's being written to its being live
    outcomes: dict[str, int]
    log: str

    def complaints(self) -> list[str]:
        found = []
        if self.failed:
            found.append(f"{self.failed} pages failed")
        if self.mixed:
            found.append(f"{self.mixed} pages showed two models, or part of one")
        if self.outcomes != {"live": self.swaps + 1}:
            found.append(f"of {self.swaps + 1} models: {self.outcomes}")
        if self.files > 60:  # one model is being opened while one is let go
            found.append(f"{self.files} more files are open")
        if "Traceback" in self.log:
            found.append(f"the server's log:\n{self.log}")
        return found


def generation(out: Path, number: int) -> str:
    """A model whose only row names its own items; its name."""
    row = [(f"g{number % GENERATIONS}-{place}", 1 / (1 + place)) for place in range(20)]
    made = small(out, {"x": row}, now=NOON + timedelta(seconds=number))
    return made.name


async def swapped(
    folder: Path, swaps: int, step: Callable[[], None] = lambda: None
) -> Swaps:
    """Train ``swaps`` times, each time as soon as the last model is live, under load."""
    site, log, port = site_folder(folder / "site"), folder / "log", free_port()
    out = site / "models"
    generation(out, 0)
    command = [sys.executable, "-m", "uvicorn", "tests.faults.serve_models:app"]
    command += ["--app-dir", str(Path(__file__).parents[2]), "--port", str(port)]
    command += ["--no-access-log"]
    keys = KEYS[0].decode()
    environment = {**os.environ, "SHOP_SITE": str(site), "SHOPWINDOW_SECRET_KEYS": keys}
    pages = failed = mixed = 0
    shown: set[bytes] = set()
    over = False

    async def visit(client: Client) -> None:
        nonlocal pages, failed, mixed
        while not over:
            got = await client.get("/")
            pages += 1
            items = _ITEM.findall(got.body)
            failed += got.status != 200
            mixed += len(items) != SHELVES * PLACES or len(set(items)) != 1
            shown.update(items)

    with serving(command, port, log, environment):
        client = Client(port)

        async def state() -> dict[str, object]:
            told: dict[str, object] = json.loads((await client.get("/state")).body)
            return told

        clients = [Client(port) for _ in range(CLIENTS)]
        visitors = [asyncio.create_task(visit(one)) for one in clients]
        before, slowest = -1, 0.0
        for number in range(1, swaps + 1):
            name = await asyncio.to_thread(generation, out, number)
            written = time.monotonic()
            while (told := await state())["model"] != name:
                if time.monotonic() > written + PATIENCE:
                    raise TimeoutError(f"{name} is not live: {told}")
                await asyncio.sleep(0.002)
            slowest = max(slowest, time.monotonic() - written)
            before = int(str(told["files"])) if before < 0 else before
            step()
        await asyncio.sleep(0.1)
        over = True
        await asyncio.gather(*visitors)
        told = await state()
        for one in (client, *clients):
            await one.close()
    outcomes = told["outcomes"]
    assert isinstance(outcomes, dict)
    files = int(str(told["files"])) - before
    return Swaps(
        *(swaps, pages, failed, mixed, len(shown), files),
        *(slowest, outcomes, log.read_text()),
    )

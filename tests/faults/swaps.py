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
from tests.shop import KEYS

from .load import Client
from .shops import persons

CLIENTS = 4
SHELVES, PLACES = 2, 8
GENERATIONS = 10  # models that can be told apart
ROW = 20  # items that go with the one that everybody has viewed
PATIENCE = 10.0  # seconds until a new model must be live
ITEM = re.compile(rb"/i/g(\d)-(\d+)\.jpg")
_SITE = """
[site]
reload = true
[slots]
"home.hero" = "the large picture"
"home.teaser" = "below it"
[[track]]
path = "/p/{product}"
event = "Product Viewed"
[store]
url = "memory:"
"""
_RULE = """
  - id: {slot}
    slot: home.{slot}
    show: product-shelf
    with: {{headline: For you}}
    recommend: {{strategy: for-you, limit: {places}}}
"""


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
        if self.files > 40:  # one model is being opened while one is let go
            found.append(f"{self.files} more files are open")
        if "Traceback" in self.log:
            found.append(f"the server's log:\n{self.log}")
        return found


def write_site(folder: Path) -> Path:
    """A shop with two shelves on its page, and the products that all models know."""
    rows = ["id,title,url,image,price,category,brand,tags", "x,X,/p/x,/i/x.jpg,1,,,"]
    for number in range(GENERATIONS):
        rows += [
            f"g{number}-{place},One,/p/g{number}-{place},/i/g{number}-{place}.jpg,1,,,"
            for place in range(ROW)
        ]
    rules = [_RULE.format(slot=slot, places=PLACES) for slot in ("hero", "teaser")]
    files = {
        "site.toml": _SITE,
        "rules/start.yaml": "version: 1\nrules:" + "".join(rules),
        "catalog/products.csv": "\n".join(rows) + "\n",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def generation(out: Path, number: int) -> str:
    """A model whose only row names its own items; its name."""
    row = [
        (f"g{number % GENERATIONS}-{place}", 1 / (1 + place)) for place in range(ROW)
    ]
    made = small(out, {"x": row}, now=NOON + timedelta(seconds=number))
    return made.name


async def _known(client: Client, cookie: bytes) -> None:
    """View the product that everything goes with, and wait until the shop knows."""
    await client.get("/p/x", cookie)
    end = time.monotonic() + PATIENCE
    while not ITEM.search((await client.get("/", cookie)).body):
        if time.monotonic() > end:
            raise TimeoutError("there is no shelf on the page")
        await asyncio.sleep(0.01)


async def swapped(
    folder: Path, swaps: int, step: Callable[[], None] = lambda: None
) -> Swaps:
    """Train ``swaps`` times, each time as soon as the last model is live, under load."""
    site, log, port = write_site(folder / "site"), folder / "log", free_port()
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

    async def visit(client: Client, cookie: bytes) -> None:
        nonlocal pages, failed, mixed
        await _known(client, cookie)
        while not over:
            got = await client.get("/", cookie)
            pages += 1
            failed += got.status != 200
            items = set(ITEM.findall(got.body))
            models = {model for model, _ in items}
            mixed += len(items) != SHELVES * PLACES or len(models) != 1
            shown.update(models)

    with serving(command, port, log, environment):
        client = Client(port)

        async def state() -> dict[str, object]:
            told: dict[str, object] = json.loads((await client.get("/state")).body)
            return told

        clients = [Client(port) for _ in range(CLIENTS)]
        visitors = [
            asyncio.create_task(visit(client, person.cookie))
            for client, person in zip(clients, persons(CLIENTS), strict=True)
        ]
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

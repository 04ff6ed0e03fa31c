"""Requests of all kinds, cancelled at every await, with pages and stores of all paces."""

import asyncio
import logging
import tempfile
from collections import Counter as Tally
from collections.abc import Callable
from pathlib import Path
from random import Random

from shopwindow import Shopwindow
from tests.cancelling import (
    KINDS,
    PAGE,
    SlowStore,
    cancel_everywhere,
    people,
    streaming,
)
from tests.shop import KEYS, site_folder

from .soaked import KEPT, Soaked

PACES = (0.0, 0.0, 0.0005, 0.002, 0.06)  # the last one is slower than the deadline


def soak_cancels(
    awaits: int, seed: int, advance: Callable[[], None] = lambda: None
) -> Soaked:
    """Cancel at least so many awaits."""
    log = logging.getLogger("shopwindow")
    level = log.level
    log.setLevel(logging.ERROR)  # each site would say anew what it thinks of its pages
    try:
        return asyncio.run(_soak(awaits, Random(seed), advance))
    finally:
        log.setLevel(level)


async def _soak(awaits: int, chance: Random, advance: Callable[[], None]) -> Soaked:
    figures: Tally[str] = Tally()
    faults: list[str] = []
    with tempfile.TemporaryDirectory(prefix="shopwindow-soak-") as name:
        folder = people(site_folder(Path(name)))
        while figures["awaits"] < awaits:
            label = chance.choice(list(KINDS))
            kind, store = KINDS[label], SlowStore()
            if "streamed" in label:
                places = chance.sample(range(len(PAGE)), chance.randrange(1, 12))
                kind = kind._replace(app=streaming(*places))
            async with Shopwindow(folder, store=store, keys=KEYS) as window:
                store.pause = chance.choice(PACES)
                found = await cancel_everywhere(kind, window, advance=advance)
            figures["awaits"] += found.awaits
            figures[f"awaits: {label}"] += found.awaits
            faults += [f"{label}, pace {store.pause}: {one}" for one in found.faults]
    return Soaked("cancels", awaits, len(faults), figures, faults[:KEPT])

"""Thousands of made-up visitors walk through the demo, which several processes serve: the report
says what they saw, number by number, and finds what was planted."""

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from shopwindow.examples.petshop.app import SITE
from shopwindow.middleware.simulation.agreement import compared
from shopwindow.middleware.simulation.crowd import Crowd
from shopwindow.middleware.simulation.shop import demo
from shopwindow.middleware.site import read_site
from tests import booked
from tests.commands import run

from .soaked import KEPT, Soaked

WORKERS = 2


def soak_simulated(count: int, seed: int, advance: Callable[[], None]) -> Soaked:
    """``count`` visitors, their books against the roll-ups and against the printed report."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "visitors.db"
        with demo(store, WORKERS) as place:
            began = time.monotonic()
            books = Crowd(place, count, seed, done=lambda _: advance()).walk()
            seconds = time.monotonic() - began
        url = f"sqlite:///{store}"
        found = compared(books, read_site(SITE), url, time.time())
        printed = run("report", SITE, "--store", url, "--format", "json", code=None)
    told = json.loads(printed.stdout)
    kept = msgspec.to_builtins(books)
    missed = [str(one) for one in found.effects if not one.covered]
    faults = [*found.differing, *booked.misprinted(told, kept), *missed]
    figures = {
        "numbers compared": found.compared + booked.compared(told, kept),
        "planted effects looked for": len(found.effects),
        "requests": books.requests,
        "requests a second": int(books.requests / seconds),
        **{f"visitors: {name}": number for name, number in books.visitors.items()},
    }
    return Soaked("made-up visitors", count, len(faults), figures, faults[:KEPT])

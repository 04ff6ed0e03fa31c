"""Thousands of made-up visitors walk through the demo, which several processes serve: the report
says what they saw, number by number, and finds what was planted."""

import json
import tempfile
import time
from collections.abc import Callable

import msgspec

from shopwindow.examples.petshop.app import SITE
from shopwindow.middleware.simulation.agreement import compared
from shopwindow.middleware.simulation.crowd import Crowd
from shopwindow.middleware.simulation.shop import demo
from shopwindow.middleware.site import read_site
from tests import booked, databases
from tests.commands import run

from .soaked import KEPT, Soaked

WORKERS = 2
AT_ONCE = 48  # each waits until the other process knows what they did
OF_TEN = (
    1  # of ten visitors, who walk once more: in a shop that keeps all in PostgreSQL
)


def soak_simulated(count: int, seed: int, advance: Callable[[], None]) -> Soaked:
    """``count`` visitors, their books against the roll-ups and against the printed report."""
    figures: dict[str, int] = {}
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as folder, databases.postgresql() as postgresql:
        url = f"sqlite:///{folder}/visitors.db"
        faults += _walked(url, count, seed, advance, figures)
        fewer = max(1, count * OF_TEN // 10)
        faults += _walked(postgresql, fewer, seed + 1, lambda: None, figures)
    return Soaked("made-up visitors", count, len(faults), figures, faults[:KEPT])


def _walked(
    url: str,
    count: int,
    seed: int,
    advance: Callable[[], None],
    figures: dict[str, int],
) -> list[str]:
    with demo(url, WORKERS) as place:
        began = time.monotonic()
        books = Crowd(place, count, seed, AT_ONCE, done=lambda _: advance()).walk()
        seconds = time.monotonic() - began
    found = compared(books, read_site(SITE), url, time.time())
    printed = run("report", SITE, "--store", url, "--format", "json", code=None)
    told = json.loads(printed.stdout)
    kept = msgspec.to_builtins(books)
    store = url.partition(":")[0]
    figures |= {
        f"{store}: numbers compared": found.compared + booked.compared(told, kept),
        f"{store}: planted effects looked for": len(found.effects),
        f"{store}: requests": books.requests,
        f"{store}: requests a second": int(books.requests / seconds),
        f"{store}: visitors who were counted": sum(
            row["units"] for row in books.site.values()
        ),
    }
    missed = [str(one) for one in found.effects if not one.covered]
    faults = (*found.differing, *booked.misprinted(told, kept), *missed)
    return [f"{store}: {fault}" for fault in faults]

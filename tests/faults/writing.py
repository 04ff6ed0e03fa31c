"""A process that notes a thousand events a second, until it is killed or told to end.

``python -m tests.faults.writing STORE EVENTS FOLDER SECONDS [RATE]``. It says in a line what it
notes and when (``n``), when an order was acknowledged (``a``), and at its end how it counted.
"""

import asyncio
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shopwindow.middleware.journal import Journal, new_id
from shopwindow.middleware.stores import Store, StoreError
from shopwindow.middleware.traffic import weigh_all
from shopwindow.rules.facts import DAY, Event
from tests.databases import Place
from tests.shop import site_of
from tests.stores import open_at

VISITORS = 50
ORDERS = 20  # one event in so many is an order
TURN = 0.01  # seconds


def say(*words: object) -> None:
    """In one piece, at once: what was said is known whatever happens then."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def journal_over(store: Store) -> Journal:
    site = site_of()
    return Journal(
        store, site.learn, lambda events: weigh_all(events, site.catalog.relatives)
    )


class Writing:
    """Notes events in ``journal`` at ``rate`` per second."""

    def __init__(self, journal: Journal, rate: float, visitors: int = VISITORS) -> None:
        self.journal = journal
        self._rate = rate
        self._visitors = visitors
        self._waiting: set[asyncio.Task[None]] = set()
        self.noted = 0

    async def go_on(self, over: Callable[[], bool], more: str = "") -> None:
        """Until it is ``over``. ``more`` is a text that is kept with each event."""
        begun = time.monotonic()
        while not over():
            due = int((time.monotonic() - begun) * self._rate)
            while self.noted < due:
                self.note(more)
            await asyncio.sleep(TURN)

    def note(self, more: str = "") -> None:
        number, now = self.noted, time.time()
        self.noted += 1
        visitor = f"visitor-{number % self._visitors}"
        order = number % ORDERS == 0
        name = "Order Completed" if order else "Product Viewed"
        told: dict[str, Any] = {"product_id": "tea-1"}
        if order:
            told = {"order_id": str(number), "products": [dict(told)]}
        if more:
            told["more"] = more
        event = Event(new_id(now), name, visitor, now, int(now // DAY), told)
        receipt = self.journal.note(event)
        say("n", event.id, name[0], time.monotonic())
        if order:
            task = asyncio.create_task(self._acknowledged(event.id, receipt.stored))
            self._waiting.add(task)
            task.add_done_callback(self._waiting.discard)

    async def _acknowledged(self, id: str, stored: "asyncio.Future[None]") -> None:
        try:
            await stored
        except StoreError:
            return
        say("a", id)


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def counted(journal: Journal) -> dict[str, Any]:
    return {
        "accepted": journal.accepted,
        "stored": journal.stored,
        "waiting": journal.waiting,
        "dropped": dict(journal.dropped),
        "bytes": resident(),
        "most bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


async def _main(place: Place, folder: Path, seconds: float, rate: float) -> None:
    store = open_at(place, folder)
    journal = journal_over(store)
    journal.start()
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    end = time.monotonic() + seconds
    say("ready")
    await Writing(journal, rate).go_on(
        lambda: ended.is_set() or time.monotonic() > end
    )
    await asyncio.to_thread(journal.close)
    say("c", json.dumps(counted(journal)))
    store.close()
    await asyncio.sleep(0)


if __name__ == "__main__":
    _place = Place(sys.argv[1], sys.argv[2])
    _rate = float(sys.argv[5]) if len(sys.argv) > 5 else 1000.0
    asyncio.run(_main(_place, Path(sys.argv[3]), float(sys.argv[4]), _rate))

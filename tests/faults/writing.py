"""A process that notes a thousand events a second, until it is killed or told to end.

``python -m tests.faults.writing PLAN``. It says in a line what it notes and when (``n``), when an
order was acknowledged (``a``), and twice a second, and at its end, how it counts (``c``).
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

import msgspec

from shopwindow.middleware.journal import Journal, new_id
from shopwindow.middleware.stores import Store, StoreError
from shopwindow.middleware.stores.rows import decode_profile, encode_profile
from shopwindow.middleware.traffic import weigh_all
from shopwindow.rules import learning
from shopwindow.rules.facts import DAY, Event, Profile
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


class Plan(msgspec.Struct):
    """What to write, and where. ``more`` characters are kept with each event.

    With ``profiles`` each event brings what is known about its visitor, as those of pages do.
    """

    place: Place
    folder: str
    seconds: float = 30.0
    rate: float = 1000.0
    visitors: int = VISITORS
    more: int = 0
    profiles: bool = False


class Writing:
    """Notes events in ``journal``."""

    def __init__(self, journal: Journal, plan: Plan) -> None:
        self.journal = journal
        self._plan = plan
        self._more = "x" * plan.more
        self._waiting: set[asyncio.Task[None]] = set()
        self._typical = encode_profile(_typical()) if plan.profiles else b""
        self._learn = site_of().learn
        self.noted = 0

    async def go_on(self, over: Callable[[], bool]) -> None:
        """Until it is ``over``."""
        begun = told = time.monotonic()
        while not over():
            now = time.monotonic()
            due = int((now - begun) * self._plan.rate)
            while self.noted < due:
                self.note()
            if now - told > 0.5:
                told = now
                say("c", json.dumps(counted(self.journal)))
            await asyncio.sleep(TURN)

    def note(self) -> None:
        number, now = self.noted, time.time()
        self.noted += 1
        visitor = f"visitor-{number % self._plan.visitors}"
        order = number % ORDERS == 0
        name = "Order Completed" if order else "Product Viewed"
        told: dict[str, Any] = {"product_id": "tea-1"}
        if order:
            told = {"order_id": str(number), "products": [dict(told)]}
        if self._more:
            told["more"] = self._more + str(number)  # each its own
        event = Event(new_id(now), name, visitor, now, int(now // DAY), told)
        if self._typical:
            base = decode_profile(self._typical)
            after = self._learn(base, event)
            receipt = self.journal.note(event, base, True, after)
        else:
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


def _typical() -> Profile:
    """Somebody who has looked at twenty things and bought five."""
    profile: Profile | None = None
    for number in range(25):
        product = {"product_id": f"product-{number}"}
        name = "Order Completed" if number >= 20 else "Product Viewed"
        told = {"order_id": str(number), "products": [product], **product}
        event = Event(
            str(number), name, "somebody", DAY * 20_000 + number, 20_000, told
        )
        profile = learning.learn(profile, event, _relatives)
    assert profile is not None
    return profile


def _relatives(kind: str, id: str) -> tuple[tuple[str, str], ...]:
    return (
        (kind, id),
        ("category", f"category-{len(id) % 10}"),
        ("brand", "tea & cups"),
    )


async def _main(plan: Plan) -> None:
    store = open_at(plan.place, Path(plan.folder))
    journal = journal_over(store)
    journal.start()
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    end = time.monotonic() + plan.seconds
    say("ready")
    await Writing(journal, plan).go_on(lambda: ended.is_set() or time.monotonic() > end)
    await asyncio.to_thread(journal.close)
    say("c", json.dumps(counted(journal)))
    store.close()
    await asyncio.sleep(0)


def command(plan: Plan) -> list[str]:
    """What starts a process that does so."""
    words = msgspec.json.encode(plan).decode()
    return [sys.executable, "-m", "tests.faults.writing", words]


if __name__ == "__main__":
    asyncio.run(_main(msgspec.json.decode(sys.argv[1], type=Plan)))

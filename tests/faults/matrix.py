"""What pages notice of a store that fails: measured beside the same shop without us."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .breaking import FAULTS, Broken, broken
from .load import Client, Got, at_rate, share
from .shops import DEFAULT, KNOWN, STRANGER, Person, Server, make_known, persons, shop

DEADLINE = 0.05  # seconds: what a site says unless it says something else
MORE = 0.01  # seconds that a page may take beyond that
PEOPLE = 40
RATE = 60.0  # pages a second, of each shop
FAILURES = 20  # until nobody asks any more
THREADS, FILES, BYTES = 12, 90, 64 << 20  # that a fault may take
RECOVERY = 15.0  # seconds until everybody is known again


class Row(NamedTuple):
    """What came out for one fault of one kind of store; times in seconds."""

    kind: str
    fault: str
    pages: int
    wrong: int
    ours: float  # of a hundred pages the slowest, with us
    bare: float  # and without
    opened_after: int
    threads: int
    files: int
    bytes: int
    recovered: float
    written: float
    tracebacks: int
    lost: int
    example: str = ""  # of a page that was wrong

    def complaints(self, more: float = 0.0) -> list[str]:
        """What it must not be; ``more`` seconds are allowed for a machine that is busy."""
        found = []
        if self.wrong:
            found.append(
                f"{self.wrong} of {self.pages} pages were wrong: {self.example}"
            )
        if self.ours > self.bare + DEADLINE + MORE + more:
            found.append(
                f"p99 {self.ours * 1000:.1f} ms, without us {self.bare * 1000:.1f} ms"
            )
        if self.opened_after > FAILURES:
            found.append(f"asked {self.opened_after} times in vain")
        for what, most in (("threads", THREADS), ("files", FILES), ("bytes", BYTES)):
            if getattr(self, what) > most:
                found.append(f"{getattr(self, what):,} {what} more")
        if self.recovered > RECOVERY or self.written > RECOVERY:
            found.append(f"well after {max(self.recovered, self.written):.1f} s")
        if self.tracebacks:
            found.append(f"{self.tracebacks} tracebacks")
        if self.lost:
            found.append(f"{self.lost} events are neither stored nor counted")
        return [f"{self.kind}, {FAULTS[self.fault]}: {one}" for one in found]


class _Watch:
    """The most that a process takes while it is watched."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.most: Counter[str] = Counter()
        self.last: dict[str, Any] = {}

    async def look(self) -> dict[str, Any]:
        got = await self._client.get("/state")
        self.last = json.loads(got.body)
        for what in ("threads", "files", "bytes"):
            self.most[what] = max(self.most[what], self.last[what])
        return self.last

    async def go_on(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(0.2)


async def matrix(
    kind: str,
    folder: Path,
    faults: Sequence[str],
    seconds: float,
    tell: Callable[[Row], None] = lambda row: None,
) -> list[Row]:
    """The faults of ``faults`` that the kind has, each for ``seconds``; ``tell`` hears of each
    when it is over."""
    rows = []
    people = persons(PEOPLE)
    with broken(kind, folder) as store, shop(folder, None) as bare:
        make_known(store.near, folder, people)
        chosen = [fault for fault in faults if fault in store.faults]
        if "start" in chosen:
            await store.begin("start", ())
            with shop(folder, store.place) as server:
                rows.append(
                    await _measure(store, server, bare, people, "start", seconds, True)
                )
            tell(rows[-1])
        rest = [fault for fault in chosen if fault != "start"]
        if rest:
            with shop(folder, store.place) as server:
                for fault in rest:
                    rows.append(
                        await _measure(store, server, bare, people, fault, seconds)
                    )
                    tell(rows[-1])
    return rows


async def _measure(
    store: Broken,
    server: Server,
    bare: Server,
    people: Sequence[Person],
    fault: str,
    seconds: float,
    begun: bool = False,
) -> Row:
    ours, theirs = Client(server.port), Client(bare.port)
    watch = _Watch(Client(server.port))
    pages: list[Got] = []
    control: list[Got] = []
    loop = asyncio.get_running_loop()
    try:

        async def one(number: int) -> None:
            person = people[number % PEOPLE]
            got, other = await asyncio.gather(
                ours.get("/", person.cookie), theirs.get("/", person.cookie)
            )
            pages.append(got)
            control.append(other)

        async def load(seconds: float) -> None:
            end = loop.time() + seconds
            await at_rate(RATE, lambda: loop.time() > end, one)

        if not begun:
            end = time.monotonic() + RECOVERY
            while not pages or not all(got.body == KNOWN for got in pages[-PEOPLE:]):
                await load(1.0)  # until it is warm, and everybody is known
                if time.monotonic() > end:
                    raise RuntimeError(f"{store.kind} was not well before {fault}")
        pages.clear()
        control.clear()
        before = await watch.look()
        tracebacks = server.tracebacks
        if not begun:
            await store.begin(fault, [person.id for person in people[::2]])
        looking = asyncio.create_task(watch.go_on())
        await load(seconds)
        looking.cancel()
        after = await watch.look()
        ended = time.monotonic()
        await store.end(fault)
        during = len(pages)
        recovered = written = 0.0
        while not (recovered and written) and time.monotonic() - ended < 2 * RECOVERY:
            start = len(pages)
            await load(0.4)
            now = time.monotonic() - ended
            if not recovered and all(got.body == KNOWN for got in pages[start:]):
                recovered = now
            elif recovered and not all(got.body == KNOWN for got in pages[start:]):
                recovered = 0.0
            state = await watch.look()
            if not written and state["waiting"] < 100:
                written = now
        last = await watch.look()
        right = {DEFAULT, KNOWN}
        if store.kind == "sqlite" and fault in ("start", "down", "garbage"):
            right.add(STRANGER)  # in a new file nobody is known
        wrong = [got for got in pages if got.status != 200 or got.body not in right]
        kept = last["stored"] + last["waiting"] + sum(last["dropped"].values())
        return Row(
            store.kind,
            fault,
            len(pages),
            len(wrong),
            share([got.seconds for got in pages[:during]], 0.99),
            share([got.seconds for got in control[:during]], 0.99),
            after["opened after"],
            watch.most["threads"] - before["threads"],
            watch.most["files"] - before["files"],
            watch.most["bytes"] - before["bytes"],
            recovered or 999.0,
            written or 999.0,
            server.tracebacks - tracebacks,
            last["accepted"] - kept,
            _told(wrong[0], pages) if wrong else "",
        )
    finally:
        for client in (ours, theirs, watch._client):
            await client.close()


def _told(got: Got, pages: Sequence[Got]) -> str:
    """When it was, and what."""
    at = got.at - pages[0].at
    what = "a stranger's page" if got.body == STRANGER else repr(got.body[-300:])
    return f"after {at:.1f} s, status {got.status}, {what}"

"""A shop that is used in every way at once, and ends: nothing is lost and nobody is locked out."""

import asyncio
import json
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from tests.databases import Place

from .load import Client, Got, at_rate
from .shops import (
    DEFAULT,
    KNOWN,
    STRANGER,
    Person,
    last_states,
    make_known,
    persons,
    shop,
)

RATE = 120.0  # requests a second
PEOPLE = 60
MOVING = 30  # of these, who log in and leave
ENDING = 10.0  # seconds
_PAGES = (DEFAULT, KNOWN, STRANGER)


class Mixed(NamedTuple):
    """What became of it; ``seconds`` is how long the end took."""

    asked: Mapping[str, int]
    wrong: int
    failed_lookups: int
    locked: int
    accepted: int
    stored: int
    dropped: int
    waiting: int
    logged_orders: int
    acknowledged: int
    lost_orders: int
    tracebacks: int
    seconds: float
    workers: int

    @property
    def complaints(self) -> list[str]:
        found = []
        for what in ("wrong", "failed_lookups", "locked", "dropped", "waiting"):
            if number := getattr(self, what):
                found.append(f"{number} {what.replace('_', ' ')}")
        if self.accepted != self.stored:
            found.append(f"{self.accepted} accepted, {self.stored} stored")
        if self.lost_orders:
            found.append(f"{self.lost_orders} acknowledged orders are lost")
        if self.tracebacks:
            found.append(f"{self.tracebacks} tracebacks")
        if self.seconds > ENDING:
            found.append(f"it took {self.seconds:.1f} s to end")
        return found


async def mixed(folder: Path, workers: int, seconds: float, seed: int = 1) -> Mixed:
    """Views, orders, logins and erasures over one SQLite file; it is told to end meanwhile."""
    place = Place(f"sqlite:///{folder}/shop.db")
    people = persons(PEOPLE)
    make_known(place, folder, people)
    states = folder / "states"
    states.mkdir()
    chance = Random(seed)
    asked: Counter[str] = Counter()
    wrong: list[Got] = []
    acknowledged: set[str] = set()
    ending = False
    fresh = {"STATE_FOLDER": str(states)}
    with shop(folder, place, "--workers", str(workers), environment=fresh) as server:
        client = Client(server.port)
        moving: list[Person | None] = list(people[:MOVING])

        async def one(number: int) -> None:
            way = chance.random()
            person = chance.choice(people)
            if way < 0.6:
                got = await client.get(f"/p/{number % 7}", person.cookie)
                asked["views"] += 1
                if not ending and (got.status != 200 or got.body not in _PAGES):
                    wrong.append(got)
            elif way < 0.9:
                person = people[chance.randrange(MOVING, PEOPLE)]
                id = f"order-{number}"
                got = await client.post(f"/order/{id}", person.cookie)
                asked["orders"] += 1
                if got.status == 200:
                    acknowledged.add(id)
            else:
                await _move(client, moving, chance, asked)

        end = time.monotonic() + seconds
        loading = asyncio.create_task(
            at_rate(RATE, lambda: time.monotonic() > end + 1 or ending, one)
        )
        await asyncio.sleep(max(0.0, end - time.monotonic()))
        ending = True
        took = await asyncio.to_thread(server.end)
        await asyncio.wait((loading,), timeout=5)
        await client.close()
        text = server.log.read_text(errors="replace")
    told: list[dict[str, Any]] = last_states(states)
    orders = _orders(folder / "shop.db")
    return Mixed(
        asked,
        len(wrong),
        sum(one["failures"] for one in told),
        text.count("database is locked"),
        sum(one["accepted"] for one in told),
        sum(one["stored"] for one in told),
        sum(sum(one["dropped"].values()) for one in told),
        sum(one["waiting"] for one in told),
        len(orders),
        len(acknowledged),
        len(acknowledged - orders),
        text.count("Traceback"),
        took,
        len(told),
    )


async def _move(
    client: Client,
    moving: list[Person | None],
    chance: Random,
    asked: Counter[str],
) -> None:
    """Somebody logs in, or goes with all that is known of them, and somebody new comes."""
    place = chance.randrange(MOVING)
    person, moving[place] = moving[place], None  # nobody else moves them meanwhile
    if person is None or chance.random() < 0.3:
        if person is not None:
            await client.post("/leave", person.cookie)
            asked["erasures"] += 1
        (moving[place],) = persons(1)
        return
    got = await client.post(f"/login/{chance.randrange(20)}", person.cookie)
    asked["logins"] += 1
    moving[place] = Person("", got.cookie) if got.cookie else person


def _orders(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as file:
        rows = file.execute(
            "SELECT properties FROM events WHERE name = 'Order Completed'"
        ).fetchall()
    return {json.loads(text)["order_id"] for (text,) in rows}

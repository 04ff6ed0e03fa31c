"""Somebody leaves: of what a running shop kept of them, nothing is left on its disk."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from shopwindow.middleware.stores.rows import mark_of
from tests.databases import Place

from .load import Client
from .shops import persons, shop

SECONDS = 60.0
SECRET = "geheime-bestellung"


class Left(NamedTuple):
    """Where something of them was found after ``seconds``; ``logged`` what our logs held."""

    before: Sequence[str]
    after: Sequence[str]
    logged: Sequence[str]
    seconds: float


async def left_behind(folder: Path) -> Left:
    """Among others who come and go; everything that is logged is kept, down to DEBUG."""
    place = Place(f"sqlite:///{folder}/shop.db")
    person, *others = persons(20)
    options = ("--log-level", "debug")
    with shop(folder, place, *options, environment={"LOG_EVERYTHING": "1"}) as server:
        client = Client(server.port)
        for round in range(5):
            for one in (person, *others):
                await client.get(f"/p/{SECRET if one is person else round}", one.cookie)
        await client.post(f"/order/{SECRET}", person.cookie)
        await client.post("/login/kundin-17", person.cookie)
        before = _found(folder, person.id)
        # Elsewhere they log in, too, and leave from there: all that was theirs goes.
        there = others[0]
        entered = await client.post("/login/kundin-17", there.cookie)
        assert entered.cookie
        left = await client.post("/leave", entered.cookie)
        assert left.status == 200
        begun = time.monotonic()
        ids = (person.id, there.id, entered.cookie.split(b"=")[1][:22].decode())
        while (after := _found(folder, *ids)) and time.monotonic() < begun + SECONDS:
            await client.get("/p/1", others[1].cookie)
            await asyncio.sleep(0.2)
        took = time.monotonic() - begun
        await client.close()
        said = server.log.read_bytes()
    logged = [word for id in ids for word in (id, mark_of(id)) if word.encode() in said]
    return Left(before, after, logged, took)


def _found(folder: Path, *ids: str) -> list[str]:
    """What of whom is in which file: ids, what they ordered, and events under their marks."""
    found = []
    for path in sorted(folder.glob("shop.db*")):
        data = path.read_bytes()
        for id in ids:
            if id.encode() in data:
                found.append(f"id in {path.name}")
        if SECRET.encode() in data:
            found.append(f"{SECRET} in {path.name}")
    return found

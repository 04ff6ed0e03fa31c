"""A shop that is told to end does so, also while its store does not answer."""

import asyncio
import signal
from pathlib import Path

import pytest

from .breaking import broken
from .load import Client
from .shops import DEFAULT, KNOWN, make_known, persons, shop

pytestmark = pytest.mark.anyio

ENDING = 10.0  # seconds


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "redis"])
async def test_a_frozen_store_does_not_keep_it(kind: str, tmp_path: Path) -> None:
    people = persons(5)
    with broken(kind, tmp_path) as store:
        make_known(store.near, tmp_path, people)
        with shop(tmp_path, store.place) as server:
            client = Client(server.port)
            await client.get("/", people[0].cookie)
            await store.begin("frozen", ())
            try:
                for person in people:
                    got = await client.get("/", person.cookie)
                    assert got.body in (DEFAULT, KNOWN)
                await client.close()
                assert await asyncio.to_thread(server.end) < ENDING
            finally:
                await store.end("frozen")
        assert server.process.returncode in (0, -signal.SIGTERM)  # uvicorn passes it on
        assert server.tracebacks == 0
        assert "events are lost" in server.log.read_text()

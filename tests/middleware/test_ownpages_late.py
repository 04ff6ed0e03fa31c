"""What is decided about an event after the visitor has read that it is not done yet."""

import asyncio
import gc
from typing import Any

import pytest

from shopwindow.middleware.journal import Journal
from shopwindow.middleware.ownpages.forms import kept
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.rules.facts import Event

pytestmark = pytest.mark.anyio


async def test_what_is_dropped_when_nobody_waits_any_more_is_no_noise() -> None:
    said: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: said.append(what))
    journal = Journal(MemoryStore(), lambda one, _: one, lambda _: {}, limit=1)
    receipt = journal.note(Event("1", "Visited", "v", 1e9, 11_574, {}))
    assert not await kept([receipt], 0.01)
    journal.note(Event("2", "Visited", "v", 1e9, 11_574, {}))  # one too many
    await asyncio.sleep(0.01)
    assert journal.dropped["Visited"]
    del receipt
    gc.collect()
    assert said == []

"""A visitor who is faster than the writer of the store."""

import pytest

from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.middleware.window import Shopwindow
from shopwindow.rules.facts import Profile
from tests.shop import HERO, by_template, consented, mounted, open_window, page, whole

pytestmark = pytest.mark.anyio


class Overtaken(MemoryStore):
    """Answers with what it held when it was asked, but only after everything was written."""

    window: Shopwindow | None = None

    def fetch(self, visitor: str) -> Profile | None:
        found = super().fetch(visitor)
        if self.window is not None:
            assert self.window.journal.wait_until_written()
        return found


async def test_a_view_that_is_written_while_the_store_answers_is_not_lost() -> None:
    store = Overtaken()
    window = open_window(store)
    app = mounted(whole(lambda: page(by_template)), window)
    async with consented(app) as client:
        assert HERO not in (await client.get("/")).content
        store.window = window
        await client.get("/p/tea-1")
        assert HERO in (await client.get("/")).content
        assert HERO in (await client.get("/")).content
    await window.stop()

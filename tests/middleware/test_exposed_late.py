"""What a handler does after its page has left is no part of what the page showed."""

import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shopwindow.middleware.stores.memory import MemoryStore
from tests.shop import HTML, LANES, consented, mounted, open_window, page

pytestmark = pytest.mark.anyio
RULES = """
version: 1
rules:
  - {id: a, slot: home.hero, show: offer}
  - {id: b, slot: home.teaser, show: offer}
"""


async def test_what_comes_after_the_page_is_not_told_of_it() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        text = page(LANES["attribute"]).replace(b"home.teaser", b"home.none")
        await Response(text, media_type=HTML)(scope, receive, send)
        if scope["path"] == "/":
            scope["state"]["shopwindow"].shows("home.teaser")  # as a background task

    async with open_window(rules=RULES) as window:
        async with consented(mounted(app, window)) as client:
            for _ in range(20):  # the writer may have been faster
                assert "~" in (await client.get("/")).text
        assert window.journal.wait_until_written()
        assert isinstance(window.store, MemoryStore)
        shown = [
            [one["slot"] for one in event.properties["promotions"]]
            for event in window.store.events.values()
            if event.name == "Promotion Viewed"
        ]
        assert shown == [["home.hero"]] * 20

"""A ``{name}`` in a text that nothing fills: better the page's own content than a gap in a sentence."""

import logging

import pytest
from starlette.types import Receive, Scope, Send

from shopwindow.middleware.visit import Visit, current
from tests.asgi import ask, chunk, start
from tests.shop import HTML, by_attribute, mounted, open_window, page

pytestmark = pytest.mark.anyio
RULES = """
version: 1
rules:
  - {id: greeting, slot: home.teaser, show: banner, with: {text: "Hello {visitor.first_name}, welcome back"}}
"""


async def test_a_place_that_stays_open_drops_the_fragment_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    visits: list[Visit | None] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        visits.append(current())
        await send(start((b"content-type", HTML.encode())))
        await send(chunk(page(by_attribute)))

    async with open_window(rules=RULES) as window:
        with caplog.at_level(logging.WARNING, "shopwindow"):
            answer = await ask(mounted(app, window))
        assert answer.body == page(by_attribute)  # its default content
        (visit,) = visits
        assert visit is not None
        assert visit.display.decisions["home.teaser"].reason == "error"
        (failed,) = visit.display.exposed.decisions
        assert failed.failed and not failed.shown
    assert "{visitor.first_name} cannot be filled (rule greeting)" in caplog.text

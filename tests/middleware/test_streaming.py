"""A page that its app streams leaves as it comes: at once, and with little held back."""

import tracemalloc
from statistics import median
from time import perf_counter

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.asgi import BROWSER, chunk, scope_of, start
from tests.shop import HTML, LANES, mounted, open_window, page

pytestmark = pytest.mark.anyio
CHUNK = 16_384
HELD = 64 * 1024
CARD = '<li class="card"><a href="/p/1"><img src="/i/1.webp" alt="Tea > cups"></a><b>€ 4</b></li>\n'
FRONT = f"<!doctype html><title>Shop</title><ul>{CARD * 4_000}</ul>".encode()
BACK = f"<ul>{CARD * 4_000}</ul><footer>&copy;</footer>".encode()


def streamed(lane: str) -> bytes:
    """A megabyte with two slots in its middle."""
    return FRONT + page(LANES[lane]) + BACK


class Passage:
    """What has come from the app, what has left, and when."""

    def __init__(self) -> None:
        self.given = self.left = self.held = 0
        self.begun = self.first = 0.0

    async def send(self, message: Message) -> None:
        if body := message.get("body"):
            self.first = self.first or perf_counter()
            self.left += len(body)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        body: bytes = scope["state"]["body"]
        await send(start((b"content-type", HTML.encode())))
        self.begun = perf_counter()
        for at in range(0, len(body), CHUNK):
            part = body[at : at + CHUNK]
            await send(chunk(part, True))
            self.given += len(part)
            self.held = max(self.held, self.given - self.left)
        await send(chunk(b""))


async def passing(app: ASGIApp, body: bytes, passage: Passage) -> None:
    async def receive() -> Message:
        raise AssertionError

    scope = scope_of(headers=[(b"user-agent", BROWSER)])
    await app({**scope, "state": {"body": body}}, receive, passage.send)


@pytest.mark.parametrize("lane", LANES)
async def test_a_streamed_page_leaves_as_it_comes(lane: str) -> None:
    body = streamed(lane)
    async with open_window() as window:
        window.routes.learn("/", True)
        waited = []
        for _ in range(11):
            passage = Passage()
            await passing(mounted(passage.app, window), body, passage)
            waited.append(passage.first - passage.begun)
            assert passage.held <= HELD
            assert abs(passage.left - len(body)) < 2_000
    assert median(waited) <= 0.001


@pytest.mark.parametrize("lane", LANES)
async def test_a_streamed_page_takes_little_memory(lane: str) -> None:
    body = streamed(lane)
    async with open_window() as window:
        window.routes.learn("/", True)
        shop = [Passage(), Passage()]
        await passing(mounted(shop[0].app, window), body, shop[0])
        tracemalloc.start()
        try:
            await passing(mounted(shop[1].app, window), body, shop[1])
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert (
        peak <= CHUNK * 4 + HELD * 2
    )  # what is held, and a copy of it while it is read

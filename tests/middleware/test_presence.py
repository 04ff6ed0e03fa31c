"""Whether the client is still there, as far as servers say it."""

import asyncio
from collections.abc import Sequence

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shopwindow.middleware.response import responder
from shopwindow.middleware.response.presence import has_left
from tests.asgi import Headers, chunk, cut, scope_of, start
from tests.shop import (
    HTML,
    by_attribute,
    consented,
    events_of,
    mounted,
    open_window,
    page,
    whole,
)

pytestmark = pytest.mark.anyio
REQUEST: Message = {"type": "http.request", "body": b"", "more_body": False}
UPLOAD: Message = {"type": "http.request", "body": b"x", "more_body": True}
GONE: Message = {"type": "http.disconnect"}
PAGE = page(by_attribute)


class Server:
    """Says what it is told to, and then nothing any more."""

    def __init__(self, *said: Message | BaseException) -> None:
        self._said = list(said)
        self.cancelled = False

    async def receive(self) -> Message:
        if not self._said:
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled = True
        said = self._said.pop(0)
        if isinstance(said, BaseException):
            raise said
        return said


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([], False),
        ([REQUEST], False),
        ([GONE], True),
        ([REQUEST, GONE], True),  # the app did not want the request
        ([UPLOAD, GONE], False),  # somebody is sending
        ([REQUEST] * 9, False),
        ([OSError("broken")], False),
        ([asyncio.CancelledError()], False),
    ],
)
async def test_what_the_server_says(
    said: Sequence[Message | BaseException], expected: bool
) -> None:
    assert await has_left(Server(*said).receive) is expected


async def test_nothing_is_left_of_asking() -> None:
    server, before = Server(), asyncio.all_tasks()
    assert not await has_left(server.receive)
    await asyncio.sleep(0)
    assert server.cancelled and asyncio.all_tasks() == before


async def streamed(scope: Scope, receive: Receive, send: Send) -> None:
    await send(start((b"content-type", HTML.encode())))
    for part in cut(PAGE, 50):
        await send(chunk(part, True))
    await send(chunk())


APPS: dict[str, ASGIApp] = {"one message": whole(lambda: PAGE), "streamed": streamed}


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("patient", [True, False])
async def test_who_left_in_time_has_seen_nothing(
    app: str, patient: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responder, "QUICK", -1.0)  # everything takes long
    async with open_window() as window:
        shop = mounted(APPS[app], window)
        async with consented(shop) as client:
            await client.get("/p/tea-1")
            cookie = f"shopwindow={client.cookies['shopwindow']}".encode()
        headers: Headers = [(b"cookie", cookie)]
        before = len(events_of(window))
        said = [REQUEST] if patient else [REQUEST, GONE]
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        scope = scope_of("/p/tea-1", headers=headers, state={})
        await shop(scope, Server(*said).receive, send)
        assert sent[-1].get("more_body", False) is False  # sent all the same
        shown = events_of(window)[before:]
        assert ("Promotion Viewed" in shown) == ("Product Viewed" in shown) == patient

"""A raw ASGI client: the very messages that leave an app, and apps that send given ones."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

BROWSER = b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
Headers = list[tuple[bytes, bytes]]


class Answer:
    """What an app sent, message by message."""

    def __init__(self, messages: list[Message]) -> None:
        self.messages = messages

    def __repr__(self) -> str:
        return f"<Answer {self.messages!r}>"

    @property
    def start(self) -> Message:
        (start,) = (m for m in self.messages if m["type"] == "http.response.start")
        return start

    @property
    def status(self) -> int:
        status: int = self.start["status"]
        return status

    @property
    def headers(self) -> Headers:
        return list(self.start.get("headers", ()))

    @property
    def bodies(self) -> list[Message]:
        return [m for m in self.messages if m["type"] == "http.response.body"]

    @property
    def body(self) -> bytes:
        return b"".join(bytes(m.get("body", b"")) for m in self.bodies)

    @property
    def complete(self) -> bool:
        """Exactly the last body message says that nothing follows."""
        return [m.get("more_body", False) for m in self.bodies] == [True] * (
            len(self.bodies) - 1
        ) + [False]

    def all(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.headers if key.lower() == name]

    def header(self, name: bytes) -> bytes | None:
        values = self.all(name)
        assert len(values) < 2, (name, values)
        return values[0] if values else None


def scope_of(
    path: str = "/",
    method: str = "GET",
    headers: Iterable[tuple[bytes, bytes]] = (),
    **more: Any,
) -> Scope:
    """The scope of a browser's request to 127.0.0.1; ``headers`` come on top."""
    given = list(headers)
    named = {name for name, _ in given}
    usual = [
        (b"host", b"127.0.0.1"),
        (b"user-agent", BROWSER),
        (b"accept", b"text/html"),
    ]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [pair for pair in usual if pair[0] not in named] + given,
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 80),
        **more,
    }


async def ask(
    app: ASGIApp,
    path: str = "/",
    method: str = "GET",
    headers: Iterable[tuple[bytes, bytes]] = (),
    body: bytes | Sequence[bytes] = b"",
    **more: Any,
) -> Answer:
    """Send one request, its body in one or more messages; all that comes back."""
    return await send(app, scope_of(path, method, headers, **more), body)


async def send(
    app: ASGIApp, scope: Scope, body: bytes | Sequence[bytes] = b""
) -> Answer:
    parts = [body] if isinstance(body, bytes) else list(body)
    messages: list[Message] = []
    complete = asyncio.Event()

    async def receive() -> Message:
        if not parts:  # the client stays until it has everything
            await complete.wait()
            return {"type": "http.disconnect"}
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def sending(message: Message) -> None:
        messages.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            complete.set()

    await app(scope, receive, sending)
    return Answer(messages)


def replaying(*messages: Message, pause: float = 0.0) -> ASGIApp:
    """An app that sends exactly these message objects, ``pause`` seconds apart."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)
            await asyncio.sleep(pause)

    return app


def start(*headers: tuple[bytes, bytes], status: int = 200, **more: Any) -> Message:
    return {
        "type": "http.response.start",
        "status": status,
        "headers": list(headers),
        **more,
    }


def chunk(body: Any = b"", more: bool = False) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


def cut(page: bytes, *places: int) -> list[bytes]:
    """``page`` in pieces that end at ``places``."""
    ends = [0, *sorted(places), len(page)]
    return [page[a:b] for a, b in zip(ends, ends[1:], strict=False)]

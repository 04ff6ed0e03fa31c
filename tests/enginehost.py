"""A recommendation engine that speaks JSON, good or bad, and may change its manners at any time."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

Writer = asyncio.StreamWriter
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
FAULTS = ("hang", "drip", "drip_head", "garbage", "broken", "huge", "closes", "no_json")


class Asked:
    """One request: when it came, and what it said."""

    def __init__(self, head: bytes, body: bytes) -> None:
        self.at = time.monotonic()
        self.method, self.path = head.decode().split(" ", 2)[:2]
        self.head = head
        self.body: Any = json.loads(body) if body else None


class EngineHost:
    """``proposes`` are the ids that it answers with, ``manners`` how; ``told`` is its feedback."""

    def __init__(self, proposes: Sequence[str]) -> None:
        self.url = ""
        self.proposes = list(proposes)
        self.manners = "good"
        self.after = 0.0  # seconds before it answers, if it is good
        self.asked: list[Asked] = []
        self.told: list[Any] = []

    async def answer(self, asked: Asked, writer: Writer) -> None:
        if asked.path.startswith("/events"):
            self.told += asked.body["events"]
            writer.write(OK + b"content-length: 2\r\n\r\n{}")
            return
        self.asked.append(asked)
        await getattr(self, f"_{self.manners}")(writer)

    async def _good(self, writer: Writer) -> None:
        await asyncio.sleep(self.after)
        body = json.dumps({"id": f"R-{len(self.asked)}", "items": self.proposes})
        writer.write(OK + b"content-length: %d\r\n\r\n" % len(body) + body.encode())

    async def _hang(self, writer: Writer) -> None:
        await asyncio.sleep(30)

    async def _drip(self, writer: Writer) -> None:
        writer.write(OK + b"content-length: 1000\r\n\r\n")
        for _ in range(1_000):
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)

    async def _drip_head(self, writer: Writer) -> None:
        for byte in OK * 20:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.01)

    async def _garbage(self, writer: Writer) -> None:
        writer.write(bytes(range(256)) * 50)
        writer.close()

    async def _broken(self, writer: Writer) -> None:
        writer.write(b"HTTP/1.1 500 Oh\r\ncontent-length: 2\r\n\r\n{}")

    async def _huge(self, writer: Writer) -> None:
        writer.write(OK + b"content-length: 1000000000\r\n\r\n")
        for _ in range(15_000):
            writer.write(b"x" * 65_536)
            await writer.drain()

    async def _closes(self, writer: Writer) -> None:
        writer.transport.abort()

    async def _no_json(self, writer: Writer) -> None:
        writer.write(OK + b"content-length: 5\r\n\r\n<html")


@asynccontextmanager
async def engine_host(*proposes: str) -> AsyncIterator[EngineHost]:
    """The server, on a free port, until the block ends."""
    tasks: set[asyncio.Task[Any]] = set()
    host = EngineHost(proposes)

    async def serve(reader: asyncio.StreamReader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.lower().split(b"\r\n")
                length = [
                    int(x[16:]) for x in lines if x.startswith(b"content-length: ")
                ]
                body = await reader.readexactly(length[0]) if length else b""
                await host.answer(Asked(head, body), writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side has left, or the test is over
        finally:
            writer.close()

    running = await asyncio.start_server(serve, "127.0.0.1", 0)
    host.url = f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}"
    try:
        yield host
    finally:
        running.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

"""Load for a real server, and how long its answers took."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from tests.asgi import BROWSER

PATIENCE = 20.0  # seconds for an answer


class Got(NamedTuple):
    """An answer: what it took, in seconds, and when it was asked for."""

    status: int
    body: bytes
    seconds: float
    at: float
    headers: bytes = b""

    @property
    def cookie(self) -> bytes:
        """Who the visitor is from now on, if that is new."""
        start = self.headers.find(b"set-cookie: shopwindow=")
        return b"" if start < 0 else self.headers[start + 12 :].split(b";", 1)[0]


class Client:
    """Keeps connections to one server; a request takes one that is free."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def get(self, path: str, cookie: bytes = b"") -> Got:
        return await self.ask(b"GET", path, cookie)

    async def post(self, path: str, cookie: bytes = b"", body: bytes = b"") -> Got:
        return await self.ask(b"POST", path, cookie, body)

    async def ask(
        self, method: bytes, path: str, cookie: bytes = b"", body: bytes = b""
    ) -> Got:
        """Status 0: there was no answer."""
        at = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    kept = bool(self._free)
                    try:
                        status, head, answer = await self._ask(
                            method, path, cookie, body
                        )
                        break
                    except (ConnectionError, asyncio.IncompleteReadError):
                        if not kept:
                            raise
                        # The server has closed it while it lay here.
        except (OSError, EOFError, TimeoutError):
            status, head, answer = 0, b"", b""
        return Got(status, answer, time.perf_counter() - at, at, head)

    async def _ask(
        self, method: bytes, path: str, cookie: bytes, body: bytes
    ) -> tuple[int, bytes, bytes]:
        if self._free:
            reader, writer = self._free.pop()
        else:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            lines = [
                b"%b %b HTTP/1.1" % (method, path.encode()),
                b"host: 127.0.0.1:%d" % self._port,
                b"user-agent: " + BROWSER,
                b"accept: text/html",
            ]
            if cookie:
                lines.append(b"cookie: " + cookie)
            if body:
                lines.append(b"content-type: application/x-www-form-urlencoded")
            lines.append(b"content-length: %d" % len(body))
            writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
            head = await reader.readuntil(b"\r\n\r\n")
            start = head.lower().find(b"content-length:")
            if start >= 0:
                size = int(head[start + 15 :].split(b"\r\n", 1)[0])
                answer = await reader.readexactly(size)
            else:
                answer = await _chunks(reader)
        except BaseException:  # raised on; the connection is of no use now
            writer.transport.abort()
            raise
        self._free.append((reader, writer))
        return int(head[9:12]), head, answer

    async def close(self) -> None:
        while self._free:
            _, writer = self._free.pop()  # held, else it complains before it is cut
            writer.transport.abort()
        await asyncio.sleep(0.01)  # sockets are closed a turn later


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int(await reader.readuntil(b"\r\n"), 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return b"".join(parts)


async def at_rate(
    rate: float, until: Callable[[], bool], one: Callable[[int], Awaitable[object]]
) -> None:
    """Call ``one`` with its number ``rate`` times a second, whether or not the last has ended."""
    tasks: set[asyncio.Task[object]] = set()
    begun = time.perf_counter()
    number = 0
    while not until():
        pause = begun + number / rate - time.perf_counter()
        if pause > 0:
            await asyncio.sleep(pause)
        task = asyncio.ensure_future(one(number))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        number += 1
    if tasks:
        await asyncio.wait(tasks, timeout=PATIENCE)


def share(seconds: Sequence[float], part: float) -> float:
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]

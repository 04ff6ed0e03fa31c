"""Another server, good or bad: what it does stands in the first part of the path it is asked for."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

LARGE = 262_144
OK = b"HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\n"
METADATA = b"http://169.254.169.254/latest/meta-data"
BOMB = gzip.compress(b" " * 50_000_000)

Writer = asyncio.StreamWriter
Behave = Callable[[str, Writer], Awaitable[None]]


def whole(body: bytes, head: bytes = OK) -> bytes:
    return head + b"content-length: %d\r\n\r\n" % len(body) + body


def teaser(path: str) -> bytes:
    """What a good answer holds."""
    return f"<p>From elsewhere: {path}</p>".encode()


async def good(path: str, writer: Writer) -> None:
    writer.write(whole(teaser(path)))


async def slow(path: str, writer: Writer) -> None:
    """In time, if the page waits for its deadline."""
    await asyncio.sleep(0.1)
    await good(path, writer)


async def late(path: str, writer: Writer) -> None:
    """Too late for this page, in time for the next one."""
    await asyncio.sleep(0.5)
    await good(path, writer)


async def hang(path: str, writer: Writer) -> None:
    await asyncio.sleep(30)


async def drip(path: str, writer: Writer) -> None:
    writer.write(OK + b"content-length: 1000\r\n\r\n")
    for _ in range(1_000):  # each byte in time, all of them never
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def drip_head(path: str, writer: Writer) -> None:
    for byte in OK * 20:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.02)


async def garbage(path: str, writer: Writer) -> None:
    writer.write(bytes(range(256)) * 50)


async def huge(path: str, writer: Writer) -> None:
    writer.write(OK + b"content-length: 1000000000\r\n\r\n")
    for _ in range(15_000):
        writer.write(b"x" * 65_536)
        await writer.drain()


async def endless(path: str, writer: Writer) -> None:
    writer.write(OK + b"transfer-encoding: chunked\r\n\r\n")
    for _ in range(15_000):
        writer.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
        await writer.drain()


async def bomb(path: str, writer: Writer) -> None:
    writer.write(whole(BOMB, OK + b"content-encoding: gzip\r\n"))


async def redirect(path: str, writer: Writer) -> None:
    head = b"HTTP/1.1 302 Found\r\nlocation: " + METADATA + b"\r\n"
    writer.write(whole(b"", head))


async def redirect_home(path: str, writer: Writer) -> None:
    """To this very server, which is allowed."""
    head = b"HTTP/1.1 301 Moved Permanently\r\nlocation: /good/home\r\n"
    writer.write(whole(b"", head))


async def too_short(path: str, writer: Writer) -> None:
    """Fewer bytes than it says."""
    writer.write(OK + b"content-length: 100\r\n\r\n" + teaser(path)[:20])


async def two_lengths(path: str, writer: Writer) -> None:
    writer.write(OK + b"content-length: 5\r\ncontent-length: 7\r\n\r\n<p>ab</p>")


async def reset(path: str, writer: Writer) -> None:
    writer.transport.abort()


async def broken(path: str, writer: Writer) -> None:
    writer.write(whole(teaser(path), b"HTTP/1.1 500 Oh\r\ncontent-type: text/html\r\n"))


async def json(path: str, writer: Writer) -> None:
    writer.write(whole(b"{}", b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"))


async def empty(path: str, writer: Writer) -> None:
    writer.write(whole(b" \n"))


async def missing(path: str, writer: Writer) -> None:
    writer.write(whole(b"no", b"HTTP/1.1 404 No\r\ncontent-type: text/html\r\n"))


#: What a good page leaves out, and the reason that its decision then has.
FAULTS: dict[str, str] = {
    "hang": "late",
    "drip": "late",
    "drip_head": "late",
    "garbage": "error",
    "huge": "too-large",
    "endless": "too-large",
    "bomb": "unsupported",
    "redirect": "error",
    "redirect_home": "error",
    "too_short": "error",
    "two_lengths": "error",
    "reset": "error",
    "broken": "error",
    "json": "unsupported",
    "empty": "no-rule",
    "missing": "no-rule",
}
_BEHAVE: dict[str, Behave] = {
    one.__name__: one
    for one in (
        *(good, slow, late, hang, drip, drip_head, garbage, huge, endless, bomb),
        *(
            redirect,
            redirect_home,
            too_short,
            two_lengths,
            reset,
            broken,
            json,
            empty,
            missing,
        ),
    )
}


class Elsewhere:
    """``asked`` are the paths that were asked for, ``heads`` the whole requests."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.asked: list[str] = []
        self.heads: list[bytes] = []
        self.times: list[float] = []


@asynccontextmanager
async def elsewhere() -> AsyncIterator[Elsewhere]:
    """The server, on a free port, until the block ends."""
    tasks: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                path = head.split(b" ", 2)[1].decode()
                there.asked.append(path)
                there.heads.append(head)
                there.times.append(time.monotonic())
                behave = path.lstrip("/").partition("/")[0].partition("?")[0]
                await _BEHAVE[behave](path, writer)
                if behave not in ("good", "slow", "late"):
                    return
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side has left, or the test is over
        finally:
            writer.close()

    running = await asyncio.start_server(serve, "127.0.0.1", 0)
    there = Elsewhere(running.sockets[0].getsockname()[1])
    try:
        yield there
    finally:
        running.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

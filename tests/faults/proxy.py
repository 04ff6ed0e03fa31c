"""A way to a server that misbehaves as it is told: ``python -m tests.faults.proxy KIND TARGET``.

It says its port in the first line of its output; a line of its input is how it is from then on,
which it repeats when it is so. Connections that are open are treated like new ones.
"""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from subprocess import PIPE, Popen
from typing import IO

LATE = 5.0  # seconds
DRIP = 0.2  # seconds for each byte
PART = 1 << 20
FLOOD = 1 << 30  # bytes
MODES = (
    "pass",
    "late",  # answers come after 5 s
    "drip",  # a byte of them each 200 ms
    "flood",  # instead of an answer a gigabyte, all of it one value
    "garbage",
    "reset",  # whoever asks is cut off
    "half",  # the first byte of an answer, and then its end
    "silent",  # connections are taken, and nothing ever comes
    "down",  # nobody listens; what was open is cut
)
# One value of a gigabyte, begun as each server begins one.
_BEGINS = {
    "redis": b"$%d\r\n" % FLOOD,
    "postgresql": b"D" + FLOOD.to_bytes(4, "big"),
}
_NOISE = bytes(range(256)) * 64


class Proxy:
    """Passes bytes between whoever connects and the port ``target``."""

    def __init__(self, kind: str, target: int) -> None:
        self._begin = _BEGINS[kind]
        self._target = target
        self._mode = "pass"
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._port = 0

    async def turn(self, mode: str) -> int:
        """Be so from here on; returns the port."""
        if mode not in MODES:
            raise ValueError(mode)
        self._mode = mode
        if mode == "down":
            if self._server is not None:
                self._server.close()
                self._server = None
            for writer in list(self._writers):
                writer.transport.abort()
        elif self._server is None:
            self._server = await asyncio.start_server(
                self._met, "127.0.0.1", self._port, backlog=1000
            )
            self._port = self._server.sockets[0].getsockname()[1]
        return self._port

    async def _met(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        behind: asyncio.StreamWriter | None = None
        self._writers.add(writer)
        try:
            back, behind = await asyncio.open_connection("127.0.0.1", self._target)
            self._writers.add(behind)
            answering = asyncio.create_task(self._answers(back, writer))
            while data := await reader.read(PART):
                if self._mode not in ("pass", "late", "drip"):
                    await self._instead(writer)
                    continue
                behind.write(data)
                await behind.drain()
            answering.cancel()
        except OSError:
            pass  # one of both is gone, and so is the other
        finally:
            for one in (writer, behind):
                if one is not None:
                    self._writers.discard(one)
                    one.transport.abort()

    async def _answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(PART):
                mode = self._mode
                if mode == "late":
                    await asyncio.sleep(LATE)
                if mode == "drip":
                    while data and self._mode == "drip":
                        writer.write(data[:1])
                        data = data[1:]
                        await asyncio.sleep(DRIP)
                    writer.write(data)
                else:
                    writer.write(data)
                await writer.drain()
        writer.transport.abort()

    async def _instead(self, writer: asyncio.StreamWriter) -> None:
        """What comes instead of an answer."""
        match self._mode:
            case "flood":
                writer.write(self._begin)
                part = bytes(PART)
                for _ in range(FLOOD // PART):
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0)
            case "garbage":
                writer.write(_NOISE)
                await writer.drain()
            case "half":
                writer.write(self._begin[:1])
                writer.write_eof()
            case "reset":
                writer.transport.abort()


async def _main(kind: str, target: int) -> None:
    proxy = Proxy(kind, target)
    print(await proxy.turn("pass"), flush=True)
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        await proxy.turn(line.decode().strip())
        print(line.decode().strip(), flush=True)


class Way:
    """A running proxy, from outside."""

    def __init__(self, process: Popen[str]) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._to: IO[str] = process.stdin
        self._from: IO[str] = process.stdout
        self.port = int(self._from.readline())

    def turn(self, mode: str) -> None:
        """Be so from here on."""
        self._to.write(mode + "\n")
        self._to.flush()
        assert self._from.readline().strip() == mode


@contextmanager
def way_to(kind: str, target: int) -> Iterator[Way]:
    """A proxy in front of ``target``, in a process of its own: what it sends costs us nothing."""
    command = [sys.executable, "-m", "tests.faults.proxy", kind, str(target)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True, env=environment) as process:
        try:
            yield Way(process)
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2])))

"""Many visitors open the start page over sixteen connections: by wrk, else by Python.

``python -m tests.benchmarks.serverload PORT REQUESTS SEED SECONDS`` is the latter.
"""

import asyncio
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from starlette.types import Scope

from .serverprocesses import cores, pinned

CONNECTIONS = 16
BETWEEN = b"\0"  # requests
SCRIPT = """\
local requests = {}
local file = assert(io.open(os.getenv("REQUESTS"), "rb"))
for request in file:read("*a"):gmatch("%Z+") do
    requests[#requests + 1] = request
end
file:close()
math.randomseed(tonumber(os.getenv("SEED")))

request = function()
    return requests[math.random(#requests)]
end
"""
_ANSWERED = re.compile(r"(\d+) requests in")
_FAILED = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: .*")
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def as_bytes(scope: Scope) -> bytes:
    """The request of ``scope`` as a browser sends it."""
    lines = (name + b": " + value for name, value in scope["headers"])
    return b"\r\n".join((b"GET / HTTP/1.1", *lines, b"", b""))


class Load:
    """``requests`` sent in random order; ``by`` names the program that sends them."""

    def __init__(self, folder: Path, requests: Iterable[bytes]) -> None:
        folder.mkdir()
        self._requests = folder / "requests"
        self._requests.write_bytes(BETWEEN.join(requests))
        self._script = folder / "random.lua"
        self._script.write_text(SCRIPT)
        self._wrk = shutil.which("wrk")
        self.by = "wrk" if self._wrk else "Python"

    def send(self, port: int, seconds: int, seed: int) -> int:
        """How many requests were answered; an error if one of them was not."""
        if self._wrk:
            connections = f"-c{CONNECTIONS}"
            command = [self._wrk, "-t1", connections, f"-d{seconds}s", "-s"]
            command += [str(self._script), f"http://127.0.0.1:{port}/"]
        else:
            command = [sys.executable, "-m", __name__, str(port)]
            command += [str(self._requests), str(seed), str(seconds)]
        environment = {**os.environ, "REQUESTS": str(self._requests), "SEED": str(seed)}
        with pinned(cores()[1]):
            ran = subprocess.run(
                command, env=environment, capture_output=True, text=True
            )
        answered = _ANSWERED.search(ran.stdout)
        failed = _FAILED.search(ran.stdout)
        if ran.returncode or failed or not answered or not int(answered[1]):
            raise RuntimeError(f"port {port}: {ran.stdout}{ran.stderr}")
        return int(answered[1])


async def visit(port: int, requests: list[bytes], until: float) -> int:
    """One connection: how many answers came before the time ``until``."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    answered = 0
    while time.monotonic() < until:
        writer.write(random.choice(requests))
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode("latin-1"))
        if length := _LENGTH.search(head):
            await reader.readexactly(int(length[1]))
        else:
            while (size := int(await reader.readline(), 16)) != 0:
                await reader.readexactly(size + 2)
            await reader.readline()
        answered += 1
    writer.close()
    return answered


async def main(port: int, requests: list[bytes], seconds: float) -> None:
    until = time.monotonic() + seconds
    visits = (visit(port, requests, until) for _ in range(CONNECTIONS))
    print(f"{sum(await asyncio.gather(*visits))} requests in {seconds} s")


if __name__ == "__main__":
    random.seed(int(sys.argv[3]))
    every = Path(sys.argv[2]).read_bytes().split(BETWEEN)
    asyncio.run(main(int(sys.argv[1]), every, float(sys.argv[4])))

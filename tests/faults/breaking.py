"""Twelve ways in which a store can fail, for each kind of store as far as it has them."""

import asyncio
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

import asyncpg

from shopwindow.middleware.stores.rows import mark_of
from tests.databases import Place, cluster, redis_says, redis_server

from .proxy import Way, way_to

BY_PROXY = ("late", "drip", "flood", "garbage", "reset", "half", "silent", "down")
FAULTS: Mapping[str, str] = {
    "late": "answers after 5 s",
    "drip": "drips a byte each 200 ms",
    "flood": "sends 1 GB",
    "garbage": "sends garbage",
    "foreign": "foreign bytes in rows",
    "reset": "resets",
    "half": "half-closed",
    "frozen": "frozen",
    "start": "down at start",
    "down": "goes down, comes back",
    "silent": "never answers",
    "limit": "connection limit",
}
"""By their short names."""
FOREIGN = (b"\xc1", b"\x93\x01\x02", b"<html>", b"\xdc\xff\xff" + b"\xc0" * 100, b"{}")


class Broken(Protocol):
    """A store that can be broken: ``place`` is where a shop finds it, ``near`` is the way past
    the fault."""

    @property
    def kind(self) -> str: ...

    @property
    def place(self) -> Place: ...

    @property
    def near(self) -> Place: ...

    @property
    def faults(self) -> Sequence[str]: ...

    async def begin(self, fault: str, ids: Sequence[str]) -> None:
        """``ids`` are the visitors whose rows may suffer."""

    async def end(self, fault: str) -> None:
        """All is well again."""


class BrokenRedis:
    """Behind a proxy; its log is in a file of ``folder``."""

    kind = "redis"
    faults = tuple(FAULTS)

    def __init__(self, folder: Path, port: int, way: Way) -> None:
        log = f"sqlite:///{folder}/log.db"
        self.place = Place(f"redis://127.0.0.1:{way.port}", log)
        self.near = Place(f"redis://127.0.0.1:{port}", log)
        self._port, self._way = port, way
        told = redis_says(port, "INFO", "server").splitlines()
        (line,) = (one for one in told if one.startswith("process_id:"))
        self._process = int(line.partition(":")[2])
        self._saved: list[str] = []

    async def begin(self, fault: str, ids: Sequence[str]) -> None:
        if fault in BY_PROXY:
            self._way.turn(fault)
        elif fault == "start":
            self._way.turn("down")
        elif fault == "frozen":
            os.kill(self._process, signal.SIGSTOP)
        elif fault == "foreign":
            redis_says(self._port, "HSET", "foreign", "a", "b")
            for number, id in enumerate(ids):
                key = f"sw:{{{mark_of(id)}}}:p"
                redis_says(self._port, "COPY", key, f"saved:{key}")
                self._saved.append(key)
                if number % 2:
                    redis_says(self._port, "SET", key, f"12345678?{number}")
                else:
                    redis_says(self._port, "COPY", "foreign", key, "REPLACE")
        elif fault == "limit":
            self._only = socket.create_connection(("127.0.0.1", self._port), 5)
            self._say("CONFIG SET maxclients 1")
            self._say("CLIENT KILL TYPE normal SKIPME yes")

    def _say(self, line: str) -> None:
        self._only.sendall(line.encode() + b"\r\n")
        assert self._only.recv(100)[:1] in b"+:"

    async def end(self, fault: str) -> None:
        if fault in BY_PROXY or fault == "start":
            self._way.turn("pass")
        elif fault == "frozen":
            os.kill(self._process, signal.SIGCONT)
        elif fault == "foreign":
            for key in self._saved:
                redis_says(self._port, "RENAME", f"saved:{key}", key)
            self._saved.clear()
        elif fault == "limit":
            self._say("CONFIG SET maxclients 1000")
            self._only.close()


class BrokenPostgres:
    """Behind a proxy."""

    kind = "postgresql"
    faults = tuple(FAULTS)

    def __init__(self, url: str, port: int, way: Way, process: int) -> None:
        self.place = Place(url.replace(f":{port}/", f":{way.port}/"))
        self.near = Place(url)
        self._url, self._way, self._process = url, way, process
        self._stopped: list[int] = []
        self._taken: list[asyncpg.Connection] = []
        self._taking: asyncio.Task[None] | None = None

    async def begin(self, fault: str, ids: Sequence[str]) -> None:
        if fault in BY_PROXY:
            self._way.turn(fault)
        elif fault == "start":
            self._way.turn("down")
        elif fault == "frozen":
            self._stopped = [self._process, *_children(self._process)]
            for process in self._stopped:
                os.kill(process, signal.SIGSTOP)
        elif fault == "foreign":
            async with _connected(self._url) as connection:
                await connection.execute(
                    "CREATE TABLE saved AS TABLE shopwindow.profiles"
                )
                for number, id in enumerate(ids):
                    await connection.execute(
                        "UPDATE shopwindow.profiles SET data = $1 WHERE id = $2",
                        FOREIGN[number % len(FOREIGN)],
                        mark_of(id),
                    )
        elif fault == "limit":
            self._taken = [await asyncpg.connect(self._url)]
            self._taking = asyncio.create_task(self._take_all())

    async def _take_all(self) -> None:
        """Cut everybody off, and take each place that is free."""
        while True:
            await self._taken[0].execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE backend_type = 'client backend' AND application_name <> 'taken' "
                "AND pid <> pg_backend_pid()"
            )
            try:
                while True:
                    taken = await asyncpg.connect(
                        self._url, server_settings={"application_name": "taken"}
                    )
                    self._taken.append(taken)
            except asyncpg.TooManyConnectionsError:
                await asyncio.sleep(0.1)

    async def end(self, fault: str) -> None:
        if fault in BY_PROXY or fault == "start":
            self._way.turn("pass")
        elif fault == "frozen":
            for process in self._stopped:
                os.kill(process, signal.SIGCONT)
        elif fault == "foreign":
            async with _connected(self._url) as connection:
                await connection.execute(
                    "UPDATE shopwindow.profiles AS broken SET data = saved.data "
                    "FROM saved WHERE saved.id = broken.id; DROP TABLE saved"
                )
        elif fault == "limit":
            assert self._taking is not None
            self._taking.cancel()
            await asyncio.wait((self._taking,))
            while self._taken:
                self._taken.pop().terminate()


class _connected:
    def __init__(self, url: str) -> None:
        self._url = url

    async def __aenter__(self) -> asyncpg.Connection:
        self._connection: asyncpg.Connection = await asyncpg.connect(self._url)
        return self._connection

    async def __aexit__(self, *error: object) -> None:
        self._connection.terminate()


def _children(process: int) -> list[int]:
    path = Path(f"/proc/{process}/task/{process}/children")
    return [int(child) for child in path.read_text().split()]


_HOLD = """
import sqlite3, sys, time
file = sqlite3.connect(sys.argv[1], isolation_level=None)
file.execute("PRAGMA busy_timeout = 10000")
file.execute("BEGIN IMMEDIATE")
print(flush=True)
time.sleep(600)
"""


class BrokenFile:
    """A SQLite file: it has no server that could be slow, but may be locked or damaged."""

    kind = "sqlite"
    faults = ("garbage", "foreign", "frozen", "start", "down")

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "data"
        self._path = self._folder / "shop.db"
        self.place = self.near = Place(f"sqlite:///{self._path}")
        self._saved: list[tuple[bytes, str]] = []
        self._holder: subprocess.Popen[bytes] | None = None

    async def begin(self, fault: str, ids: Sequence[str]) -> None:
        kept = self._folder.with_name("kept")
        if fault == "start":
            self._folder.rename(kept)
            self._folder.touch()  # no folder: nothing can be opened in it
        elif fault == "down":
            self._folder.rename(kept)
        elif fault == "garbage":
            self._copy(kept)
            with self._path.open("r+b") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(0)
                file.write(os.urandom(size))
        elif fault == "frozen":
            # Whoever writes at the moment stops in the middle of it.
            holder = subprocess.Popen(
                [sys.executable, "-c", _HOLD, str(self._path)], stdout=subprocess.PIPE
            )
            assert holder.stdout is not None
            await asyncio.to_thread(holder.stdout.readline)
            holder.send_signal(signal.SIGSTOP)
            self._holder = holder
        elif fault == "foreign":
            for number, id in enumerate(ids):
                mark = mark_of(id)
                old = self._change(FOREIGN[number % len(FOREIGN)], mark)
                self._saved.append((old, mark))

    def _copy(self, kept: Path) -> None:
        kept.mkdir()
        with sqlite3.connect(self._path) as file:
            file.execute("VACUUM INTO ?", (str(kept / "shop.db"),))
        file.close()

    def _change(self, data: bytes, mark: str) -> bytes:
        file = sqlite3.connect(self._path, timeout=10)
        with file:
            ((old,),) = file.execute("SELECT data FROM profiles WHERE id = ?", (mark,))
            file.execute(
                "UPDATE profiles SET data = ?, version = version + 1 WHERE id = ?",
                (data, mark),
            )
        file.close()
        return bytes(old)

    async def end(self, fault: str) -> None:
        kept = self._folder.with_name("kept")
        if fault == "start":
            self._folder.unlink()
            kept.rename(self._folder)
        elif fault in ("down", "garbage"):
            # Somebody puts back what was saved; the shop may have begun anew meanwhile.
            if self._folder.exists():
                shutil.rmtree(self._folder)
            kept.rename(self._folder)
        elif fault == "frozen":
            assert self._holder is not None and self._holder.stdout is not None
            self._holder.kill()
            self._holder.wait()
            self._holder.stdout.close()
        elif fault == "foreign":
            for data, mark in self._saved:
                self._change(data, mark)
            self._saved.clear()


@contextmanager
def broken(kind: str, folder: Path) -> Iterator[Broken]:
    """A store of the kind that can be broken; skips, or fails, where its server is not here."""
    with ExitStack() as stack:
        if kind == "sqlite":
            yield BrokenFile(folder)
        elif kind == "redis":
            port = stack.enter_context(redis_server())
            way = stack.enter_context(way_to("redis", port))
            yield BrokenRedis(folder, port, way)
        else:
            one = stack.enter_context(cluster())
            process = stack.enter_context(one.running())
            way = stack.enter_context(way_to("postgresql", one.port))
            yield BrokenPostgres(one.url, one.port, way, process.pid)

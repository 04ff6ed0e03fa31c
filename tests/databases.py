"""Real databases for tests: each pytest worker starts its own on free loopback ports.

A PostgreSQL of one's own is up in 0.9 s, a redis-server in 0.03 s: sharing them among workers
would take a lock, and somebody to be the last, to save less than that.
"""

import getpass
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.servers import absent, free_port, wait_for_port

_numbers = itertools.count()


class Place(NamedTuple):
    """Where a store is kept: its URL, and that of its events if they are elsewhere."""

    store: str
    events: str = ""


def postgres_programs() -> Path | None:
    """The folder with initdb and postgres: the newest of Debian's, else the one on PATH."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    by_version = sorted(
        found, key=lambda path: float(path.parts[-3]) if path.parts[-3].isdigit() else 0
    )
    if by_version:
        return by_version[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def _somebody() -> dict[str, Any]:
    """Who runs PostgreSQL, as keywords of Popen: it refuses to be run by root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise RuntimeError("there is neither a user postgres nor nobody to run PostgreSQL")


@contextmanager
def running(
    command: list[str], port: int, log: Path, **who: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends, also one that was stopped (SIGSTOP) meanwhile."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, **who)
    try:
        wait_for_port(port, process, log)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Cluster:
    """A PostgreSQL in a folder of its own, that can be stopped and started again."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"postgresql://shopwindow@127.0.0.1:{self.port}/postgres"
        self._programs = programs
        self._who = _somebody()
        if "user" in self._who:
            os.chown(folder, self._who["user"], self._who["group"])
        subprocess.run(
            [
                str(programs / "initdb"), "--pgdata", str(folder / "data"),
                "--username", "shopwindow", "--auth", "trust", "--no-sync",
                "--no-instructions", "--encoding", "UTF8", "--locale", "C",
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            **self._who,
        )  # fmt: skip

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        settings = {
            "fsync": "off",
            "max_connections": "100",
            "unix_socket_directories": "",
            "autovacuum": "off",
        }
        options = [word for item in settings.items() for word in ("-c", "=".join(item))]
        command = [
            str(self._programs / "postgres"), "-D", str(self.folder / "data"),
            "-p", str(self.port), "-h", "127.0.0.1", *options,
        ]  # fmt: skip
        log = self.folder / "postgres.log"
        with running(command, self.port, log, **self._who) as process:
            yield process


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A new PostgreSQL that is not running yet; skips, or fails, where there is none."""
    programs = postgres_programs()
    if programs is None:
        absent("PostgreSQL", "apt-get install postgresql")
    # Not below pytest's folders: only their owner may enter these.
    folder = Path(tempfile.mkdtemp(prefix=f"postgres-{getpass.getuser()}-"))
    try:
        yield Cluster(programs, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgresql() -> Iterator[str]:
    """A running PostgreSQL: its URL."""
    with cluster() as one, one.running():
        yield one.url


@contextmanager
def redis_server(*options: str) -> Iterator[int]:
    """A running redis-server without persistence: its port."""
    program = shutil.which("redis-server")
    if program is None:
        absent("redis-server", "apt-get install redis-server")
    folder = Path(tempfile.mkdtemp(prefix="redis-"))
    port = free_port()
    command = [
        program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder),
        "--save", "", "--appendonly", "no", *options,
    ]  # fmt: skip
    try:
        with running(command, port, folder / "redis.log"):
            yield port
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _memory(request: pytest.FixtureRequest, folder: Path) -> Place:
    return Place("memory:")


def _sqlite(request: pytest.FixtureRequest, folder: Path) -> Place:
    return Place(f"sqlite:///{folder}/a.db")


def _postgresql(request: pytest.FixtureRequest, folder: Path) -> Place:
    url = request.getfixturevalue("postgresql")
    return Place(f"{url}?schema=test_{next(_numbers)}")


Make = Callable[[pytest.FixtureRequest, Path], Place]

PLACES: Mapping[str, Make] = {
    "memory": _memory,
    "sqlite": _sqlite,
    "postgresql": _postgresql,
}
"""What a test of all stores goes through: name -> a fresh, empty place."""
SHARED = [name for name in PLACES if name != "memory"]
"""Those that several processes can use at the same time."""

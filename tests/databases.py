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
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

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
            self._wait()
            yield process

    def _wait(self) -> None:
        """It listens before it answers."""
        asking = [str(self._programs / "pg_isready"), "-q", "-h", "127.0.0.1"]
        end = time.monotonic() + 20
        while subprocess.run([*asking, "-p", str(self.port)]).returncode:
            if time.monotonic() > end:
                raise RuntimeError("PostgreSQL does not get ready")
            time.sleep(0.02)


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
def pooler(url: str) -> Iterator[str]:
    """A pgbouncer before the PostgreSQL at ``url``, that lends each of its two connections
    for a transaction, in turns: its URL."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        absent("pgbouncer", "apt-get install pgbouncer")
    folder = Path(tempfile.mkdtemp(prefix="pgbouncer-"))
    parts, port = urlsplit(url), free_port()
    settings = {
        "listen_addr": "127.0.0.1",
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "any",
        "pool_mode": "transaction",
        "default_pool_size": 2,
        "server_round_robin": 1,
    }
    target = f"host=127.0.0.1 port={parts.port} user={parts.username}"
    lines = ["[databases]", f"* = {target}", "[pgbouncer]"]
    lines += [f"{key} = {value}" for key, value in settings.items()]
    (folder / "pgbouncer.ini").write_text("\n".join(lines) + "\n")
    folder.chmod(0o755)
    command, log = [program, str(folder / "pgbouncer.ini")], folder / "pgbouncer.log"
    try:
        with running(command, port, log, **_somebody()):
            yield url.replace(f":{parts.port}/", f":{port}/")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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


@contextmanager
def redis_cluster(nodes: int = 3) -> Iterator[list[int]]:
    """A cluster of so many redis-servers that share the slots evenly: their ports."""
    with ExitStack() as stack:
        ports: list[int] = []
        buses: list[str] = []
        for _ in range(nodes):
            bus = str(free_port())
            options = ("--cluster-enabled", "yes", "--cluster-port", bus)
            timeout = ("--cluster-node-timeout", "5000")
            ports.append(stack.enter_context(redis_server(*options, *timeout)))
            buses.append(bus)
        shares = [16_384 * place // nodes for place in range(nodes + 1)]
        for place, port in enumerate(ports):
            first, last = str(shares[place]), str(shares[place + 1] - 1)
            redis_says(port, "CLUSTER", "ADDSLOTSRANGE", first, last)
            redis_says(port, "CLUSTER", "SET-CONFIG-EPOCH", str(place + 1))
        for place, port in enumerate(ports[1:], 1):
            to = ("127.0.0.1", str(port), buses[place])
            redis_says(ports[0], "CLUSTER", "MEET", *to)
        end = time.monotonic() + 20
        while not all(_whole(port, nodes) for port in ports):
            if time.monotonic() > end:
                raise RuntimeError("the cluster did not come together")
            time.sleep(0.05)
        yield ports


def _whole(port: int, nodes: int) -> bool:
    told = redis_says(port, "CLUSTER", "INFO")
    return "cluster_state:ok" in told and f"cluster_size:{nodes}" in told


def redis_says(port: int, *words: str) -> str:
    """What a redis-server answers, asked without the library that is tested with it."""
    command = "".join(f"${len(word.encode())}\r\n{word}\r\n" for word in words)
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(f"*{len(words)}\r\n{command}".encode())
        with connection.makefile("rb") as answer:
            line = answer.readline().decode().rstrip()
            if line.startswith("-"):
                raise RuntimeError(f"{words}: {line}")
            if not line.startswith("$"):
                return line[1:]
            return answer.read(int(line[1:])).decode()


def _redis(request: pytest.FixtureRequest, folder: Path) -> Place:
    port = request.getfixturevalue("redis_port")
    redis_says(port, "FLUSHALL")
    return Place(f"redis://127.0.0.1:{port}", f"sqlite:///{folder}/events.db")


def _redis_cluster(request: pytest.FixtureRequest, folder: Path) -> Place:
    ports = request.getfixturevalue("redis_cluster")
    for port in ports:
        redis_says(port, "FLUSHALL")
    nodes = ",".join(f"127.0.0.1:{port}" for port in ports)
    return Place(f"redis+cluster://{nodes}", f"sqlite:///{folder}/events.db")


def _memory(request: pytest.FixtureRequest, folder: Path) -> Place:
    return Place("memory:")


def _sqlite(request: pytest.FixtureRequest, folder: Path) -> Place:
    return Place(f"sqlite:///{folder}/a.db")


def _postgresql(request: pytest.FixtureRequest, folder: Path) -> Place:
    url = request.getfixturevalue("postgresql")
    return Place(f"{url}?schema=test_{next(_numbers)}")


def _sqlite_apart(request: pytest.FixtureRequest, folder: Path) -> Place:
    log = _postgresql(request, folder).store
    return Place(f"sqlite:///{folder}/a.db", log)


def _postgresql_apart(request: pytest.FixtureRequest, folder: Path) -> Place:
    return Place(_postgresql(request, folder).store, f"sqlite:///{folder}/log.db")


def _redis_and_postgresql(request: pytest.FixtureRequest, folder: Path) -> Place:
    store = _redis(request, folder).store
    return Place(store, _postgresql(request, folder).store)


Make = Callable[[pytest.FixtureRequest, Path], Place]

PLACES: Mapping[str, Make] = {
    "memory": _memory,
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "redis": _redis,
    "redis+cluster": _redis_cluster,
    "sqlite, log in postgresql": _sqlite_apart,
    "postgresql, log in sqlite": _postgresql_apart,
    "redis, log in postgresql": _redis_and_postgresql,
}
"""What a test of all stores goes through: name -> a fresh, empty place."""
SHARED = [name for name in PLACES if name != "memory"]
"""Those that several processes can use at the same time."""

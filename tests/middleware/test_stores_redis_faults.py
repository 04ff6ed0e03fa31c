"""Whatever becomes of a Redis, pages do not wait for it longer than they said."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest

from shopwindow import Shopwindow
from shopwindow.middleware.stores import StoreError
from shopwindow.middleware.stores.redis import RedisStore, writing
from shopwindow.middleware.stores.rows import mark_of
from shopwindow.middleware.stores.sqlite import SqliteLog
from tests.databases import redis_says, redis_server
from tests.middleware.redisstores import workers
from tests.servers import free_port
from tests.shop import (
    HERO,
    LANES,
    consented,
    mounted,
    open_window,
    page,
    whole,
)
from tests.stores import event

pytestmark = pytest.mark.anyio

APP = 0.005  # seconds that the app works
DEADLINE = 0.05  # seconds: what a site says unless it says something else
MORE = 0.01  # seconds that a page may take beyond that
BUSY = 0.03  # seconds that the machine may be busy with other tests, once in a while


def process_of(port: int) -> int:
    told = redis_says(port, "INFO", "server").splitlines()
    (line,) = (line for line in told if line.startswith("process_id:"))
    return int(line.partition(":")[2])


@contextmanager
def frozen(port: int) -> Iterator[None]:
    process = process_of(port)
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


@asynccontextmanager
async def shop(
    port: int, folder: Path
) -> AsyncIterator[tuple[httpx.AsyncClient, Shopwindow]]:
    """A browser in front of a shop whose profiles are in the Redis at ``port``."""
    log = SqliteLog(folder / "log.db")
    store = RedisStore(f"redis://127.0.0.1:{port}", log)

    async def app(scope, receive, send):  # type: ignore[no-untyped-def]
        await asyncio.sleep(APP)
        await whole(lambda: page(LANES["comment"]))(scope, receive, send)

    try:
        async with open_window(store) as window:
            async with consented(mounted(app, window)) as client:
                assert HERO not in (await client.get("/")).content
                assert HERO in (await client.get("/p/tea-1")).content
                await asyncio.to_thread(window.journal.wait_until_written)
                yield client, window
    finally:
        store.close()
        await asyncio.sleep(0)


async def took(client: httpx.AsyncClient) -> tuple[float, bool]:
    """Seconds for a page, and whether it knew the visitor."""
    start = time.perf_counter()
    answer = await client.get("/about")
    assert answer.status_code == 200
    assert answer.content.endswith(b"</html>")
    return time.perf_counter() - start, HERO in answer.content


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


async def test_a_frozen_server_costs_the_deadline_until_nobody_asks_it(
    tmp_path: Path,
) -> None:
    with redis_server() as port:
        async with shop(port, tmp_path) as (client, window):
            usual = median([(await took(client))[0] for _ in range(9)])
            window.breaker._pause = 0.3
            with frozen(port):
                seconds = []
                while not window.breaker.open:
                    seconds.append((await took(client))[0])
                    assert len(seconds) <= 20
                assert median(seconds) <= DEADLINE + APP + MORE
                assert max(seconds) <= usual + DEADLINE + MORE + BUSY
                shut = [(await took(client))[0] for _ in range(5)]
                assert median(shut) <= usual + MORE
            end = time.monotonic() + 5
            while not (await took(client))[1]:
                assert time.monotonic() < end
                await asyncio.sleep(0.05)
            # Whoever tries whether it is back may wait once more.
            assert 0 <= window.stats.late["store"] - len(seconds) <= 2


async def test_after_a_freeze_nobody_gets_a_late_answer(tmp_path: Path) -> None:
    with redis_server() as port:
        with workers(f"redis://127.0.0.1:{port}", tmp_path) as open:
            worker = open()
            worker.keep(*(event(f"v{n}", product_id=f"p{n}") for n in range(20)))

            async def impatient() -> None:
                asking = [worker.store.fetch(f"v{n}") for n in range(20)]
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await asyncio.gather(*asking)

            for _ in range(3):
                with frozen(port):
                    worker.run(impatient())
                for n in range(20):
                    assert worker.views(f"v{n}", f"p{n}") == 1


async def test_a_server_that_is_gone_costs_nothing_and_is_found_again(
    tmp_path: Path,
) -> None:
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1"]
    command += ["--dir", str(tmp_path), "--save", "", "--appendonly", "yes"]
    server = _started(command, port)
    try:
        async with shop(port, tmp_path) as (client, window):
            window.breaker._pause = 0.1
            usual = median([(await took(client))[0] for _ in range(9)])
            server.kill()
            server.wait()
            away = [await took(client) for _ in range(12)]
            assert median([seconds for seconds, _ in away]) <= usual + MORE
            # What is not written yet is known in this process; what is, nobody knows now.
            assert window.stats.lookups["error"] >= 5
            server = _started(command, port)
            end = time.monotonic() + 5
            while not (await took(client))[1]:
                assert time.monotonic() < end
                await asyncio.sleep(0.05)
            assert await asyncio.to_thread(window.journal.wait_until_written)
            assert not window.journal.dropped
    finally:
        server.kill()
        server.wait()


def _started(command: list[str], port: int) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    end = time.monotonic() + 10
    while True:
        try:
            if redis_says(port, "PING") == "PONG":
                return process
        except (OSError, RuntimeError):
            if time.monotonic() > end:
                process.kill()
                raise
            time.sleep(0.02)


async def test_a_restart_between_two_pages_is_not_noticed(tmp_path: Path) -> None:
    """The connections that lay here are closed; the next page opens one."""
    with redis_server() as port:
        async with shop(port, tmp_path) as (client, window):
            for _ in range(3):
                redis_says(port, "CLIENT", "KILL", "TYPE", "normal")
                assert (await took(client))[1]
            assert window.stats.lookups["error"] == 0


async def test_a_password_that_changes_meanwhile_is_an_error_of_the_store(
    tmp_path: Path,
) -> None:
    with redis_server() as port:
        async with shop(port, tmp_path) as (client, window):
            redis_says(port, "CONFIG", "SET", "requirepass", "other")
            redis_says_with("other", port, "CLIENT", "KILL", "TYPE", "normal")
            seconds, known = await took(client)
            assert seconds < DEADLINE
            assert window.stats.lookups["error"] == 1
            redis_says_with("other", port, "CONFIG", "SET", "requirepass", "")
            assert (await took(client))[1]


def redis_says_with(password: str, port: int, *words: str) -> None:
    subprocess.run(
        ["redis-cli", "-p", str(port), "-a", password, "--no-auth-warning", *words],
        check=True,
        capture_output=True,
    )


def test_the_writer_gives_up_on_a_frozen_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PATIENCE", 0.2)
    with redis_server() as port:
        with workers(f"redis://127.0.0.1:{port}", tmp_path) as open:
            worker = open()
            worker.keep(event("v1"))
            late = event("v1")
            with frozen(port):
                start = time.monotonic()
                with pytest.raises(StoreError, match="Timeout"):
                    worker.keep(late)
                assert time.monotonic() - start < 0.5
            worker.keep(late)
            assert worker.views("v1") == 2


def test_a_server_that_is_full_keeps_what_it_has_and_says_so(tmp_path: Path) -> None:
    with redis_server() as port:
        with workers(f"redis://127.0.0.1:{port}", tmp_path) as open:
            worker = open()
            worker.keep(event("v1"))
            redis_says(port, "CONFIG", "SET", "maxmemory", "1")
            late = event("v1")
            for _ in range(2):
                with pytest.raises(StoreError, match="maxmemory"):
                    worker.keep(late)
            assert worker.views("v1") == 1
            redis_says(port, "CONFIG", "SET", "maxmemory", "0")
            worker.keep(late)
            assert worker.views("v1") == 2


def test_what_is_no_profile_is_an_error_and_not_somebody(tmp_path: Path) -> None:
    with redis_server() as port:
        with workers(f"redis://127.0.0.1:{port}", tmp_path) as open:
            worker = open()
            key = f"sw:{{{mark_of('v1')}}}:p"
            for garbage in ("12345678\x7f", "x", "12345678@c.nobody", "12345678?"):
                redis_says(port, "SET", key, garbage)
                try:
                    assert worker.fetch("v1") is None
                except ValueError:
                    pass


# -- a cluster whose slots move --------------------------------------------------------


def nodes_of(ports: list[int]) -> dict[int, str]:
    return {port: redis_says(port, "CLUSTER", "MYID") for port in ports}


def slot_of(port: int, visitor: str) -> int:
    return int(redis_says(port, "CLUSTER", "KEYSLOT", f"sw:{{{mark_of(visitor)}}}:p"))


def holder_of(ports: list[int], slot: int) -> int:
    for port in ports:
        try:
            redis_says(port, "CLUSTER", "COUNTKEYSINSLOT", str(slot))
            told = redis_says(port, "CLUSTER", "NODES")
        except RuntimeError:
            continue
        mine = next(line for line in told.splitlines() if "myself" in line)
        for part in mine.split()[8:]:
            first, _, last = part.partition("-")
            if first.isdecimal() and int(first) <= slot <= int(last or first):
                return port
    raise AssertionError(f"nobody has slot {slot}")


def test_while_a_slot_moves_and_afterwards_nothing_is_lost(
    redis_cluster: list[int], tmp_path: Path
) -> None:
    for port in redis_cluster:
        redis_says(port, "FLUSHALL")
    url = f"redis+cluster://127.0.0.1:{redis_cluster[0]}"
    with workers(url, tmp_path) as open:
        reader, writer, other = open(), open(), open()
        writer.keep(event("v1"), event("v2"))
        assert reader.views("v1") == 1
        slot = slot_of(redis_cluster[0], "v1")
        source = holder_of(redis_cluster, slot)
        target = next(port for port in redis_cluster if port != source)
        ids = nodes_of(redis_cluster)
        setslot = ("CLUSTER", "SETSLOT", str(slot))
        redis_says(target, *setslot, "IMPORTING", ids[source])
        redis_says(source, *setslot, "MIGRATING", ids[target])
        assert reader.views("v1") == 1
        for kind in "pe":
            key = f"sw:{{{mark_of('v1')}}}:{kind}"
            redis_says(source, "MIGRATE", "127.0.0.1", str(target), key, "0", "5000")
        assert reader.views("v1") == 1  # asked for where it was sent
        for port in (target, source):
            redis_says(port, *setslot, "NODE", ids[target])
        late = event("v1")
        writer.keep(late)  # which still believes the old map
        other.keep(event("v1"), late)
        assert reader.views("v1") == writer.views("v1") == 3
        assert (
            other.store._slots.node_of(b"sw:{%b}:p" % mark_of("v1").encode()).port
            == target
        )
        # And back, for the tests that come.
        redis_says(source, *setslot, "IMPORTING", ids[target])
        redis_says(target, *setslot, "MIGRATING", ids[source])
        for kind in "pe":
            key = f"sw:{{{mark_of('v1')}}}:{kind}"
            redis_says(target, "MIGRATE", "127.0.0.1", str(source), key, "0", "5000")
        for port in (source, target):
            redis_says(port, *setslot, "NODE", ids[source])


async def test_a_frozen_node_costs_only_those_whose_profile_it_has(
    redis_cluster: list[int], tmp_path: Path
) -> None:
    for port in redis_cluster:
        redis_says(port, "FLUSHALL")
    url = f"redis+cluster://127.0.0.1:{redis_cluster[0]}"
    with workers(url, tmp_path) as open:
        worker = open()
        everybody = [f"v{number}" for number in range(60)]
        worker.keep(*(event(one) for one in everybody))
        holders = {
            one: holder_of(redis_cluster, slot_of(redis_cluster[0], one))
            for one in everybody
        }
        lost = redis_cluster[0]  # the one that was named

        async def impatient() -> dict[str, bool]:
            async def one(visitor: str) -> bool:
                try:
                    async with asyncio.timeout(0.5):
                        return await worker.store.fetch(visitor) is not None
                except TimeoutError:
                    return False

            answers = await asyncio.gather(*map(one, everybody))
            return dict(zip(everybody, answers, strict=True))

        for _ in range(10):
            if all(worker.run(impatient()).values()):
                break
        with frozen(lost):
            for _ in range(2):  # then it is not the one to be asked where everything is
                answered = worker.run(impatient())
                for visitor, holder in holders.items():
                    assert answered[visitor] is (holder != lost)
                assert worker.store._slots.stale
        for _ in range(10):  # a machine with much to do lets the node wait a little
            if all(worker.run(impatient()).values()):
                break
        else:
            pytest.fail("the node is back, and some of its visitors are not")

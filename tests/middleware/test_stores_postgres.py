"""What only a PostgreSQL can suffer: given up questions, lost answers, servers that are away."""

import asyncio
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from shopwindow.middleware.stores import ERASED, VISITED, Draft, StoreError
from shopwindow.middleware.stores.opening import Address, open_history
from shopwindow.middleware.stores.postgres import PostgresStore
from shopwindow.middleware.stores.postgres import store as writing
from shopwindow.middleware.stores.postgres.schema import VERSION
from shopwindow.middleware.window import Shopwindow
from shopwindow.rules.facts import Event, Profile
from tests.databases import PLACES, Cluster, cluster, pooler
from tests.shop import KEYS
from tests.stores import event, fetched, keep, learn, logged, login, retired, views


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return PLACES["postgresql"](request, tmp_path).store


@pytest.fixture
def store(url: str) -> Iterator[PostgresStore]:
    made = PostgresStore(url)
    yield made
    made.close()


def ask(url: str, statement: str) -> Any:
    """What the server itself says."""

    async def ask() -> Any:
        connection = await asyncpg.connect(url.partition("?")[0])
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(ask())


def eventually(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@contextmanager
def frozen(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """A server whose processes do not go on, but whose sockets are there."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    pids = [process.pid, *map(int, children.split())]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(pids):
            os.kill(pid, signal.SIGCONT)


# -- looking up ----------------------------------------------------------------------------


def test_who_gives_up_never_leaves_an_answer_to_the_next(store: PostgresStore) -> None:
    keep(store, *(event(f"v{n}", product_id=f"p{n}") for n in range(50)))
    dice = random.Random(7)

    async def one(number: int) -> bool:
        try:
            async with asyncio.timeout(dice.choice([0, 0.0005, 0.002, 0.01, 5])):
                profile = await store.fetch(f"v{number}")
        except TimeoutError:
            return False
        assert profile is not None
        assert list(profile.counts["viewed product"]) == [f"p{number}"]
        return True

    async def all_of_them() -> int:
        answered = 0
        for _ in range(60):
            numbers = [dice.randrange(50) for _ in range(20)]
            answered += sum(await asyncio.gather(*map(one, numbers)))
        return answered

    async def run() -> int:
        answered = await all_of_them()
        (lines,) = store._lines.values()
        await asyncio.wait_for(all_idle(lines), 5)
        assert 1 <= lines._open <= 4
        assert await asyncio.gather(*(store.fetch(f"v{n}") for n in range(50)))
        store.close()
        await asyncio.sleep(0.05)
        return answered

    async def all_idle(lines: Any) -> None:
        while len(lines._idle) < lines._open:
            await asyncio.sleep(0.01)

    assert 0 < asyncio.run(run()) < 1_200


def test_a_first_look_up_that_is_given_up_helps_the_next_one(
    store: PostgresStore,
) -> None:
    """A handshake may take longer than a page waits."""
    keep(store, event("v1"))

    async def run() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.0001):
                await store.fetch("v1")
        await asyncio.sleep(0.5)
        (lines,) = store._lines.values()
        assert lines._open == len(lines._idle) == 1
        begin = time.perf_counter()
        assert await store.fetch("v1") is not None
        store.close()
        await asyncio.sleep(0.05)
        return time.perf_counter() - begin

    asyncio.run(run())


def test_a_store_serves_several_event_loops(store: PostgresStore) -> None:
    keep(store, event("v1"))
    found: list[Profile | None] = []

    async def run() -> None:
        for _ in range(20):
            found.append(await store.fetch("v1"))
        for lines in store._lines.values():
            if lines.loop is asyncio.get_running_loop():
                lines.close()
        await asyncio.sleep(0.02)

    threads = [threading.Thread(target=asyncio.run, args=(run(),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 60 and None not in found


# -- a server that is away -----------------------------------------------------------------


@pytest.fixture(scope="module")
def own() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


def test_a_frozen_server_holds_up_nobody_for_long_and_is_found_again(
    own: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "WRITING", 0.4)
    with own.running() as process:
        store = PostgresStore(f"{own.url}?schema=frozen")
        keep(store, event("v1"))
        assert views(store, "v1") == 1
        late = event("v1")
        with frozen(process):

            async def wait() -> None:
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await store.fetch("v1")

            begin = time.monotonic()
            asyncio.run(_and_close(store, wait()))
            assert time.monotonic() - begin < 1
            with pytest.raises(StoreError, match="the server does not answer"):
                keep(store, late)
        for _ in range(2):
            try:
                keep(store, late)
            except StoreError:
                continue
        eventually(lambda: views(store, "v1") == 2)
        assert logged(store)[-1] == late.id
        store.close()


async def _and_close(store: PostgresStore, work: Any) -> None:
    await work
    for lines in store._lines.values():
        if lines.loop is asyncio.get_running_loop():
            lines.close()
    await asyncio.sleep(0.05)


def test_a_server_that_goes_away_and_comes_back_loses_and_doubles_nothing(
    own: Cluster,
) -> None:
    late = event("v1")
    with own.running():
        store = PostgresStore(f"{own.url}?schema=away")
        keep(store, event("v1"))
        assert views(store, "v1") == 1
    for _ in range(2):
        with pytest.raises(StoreError, match=f"127.0.0.1:{own.port}/postgres"):
            keep(store, late)
        with pytest.raises(StoreError):
            fetched(store, "v1")
        with pytest.raises(StoreError):
            store.traffic()
    with own.running():
        keep(store, late)
        assert views(store, "v1") == 2
        store.close()


@pytest.mark.anyio
async def test_a_shop_starts_without_its_server_and_finds_it_later(
    own: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = own.url.replace("shopwindow@", "shopwindow:no-secret-here@")
    (tmp_path / "site.toml").write_text('[site]\nname = "x"\n')
    monkeypatch.setenv("SHOPWINDOW_STORE", f"{address}?schema=late")
    async with Shopwindow(tmp_path, keys=KEYS) as window:
        with pytest.raises(StoreError) as caught:
            answer: Any = window.store.fetch("v1")
            await answer
        assert "cannot be opened" in str(caught.value)
        assert "no-secret" not in str(caught.value)
        receipt = window.journal.note(event("v1"))
        with own.running():
            await asyncio.wait_for(receipt.stored, 15)
            assert isinstance(window.store, PostgresStore)
            profile = await window.store.fetch("v1")
            assert profile is not None
            await window.stop()


# -- writing -------------------------------------------------------------------------------


@pytest.mark.parametrize("reached", [True, False])
def test_a_commit_whose_answer_is_lost_counts_once(
    store: PostgresStore, reached: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(store, event("v1"))
    execute = asyncpg.Connection.execute

    async def lose(self: Any, query: str, *given: Any, **more: Any) -> Any:
        if query == "COMMIT":
            if reached:
                await execute(self, query)
            raise asyncpg.ConnectionDoesNotExistError("connection was closed")
        return await execute(self, query, *given, **more)

    batch = [event("v1"), event("v1", VISITED, path="/"), event("v2")]
    weights = {("product", "hay"): 2.0}
    monkeypatch.setattr(asyncpg.Connection, "execute", lose)
    with pytest.raises(StoreError, match="connection was closed"):
        store.commit(batch, learn, weights)
    monkeypatch.undo()
    assert views(store, "v1") == 1 + reached
    learned: list[Event] = []

    def note(profile: Profile | None, given: Event) -> Profile:
        learned.append(given)
        return learn(profile, given)

    store.commit(batch, note, weights)
    assert views(store, "v1") == 2 and views(store, "v2") == 1
    assert store.traffic() == weights
    assert len(learned) == (0 if reached else 3)


def test_what_a_request_has_worked_out_is_not_learned_again(url: str) -> None:
    store, other = PostgresStore(url), PostgresStore(url)

    def twice(profile: Profile | None, given: Event) -> Profile:
        raise AssertionError("learned again")

    for number in range(3):  # a newcomer; then on top of what the one before left
        base = fetched(store, "v1")
        one = event("v1")
        after = learn(base, one)
        store.commit([one], twice, {}, {"v1": Draft(base, after)})
        assert views(store, "v1") == number + 1
    base = fetched(store, "v1")
    late = event("v1")
    draft = Draft(base, learn(base, late))
    keep(other, event("v1"))  # another worker's, meanwhile
    store.commit([late], learn, {}, {"v1": draft})
    assert views(store, "v1") == views(other, "v1") == 5
    store.commit([late], learn, {}, {"v1": Draft(fetched(store, "v1"), Profile())})
    assert views(store, "v1") == 5  # kept already
    store.close()
    other.close()


def test_an_event_that_cannot_be_kept_is_told_apart_from_a_server_that_is_away(
    store: PostgresStore,
) -> None:
    with pytest.raises(asyncpg.DataError):
        keep(store, event("v1", "a\0name"))
    names = ["a\0product", "a\ufffdproduct", "\N{HOT BEVERAGE}" * 9_000]
    weights = {("product", name): 1.0 for name in names}
    many = [event("v1", product_id=name) for name in names]
    store.commit(many, learn, weights)
    assert views(store, "v1", names[0]) == 1
    assert sorted(store.traffic().values()) == [1.0, 2.0]


def test_who_is_erased_is_gone_for_every_query_and_the_disk_is_asked_to_forget(
    store: PostgresStore, url: str
) -> None:
    schema = url.rpartition("=")[2]
    keep(store, event("v1", product_id="SECRET"), login("v1", "v2"), event("v2"))
    keep(store, event("v2", ERASED))
    assert retired(store, "v1") and retired(store, "v2")
    for table in ("profiles", "events", "logins", "traffic", "writers"):
        found = ask(
            url,
            f"SELECT count(*) FROM {schema}.{table} AS one WHERE one::text LIKE '%SECRET%'"
            " OR one::text LIKE '%c.anna%'",
        )
        assert found == 0
    vacuumed = (
        "SELECT min(vacuum_count) FROM pg_stat_user_tables WHERE schemaname = "
        f"'{schema}' AND relname IN ('events', 'profiles', 'logins')"
    )
    eventually(lambda: ask(url, vacuumed) > 0)


# -- a pooler ------------------------------------------------------------------------------


def test_behind_a_pooler_of_transactions_everybody_gets_their_own(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "shopwindow")
    with pooler(url.partition("?")[0]) as pooled:
        query = url.partition("?")[2]
        store, direct = PostgresStore(f"{pooled}?{query}"), PostgresStore(url)
        keep(store, *(event(f"v{n}", product_id=f"p{n}") for n in range(40)))

        async def run() -> None:
            for _ in range(5):
                found = await asyncio.gather(*(store.fetch(f"v{n}") for n in range(40)))
                for number, profile in enumerate(found):
                    assert profile is not None
                    assert list(profile.counts["viewed product"]) == [f"p{number}"]
            store._lines.pop(asyncio.get_running_loop()).close()
            await asyncio.sleep(0.05)

        asyncio.run(run())
        assert caplog.text.count("is reached through a pooler") == 1
        for number in range(20):
            for _ in range(number % 3):  # else each commit got the same connection
                fetched(store, "v1")
            keep(store, event("v1"), login(f"a{number}", f"b{number}"))
            keep(direct, event("v1"))
        assert views(store, "v1") == views(direct, "v1") == 40
        assert len(logged(store)) == 80
        store.commit([], learn, {("product", "hay"): 1.5})
        assert [store.traffic() for _ in range(4)] == [{("product", "hay"): 1.5}] * 4
        keep(store, event("b1", ERASED))
        assert retired(store, "b19") and retired(direct, "b7")
        store.close()
        direct.close()


# -- the tables ----------------------------------------------------------------------------


def test_workers_may_start_on_an_empty_database_at_the_same_time(url: str) -> None:
    faults: list[BaseException] = []
    gate = threading.Barrier(5)

    def start(number: int) -> None:
        gate.wait()
        try:
            store = PostgresStore(url)
            keep(store, event("v1"))
            store.close()
        except BaseException as error:  # whatever it is, the test shows it
            faults.append(error)

    threads = [threading.Thread(target=start, args=(n,)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    schema = url.rpartition("=")[2]
    assert ask(url, f"SELECT count(*) FROM {schema}.steps") == VERSION
    store = PostgresStore(url)
    assert views(store, "v1") == 5
    store.close()


def test_tables_of_a_newer_release_are_not_touched(
    store: PostgresStore, url: str
) -> None:
    schema = url.rpartition("=")[2]
    ask(url, f"INSERT INTO {schema}.steps (number) VALUES (99) RETURNING 1")
    with pytest.raises(StoreError, match="was written by a newer shopwindow: install"):
        PostgresStore(url)


def test_a_command_makes_no_tables(url: str) -> None:
    schema = url.rpartition("=")[2]
    with pytest.raises(StoreError, match=f"no tables in the schema {schema}"):
        with open_history(Address(url, "", Path()), int):
            raise AssertionError
    assert ask(url, f"SELECT to_regnamespace('{schema}')::text") is None


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("?schema=a;b", "a schema's name has small letters"),
        ("?connections=0", "connections is a number from 1 to 100"),
        ("?sslmode=nonsense", "cannot be opened: "),
    ],
)
def test_what_a_url_cannot_say_is_told(url: str, more: str, words: str) -> None:
    start = url.partition("?")[0].replace("shopwindow@", "shopwindow:geheim@")
    with pytest.raises(StoreError, match=words) as caught:
        PostgresStore(start + more)
    assert "geheim" not in str(caught.value)


def test_a_closed_store_says_so(url: str) -> None:
    store = PostgresStore(url)
    store.close()
    with pytest.raises(StoreError, match="closed"):
        keep(store, event("v1"))
    with pytest.raises(StoreError, match="closed"):
        fetched(store, "v1")
    store.close()

"""A Redis, alone and as a cluster: what only it can suffer; the rest is what all stores keep."""

import asyncio
import logging
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from shopwindow.middleware.stores import ERASED, FORGOTTEN, Draft, StoreError
from shopwindow.middleware.stores.redis import batches, records, writing
from shopwindow.middleware.stores.redis.address import Node, address_of
from shopwindow.middleware.stores.rows import mark_of
from shopwindow.rules.facts import Event, Profile
from tests.databases import PLACES, redis_says, redis_server
from tests.middleware.redisstores import Open, Worker, workers
from tests.servers import free_port
from tests.stores import ANNA, BERT, event, learn, login


@pytest.fixture(params=["redis", "redis+cluster"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return PLACES[request.param](request, tmp_path).store


@pytest.fixture
def open(url: str, tmp_path: Path) -> Iterator[Open]:
    with workers(url, tmp_path) as made:
        yield made


@pytest.fixture
def alone(redis_port: int, tmp_path: Path) -> Iterator[Open]:
    """As ``open``, where a cluster does nothing else."""
    redis_says(redis_port, "FLUSHALL")
    with workers(f"redis://127.0.0.1:{redis_port}", tmp_path) as made:
        yield made


def asked(worker: Worker) -> list[int]:
    """How many commands went out with each round trip, from now on."""
    trips: list[int] = []
    ask = worker.store._reader.ask

    async def counted(commands: Any) -> list[Any]:
        trips.append(len(commands))
        return await ask(commands)

    worker.store._reader.ask = counted  # type: ignore[method-assign]
    return trips


# -- reading ---------------------------------------------------------------------------


def test_a_page_takes_one_round_trip(open: Open) -> None:
    worker = open()
    worker.keep(event("v1"), event("w1"), login("w1", "w2"))
    worker.fetch("w2")
    trips = asked(worker)
    for visitor in ("nobody", "v1", "w2"):
        worker.fetch(visitor)
    assert trips == [1, 1, 2]


def test_who_a_visitor_was_a_moment_ago_is_not_believed(open: Open) -> None:
    here, there = open(), open()
    here.keep(event("v1"), login("v1", "v2"))
    assert here.views("v2") == 1
    there.keep(event("v2", FORGOTTEN))
    assert here.retired("v2")
    here.keep(login("w1", "w2"))
    assert here.views("w2") == 1
    there.keep(event("w2", ERASED))
    assert here.retired("w2")


def test_many_readers_at_once_get_what_is_theirs(open: Open) -> None:
    worker = open()
    everybody = [f"v{number}" for number in range(300)]
    worker.keep(*(event(one, product_id=one) for one in everybody))

    async def read() -> list[Profile | None]:
        return await asyncio.gather(*map(worker.store.fetch, everybody))

    for visitor, profile in zip(everybody, worker.run(read()), strict=True):
        assert profile is not None
        assert list(profile.counts["viewed product"]) == [visitor]


def test_who_is_cancelled_leaves_no_answer_for_somebody_else(open: Open) -> None:
    worker = open()
    everybody = [f"v{number}" for number in range(40)]
    worker.keep(*(event(one, product_id=one) for one in everybody))

    async def read() -> int:
        chance, cancelled = random.Random(1), 0
        for _ in range(40):
            tasks = [asyncio.create_task(worker.store.fetch(one)) for one in everybody]
            for _ in range(chance.randrange(12)):
                await asyncio.sleep(0)
            for task in chance.sample(tasks, 20):
                task.cancel()
            answers = await asyncio.gather(*tasks, return_exceptions=True)
            for visitor, answer in zip(everybody, answers, strict=True):
                if isinstance(answer, asyncio.CancelledError):
                    cancelled += 1
                    continue
                assert isinstance(answer, Profile)
                assert list(answer.counts["viewed product"]) == [visitor]
        return cancelled

    assert worker.run(read()) > 40


def test_a_store_serves_one_event_loop_after_another(alone: Open) -> None:
    worker = alone()
    worker.keep(event("v1"))

    async def once() -> None:
        assert await worker.store.fetch("v1") is not None
        worker.store._reader.close()
        await asyncio.sleep(0)

    for _ in range(3):
        asyncio.run(once())


# -- writing ---------------------------------------------------------------------------


def test_what_a_request_has_worked_out_is_not_learned_again(open: Open) -> None:
    worker = open()
    worker.fetch("v1")
    worker.keep(event("v1"))
    for _ in range(3):  # each on top of what the one before left
        base = worker.fetch("v1")
        one = event("v1")
        after = learn(base, one)

        def twice(profile: Profile | None, event: Event) -> Profile:
            raise AssertionError("learned again")

        worker.store.commit([one], twice, {}, {"v1": Draft(base, after)})
        assert worker.fetch("v1") == after
    assert worker.views("v1") == 4


def test_a_draft_on_top_of_what_is_stored_no_more_is_learned_anew(open: Open) -> None:
    here, there = open(), open()
    here.keep(event("v1"))
    base, one = here.fetch("v1"), event("v1")
    draft = Draft(base, learn(base, one))
    there.keep(event("v1"))  # another worker's, meanwhile
    here.store.commit([one], learn, {}, {"v1": draft})
    assert here.views("v1") == there.views("v1") == 3


def test_a_draft_of_an_event_that_is_kept_already_changes_nothing(open: Open) -> None:
    worker = open()
    one = event("v1")
    worker.keep(one)
    base = worker.fetch("v1")
    worker.store.commit([one], learn, {}, {"v1": Draft(base, learn(base, one))})
    assert worker.views("v1") == 1


def test_a_batch_that_is_sent_twice_counts_once_in_the_traffic(open: Open) -> None:
    here, there = open(), open()
    hay = {("product", "hay"): 1.5}
    batch = [event("v1"), event("v2")]
    here.store.commit(batch, learn, hay)
    there.store.commit(batch, learn, hay)
    assert here.store.traffic() == hay
    here.store.commit([event("v1")], learn, hay)
    here.store.commit([], learn, hay)
    here.store.commit([], learn, hay)  # of no batch: there is nothing to know it by
    assert there.store.traffic() == {("product", "hay"): 6.0}


def test_the_ids_of_events_are_bounded(
    open: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "IDS_MOST", 10 * records.ID)
    worker = open()
    events = [event("v1") for _ in range(25)]
    for at in range(0, 25, 5):
        worker.keep(*events[at : at + 5])
    worker.keep(*events[-10:])
    assert worker.views("v1") == 25
    ids = worker.store._writer.ask([records.get(records.events_key(mark_of("v1")))])
    assert len(ids[0]) == 10 * records.ID


def seconds_left(worker: Worker, key: bytes) -> int:
    (answer,) = worker.store._writer.ask([records.on(key, b"TTL")])
    assert isinstance(answer, int)
    return answer


def test_what_is_kept_goes_when_its_time_is_over(open: Open) -> None:
    worker = open(profile_seconds=1_000)
    worker.keep(event("v1"), event("w1"), login("w1", "w2"))
    kept = [mark_of("v1"), mark_of("w2"), ANNA]
    for owner in kept:
        assert 990 < seconds_left(worker, records.record_key(owner)) <= 1_000
    assert 990 < seconds_left(worker, records.logins_key(ANNA)) <= 1_000
    worker.store._writer.ask(
        [records.on(records.record_key(owner), b"EXPIRE", b"10") for owner in kept]
    )
    worker.keep(event("v1"), event("w2"))  # who comes back is kept longer
    for owner in kept:
        assert seconds_left(worker, records.record_key(owner)) > 990
    day_long = seconds_left(worker, records.events_key(mark_of("v1")))
    assert 86_000 < day_long <= 86_400


def test_without_a_limit_a_profile_stays_and_a_tombstone_for_400_days(
    open: Open,
) -> None:
    worker = open()
    worker.keep(event("v1"), event("w1"), login("w1", "w2"), event("x1", ERASED))
    for owner in (mark_of("v1"), mark_of("w2"), ANNA):
        assert seconds_left(worker, records.record_key(owner)) == -1
    for owner in (mark_of("w1"), mark_of("x1")):
        left = seconds_left(worker, records.record_key(owner)) / 86_400
        assert 399.9 < left <= 400


def content(ports: list[int]) -> bytes:
    """Every key and value of the servers."""
    found = b""
    for port in ports:
        with redis.Redis(port=port) as server:
            for key in server.scan_iter():
                found += b"%b %b " % (key, server.dump(key) or b"")
                if server.type(key) == b"hash":
                    found += b" ".join(server.hgetall(key))
    return found


def test_no_id_is_in_the_server_and_of_who_is_erased_nothing_but_marks(
    url: str, open: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "GONE", 1)
    worker = open()
    ports = [node.port for node in address_of(url).nodes]
    worker.keep(event("the-id-of-a-cookie", product_id="secret-thing"))
    worker.keep(login("the-id-of-a-cookie", "the-next-id", "c.gone"))
    there = content(ports)
    assert b"c.gone" in there and b"secret-thing" in there
    assert b"the-id" not in there and b"the-next" not in there
    worker.keep(event("the-next-id", ERASED))
    assert b"secret-thing" not in content(ports)
    time.sleep(1.1)
    assert b"c.gone" not in content(ports)
    assert worker.retired("the-next-id") and worker.retired("the-id-of-a-cookie")


# -- many at once ----------------------------------------------------------------------

_WRITING = """
import sys
from pathlib import Path
from shopwindow.middleware.stores.redis import RedisStore
from tests.stores import NOW, DAY, learn
from shopwindow.rules.facts import Event

class NoLog:
    def append(self, events): pass
    def close(self): pass

url, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = RedisStore(url, NoLog())
print("ready", flush=True)
sys.stdin.readline()
events = [
    Event(f"{name}-{n}", "Product Viewed", "v1", NOW + n, DAY, {"product_id": "hay"})
    for n in range(count)
]
for at in range(0, count, 25):
    batch = events[at : at + 25]
    store.commit(batch, learn, {("product", "hay"): 1.0})
    if at % 100 == 0:  # an answer was lost: sent again
        store.commit(batch, learn, {("product", "hay"): 1.0})
store.close()
"""


def test_processes_that_write_one_visitor_lose_no_count(alone: Open) -> None:
    worker, each = alone(), 500
    url = f"redis://{worker.store._address.nodes[0]}"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITING, url, str(number), str(each)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for number in range(4)
    ]
    for process in processes:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert worker.views("v1") == 4 * each
    assert worker.store.traffic() == {("product", "hay"): 4 * each / 25}


def test_a_hundred_logins_at_once_give_one_profile(open: Open) -> None:
    many = [open() for _ in range(5)]
    strangers = [f"s{number}" for number in range(100)]
    many[0].keep(*(event(one) for one in strangers))

    def log_in(worker: Worker, some: list[str]) -> None:
        for one in some:
            worker.keep(login(one, f"new-{one}"), event(f"new-{one}"))

    threads = [
        threading.Thread(target=log_in, args=(worker, strangers[place::5]))
        for place, worker in enumerate(many)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {many[1].views(f"new-{one}") for one in strangers} == {200}
    assert all(many[2].retired(one) for one in strangers)
    assert many[3].profiles() == 1
    assert len(many[0].logged()) == 200


def test_whoever_never_wins_says_so_and_has_changed_nothing(
    alone: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "TRIES", 3)
    here, there = alone(), alone()
    read = batches.Batches._works

    def late(self: batches.Batches, events: Any) -> Any:
        works = read(self, events)
        if self is here.store._batches:
            there.keep(event("v1", product_id="oats"))
        return works

    monkeypatch.setattr(batches.Batches, "_works", late)
    one = event("v1")
    with pytest.raises(StoreError, match="too many others"):
        here.keep(one)
    assert there.views("v1") == 0 and there.views("v1", "oats") == 3
    monkeypatch.undo()
    here.keep(one)
    assert here.views("v1") == 1


# -- another customer's ------------------------------------------------------------------


def test_a_login_as_somebody_else_while_the_first_is_under_way_mixes_nobody(
    open: Open,
) -> None:
    worker = open()
    worker.keep(event("v1"), login("w1", "w2", BERT))
    # As a crash leaves it: what is known of v1 waits to become Anna's.
    (raw,) = worker.store._writer.ask([records.get(records.record_key(mark_of("v1")))])
    record = records.record_of(raw)
    waiting = records.written(records.State.RETIRED, ANNA, record.data)
    mark = mark_of("v1")
    first = login("v1", "v2", ANNA)
    worker.store._moves._list(ANNA, mark, mark_of("v2"))
    worker.store._writer.ask([records.change(mark, record, waiting, 0)])
    worker.keep(login("v1", "v3", BERT))
    assert worker.views("v3") == 0
    worker.keep(first)
    assert worker.views("v2") == 1 and worker.views("v3") == 0


# -- the server ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "nodes", "cluster"),
    [
        ("redis://localhost", [("localhost", 6379)], False),
        ("redis://:geheim@shop:7/3", [("shop", 7)], False),
        ("rediss://anna:geheim@[::1]:7?ssl_cert_reqs=none", [("::1", 7)], False),
        ("redis+cluster://anna:geheim@a,b:7", [("a", 6379), ("b", 7)], True),
        ("rediss+cluster://a:1", [("a", 1)], True),
    ],
)
def test_an_address_is_read(url: str, nodes: list[Node], cluster: bool) -> None:
    address = address_of(url)
    assert list(address.nodes) == nodes
    assert address.cluster is cluster
    assert "geheim" not in address.words and "anna" not in address.words
    assert address.options.get("password") == ("geheim" if "geheim" in url else None)


def test_nothing_in_an_address_makes_a_page_wait() -> None:
    options = "socket_timeout=9&retry_on_timeout=yes&health_check_interval=1"
    assert dict(address_of(f"redis://localhost?{options}").options) == {}


@pytest.mark.parametrize(
    "url",
    [
        "http://geheim@localhost",
        "redis://:geheim@localhost:seven",
        "redis://:geheim@localhost/seven",
        "redis+cluster://:geheim@localhost/7",
        "redis://:geheim@one,two",
    ],
)
def test_what_is_no_address_is_refused_without_the_password(url: str) -> None:
    with pytest.raises(StoreError) as refused:
        address_of(url)
    assert "geheim" not in str(refused.value)
    assert "geheim" not in repr(refused.value.__cause__)


def test_a_wrong_password_is_told_and_not_shown(tmp_path: Path) -> None:
    with redis_server("--requirepass", "right") as port:
        with pytest.raises(StoreError, match=r"127\.0\.0\.1.*password") as refused:
            Worker(f"redis://:geheim@127.0.0.1:{port}", tmp_path / "log.db")
        assert "geheim" not in str(refused.value)
        with workers(f"redis://:right@127.0.0.1:{port}", tmp_path) as made:
            worker = made()
            worker.keep(event("v1"))
            assert worker.views("v1") == 1


def test_a_server_behind_tls_is_asked_for_its_certificate(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", str(key), "-out", str(certificate),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    port = free_port()
    files = ("--tls-cert-file", str(certificate), "--tls-key-file", str(key))
    options = ("--tls-port", str(port), "--tls-auth-clients", "no", *files)
    with redis_server(*options, "--tls-ca-cert-file", str(certificate)):
        url = f"rediss://127.0.0.1:{port}"
        with pytest.raises(StoreError, match="CERTIFICATE_VERIFY_FAILED"):
            Worker(url, tmp_path / "log.db")
        with workers(f"{url}?ssl_ca_certs={certificate}", tmp_path) as made:
            worker = made()
            worker.keep(event("v1"))
            assert worker.views("v1") == 1


def test_a_server_at_a_socket_of_the_machine(tmp_path: Path) -> None:
    path = tmp_path / "redis.sock"
    with redis_server("--unixsocket", str(path)):
        with workers(f"unix://{path}", tmp_path) as made:
            worker = made()
            worker.keep(event("v1"))
            assert worker.views("v1") == 1


def test_a_server_that_throws_keys_away_is_warned_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "shopwindow")
    options = ("--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru")
    with redis_server(*options) as port:
        with workers(f"redis://127.0.0.1:{port}", tmp_path) as made:
            made().keep(event("v1"))
    assert caplog.text.count("allkeys-lru") == 1
    assert "noeviction" in caplog.text


def test_after_an_erasure_the_log_of_changes_is_written_anew(tmp_path: Path) -> None:
    with redis_server("--appendonly", "yes") as port:
        with workers(f"redis://127.0.0.1:{port}", tmp_path) as made:
            worker = made()
            worker.keep(event("v1", product_id="secret-thing"))
            before = redis_says(port, "INFO", "persistence")
            worker.keep(event("v1", ERASED))
            end = time.monotonic() + 10
            while "aof_last_rewrite_time_sec:-1" in redis_says(
                port, "INFO", "persistence"
            ):
                assert time.monotonic() < end
                time.sleep(0.05)
    assert "aof_last_rewrite_time_sec:-1" in before


@pytest.mark.parametrize("command", ["BGREWRITEAOF", "INFO", "EVALSHA"])
def test_a_server_that_forbids_what_is_not_needed_will_do(
    tmp_path: Path, command: str
) -> None:
    with redis_server("--appendonly", "yes", "--rename-command", command, "") as port:
        with workers(f"redis://127.0.0.1:{port}", tmp_path) as made:
            if command == "EVALSHA":  # that is needed
                with pytest.raises(StoreError, match="unknown command"):
                    made().keep(event("v1"))
                return
            worker = made()
            worker.keep(event("v1"), event("v1", ERASED))
            assert worker.retired("v1")


def test_a_server_that_was_emptied_or_started_anew_is_written_on(alone: Open) -> None:
    worker = alone()
    worker.keep(event("v1"))
    port = worker.store._address.nodes[0].port
    redis_says(port, "FLUSHALL")
    redis_says(port, "SCRIPT", "FLUSH")
    worker.keep(event("v1"))
    assert worker.views("v1") == 1


def test_a_connection_that_was_closed_while_it_lay_there_is_opened_anew(
    alone: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "FRESH", 0.0)
    worker = alone()
    port = worker.store._address.nodes[0].port
    for number in range(3):
        worker.keep(event("v1"))
        assert worker.views("v1") == number + 1
        redis_says(port, "CLIENT", "KILL", "TYPE", "normal")


def test_a_node_of_a_cluster_that_is_asked_like_a_single_server_says_so(
    redis_cluster: list[int], tmp_path: Path
) -> None:
    with workers(f"redis://127.0.0.1:{redis_cluster[0]}", tmp_path) as made:
        worker = made()
        for number in range(9):
            try:
                worker.fetch(f"v{number}")
                worker.keep(event(f"v{number}"))
            except StoreError as error:
                assert "write redis+cluster://" in str(error)
                return
    raise AssertionError("no slot is elsewhere")

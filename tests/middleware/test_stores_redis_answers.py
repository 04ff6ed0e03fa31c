"""Between a shop and its Redis something answers what no Redis would: a page is a page."""

import asyncio
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shopwindow.middleware.stores import StoreError
from shopwindow.middleware.stores.redis import bounded, writing
from tests.databases import redis_says, redis_server
from tests.middleware.redisstores import Worker, workers
from tests.stores import event

DEADLINE = 0.05  # seconds
MORE = 0.01
BUSY = 0.05  # seconds that the machine may be busy with other tests, once in a while
MEBIBYTE = 1 << 20

Answer = Callable[[socket.socket], None]


def nothing(client: socket.socket) -> None:
    time.sleep(0.5)


def a_reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def an_end(client: socket.socket) -> None:
    pass


def half_an_answer(client: socket.socket) -> None:
    client.sendall(b"$500\r\nhalf of it")


def garbage(client: socket.socket) -> None:
    client.sendall(bytes(range(256)) * 20)


def a_page(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>")


def drips(client: socket.socket) -> None:
    for byte in b"$12\r\nabcdefgh\x90abc\r\n":
        client.sendall(bytes((byte,)))
        time.sleep(0.2)


def a_gigabyte(client: socket.socket) -> None:
    client.sendall(b"$1000000000\r\n")
    piece = b"x" * MEBIBYTE
    for _ in range(1_000):
        client.sendall(piece)


def another_type(client: socket.socket) -> None:
    client.sendall(b":5\r\n")


def a_list(client: socket.socket) -> None:
    client.sendall(b"*2\r\n$1\r\na\r\n$1\r\nb\r\n")


def an_error(client: socket.socket) -> None:
    client.sendall(b"-WRONGTYPE Operation against a key holding the wrong kind\r\n")


def a_refusal(client: socket.socket) -> None:
    client.sendall(b"-LOADING Redis is loading the dataset in memory\r\n")


def elsewhere(client: socket.socket) -> None:
    client.sendall(b"-MOVED 1 127.0.0.1:1\r\n")


ANSWERS = [
    nothing,
    a_reset,
    an_end,
    half_an_answer,
    garbage,
    a_page,
    drips,
    a_gigabyte,
    another_type,
    a_list,
    an_error,
    a_refusal,
    elsewhere,
]


class Between:
    """Passes on what a client and the server at ``port`` say; as long as ``answer`` is set,
    every question is answered by it instead, and the connection closed."""

    def __init__(self, port: int) -> None:
        self.answer: Answer | None = None
        self._server = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._start(self._accept)

    def _start(self, work: Callable[[], None]) -> None:
        threading.Thread(target=work, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return  # closed
            self._start(lambda client=client: self._serve(client))  # type: ignore[misc]

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._server)) as server:
            try:
                while asked := client.recv(65_536):
                    if self.answer is not None:
                        self.answer(client)
                        return
                    server.sendall(asked)
                    client.sendall(server.recv(65_536))
            except OSError:
                pass  # the client has had enough

    def close(self) -> None:
        # Who waits in accept() is not woken by closing.
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with redis_server() as port:
        yield port


@contextmanager
def between(port: int, folder: Path) -> Iterator[tuple[Between, Worker]]:
    redis_says(port, "FLUSHALL")
    proxy = Between(port)
    try:
        with workers(f"redis://127.0.0.1:{proxy.port}", folder) as open:
            worker = open()
            worker.keep(event("v1"))
            assert worker.views("v1") == 1
            yield proxy, worker
    finally:
        proxy.close()


async def ten_pages(worker: Worker) -> list[float]:
    """Seconds for each of ten at once."""

    async def page() -> float:
        start = time.perf_counter()
        try:
            async with asyncio.timeout(DEADLINE):
                profile = await worker.store.fetch("v1")
            assert profile is None  # half of somebody is nobody
        except (StoreError, TimeoutError, ValueError, TypeError, AttributeError):
            pass
        return time.perf_counter() - start

    return await asyncio.gather(*(page() for _ in range(10)))


@pytest.mark.parametrize("answer", ANSWERS)
def test_whatever_answers_a_page_has_its_time(
    port: int, tmp_path: Path, answer: Answer
) -> None:
    with between(port, tmp_path) as (proxy, worker):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        threads = threading.active_count()
        proxy.answer = answer
        seconds = worker.run(ten_pages(worker))
        assert sorted(seconds)[5] <= DEADLINE + MORE + BUSY
        proxy.answer = None
        more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
        assert more < 64 * MEBIBYTE
        assert threading.active_count() <= threads + 20  # those of the one in between
        assert worker.views("v1") == 1  # and then it is well again


@pytest.mark.parametrize("answer", ANSWERS)
def test_whatever_answers_the_writer_it_is_sent_again(
    port: int, tmp_path: Path, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PATIENCE", 0.3)
    monkeypatch.setattr(bounded.Bounded, "patience", 0.3)
    with between(port, tmp_path) as (proxy, worker):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        late = event("v1")
        proxy.answer = answer
        start = time.perf_counter()
        with pytest.raises((StoreError, ValueError, TypeError, AttributeError)) as told:
            worker.keep(late)
        assert time.perf_counter() - start < 1.5
        proxy.answer = None
        assert worker.views("v1") == 1
        worker.keep(late)
        worker.keep(late)
        assert worker.views("v1") == 2
        assert told.type is StoreError, told.value
        more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
        assert more < 600 * MEBIBYTE

"""A server that does not stop answering is cut off before it fills the memory."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from shopwindow.middleware.stores import StoreError
from shopwindow.middleware.stores.postgres.bounded import MOST, _Bounded
from shopwindow.middleware.stores.redis import bounded
from shopwindow.middleware.stores.redis.address import address_of
from shopwindow.middleware.stores.redis.reading import Reader
from shopwindow.middleware.stores.redis.slots import Command, Slots
from shopwindow.middleware.stores.redis.writing import Writer

pytestmark = pytest.mark.anyio


@contextmanager
def endless(part: bytes, pause: float = 0.0) -> Iterator[tuple[int, list[int]]]:
    """A server that answers a value without end: its port, and how much it could send."""
    sent = [0]
    over = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while not over.is_set():
                connection, _ = server.accept()
                with connection, suppress(OSError):
                    connection.recv(1000)
                    connection.sendall(b"$1073741824\r\n")
                    while not over.wait(pause):
                        connection.sendall(part)
                        sent[0] += len(part)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1], sent
    finally:
        over.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


GET = Command(b"x", (b"GET", b"x"))


def test_the_writer_of_a_redis_reads_so_much_only() -> None:
    with endless(bytes(1 << 20)) as (port, sent):
        address = address_of(f"redis://127.0.0.1:{port}")
        with closing(Writer(address, Slots(address))) as writer:
            with pytest.raises(StoreError, match="does not end"):
                writer.ask([GET])
        assert sent[0] < bounded.MOST + (16 << 20)


def test_nor_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time, but they do not end."""
    monkeypatch.setattr(bounded.Bounded, "patience", 0.3)
    with endless(b"x", 0.02) as (port, _):
        address = address_of(f"redis://127.0.0.1:{port}")
        with closing(Writer(address, Slots(address))) as writer:
            with pytest.raises(StoreError, match="takes too long"):
                writer.ask([GET])


async def test_a_page_reads_so_much_of_a_redis_only() -> None:
    with endless(bytes(1 << 20)) as (port, sent):
        address = address_of(f"redis://127.0.0.1:{port}")
        reader = Reader(address, Slots(address))
        with pytest.raises(StoreError, match="does not end"):
            await reader.ask([GET])
        reader.close()
        await asyncio.sleep(0.01)
        assert sent[0] < bounded.PIECES_OF_A_PAGE * 65_536 + (16 << 20)


class _Transport(asyncio.Transport):
    cut = False

    def abort(self) -> None:
        self.cut = True


class _Driver(asyncio.Protocol):
    def __init__(self) -> None:
        self.got = b""

    def data_received(self, data: bytes) -> None:
        self.got += data


def message(letter: bytes, size: int) -> bytes:
    return letter + (size + 4).to_bytes(4, "big") + bytes(size)


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 7, 1000])
def test_messages_of_a_postgresql_pass_however_they_are_cut(cut: int) -> None:
    stream = b"".join(
        message(letter.to_bytes(), size) for size, letter in enumerate(b"TDDCZ")
    )
    transport, driver = _Transport(), _Driver()
    between = _Bounded(driver, transport)
    for at in range(0, len(stream), cut):
        between.data_received(stream[at : at + cut])
    assert driver.got == stream and not transport.cut


@pytest.mark.parametrize(
    "end",
    [
        b"D" + (MOST + 1).to_bytes(4, "big"),
        b"\0\0\0\0\x08",
        b"D\0\0\0\x03",
        b"<html>",
    ],
)
def test_what_is_no_message_of_a_postgresql_cuts_it_off(end: bytes) -> None:
    transport, driver = _Transport(), _Driver()
    between = _Bounded(driver, transport)
    for byte in message(b"Z", 1) + end:
        between.data_received(bytes([byte]))
    assert transport.cut
    assert driver.got.startswith(message(b"Z", 1))


def test_a_large_row_passes(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Over a real server: a million characters are no fault of it."""
    import asyncpg

    from shopwindow.middleware.stores.postgres.address import address_of, connect

    url = request.getfixturevalue("postgresql")

    async def ask() -> int:
        connection: asyncpg.Connection = await connect(address_of(url))
        try:
            text: str = await connection.fetchval("SELECT repeat('x', 1000000)")
            return len(text)
        finally:
            connection.terminate()
            await asyncio.sleep(0)

    assert asyncio.run(ask()) == 1_000_000

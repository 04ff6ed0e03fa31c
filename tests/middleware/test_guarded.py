"""Where connections to other servers may lead: not into the shop's own network."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest

from shopwindow.middleware.remote import guarded
from shopwindow.middleware.remote.guarded import (
    Doorkeeper,
    Forbidden,
    Transport,
    listed,
    may_reach,
)
from shopwindow.middleware.remote.outgoing import Outgoing
from tests.elsewhere import elsewhere, teaser
from tests.servers import absent

pytestmark = pytest.mark.anyio

PRIVATE = """
    127.0.0.1 127.255.255.254 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1
    169.254.169.254 169.254.170.2 100.64.0.1 100.100.100.200 168.63.129.16 192.0.0.192
    192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1
    255.255.255.255
    :: ::1 fe80::1 fc00::1 fd00:ec2::254 ff02::1 fec0::1 2001:db8::1 100::1
    ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 ::10.0.0.1
    64:ff9b::127.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b::10.0.0.1 64:ff9b:1::10.0.0.1
    2002:7f00:1:: 2002:a00:1:: 2002:a9fe:a9fe:: 2001:0:7f00:1::1
    2001:0:808:808:0:0:80ff:fffe
""".split()
PUBLIC = """
    8.8.8.8 1.1.1.1 93.184.216.34 172.32.0.1 100.128.0.1 2606:4700::1111 2a00:1450:4001::1
    ::ffff:8.8.8.8 64:ff9b::8.8.8.8
""".split()


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_everybodys_cannot_be_reached(address: str) -> None:
    assert not may_reach(ip_address(address), ())


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_that_are_everybodys_can(address: str) -> None:
    assert may_reach(ip_address(address), ())


@pytest.mark.parametrize(
    ("hosts", "inside", "outside"),
    [
        ("cms.internal 10.1.0.0/16", "10.1.2.3", "10.2.0.1"),
        ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
        ("127.0.0.1", "::ffff:127.0.0.1", "::1"),
        ("localhost", "::1", "10.0.0.1"),
        ("[::1]", "::1", "127.0.0.1"),
        ("fd00::/8", "fd00::17", "fc00::1"),
        ("10.0.0.1/8", "10.9.9.9", "169.254.169.254"),
    ],
)
def test_what_is_listed_may_be_reached(hosts: str, inside: str, outside: str) -> None:
    networks = listed(hosts.split())
    assert may_reach(ip_address(inside), networks)
    assert not may_reach(ip_address(outside), networks)


# -- names ---------------------------------------------------------------------------------


class Nowhere(httpcore.AsyncNetworkBackend):
    """Notes where a connection would lead; ``down`` addresses refuse."""

    def __init__(self, *down: str) -> None:
        self.down = down
        self.asked: list[str] = []

    async def connect_tcp(
        self, host: str, port: int, *_: Any, **__: Any
    ) -> httpcore.AsyncNetworkStream:
        self.asked.append(host)
        if host in self.down:
            raise httpcore.ConnectError("refused")
        return httpcore.AsyncMockStream([])


def names(*answers: list[str]) -> Callable[[str, int], Awaitable[list[str]]]:
    """Resolves any name to each of ``answers`` in turn."""
    left = list(answers)

    async def resolve(host: str, port: int) -> list[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_that_leads_inside_is_not_followed(address: str) -> None:
    inner = Nowhere()
    door = Doorkeeper(["cms.example"], names([address]), inner)
    with pytest.raises(Forbidden, match="SHOPWINDOW_ALLOWED_HOSTS"):
        await door.connect_tcp("cms.example", 443)
    assert inner.asked == []


async def test_of_several_addresses_only_public_ones_are_tried_in_their_order() -> None:
    inner = Nowhere("8.8.8.8")
    answers = names(["127.0.0.1", "8.8.8.8", "169.254.169.254", "1.1.1.1"])
    await Doorkeeper([], answers, inner).connect_tcp("cms.example", 443)
    assert inner.asked == ["8.8.8.8", "1.1.1.1"]


async def test_a_name_that_changes_its_mind_is_asked_once_per_connection() -> None:
    """What was looked at is what is connected to: an address, and no name to resolve again."""
    inner = Nowhere()
    door = Doorkeeper([], names(["8.8.8.8"], ["127.0.0.1"]), inner)
    await door.connect_tcp("cms.example", 80)
    assert inner.asked == ["8.8.8.8"]
    with pytest.raises(Forbidden):
        await door.connect_tcp("cms.example", 80)
    assert inner.asked == ["8.8.8.8"]


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "localhost", "[::1]"],
)
async def test_other_spellings_of_this_machine_lead_nowhere(host: str) -> None:
    """Also where somebody allowed that very spelling, and not the address."""
    inner = Nowhere()
    door = Doorkeeper(["cms.internal"], inner=inner)
    with pytest.raises(httpcore.ConnectError):
        await door.connect_tcp(host.strip("[]"), 80)
    assert inner.asked == []


async def test_silent_name_servers_keep_one_thread_busy_and_not_all() -> None:
    """Nobody can take back a question to the operating system."""
    asked = 0
    answer = asyncio.Event()

    async def resolve(host: str, port: int) -> list[str]:
        nonlocal asked
        asked += 1
        await answer.wait()
        return ["8.8.8.8"]

    door = Doorkeeper([], resolve, Nowhere())
    impatient = [
        asyncio.create_task(door.connect_tcp("cms.example", 80)) for _ in range(20)
    ]
    await asyncio.wait(impatient, timeout=0.01)
    for task in impatient[:10]:
        task.cancel()
    await asyncio.wait(impatient, timeout=0.01)
    assert asked == 1
    answer.set()
    found = await asyncio.gather(*impatient, return_exceptions=True)
    gone = [one for one in found if isinstance(one, BaseException)]
    assert len(gone) == 10
    assert all(isinstance(one, asyncio.CancelledError) for one in gone)
    await door.connect_tcp("cms.example", 80)
    assert asked == 2


async def test_a_name_without_an_address_is_an_error_like_others() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(httpcore.ConnectError, match="cms.example has no address"):
        await Doorkeeper([], resolve).connect_tcp("cms.example", 80)
    with pytest.raises(Forbidden, match="nowhere"):
        await Doorkeeper([], names([])).connect_tcp("cms.example", 80)


# -- real connections ----------------------------------------------------------------------


async def test_a_server_is_reached_by_the_address_that_was_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guarded, "look_up", names(["127.0.0.1"]))
    async with elsewhere() as there:
        port = there.url.rpartition(":")[2]
        server = Outgoing(
            f"http://cms.example:{port}", frozenset({"cms.example", "127.0.0.1"})
        )
        url = f"http://cms.example:{port}/good/x"
        answer = await server.get(url, {}, most=1_000, seconds=2)
        assert answer.body == teaser("/good/x")
        assert b"host: cms.example" in there.heads[0].lower()
        await server.close()
        strict = Outgoing(f"http://cms.example:{port}", frozenset({"cms.example"}))
        with pytest.raises(Forbidden):
            await strict.get(url, {}, most=1_000, seconds=2)
        await strict.close()
        assert len(there.asked) == 1


@asynccontextmanager
async def secure(folder: Path) -> AsyncIterator[tuple[int, Path]]:
    """A server with a certificate for cms.example, and that certificate."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=cms.example", "-addext", "subjectAltName=DNS:cms.example"]
    try:
        subprocess.run(
            [*command, "-keyout", key, "-out", certificate],
            check=True,
            capture_output=True,
        )
    except FileNotFoundError:
        absent("openssl", "apt-get install openssl")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1], certificate
    finally:
        server.close()


async def test_a_certificate_is_that_of_the_name_and_not_of_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with secure(tmp_path) as (port, certificate):
        door = Doorkeeper(["127.0.0.1"], names(["127.0.0.1"]))
        real = httpx.create_ssl_context

        def trusting(**given: Any) -> ssl.SSLContext:
            context = real(**given)
            context.load_verify_locations(certificate)
            return context

        monkeypatch.setattr(httpx, "create_ssl_context", trusting)
        async with httpx.AsyncClient(transport=Transport(door, secure=True)) as client:
            answer = await client.get(f"https://cms.example:{port}/")
            assert answer.text == "ok"
            with pytest.raises(httpcore.ConnectError, match="(?i)certificate"):
                await client.get(f"https://other.example:{port}/")


async def test_no_other_host_is_asked_by_a_server_s_own_client() -> None:
    server = Outgoing("http://cms.example", frozenset({"cms.example", "other.example"}))
    with pytest.raises(ValueError, match="not the server that was allowed"):
        await server.get("http://other.example/", {}, most=10, seconds=1)
    await server.close()


@pytest.mark.parametrize("url", ["https://xn--4ca.example", "https://\u00e4.example"])
@pytest.mark.parametrize("allowed", ["xn--4ca.example", "\u00e4.example"])
async def test_a_host_is_allowed_in_either_spelling(url: str, allowed: str) -> None:
    assert Outgoing(url, frozenset((allowed,))).allowed
    assert not Outgoing("https://xn--5ca.example", frozenset((allowed,))).allowed

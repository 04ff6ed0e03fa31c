"""Addresses that must never be connected to, whoever of us asks: one table, nobody reached."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpcore
import pytest

from shopwindow.fragments.remote import Remote
from shopwindow.middleware.remote import Remotes, guarded
from shopwindow.middleware.settings import SourceSettings
from shopwindow.middleware.sources.http import HttpSource
from shopwindow.middleware.sources.matomo import Matomo, MatomoError

pytestmark = pytest.mark.anyio


class Attack(NamedTuple):
    """``where`` stands between http:// and the path. ``leads`` is what the names there lead to,
    each time they are looked up; nothing: what the operating system says. ``listed``: the
    allowed hosts."""

    where: str
    leads: tuple[tuple[str, ...], ...] = ()
    listed: str = "crm.internal"


# Written like an address or a host that is not listed: nobody even looks it up.
NOT_LISTED = """
    127.0.0.1 localhost 0.0.0.0 10.0.0.1 172.16.0.1 192.168.0.1 169.254.169.254 100.100.100.200
    [::1] [::] [fe80::1] [fd00:ec2::254] [::ffff:127.0.0.1] [::ffff:7f00:1] [64:ff9b::7f00:1]
    127.0.0.1:22 crm.internal@127.0.0.1 crm.internal:80@127.0.0.1 crm.internal%40127.0.0.1
    127.0.0.1#@crm.internal 127.0.0.1?crm.internal 127.0.0.1\\@crm.internal
    crm.internal.evil.example evilcrm.internal crm.internal%00.evil.example
    crm-internal crm.internal%2eevil.example metadata.google.internal
""".split()
# Ways to write 127.0.0.1, or a name that is read as it, which an allow-list may name by mistake.
DISGUISED = """
    2130706433 0x7f000001 017700000001 0x7f.1 127.1 0177.0.0.1 127.0.1 0
""".split()
IDNA = (
    "\u2460\u2461\u2466.0.0.1",
    "127\u30020\u30020\u30021",
    "\uff11\uff12\uff17.0.0.1",
    "crm\u00ad.internal.evil.example",
    "\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3",
    "xn--crm-internal.evil.example",
)
# A listed name, and where its DNS leads.
LEADS = """
    127.0.0.1 127.8.8.8 0.0.0.0 10.1.2.3 172.31.0.1 192.168.1.1 169.254.169.254 169.254.170.2
    100.64.0.1 168.63.129.16 192.0.0.192 198.18.0.1 224.0.0.1 255.255.255.255 ::1 :: fe80::1
    fe80::1%eth0 fc00::1 fd00:ec2::254 ::ffff:127.0.0.1 ::ffff:a9fe:a9fe 64:ff9b::a9fe:a9fe
    64:ff9b:1::a00:1 2002:7f00:1:: 2001:0:7f00:1::1 ff02::1
""".split()
PUBLIC = "8.8.8.8"

ATTACKS = [
    *(Attack(where) for where in NOT_LISTED),
    *(Attack(where, listed=where) for where in DISGUISED),
    *(Attack(where) for where in IDNA),
    *(Attack("crm.internal", ((address,),)) for address in LEADS),
    Attack("crm.internal:6379", (("127.0.0.1",),)),
    Attack("crm.internal:25", (("10.0.0.1",),)),
    Attack("user:secret@crm.internal", (("127.0.0.1",),)),
    Attack("CRM.INTERNAL", (("127.0.0.1",),)),
    Attack("crm.internal.", (("127.0.0.1",),)),
    # Rebinding: another answer to every question, and a bad one among good ones.
    Attack("crm.internal", ((PUBLIC,), ("127.0.0.1",))),
    Attack("crm.internal", ((PUBLIC, "169.254.169.254"),)),
    Attack("crm.internal", (("169.254.169.254", PUBLIC),)),
]

Ask = Callable[[str, frozenset[str]], Awaitable[None]]


async def a_source(base: str, hosts: frozenset[str]) -> None:
    settings = SourceSettings("crm", base + "{customer}", {}, {"a": "$.a"}, 600.0)
    crm = HttpSource(settings, hosts)
    try:
        for customer in "123":
            values = crm.fetch(customer)
            told = await values if inspect.isawaitable(values) else values
            assert told == {}
    finally:
        await crm.close()


async def a_fragment(base: str, hosts: frozenset[str]) -> None:
    remote = Remote("teaser", base, cache=0.0)
    remotes = Remotes()
    remotes.ready([remote], hosts)
    try:
        for number in range(3):
            content = remotes.fetch(remote, f"{base}{number}", "en", hosts)
            told = await content if isinstance(content, asyncio.Task) else content
            assert told.html == b""
    finally:
        await remotes.close()


async def a_matomo(base: str, hosts: frozenset[str]) -> None:
    matomo = Matomo(base, "t0ken", 1, hosts)
    try:
        for offset in range(3):
            with pytest.raises(MatomoError) as raised:
                await matomo.visits("2026-11-20", offset)
            assert "t0ken" not in str(raised.value)
    finally:
        await matomo.close()


ASKERS: dict[str, Ask] = {
    "source": a_source,
    "fragment": a_fragment,
    "matomo": a_matomo,
}


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[int, list[str]]]:
    """A server to which everything leads that is connected to, and what was."""
    reached: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append("connection")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], reached
    finally:
        server.close()


def lead_to(port: int, reached: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever address is connected to, it is our server that hears of it."""
    connect = httpcore.AnyIOBackend.connect_tcp

    async def connecting(
        self: httpcore.AnyIOBackend, host: str, *arguments: Any, **keywords: Any
    ) -> httpcore.AsyncNetworkStream:
        if host == PUBLIC:
            raise httpcore.ConnectError("not from a test")
        reached.append(host)
        return await connect(self, "127.0.0.1", port)

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connecting)


@pytest.mark.parametrize("asker", ASKERS)
async def test_nobody_is_reached_who_must_not_be(
    asker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(ATTACKS) >= 60
    really = guarded.look_up
    found: list[Attack] = []
    async with listening() as (port, reached):
        lead_to(port, reached, monkeypatch)
        for attack in ATTACKS:
            questions = 0

            async def look_up(
                host: str, port: int, attack: Attack = attack
            ) -> list[str]:
                nonlocal questions
                questions += 1
                if not attack.leads:
                    return await really(host, port)
                return list(attack.leads[min(questions, len(attack.leads)) - 1])

            monkeypatch.setattr(guarded, "look_up", look_up)
            await ASKERS[asker](f"http://{attack.where}/", frozenset({attack.listed}))
            if reached:
                found.append(attack)
                reached.clear()
        assert not found


@pytest.mark.parametrize("asker", ASKERS)
async def test_the_same_server_is_reached_by_whoever_may(
    asker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without this nobody knew whether the table above can fail."""

    async def look_up(host: str, port: int) -> list[str]:
        return ["10.1.2.3"]

    async with listening() as (port, reached):
        lead_to(port, reached, monkeypatch)
        monkeypatch.setattr(guarded, "look_up", look_up)
        hosts = frozenset({"crm.internal", "10.0.0.0/8"})
        await ASKERS[asker]("http://crm.internal/", hosts)
        assert "10.1.2.3" in reached and "connection" in reached


TARGETS = [
    "http://169.254.169.254/latest/meta-data",
    "http://127.0.0.1:6379/",
    "http://[::1]/",
    "//10.0.0.1/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:11211/_stats",
]


@pytest.mark.parametrize("asker", ASKERS)
async def test_no_redirect_leads_anywhere(
    asker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look_up(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    monkeypatch.setattr(guarded, "look_up", look_up)
    hosts = frozenset({"crm.internal", "127.0.0.0/8"})
    for target in TARGETS:
        asked: list[bytes] = []

        async def redirect(
            reader: asyncio.StreamReader,
            writer: asyncio.StreamWriter,
            target: str = target,
            asked: list[bytes] = asked,
        ) -> None:
            asked.append(await reader.readuntil(b"\r\n"))
            head = f"HTTP/1.1 307 Go\r\nlocation: {target}\r\n"
            writer.write(
                head.encode() + b"connection: close\r\ncontent-length: 0\r\n\r\n"
            )
            writer.close()

        server = await asyncio.start_server(redirect, "127.0.0.1", 0)
        async with listening() as (port, reached):
            with monkeypatch.context() as patch:
                own = server.sockets[0].getsockname()[1]
                connect = httpcore.AnyIOBackend.connect_tcp

                async def connecting(
                    self: httpcore.AnyIOBackend,
                    host: str,
                    to: int,
                    *arguments: Any,
                    own: int = own,
                    connect: Any = connect,
                    reached: list[str] = reached,
                    port: int = port,
                ) -> Any:
                    if to != own:
                        reached.append(host)
                    return await connect(self, "127.0.0.1", own if to == own else port)

                patch.setattr(httpcore.AnyIOBackend, "connect_tcp", connecting)
                await ASKERS[asker](f"http://crm.internal:{own}/", hosts)
            assert reached == []
        assert len(asked) == 3  # it was asked, and nobody went where it pointed
        server.close()

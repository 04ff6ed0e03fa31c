"""Connections to other servers, only at addresses that may be reached from here.

A name of an allowed host says nothing about where it leads: whoever holds its DNS could point
it into the shop's own network. So a name is resolved once for each connection, and what is
connected to is one of the addresses that were looked at. Imported only by shops that ask others.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Any

import httpcore
import httpx

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[list[str]]]

CONNECTIONS = 20  # to one host
IDLE = 30.0  # seconds that a connection is kept for the next question

_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
# What the standard library takes for public in some of its versions, and what is not, though it
# looks like it: the metadata service of one cloud, the second of these.
_NOT_PUBLIC = tuple(
    map(ip_network, ("192.0.0.0/24", "168.63.129.16/32", "fec0::/10", "64:ff9b:1::/48"))
)
_NAT64 = ip_network("64:ff9b::/96")


class Forbidden(httpcore.ConnectError):
    """A host leads to an address that may not be reached."""


def listed(hosts: Iterable[str]) -> tuple[Network, ...]:
    """The addresses and networks among the allowed hosts: these may be reached though private."""
    networks: list[Network] = []
    for host in hosts:
        if host == "localhost":
            networks += _LOOPBACK
        try:
            networks.append(ip_network(host.strip("[]"), strict=False))
        except ValueError:
            continue  # a name
    return tuple(networks)


def may_reach(address: Address, networks: Iterable[Network]) -> bool:
    """Whether ``address`` is everybody's, or in one of ``networks``.

    Private, link-local, loopback, shared, reserved, multicast and metadata addresses are not
    everybody's, also where an IPv6 address only wraps one of them.
    """
    meant = _meant(address)
    if any(one in network for network in networks for one in (address, *meant)):
        return True
    return all(
        one.is_global
        and not one.is_multicast
        and not one.is_reserved
        and not any(one in network for network in _NOT_PUBLIC)
        for one in meant
    )


def _meant(address: Address) -> tuple[Address, ...]:
    """What a connection to ``address`` may end at: an IPv6 address may stand for an IPv4 one."""
    if isinstance(address, IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address in _NAT64:
        return (IPv4Address(int(address) & 0xFFFF_FFFF),)
    if address.sixtofour is not None:
        return (address, address.sixtofour)
    return (address, *(address.teredo or ()))


async def look_up(host: str, port: int) -> list[str]:
    """The addresses of a name, as the operating system orders them."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def _asking(resolve: Resolve, host: str, port: int) -> list[str]:
    return await resolve(host, port)


class Doorkeeper(httpcore.AsyncNetworkBackend):
    """Opens connections to addresses that may be reached; raises :class:`Forbidden`."""

    def __init__(
        self,
        hosts: Iterable[str],
        resolve: Resolve | None = None,
        inner: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._networks = listed(hosts)
        self._resolve = resolve or look_up
        self._inner = inner or httpcore.AnyIOBackend()
        self._asked: dict[tuple[str, int], asyncio.Task[list[str]]] = {}

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            found = await self._find(host, port)
        except OSError as error:
            raise httpcore.ConnectError(f"{host} has no address") from error
        reachable = [
            address
            for address in found
            if may_reach(ip_address(address.partition("%")[0]), self._networks)
        ]
        failure: Exception = Forbidden(
            f"{host} leads to {', '.join(found) or 'nowhere'}, which is no public address: "
            "if it is meant, put the address or its network into SHOPWINDOW_ALLOWED_HOSTS, too"
        )
        for address in reachable:
            try:
                return await self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error  # the next one may be up
        raise failure

    async def _find(self, host: str, port: int) -> list[str]:
        """The addresses of a name; whoever wants to know them meanwhile waits for the same answer.

        A question to the operating system cannot be taken back: each keeps one of the few
        threads that the shop's own work needs, for as long as the name servers are silent.
        """
        key = host, port
        task = self._asked.get(key)
        if task is None or task.get_loop() is not asyncio.get_running_loop():
            task = asyncio.ensure_future(_asking(self._resolve, host, port))
            self._asked[key] = task
            task.add_done_callback(lambda task: self._answered(key, task))
        await asyncio.wait((task,))  # cancelling who waits leaves it to the others
        return task.result()

    def _answered(self, key: tuple[str, int], task: "asyncio.Task[list[str]]") -> None:
        if self._asked.get(key) is task:
            del self._asked[key]
        if not task.cancelled():
            task.exception()  # those who wait say it, if there is anybody left

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class Transport(httpx.AsyncBaseTransport):
    """What an :class:`httpx.AsyncClient` sends its requests with, through ``door``."""

    def __init__(self, door: httpcore.AsyncNetworkBackend, *, secure: bool) -> None:
        """``secure``: for https; reading the certificates takes a while."""
        context: ssl.SSLContext | None = None
        if secure:
            context = httpx.create_ssl_context(trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=CONNECTIONS,
            keepalive_expiry=IDLE,
            network_backend=door,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        answer = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=url.raw_scheme,
                    host=url.raw_host,
                    port=url.port,
                    target=url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._answer.aiter_stream():
            yield part

    async def aclose(self) -> None:
        await self._answer.aclose()

"""Where a Redis is: a URL, read without ever telling its password."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from redis.connection import parse_url

from .. import StoreError

SCHEMES = ("redis", "rediss", "redis+cluster", "rediss+cluster", "unix")
PORT = 6379

# Ours alone: what a URL says of these would undo that a page waits no longer than its deadline.
_OURS = (
    "connection_class",
    "decode_responses",
    "health_check_interval",
    "max_connections",
    "protocol",
    "retry_on_error",
    "retry_on_timeout",
    "socket_connect_timeout",
    "socket_timeout",
    "timeout",
)


class Node(NamedTuple):
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Address(NamedTuple):
    """``nodes`` are those to begin with; ``options`` are redis-py's for a connection."""

    nodes: tuple[Node, ...]
    cluster: bool
    transport: str  # "tcp", "tls" or "unix"
    options: Mapping[str, Any]
    words: str  # the URL without user and password


def address_of(url: str) -> Address:
    """``redis://[user:password@]host[:port][/number]``, with ``rediss`` over TLS.

    ``redis+cluster`` and ``rediss+cluster`` are for a cluster and may name several of its
    nodes, separated by commas; ``unix`` is for the path of a socket. Raises
    :class:`StoreError` for what is no such URL.
    """
    scheme, _, rest = url.partition("://")
    if scheme not in SCHEMES:
        raise StoreError(f"no Redis is at {scheme}://: write one of {SCHEMES}")
    base, cluster = scheme.removesuffix("+cluster"), scheme.endswith("+cluster")
    parts = urlsplit(f"{base}://{rest}")
    account, at, hosts = parts.netloc.rpartition("@")
    words = f"{scheme}://{hosts}{parts.path}"
    try:
        nodes = tuple(_node(host) for host in hosts.split(","))
        first = hosts.split(",")[0]
        options: dict[str, Any] = dict(
            parse_url(f"{base}://{account}{at}{first}{parts.path}?{parts.query}")
        )
        number = parts.path.strip("/")
        if base != "unix" and number and not number.isdecimal():
            raise ValueError("what follows the host is the number of a database")
    except ValueError as error:
        raise StoreError(f"{words} is no address of a Redis: {error}") from error
    if len(nodes) > 1 and not cluster:
        raise StoreError(f"{words}: only {base}+cluster:// has several hosts")
    for name in (*_OURS, "host", "port"):
        options.pop(name, None)
    if cluster and options.pop("db", 0):
        raise StoreError(f"{words}: a cluster has one database only, write no number")
    transport = {"redis": "tcp", "rediss": "tls", "unix": "unix"}[base]
    return Address(nodes, cluster, transport, options, words)


def _node(host: str) -> Node:
    parts = urlsplit(f"//{host}")
    return Node(parts.hostname or "localhost", parts.port or PORT)

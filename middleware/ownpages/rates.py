"""How often somebody may ask for pages of their own: they read the store, and write to it."""

import ipaddress
from collections.abc import MutableMapping
from math import ceil
from time import monotonic

from ..context import FORWARDED, Arrival

WINDOW = 60.0  # seconds that are counted together
BY_VISITOR = 60  # requests of one visitor in a window
BY_ADDRESS = 300  # of one address: an office or a family may share it
BY_PROXY = (
    6_000  # of one that passes on what others ask, without being trusted to say who
)
REMEMBERED = 20_000  # visitors and addresses that are counted at once

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Networks = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]


class Rates:
    """Counts requests in this process; who comes too often is told when to come again."""

    def __init__(self) -> None:
        self._seen: MutableMapping[str, list[float]] | None = None  # nobody has asked

    def wait(self, arrival: Arrival, visitor: str, trusted: Networks) -> int:
        """Seconds until this visitor, or this address, may ask again; 0: now. It counts."""
        waits = []
        if visitor:
            waits.append(self._count(f"v{visitor}", BY_VISITOR))
        address, most = sender(arrival, trusted)
        if address:
            waits.append(self._count(f"a{address}", most))
        return max(waits, default=0)

    def _count(self, who: str, most: int) -> int:
        if self._seen is None:
            from cachetools import TTLCache  # not before there is something to count

            # Whoever is pushed out by newer ones begins anew: memory stays bounded.
            self._seen = TTLCache(REMEMBERED, WINDOW)
        now = monotonic()
        counted = self._seen.get(who)
        if counted is None or now >= counted[1]:
            counted = self._seen[who] = [0.0, now + WINDOW]
        counted[0] += 1
        return max(1, ceil(counted[1] - now)) if counted[0] > most else 0


def sender(arrival: Arrival, trusted: Networks) -> tuple[str, int]:
    """Whose address it is, and how much may come from it; empty: the address says nothing.

    On loopback stands a proxy, or a developer. A trusted proxy says for whom it asks.
    """
    client = arrival.scope.get("client")
    address = _address(client[0]) if client else None
    if address is None:
        return "", 0
    behind = not FORWARDED.isdisjoint(arrival.headers)
    if behind and any(address in network for network in trusted):
        hops = _hops(arrival)
        for hop in reversed(hops):
            address = hop
            if not any(hop in network for network in trusted):
                break
        return _whose(address), BY_ADDRESS if hops else BY_PROXY
    if address.is_loopback:
        return "", 0
    return _whose(address), BY_PROXY if behind else BY_ADDRESS


def _whose(address: Address) -> str:
    """What one household has: of IPv6, whose addresses are endless, the network of 64 bits."""
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _hops(arrival: Arrival) -> list[Address]:
    said = arrival.headers.get(b"x-forwarded-for", b"").decode("latin-1")[-1_000:]
    found = (_address(part.strip()) for part in said.split(","))
    return [address for address in found if address is not None]


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if address.version == 6 and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address

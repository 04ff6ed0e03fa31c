"""Which node of a cluster answers for which key."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from redis.crc import key_slot

from .. import StoreError
from .address import Address, Node

REDIRECTIONS = 4
"""How often a command may be sent on: while slots move, nodes point to each other."""


class Command(NamedTuple):
    """What to send to whoever has ``key``; of no key: to any node."""

    key: bytes
    words: tuple[bytes, ...]


def packed(words: Sequence[bytes]) -> bytes:
    """A command as it goes over the wire."""
    parts = [b"*%d\r\n" % len(words)]
    parts += [b"$%d\r\n%b\r\n" % (len(word), word) for word in words]
    return b"".join(parts)


class Slots:
    """Shared by whoever reads and writes: what one finds out, the other need not.

    Assignments only, so that no thread needs a lock.
    """

    def __init__(self, address: Address) -> None:
        self.cluster = address.cluster
        self.nodes = address.nodes  # those that answer for something
        self.stale = address.cluster  # whether somebody should be asked
        self._first = address.nodes
        self._ranges: tuple[list[int], list[Node]] = ([], [])  # first slot, whose
        self._moved: dict[int, Node] = {}  # since then

    @property
    def known(self) -> bool:
        """Whether there is a map, be it an old one."""
        return bool(self._ranges[0]) or not self.cluster

    def node_of(self, key: bytes) -> Node:
        if not self.cluster or not key:
            return self.nodes[0]
        slot = key_slot(key)
        if (node := self._moved.get(slot)) is not None:
            return node
        starts, nodes = self._ranges
        place = bisect_right(starts, slot) - 1
        return nodes[place] if place >= 0 else self.nodes[0]

    def divided(
        self, commands: Sequence[Command], which: Iterable[int]
    ) -> dict[Node, list[int]]:
        """The numbers ``which`` of the commands by the nodes that they go to."""
        if not self.cluster:
            return {self.nodes[0]: list(which)}
        parts: dict[Node, list[int]] = {}
        for number in which:
            parts.setdefault(self.node_of(commands[number].key), []).append(number)
        return parts

    def moved(self, slot: int, host: str, port: int, asked: Node) -> None:
        """``asked`` says that another node has the slot now.

        Raises :class:`StoreError` where no cluster was named: nobody is sent elsewhere then.
        """
        self.check_cluster(asked)
        self._moved[slot] = Node(host or asked.host, port)
        self.stale = True

    def check_cluster(self, asked: Node) -> None:
        if not self.cluster:
            raise StoreError(f"{asked} is part of a cluster: write redis+cluster://")

    def lost(self, node: Node) -> None:
        """A node does not answer: another one may have taken its place."""
        if self.cluster:
            self.stale = True
            # Whoever asks next begins with another one.
            self.nodes = (*(n for n in self.nodes if n != node), node)

    def candidates(self) -> Iterator[Node]:
        """Whom to ask for the map, the ones that answered last first."""
        yield from dict.fromkeys((*self.nodes, *self._first))

    def learn(self, rows: Iterable[Sequence[Any]], asked: Node) -> None:
        """Take the answer to ``CLUSTER SLOTS``; it names the slots of all nodes together."""
        ranges = []
        for first, _, master, *_ in rows:
            host = master[0].decode() if master[0] else ""
            ranges.append((int(first), Node(host or asked.host, int(master[1]))))
        if ranges:
            ranges.sort()
            self._ranges = ([r[0] for r in ranges], [r[1] for r in ranges])
            self._moved = {}
            self.nodes = tuple(dict.fromkeys(node for _, node in ranges))
            self.stale = False


MAP = (b"CLUSTER", b"SLOTS")

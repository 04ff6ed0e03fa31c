"""Everything that a store holds, as rows that every other store can hold, too."""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple, Protocol

import msgspec

Kind = str
KINDS: tuple[Kind, ...] = (
    *("profiles", "identities", "logins", "traffic", "events"),
    "allocations",
)
"""In the order in which they are copied.

``profiles``: (owner, bytes), of strangers' marks and customers' pseudonyms. ``identities``:
(mark, state, customer), of marks that stand for a customer (state ``customer``), were given up
(``retired``) or erased (``erased``; both with an empty customer). ``logins``: (customer, mark),
whose events are a customer's. ``traffic``: (dimension, key, weight). ``events``: the fields of
:class:`~shopwindow.middleware.stores.rows.Row`. ``allocations``: (key, JSON), what visitors have
taught about experiments. Roll-ups are no part of it: they are made of the events again.
"""
BATCH = 1_000  # rows that are loaded at once

_encode = msgspec.msgpack.Encoder().encode


class Copied(Protocol):
    """A store to copy from, or to. All of it may raise :class:`StoreError`."""

    def count(self, kind: Kind) -> int:
        """How many rows there are."""

    def rows(self, kind: Kind) -> Iterator[tuple[Any, ...]]:
        """All of them, each once, in any order."""

    def load(self, kind: Kind, rows: Sequence[tuple[Any, ...]]) -> None:
        """Keep ``rows`` as they are, in the place of what was kept under the same key: doing
        it twice changes nothing."""

    def close(self) -> None:
        """Give back what it holds; it is not used again."""


class Digest(NamedTuple):
    """How many rows there are, and what they are, in whichever order they come."""

    rows: int = 0
    mark: int = 0


def digest_of(rows: Iterable[tuple[Any, ...]]) -> Digest:
    count = total = 0
    for row in rows:
        count += 1
        mark = blake2b(_encode(tuple(row)), digest_size=16).digest()
        total += int.from_bytes(mark)
    return Digest(count, total % 2**128)


class Both:
    """A store whose events are in a log elsewhere: the two as one."""

    def __init__(self, profiles: Copied, log: Copied) -> None:
        self._profiles = profiles
        self._log = log

    def _of(self, kind: Kind) -> Copied:
        return self._log if kind in ("events", "allocations") else self._profiles

    def count(self, kind: Kind) -> int:
        return self._of(kind).count(kind)

    def rows(self, kind: Kind) -> Iterator[tuple[Any, ...]]:
        return self._of(kind).rows(kind)

    def load(self, kind: Kind, rows: Sequence[tuple[Any, ...]]) -> None:
        if kind == "logins":  # the log knows for itself whose an event is
            self._log.load(kind, rows)
        if kind == "identities":  # and whose events it refuses
            self._log.load(kind, [row for row in rows if row[1] == "erased"])
        self._of(kind).load(kind, rows)

    def close(self) -> None:
        self._profiles.close()
        self._log.close()

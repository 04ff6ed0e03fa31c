"""A Redis as rows that every other store can hold, too."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from ..copying import Kind
from .address import address_of
from .history import STEP, keys_like, owner_in, records, weights_of
from .moving import MERGED
from .records import (
    TOMBSTONE,
    TRAFFIC,
    State,
    events_key,
    field_of,
    logins_key,
    on,
    record_key,
    unlink,
    written,
)
from .slots import Command, Slots
from .writing import Writer

_IDENTITIES = {
    State.ALIAS: "customer",
    State.RETIRED: "retired",
    State.ERASED: "erased",
}
_STATES = {name: state for state, name in _IDENTITIES.items()}


class RedisCopied:
    """The :class:`~shopwindow.middleware.stores.copying.Copied` of a server or a cluster.

    What is loaded stays until it changes, also where the shop lets profiles go by themselves;
    who was refused is so for 400 days more. Raises :class:`StoreError` if the server does not
    answer.
    """

    def __init__(self, url: str) -> None:
        address = address_of(url)
        self._writer = Writer(address, Slots(address))
        try:
            self._writer.nodes()
            self._writer.ask([on(TRAFFIC, b"EXISTS")])
        except BaseException:  # raised on; only the connection is given back
            self._writer.close()
            raise

    def count(self, kind: Kind) -> int:
        return sum(1 for _ in self.rows(kind))

    def rows(self, kind: Kind) -> Iterator[tuple[Any, ...]]:
        if kind == "traffic":
            for (dimension, key), weight in weights_of(self._writer).items():
                yield dimension, key, weight
        elif kind == "logins":
            yield from self._logins()
        elif kind == "profiles":
            for owner, record in records(self._writer):
                if record.state is State.KNOWN:
                    yield owner, record.data
        elif kind == "identities":
            for mark, record in records(self._writer):
                if state := _IDENTITIES.get(record.state):
                    alias = record.state is State.ALIAS
                    yield mark, state, record.owner if alias else ""

    def _logins(self) -> Iterator[tuple[str, str]]:
        keys = keys_like(self._writer, b"sw:{*}:l")
        while part := list(islice(keys, STEP)):
            answers = self._writer.ask([on(key, b"HKEYS") for key in part])
            for key, marks in zip(part, answers, strict=True):
                for mark in marks:
                    yield owner_in(key), mark.decode()

    def load(self, kind: Kind, rows: Sequence[tuple[Any, ...]]) -> None:
        commands = [command for row in rows for command in _LOAD[kind](*row)]
        if commands:
            self._writer.ask(commands)

    def close(self) -> None:
        self._writer.close()


def _profile(owner: str, data: bytes) -> list[Command]:
    value = written(State.KNOWN, data=data)
    return [on(record_key(owner), b"SET", value), unlink(events_key(owner))]


def _identity(mark: str, state: str, customer: str) -> list[Command]:
    value = written(_STATES[state], customer)
    last = () if customer else (b"EX", b"%d" % TOMBSTONE)
    return [on(record_key(mark), b"SET", value, *last), unlink(events_key(mark))]


def _login(customer: str, mark: str) -> list[Command]:
    return [on(logins_key(customer), b"HSET", mark.encode(), MERGED)]


def _weight(dimension: str, key: str, weight: float) -> list[Command]:
    return [on(TRAFFIC, b"HSET", field_of(dimension, key), b"%r" % weight)]


_LOAD: Mapping[Kind, Callable[..., list[Command]]] = {
    "profiles": _profile,
    "identities": _identity,
    "logins": _login,
    "traffic": _weight,
}

"""What a Redis and the log beside it know, read from one end to the other."""

from collections.abc import Iterator
from itertools import islice

from ....rules.facts import Event, Profile
from .. import History, Weights
from ..rows import decode_profile
from .records import TRAFFIC, Record, State, get, on, record_of
from .writing import Writer

STEP = 500


class RedisHistory:
    """The :class:`History` of a Redis: profiles over a connection of its own, events from ``log``.

    Profiles are walked through in steps, beside a shop that goes on: what changes meanwhile is
    met before or after.
    """

    def __init__(self, writer: Writer, log: History) -> None:
        self._writer = writer
        self._log = log

    def visitors(self, since: float, until: float) -> int:
        return self._log.visitors(since, until)

    def stories(self, since: float, until: float) -> Iterator[list[Event]]:
        return self._log.stories(since, until)

    def profile_count(self) -> int:
        return sum(record.state is State.KNOWN for _, record in records(self._writer))

    def profiles(self) -> Iterator[Profile]:
        for _, record in records(self._writer):
            if record.state is State.KNOWN:
                yield decode_profile(record.data)

    def traffic(self) -> Weights:
        return weights_of(self._writer)

    def close(self) -> None:
        self._writer.close()
        self._log.close()


def keys_like(writer: Writer, pattern: bytes) -> Iterator[bytes]:
    """Every key on any node, once."""
    met: set[bytes] = set()
    for node in writer.nodes():
        cursor = b"0"
        while True:
            cursor, keys = writer.ask_node(
                node, b"SCAN", cursor, b"MATCH", pattern, b"COUNT", b"%d" % STEP
            )
            for key in keys:
                if key not in met:  # it may come twice while the server grows
                    met.add(key)
                    yield key
            if cursor == b"0":
                break


def owner_in(key: bytes) -> str:
    """Whose key it is."""
    return key[len(b"sw:{") : -len(b"}:p")].decode()


def records(writer: Writer) -> Iterator[tuple[str, Record]]:
    """Every record with the mark or customer it lies under."""
    keys = keys_like(writer, b"sw:{*}:p")
    while part := list(islice(keys, STEP)):
        answers = writer.ask([get(key) for key in part])
        for key, raw in zip(part, answers, strict=True):
            if raw is not None:  # else it is gone since
                yield owner_in(key), record_of(raw)


def weights_of(writer: Writer) -> Weights:
    """The sum of all weights so far, (dimension, key) -> weight."""
    (flat,) = writer.ask([on(TRAFFIC, b"HGETALL")])
    weights: dict[tuple[str, str], float] = {}
    for field, weight in zip(flat[::2], flat[1::2], strict=True):
        dimension, _, key = field.decode().partition("\0")
        weights[dimension, key] = float(weight)
    return weights

"""What lies under a visitor's mark or a customer's pseudonym, and under which keys.

Everything of one owner has one hash tag, so that it lies in one slot and changes in one step::

    sw:{OWNER}:p   a record: 8 bytes that change with each change, then what it is
    sw:{OWNER}:e   the ids of the events that count in it, 8 bytes each: for a day
    sw:{CUSTOMER}:l   the marks that were logged in as the customer: "1" once they are merged
    sw:{CUSTOMER}:g   the same, of a customer who is being erased
    sw:{traffic}:w   the shop's traffic
"""

import os
from enum import Enum
from hashlib import blake2b
from typing import NamedTuple

from .scripts import CHANGE, LAST, LEAVE, WIPE, call
from .slots import Command

TOMBSTONE = 400 * 86_400  # seconds: longer than a browser keeps a cookie
GONE = 30  # seconds: longer than anybody has a profile in hand
EVENTS_KNOWN = 86_400  # seconds: longer than a batch is tried again
ID = 8  # bytes
IDS_MOST = ID * 4_096

TRAFFIC = b"sw:{traffic}:w"
_MERGING = b"\0"


class State(Enum):
    """What a record is, by the first byte after its token. A profile begins with none of these:
    its bytes are an array of msgpack, or are deflated."""

    NOBODY = b""
    KNOWN = b"p"
    ALIAS = b"@"  # stands for a customer
    RETIRED = b"!"  # given up at login or logout
    ERASED = b"#"  # given up, and no login brings it back
    GONE = b"-"  # a customer who was erased a moment ago; nobody, else


_MARKED = frozenset(state.value for state in State) - {b"p", b""}


class Record(NamedTuple):
    """``owner``: the customer who an alias stands for, or whose a retired id's ``data`` will be;
    or whose erasure is not done yet. ``data``: a profile, encoded."""

    token: bytes
    state: State
    owner: str = ""
    data: bytes = b""

    @property
    def stranger(self) -> bool:
        return self.state in (State.NOBODY, State.KNOWN)

    @property
    def refused(self) -> bool:
        return self.state in (State.RETIRED, State.ERASED)


def record_of(raw: bytes | None) -> Record:
    """What the store holds; None: nothing."""
    if not raw:
        return Record(b"", State.NOBODY)
    token, kind = raw[:8], raw[8:9]
    if kind not in _MARKED:
        return Record(token, State.KNOWN, "", raw[8:])
    owner, _, data = raw[9:].partition(_MERGING)
    return Record(token, State(kind), owner.decode(), data)


def written(state: State, owner: str = "", data: bytes = b"") -> bytes:
    """A record as the store holds it, with a token that none had before."""
    token = os.urandom(8)
    if state is State.KNOWN:
        return token + data
    kind: bytes = state.value
    return token + kind + owner.encode() + (_MERGING + data if data else b"")


def event_id(id: str) -> bytes:
    return blake2b(id.encode(), digest_size=ID).digest()


def event_ids(raw: bytes | None) -> set[bytes]:
    """Of the events that count in a profile."""
    return {raw[at : at + ID] for at in range(0, len(raw), ID)} if raw else set()


def record_key(owner: str) -> bytes:
    return b"sw:{%b}:p" % owner.encode()


def events_key(owner: str) -> bytes:
    return b"sw:{%b}:e" % owner.encode()


def logins_key(owner: str) -> bytes:
    return b"sw:{%b}:l" % owner.encode()


def erased_key(owner: str) -> bytes:
    return b"sw:{%b}:g" % owner.encode()


def field_of(dimension: str, key: str) -> bytes:
    """What a weight lies under in the traffic."""
    return f"{dimension}\0{key}".encode()


def on(key: bytes, *words: bytes) -> Command:
    """The command ``words[0]`` about ``key``, with what follows."""
    return Command(key, (words[0], key, *words[1:]))


def memory(key: bytes) -> Command:
    """How many bytes ``key`` takes."""
    return Command(key, (b"MEMORY", b"USAGE", key))


def get(key: bytes) -> Command:
    return on(key, b"GET")


def unlink(key: bytes) -> Command:
    return on(key, b"UNLINK")


def change(
    owner: str,
    before: Record,
    value: bytes,
    seconds: int,
    ids: bytes = b"",
    *,
    forget: bool = False,
    merged: tuple[str, ...] = (),
) -> Command:
    """Replace the record ``before`` by ``value``, if it is still there: answers 1, else 0.

    ``seconds``: until it goes by itself, 0 for never. ``ids`` are added to those of the events
    that count in it, ``forget`` drops what was there. ``merged`` are marks that have been
    merged into it.
    """
    keys = (record_key(owner), events_key(owner), logins_key(owner))
    values = (before.token, value, b"%d" % seconds, ids, b"%d" % EVENTS_KNOWN)
    marks = [mark.encode() for mark in merged]
    most, drop = b"%d" % IDS_MOST, b"1" if forget else b""
    return Command(keys[0], call(CHANGE, keys, *values, most, drop, *marks))


def wipe(owner: str, logins: int) -> Command:
    """Delete the profile of ``owner``, if so many marks are logged in as it: answers 1, else 0."""
    keys = (
        record_key(owner),
        events_key(owner),
        logins_key(owner),
        erased_key(owner),
    )
    values = (b"%d" % logins, written(State.GONE), b"%d" % GONE)
    return Command(keys[0], call(WIPE, keys, *values))


def leave(owner: str, before: Record) -> Command:
    """Forget the record ``before``, if it is still there: answers 1, else 0."""
    keys = (record_key(owner), events_key(owner))
    return Command(keys[0], call(LEAVE, keys, before.token))


def last(owner: str, before: Record, seconds: int) -> Command:
    """Keep the record ``before`` so long from now on, if it is still there."""
    key = record_key(owner)
    return Command(key, call(LAST, (key,), before.token, b"%d" % seconds))

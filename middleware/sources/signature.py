"""Who may tell something from outside: messages signed as Standard Webhooks has it.

See https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: the
headers ``webhook-id``, ``webhook-timestamp`` (seconds since 1970) and ``webhook-signature``, which
holds one or more of ``v1,BASE64`` with spaces between: HMAC-SHA256 over ``id.timestamp.body``.
"""

import base64
import binascii
import hmac
from collections import OrderedDict
from collections.abc import Sequence

import msgspec

WINDOW = 300.0  # seconds that a message's time may differ from ours
SHORTEST = 16  # bytes of a secret
ID_LONGEST = 200
SIGNATURES = 10  # in one header
_PREFIX = "whsec_"


class Message(msgspec.Struct, frozen=True):
    """What a request's headers say, as they came; ``time`` in seconds since 1970."""

    id: str
    time: int
    signatures: tuple[str, ...]


def read_message(id: bytes, timestamp: bytes, signature: bytes) -> Message | None:
    """None for headers that are none."""
    if not (id and timestamp and signature) or len(id) > ID_LONGEST:
        return None
    if not timestamp.isdigit() or len(timestamp) > 11 or len(signature) > 4_096:
        return None
    try:
        signatures = tuple(signature.decode("ascii").split()[:SIGNATURES])
        return Message(id.decode("ascii"), int(timestamp), signatures)
    except UnicodeDecodeError:
        return None


def key_of(secret: str) -> bytes:
    """The key that a secret stands for: base64 after ``whsec_``, else its own characters.

    Raises :class:`ValueError` for one that anybody could try out.
    """
    key = secret.encode()
    if secret.startswith(_PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            raise ValueError("what follows whsec_ is no base64") from None
    if len(key) < SHORTEST:
        raise ValueError(f"a secret needs at least {SHORTEST} bytes")
    return key


def sign(key: bytes, id: str, time: int, body: bytes) -> str:
    """The signature of a message, as ``webhook-signature`` has it."""
    digest = hmac.digest(key, f"{id}.{time}.".encode() + body, "sha256")
    return "v1," + base64.b64encode(digest).decode()


def genuine(message: Message, body: bytes, keys: Sequence[bytes]) -> bool:
    """Whether one of ``keys`` has signed it. Takes as long whichever of them it was."""
    found = False
    for key in keys:
        wanted = sign(key, message.id, message.time, body)
        for signature in message.signatures:
            found |= hmac.compare_digest(wanted, signature)
    return found


class Seen:
    """The ids of messages that were taken in, for as long as they could come again."""

    def __init__(self, most: int = 100_000) -> None:
        self._most = most
        self._until: OrderedDict[str, float] = OrderedDict()

    def __contains__(self, id: str) -> bool:
        return id in self._until

    def __len__(self) -> int:
        return len(self._until)

    def add(self, id: str, now: float) -> None:
        # A message may be as old as WINDOW, or as far ahead.
        while self._until and next(iter(self._until.values())) < now:
            self._until.popitem(last=False)
        while len(self._until) >= self._most:
            self._until.popitem(last=False)
        self._until[id] = now + 2 * WINDOW

"""A profile as the bytes that stores keep, whichever version of shopwindow wrote them."""

import zlib
from struct import pack

import msgspec
from msgspec.structs import asdict, astuple, fields, force_setattr

from .facts import Profile
from .tables import Counts, Interests, Tables
from .trimming import trimmed


def _written(value: object) -> object:
    if isinstance(value, Tables):
        return value.written
    raise NotImplementedError(f"{type(value).__name__} is nothing that a profile holds")


_encode = msgspec.msgpack.Encoder(enc_hook=_written).encode
_decode = msgspec.msgpack.Decoder(Profile).decode
_parts = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode

# Everything that must not be forgotten has room in it: 250 rules that were shown to somebody
# take 10 kB, 48 answers 2 kB. To read so much takes a page 50 microseconds.
CAP = 16_384  # bytes before they are deflated
ROOMY = (
    CAP * 7 // 8
)  # so that not every event of a busy visitor has to look for what can go
WORTH = 1_024  # bytes; what is larger is deflated

FIELDS = len(fields(Profile))


def _start(elements: int) -> bytes:
    """What an array of 16 elements and more begins with in msgpack."""
    return b"\xdc" + pack(">H", elements)


_ARRAYS = b"\x90"  # arrays begin with this and more, what is deflated with less
_NEWER = _start(FIELDS + 1)  # shorter arrays compare as less, and so do those below 16


class Newer(Profile, frozen=True, array_like=True, gc=False):
    """A profile that a newer version wrote: ``rest`` are the fields that this one does not know,
    as they were written. They are kept with the others when the profile changes, and dropped
    when it is merged with another: nobody knows here how.
    """

    rest: tuple[bytes, ...] = ()


def encode(profile: Profile) -> bytes:
    """The bytes of ``profile``, at most :data:`CAP`: what is least useful is left out."""
    data = _bytes(profile)
    return data if len(data) <= CAP else _bytes(trimmed(profile, ROOMY))


def _bytes(profile: Profile) -> bytes:
    if type(profile) is Profile:
        return _encode(profile)
    *known, rest = astuple(profile)
    data = _encode(Profile(*known))[len(_NEWER) :]
    return _start(FIELDS + len(rest)) + data + b"".join(rest)


def encode_small(profile: Profile) -> bytes:
    """As :func:`encode`, deflated where that pays: what stores keep.

    Half of the bytes for 2 microseconds with each reading, 25 with each writing. With the
    deflate format's fixed codes: to read codes of the profile's own would take twice as long,
    for 3 % of the bytes.
    """
    data = encode(profile)
    if len(data) <= WORTH:
        return data
    deflate = zlib.compressobj(9, zlib.DEFLATED, 12, 8, zlib.Z_FIXED)
    return deflate.compress(data) + deflate.flush()


def decode(data: bytes) -> Profile:
    """The profile that ``data`` holds; fields that an older version did not know are empty.

    Raises :class:`msgspec.DecodeError` for what is none.
    """
    if data < _ARRAYS:
        data = _inflated(data)
    profile = _decode(data)
    # Nobody else has the profile yet.
    force_setattr(profile, "counts", Counts(profile.counts))
    force_setattr(profile, "interests", Interests(profile.interests))
    if data >= _NEWER:
        rest = tuple(bytes(part) for part in _parts(data)[FIELDS:])
        return Newer(**asdict(profile), rest=rest)
    return profile


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompress(data)
    except zlib.error as error:
        raise msgspec.DecodeError(f"no profile: {error}") from error

"""A profile as the bytes that stores keep, whichever version of shopwindow wrote them."""

from struct import pack

import msgspec
from msgspec.structs import asdict, astuple, fields

from .facts import Profile

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Profile).decode
_parts = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode

FIELDS = len(fields(Profile))


def _start(elements: int) -> bytes:
    """What an array of 16 elements and more begins with in msgpack."""
    return b"\xdc" + pack(">H", elements)


_NEWER = _start(FIELDS + 1)  # shorter arrays compare as less, and so do those below 16


class Newer(Profile, frozen=True, array_like=True, gc=False):
    """A profile that a newer version wrote: ``rest`` are the fields that this one does not know,
    as they were written. They are kept with the others when the profile changes, and dropped
    when it is merged with another: nobody knows here how.
    """

    rest: tuple[bytes, ...] = ()


def encode(profile: Profile) -> bytes:
    """The bytes of ``profile``."""
    if type(profile) is Profile:
        return _encode(profile)
    *known, rest = astuple(profile)
    data = _encode(Profile(*known))[len(_NEWER) :]
    return _start(FIELDS + len(rest)) + data + b"".join(rest)


def decode(data: bytes) -> Profile:
    """The profile that ``data`` holds; fields that an older version did not know are empty.

    Raises :class:`msgspec.DecodeError` for what is none.
    """
    profile = _decode(data)
    if data >= _NEWER:
        rest = tuple(bytes(part) for part in _parts(data)[FIELDS:])
        return Newer(**asdict(profile), rest=rest)
    return profile

"""What goes through a pipe between two of our processes: values, one after the other.

Each is a length and a pickle. Both ends are this package, and nobody else holds the pipe.
"""

import pickle
from collections.abc import Mapping
from io import BytesIO
from typing import Any, BinaryIO

from ..rules.attributes import BUILT_IN, Attribute

_LENGTH = 4  # bytes


class Attributes:
    """The attributes that both ends know: only their names are sent."""

    def __init__(self, declared: Mapping[str, Attribute]) -> None:
        self._known = {**declared, **BUILT_IN}

    def name(self, value: object) -> str | None:
        if type(value) is Attribute and self._known.get(value.name) == value:
            return value.name
        return None

    def named(self, name: str) -> Attribute:
        return self._known[name]


NONE = Attributes({})


class _Pickler(pickle.Pickler):
    def __init__(self, target: BytesIO, attributes: Attributes) -> None:
        super().__init__(target, protocol=5)
        self.persistent_id = attributes.name  # type: ignore[method-assign]  # looked up on the object, and a call less


class _Unpickler(pickle.Unpickler):
    def __init__(self, source: BytesIO, attributes: Attributes) -> None:
        super().__init__(source)
        self.persistent_load = attributes.named  # type: ignore[method-assign]  # as above


def send(stream: BinaryIO, value: object, attributes: Attributes = NONE) -> None:
    """Write ``value``. Raises :class:`OSError` where nobody listens any more."""
    target = BytesIO(bytes(_LENGTH))
    target.seek(_LENGTH)
    _Pickler(target, attributes).dump(value)
    frame = target.getbuffer()
    frame[:_LENGTH] = (len(frame) - _LENGTH).to_bytes(_LENGTH, "big")
    stream.write(frame)


def receive(stream: BinaryIO, attributes: Attributes = NONE) -> Any:
    """The next value. Raises :class:`EOFError` where the other end has broken off."""
    size = int.from_bytes(_exactly(stream, _LENGTH), "big")
    return _Unpickler(BytesIO(_exactly(stream, size)), attributes).load()


def _exactly(stream: BinaryIO, size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise EOFError("the other end has broken off")
    return content

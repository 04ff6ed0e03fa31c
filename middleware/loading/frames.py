"""What goes through a pipe between two of our processes: values, one after the other.

Each is a length and a pickle. Both ends are this package, and nobody else holds the pipe.
"""

import pickle
from functools import cached_property
from io import BytesIO
from typing import Any, BinaryIO

from ...rules.attributes import BUILT_IN, Attribute
from ...rules.favourites import BINDABLE
from ...rules.vocabulary import Vocabulary

_LENGTH = 4  # bytes


class Shared:
    """What both ends have, attributes and the things of the catalogue: only names are sent."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._attributes = {**vocabulary.attributes, **BUILT_IN}
        self._things = vocabulary.things

    @cached_property
    def _dimensions(self) -> dict[int, str]:
        return {id(self._things(dimension)): dimension for dimension in BINDABLE}

    def name(self, value: Any) -> str | tuple[str] | None:
        """An attribute's name, the dimension of things; None: the value itself is sent."""
        kind = type(value)
        if kind is Attribute and self._attributes.get(value.name) == value:
            return str(value.name)
        if kind is dict and (dimension := self._dimensions.get(id(value))):
            return (dimension,)
        return None

    def named(self, name: str | tuple[str]) -> object:
        if isinstance(name, str):
            return self._attributes[name]
        return self._things(*name)


NOTHING = Shared(Vocabulary(frozenset()))


class _Pickler(pickle.Pickler):
    def __init__(self, target: BytesIO, shared: Shared) -> None:
        super().__init__(target, protocol=5)
        self.persistent_id = shared.name  # type: ignore[method-assign]  # looked up on the object, and a call less


class _Unpickler(pickle.Unpickler):
    def __init__(self, source: BytesIO, shared: Shared) -> None:
        super().__init__(source)
        self.persistent_load = shared.named  # type: ignore[method-assign]  # as above


def send(stream: BinaryIO, value: object, shared: Shared = NOTHING) -> None:
    """Write ``value``. Raises :class:`OSError` where nobody listens any more."""
    target = BytesIO(bytes(_LENGTH))
    target.seek(_LENGTH)
    _Pickler(target, shared).dump(value)
    frame = target.getbuffer()
    frame[:_LENGTH] = (len(frame) - _LENGTH).to_bytes(_LENGTH, "big")
    stream.write(frame)


def receive(stream: BinaryIO, shared: Shared = NOTHING) -> Any:
    """The next value. Raises :class:`EOFError` where the other end has broken off."""
    size = int.from_bytes(_exactly(stream, _LENGTH), "big")
    return _Unpickler(BytesIO(_exactly(stream, size)), shared).load()


def _exactly(stream: BinaryIO, size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise EOFError("the other end has broken off")
    return content

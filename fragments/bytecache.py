"""Values that may be made again at any time, within a number of bytes."""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class ByteCache(Generic[Key, Value]):
    """Keeps at most ``limit`` bytes; those asked for lately stay. Safe for several threads.

    Two generations instead of a list in order of use: what is asked for moves to the young
    one, and when that is half of all there may be, the old one goes as a whole. So a read
    of what is in use is one look-up in a dict, which needs no lock. ``size`` says how many
    bytes a value counts for; one that needs more than half of ``limit`` is not kept.
    Whoever counts microseconds asks ``young`` first, and :meth:`get` when it is not there.
    """

    def __init__(self, limit: int, size: Callable[[Value], int]) -> None:
        self._half = limit // 2
        self._size = size
        self.young: dict[Key, Value] = {}
        self._old: dict[Key, Value] = {}
        self._sizes = [0, 0]
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self.young) + len(self._old)

    @property
    def currsize(self) -> int:
        """The bytes that are kept now."""
        return sum(self._sizes)

    def get(self, key: Key) -> Value | None:
        """The value, if it is still there."""
        value = self.young.get(key)
        return self._again(key) if value is None else value

    def put(self, key: Key, value: Value) -> None:
        """Keep ``value``; where the key is there already, the first one stays."""
        size = self._size(value)
        with self._lock:
            if key not in self.young and key not in self._old:
                self._add(key, value, size)

    def _again(self, key: Key) -> Value | None:
        if key not in self._old:
            return None
        with self._lock:
            value = self._old.pop(key, None)
            if value is None:  # another thread was faster
                return self.young.get(key)
            size = self._size(value)
            self._sizes[1] -= size
            self._add(key, value, size)
            return value

    def _add(self, key: Key, value: Value, size: int) -> None:
        if size > self._half:
            return
        if self._sizes[0] + size > self._half:
            self._old, self.young = self.young, {}
            self._sizes = [0, self._sizes[0]]
        self.young[key] = value
        self._sizes[0] += size

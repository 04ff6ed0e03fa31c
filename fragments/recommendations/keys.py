"""Items' keys as bytes one after the other, sorted, and an index that finds a key's number.

The index is made of buckets by the keys' CRC-32, as many as there are keys, and two arrays:
where each bucket begins, and the numbers in it. It is mapped like everything else, so no
process needs a dictionary of all items. In a bucket that somebody filled on purpose, the
numbers ascend as the keys do: a bisection keeps it quick.
"""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple
from zlib import crc32

from .arrays import Array

_FEW = 8  # numbers of a bucket that are looked at one after the other


class Columns(NamedTuple):
    """What is kept: all keys' bytes, where each begins, where buckets begin, their numbers."""

    text: Array[int]
    ptr: Array[int]
    buckets: Array[int]
    numbers: Array[int]


def as_bytes(key: str) -> bytes:
    """A key as it is kept; also of one with half a surrogate pair, as JSON may bring it."""
    return key.encode("utf-8", "surrogatepass")


def columns(keys: Sequence[str]) -> "tuple[memoryview[int], ...]":
    """The arrays of :class:`Columns` for ``keys``. Raises ValueError if they are not sorted, or one is there twice."""
    encoded = [as_bytes(key) for key in keys]
    for place in range(1, len(encoded)):
        if encoded[place - 1] >= encoded[place]:
            raise ValueError(
                f"keys are sorted by their bytes, each of them once: {keys[place]!r} comes "
                f"after {keys[place - 1]!r}"
            )
    ptr = array("q", accumulate(map(len, encoded), initial=0))
    mask = _mask(len(encoded))
    places = array("I", (crc32(key) & mask for key in encoded))
    counts = array("i", bytes(4 * (mask + 2)))
    for place in places:
        counts[place + 1] += 1
    buckets = array("i", accumulate(counts))
    # Sorting is stable: within a bucket the numbers ascend.
    numbers = array("i", sorted(range(len(places)), key=places.__getitem__))
    text = b"".join(encoded)
    return tuple(memoryview(one) for one in (text, ptr, buckets, numbers))


def _mask(count: int) -> int:
    return (1 << max(0, count - 1).bit_length()) - 1


class Keys:
    """Finds numbers by keys and keys by numbers in ``columns``, which may be mapped."""

    def __init__(self, columns: Columns) -> None:
        """Raises ValueError if the columns do not fit each other."""
        self._text, self._ptr, self._buckets, self._numbers = columns
        self.size = len(self._numbers)
        self._mask = _mask(self.size)
        if (
            len(self._ptr) != self.size + 1
            or self._ptr[0] != 0
            or self._ptr[-1] != len(self._text)
            or len(self._buckets) != self._mask + 2
            or self._buckets[0] != 0
            or self._buckets[-1] != self.size
        ):
            raise ValueError("the index of the keys does not fit the keys")

    def number(self, key: str) -> int | None:
        """The number of ``key``; None: there is no such item."""
        wanted = as_bytes(key)
        bucket = crc32(wanted) & self._mask
        first, last = self._buckets[bucket], self._buckets[bucket + 1]
        numbers = self._numbers
        if last - first > _FEW:
            return self._bisect(wanted, first, last)
        for place in range(first, last):
            number = numbers[place]
            found = self._text[self._ptr[number] : self._ptr[number + 1]]
            if found.tobytes() == wanted:
                return number
        return None

    def _bisect(self, wanted: bytes, first: int, last: int) -> int | None:
        while first < last:
            middle = (first + last) // 2
            number = self._numbers[middle]
            found = self._bytes(number)
            if found == wanted:
                return number
            if found < wanted:
                first = middle + 1
            else:
                last = middle
        return None

    def between(self, first: str, last: str) -> range:
        """The numbers of the keys from ``first`` on that come before ``last``."""
        begin, end = (
            bisect_left(range(self.size), as_bytes(key), key=self._bytes)
            for key in (first, last)
        )
        return range(begin, end)

    def _bytes(self, number: int) -> bytes:
        return self._text[self._ptr[number] : self._ptr[number + 1]].tobytes()

    def key(self, number: int) -> str:
        """The key of an item. Raises IndexError for a number that no item has."""
        if not 0 <= number < self.size:
            raise IndexError(f"no item has the number {number}: there are {self.size}")
        found = self._text[self._ptr[number] : self._ptr[number + 1]]
        return str(found.tobytes(), "utf-8", "surrogatepass")

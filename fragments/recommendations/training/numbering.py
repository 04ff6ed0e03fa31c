"""Short texts numbered by a table of hashes, thousands of them at a time."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .cells import WORD, Cells, Piece, Places, Words

#: Bytes of a text that is short.
SHORT = 64
_SPREAD = np.array(
    [0x9E3779B97F4A7C15 * (2 * n + 1) % 2**64 for n in range(SHORT // WORD)], np.uint64
)
_MIXED = np.uint64(0xD6E8FEB86659FD93)
_LEAST = 10  # two to the power of this is how many places there are at first


class Numbering:
    """Gives each text its place in ``texts``, and adds those to it that are not there yet.

    Others may add to ``texts``, too.
    """

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self._known = 0
        self._bits = _LEAST
        self._slots = np.full(1 << _LEAST, -1, np.int32)
        self._hashes: Words = np.zeros(1 << _LEAST, np.uint64)
        self._words: list[Words] = [np.zeros(1 << _LEAST, np.uint64)]

    def of(self, cells: Cells) -> NDArray[np.int32]:
        """The number of each; none is empty, or longer than :data:`SHORT` bytes."""
        if self._known < len(self.texts):
            self._catch_up()
        keys = _keys(cells)
        hashes = _hashed(keys)
        found = self._found(keys, hashes)
        new = np.flatnonzero(found < 0)
        if len(new):
            first, inverse = _distinct([key[new] for key in keys], hashes[new])
            places = new[first]
            found[new] = self._known + inverse
            self.texts.extend(cells.texts(places))
            self._add([key[places] for key in keys], hashes[places])
        return found

    def _catch_up(self) -> None:
        """What others have added; long texts are in no slot, and nobody looks for them."""
        cells = _cells_of(self.texts[self._known :])
        keys = _keys(cells)
        self._add(keys, _hashed(keys), np.flatnonzero(cells.length > 0))

    def _found(self, keys: Sequence[Words], hashes: Words) -> NDArray[np.int32]:
        """The number of each key, -1 for one that is not known."""
        mask = len(self._slots) - 1
        slot = self._slot(hashes)
        number = self._slots[slot]
        found = np.where(self._same(number, keys), number, np.int32(-1))
        rest = np.flatnonzero((found < 0) & (number >= 0))
        while len(rest):  # another text is where it should be
            slot[rest] = (slot[rest] + 1) & mask
            number = self._slots[slot[rest]]
            same = self._same(number, [key[rest] for key in keys])
            found[rest[same]] = number[same]
            rest = rest[~same & (number >= 0)]
        return found

    def _same(
        self, number: NDArray[np.int32], keys: Sequence[Words]
    ) -> NDArray[np.bool_]:
        same = number >= 0
        for word, known in enumerate(self._words):
            same &= known[number] == (keys[word] if word < len(keys) else 0)
        for key in keys[len(self._words) :]:
            same &= key == 0
        return same

    def _slot(self, hashes: Words) -> Places:
        return (hashes >> np.uint64(64 - self._bits)).astype(np.int64)

    def _add(
        self, keys: Sequence[Words], hashes: Words, slotted: Places | None = None
    ) -> None:
        """The next texts, all of them new; only those ``slotted`` will be found."""
        begin, end = self._known, self._known + len(hashes)
        size = len(self._hashes)
        if end > size:
            size = max(2 * size, end)
            self._hashes = _grown(self._hashes, size)
            self._words = [_grown(words, size) for words in self._words]
        while len(self._words) < len(keys):
            self._words.append(np.zeros(size, np.uint64))
        self._hashes[begin:end] = hashes
        for words, key in zip(self._words, keys, strict=False):
            words[begin:end] = key
        self._known = end
        numbers = np.arange(begin, end, dtype=np.int32)
        if slotted is not None:
            numbers = numbers[slotted]
        if 2 * end > len(self._slots):
            self._bits = (2 * end).bit_length()
            old = self._slots[self._slots >= 0]
            numbers = np.concatenate([old, numbers])
            self._slots = np.full(1 << self._bits, -1, np.int32)
        self._seat(numbers)

    def _seat(self, numbers: NDArray[np.int32]) -> None:
        mask = len(self._slots) - 1
        slot = self._slot(self._hashes[numbers])
        while len(numbers):
            free = self._slots[slot] < 0
            self._slots[slot[free]] = numbers[
                free
            ]  # of several for one, the last has it
            seated = self._slots[slot] == numbers
            numbers, slot = numbers[~seated], (slot[~seated] + 1) & mask


def _keys(cells: Cells) -> list[Words]:
    longest = int(cells.length.max(initial=1))
    return [cells.word(word) for word in range((longest + WORD - 1) // WORD)]


def _hashed(keys: Sequence[Words]) -> Words:
    """The same whatever number of words without anything in them follows."""
    hashes = keys[0] * _SPREAD[0]
    for key, spread in zip(keys[1:], _SPREAD[1:], strict=False):
        hashes += (key ^ (key >> np.uint64(31))) * spread
    hashes ^= hashes >> np.uint64(32)
    mixed: Words = hashes * _MIXED
    return mixed


def _distinct(keys: Sequence[Words], hashes: Words) -> tuple[Places, Places]:
    """Where each key is first, in this order, and for each key which of these it is."""
    _, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    same = first[inverse]
    if not all((key == key[same]).all() for key in keys):  # two of one hash
        stacked = np.stack(keys, axis=1)
        _, first, inverse = np.unique(
            stacked, axis=0, return_index=True, return_inverse=True
        )
        inverse = inverse.ravel()
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return first[order], rank[inverse]


def _cells_of(texts: Sequence[str]) -> Cells:
    """Texts side by side; of one that is too long nothing."""
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    short = [data if len(data) <= SHORT else b"" for data in encoded]
    length = np.fromiter(map(len, short), np.int64, len(short))
    end = np.cumsum(length)
    return Cells(Piece(b"".join(short)), end - length, end)


def _grown(words: Words, size: int) -> Words:
    grown = np.zeros(size, np.uint64)
    grown[: len(words)] = words
    return grown

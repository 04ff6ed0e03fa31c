"""A column of a piece of a file, as places in its bytes: no object is made for a value."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from .batch import Value

Places = NDArray[np.int64]
Bools = NDArray[np.bool_]
Words = NDArray[np.uint64]

WORD = 8  # bytes that are looked at together
#: Zeros behind a piece, so that there is a word at each place, and at some behind the last.
MARGIN = 1_024
#: What is left of a word of which only so many bytes count.
MASKS = np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)
_LINE, _RETURN, _SPACE, _QUOTE, _ASCII = b'\n\r "\x7f'


class Piece:
    """Some lines. ``words[p]`` are the eight bytes from ``p`` on, the first of them the lowest."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        padded = data + bytes(MARGIN)
        self.bytes = np.frombuffer(padded, np.uint8)
        places = len(padded) - WORD + 1
        self.words: Words = np.ndarray((places,), "<u8", padded, strides=(1,))

    def at(self, byte: int) -> Places:
        """Where this byte stands."""
        return np.flatnonzero(self.bytes[: len(self.data)] == byte)


class Lines(NamedTuple):
    """Where lines begin and end, without what ends them, and where their ends of line are;
    ``plain`` are those that are UTF-8 without control characters."""

    begin: Places
    end: Places
    stop: Places
    plain: Bools


def lines_of(piece: Piece, allowed: int = _LINE) -> Lines:
    """The lines of a piece, whose last one may end without an end; a control character that is
    ``allowed`` may be in them."""
    stop = piece.at(_LINE)
    length = len(piece.data)
    ended = len(stop)
    if not piece.data.endswith(b"\n"):
        stop = np.append(stop, length)
    begin = np.empty_like(stop)
    begin[0] = 0
    begin[1:] = stop[:-1] + 1
    returns = (piece.bytes[stop - 1] == _RETURN) & (stop > begin)
    plain = np.ones(len(stop), np.bool_)
    odd = piece.bytes[:length] < _SPACE
    if np.count_nonzero(odd) > ended + np.count_nonzero(returns):
        odd[stop[:ended]] = odd[stop[returns] - 1] = False
        if allowed != _LINE:
            odd[piece.at(allowed)] = False
        plain[np.searchsorted(stop, np.flatnonzero(odd))] = False
    if not _is_utf8(piece.data):
        high = np.flatnonzero(piece.bytes[:length] > _ASCII)
        plain[np.searchsorted(stop, high)] = False
    return Lines(begin, stop - returns, stop, plain)


def _is_utf8(data: bytes) -> bool:
    try:
        return data.isascii() or bool(data.decode())
    except UnicodeDecodeError:
        return False


class Cells(Sequence[Value]):
    """Values that stand between two places each; an empty one is a missing one.

    Of ``json``, what stands in no quotes is a number.
    """

    def __init__(
        self, piece: Piece, begin: Places, end: Places, json: bool = False
    ) -> None:
        self.piece = piece
        self.begin = begin
        self.length = end - begin
        self._json = json

    def __len__(self) -> int:
        return len(self.begin)

    def __getitem__(self, place: Any) -> Any:
        begin = int(self.begin[place])
        text = self.piece.data[begin : begin + int(self.length[place])]
        if self._json and text and self.piece.data[begin - 1] != _QUOTE:
            return msgspec.json.decode(text)
        return text.decode()

    def texts(self, places: Places) -> list[str]:
        """Some of the values as they stand there, numbers too."""
        begin = self.begin[places]
        end = (begin + self.length[places]).tolist()
        data = self.piece.data
        return [
            data[one:other].decode()
            for one, other in zip(begin.tolist(), end, strict=True)
        ]

    def where(self, chosen: "Bools | Places") -> "Cells":
        """Only the chosen ones."""
        begin, length = self.begin[chosen], self.length[chosen]
        return Cells(self.piece, begin, begin + length, self._json)

    def word(self, number: int) -> Words:
        """The bytes of each value from eight times ``number`` on, zeros where it has ended."""
        words = self.piece.words[self.begin + WORD * number]
        left = self.length - WORD * number
        if len(left) and int(left.min()) < WORD:
            words &= MASKS[np.clip(left, 0, WORD)]
        return words

    def odd(self, longest: int) -> Bools:
        """Which values have more bytes, or begin or end with what may be space."""
        bytes_ = self.piece.bytes
        # What is below a space becomes the highest.
        first = bytes_[self.begin] - np.uint8(_SPACE + 1)
        last = bytes_[self.begin + self.length - 1] - np.uint8(_SPACE + 1)
        most = np.maximum(first, last)
        found: Bools = (most >= _ASCII - _SPACE - 1) | (self.length > longest)
        return found & (self.length > 0)

"""Digits in the bytes of a file, made to numbers eight at a time."""

import numpy as np
from numpy.typing import NDArray

from .cells import MASKS, WORD, Bools, Cells, Piece, Places, Words

_ZEROS = np.uint64(0x3030303030303030)
_SIXES = np.uint64(0x0606060606060606)
_HIGH = np.uint64(0xF0F0F0F0F0F0F0F0)
_DOT, _ZERO = ord("."), ord("0")
#: So many digits are in every float64.
EXACT = 15
_TENS = np.array([10**power for power in range(EXACT + 1)], np.int64)


def digits(piece: Piece, begin: Places, length: Places) -> tuple[Places, Bools]:
    """The number that stands in up to eight digits, and whether they are all digits."""
    length = np.clip(length, 0, WORD)
    shift = ((WORD - length) << 3).astype(np.uint64)
    values = (piece.words[begin] ^ _ZEROS) & MASKS[length]
    sound: Bools = ((values | (values + _SIXES)) & _HIGH) == 0
    values = np.where(length > 0, values << np.minimum(shift, 63), 0)
    return _together(values), sound


def _together(values: Words) -> Places:
    for step, tens, mask in (
        (8, 10, 0x00FF00FF00FF00FF),
        (16, 100, 0x0000FFFF0000FFFF),
        (32, 10_000, 0x00000000FFFFFFFF),
    ):
        values = (values * np.uint64(tens) + (values >> np.uint64(step))) & np.uint64(
            mask
        )
    return values.astype(np.int64)


def long_digits(piece: Piece, begin: Places, length: Places) -> tuple[Places, Bools]:
    """As :func:`digits`, of up to sixteen; what is longer is not sound."""
    if int(length.max(initial=0)) <= WORD:
        return digits(piece, begin, length)
    front = np.clip(length - WORD, 0, WORD)
    high, sound = digits(piece, begin, front)
    low, also = digits(piece, begin + front, length - front)
    return high * 10**8 + low, sound & also & (length <= 2 * WORD)


def dots(piece: Piece, begin: Places, end: Places) -> Places:
    """Where the first dot of each stands, its end if it has none."""
    length = end - begin
    usual = int(length[0]) - piece.data[int(begin[0]) : int(end[0])].find(b".")
    if usual <= int(length[0]):
        at = end - usual
        if (length >= usual).all() and (piece.bytes[at] == _DOT).all():
            return at  # if it is not the first, what is before it is not all digits
    places = np.append(piece.at(_DOT), len(piece.data))
    found: Places = np.minimum(places[np.searchsorted(places, begin)], end)
    return found


def is_number(piece: Piece, begin: Places, end: Places, whole: bool) -> Bools:
    """Whether each is a number as JSON has it, not below zero and of up to sixteen digits on either
    side of its dot; ``whole``: and without one."""
    if not len(begin):
        return np.zeros(0, np.bool_)
    dot = end if whole else dots(piece, begin, end)
    _, sound = long_digits(piece, begin, dot - begin)
    sound &= (dot - begin == 1) | (piece.bytes[begin] != _ZERO)
    sound &= dot > begin
    if not whole:
        _, also = long_digits(piece, dot + 1, np.maximum(end - dot - 1, 0))
        sound &= also & (dot + 1 != end)
    return sound


def numbers(cells: Cells) -> tuple[NDArray[np.float64], Bools]:
    """The numbers that are written with digits, and perhaps a dot, few enough to be exact; and
    which are these."""
    piece, begin = cells.piece, cells.begin
    end = begin + cells.length
    if not len(begin):
        return np.zeros(0), np.zeros(0, np.bool_)
    dot = dots(piece, begin, end)
    whole, sound = long_digits(piece, begin, dot - begin)
    after = np.maximum(end - dot - 1, 0)
    sound &= (dot > begin) & (after <= WORD) & (dot + 1 != end)
    places = np.clip(after, 0, WORD)
    part, also = digits(piece, dot + 1, places)
    sound &= also
    scale = _TENS[places]
    few = dot - begin + after <= EXACT
    if few.all():
        return (whole * scale + part) / scale, sound
    # With more digits the sum of both is what is nearest to them, too, if there is no middle
    # between two float64 nearer to their fraction than it is rounded by: so in these bounds.
    sound &= few | ((whole >= 1 << 26) & (whole < 1 << 34))
    found = whole + part / scale
    found[few] = (whole[few] * scale[few] + part[few]) / scale[few]
    return found, sound

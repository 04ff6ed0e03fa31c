"""Times that are written as RFC 3339 has it, thousands of them at a time."""

import numpy as np
from numpy.typing import NDArray

from .cells import Bools, Cells, Piece, Places
from .decimals import digits

#: ``2026-03-01T12:00:00``
_LENGTH = 19
_MONTHS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0, 0, 0])
#: Bytes of a time zone that is not Z: ``+01:00``
_ZONE = 6
#: Years whose microseconds are exact in float64.
_EARLIEST, _LATEST = 1700, 2200


def written_times(cells: Cells) -> tuple[NDArray[np.float64], Bools]:
    """Seconds since 1970 of the times that are written in one of the usual ways; and which are."""
    piece, begin, length = cells.piece, cells.begin, cells.length
    sound = length >= _LENGTH
    if not sound.any():
        return np.zeros(len(begin)), sound

    def number(place: int, count: int) -> Places:
        nonlocal sound
        found, right = digits(piece, begin + place, np.full(len(begin), count))
        sound = sound & right
        return found

    year, month, day = number(0, 4), number(5, 2), number(8, 2)
    hour, minute, second = number(11, 2), number(14, 2), number(17, 2)
    for place, marks in ((4, b"-"), (7, b"-"), (10, b"T "), (13, b":"), (16, b":")):
        byte = piece.bytes[begin + place]
        sound = sound & np.isin(byte, np.frombuffer(marks, np.uint8))
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    days = _MONTHS[np.minimum(month, 13)] + (leap & (month == 2))
    sound &= (day >= 1) & (day <= days) & (year >= _EARLIEST) & (year <= _LATEST)
    sound &= (hour < 24) & (minute < 60) & (second < 60)
    fraction, used, right = _fraction(piece, begin + _LENGTH, length - _LENGTH)
    zone, also = _zone(piece, begin + _LENGTH + used, length - _LENGTH - used)
    sound &= right & also
    seconds = _day(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
    found = ((seconds - zone) * 1_000_000 + fraction) / 1_000_000
    return found, sound


def _fraction(
    piece: Piece, begin: Places, left: Places
) -> tuple[Places, Places, Bools]:
    """Microseconds, how many bytes they take, and whether it is thousandths or millionths."""
    dotted = (piece.bytes[begin] == ord(".")) & (left > 0)
    if not dotted.any():
        return np.zeros(len(begin), np.int64), np.zeros(len(begin), np.int64), ~dotted
    fourth = piece.bytes[begin + 4] - np.uint8(ord("0")) < 10
    count = np.where(dotted, np.where(fourth & (left > 4), 6, 3), 0)
    found, right = digits(piece, begin + 1, count)
    found = np.where(count == 3, found * 1_000, found)
    used = np.where(dotted, count + 1, 0)
    return found, used, right & (used <= left)


def _zone(piece: Piece, begin: Places, left: Places) -> tuple[Places, Bools]:
    """Seconds before UTC, and whether they are written as usual; UTC without any."""
    zone = np.zeros(len(begin), np.int64)
    first = piece.bytes[begin]
    sound = (left == 0) | ((left == 1) & (first == ord("Z")))
    if sound.all():
        return zone, sound
    hours, right = digits(piece, begin + 1, np.full(len(begin), 2))
    minutes, also = digits(piece, begin + 4, np.full(len(begin), 2))
    given = (left == _ZONE) & right & also & (piece.bytes[begin + 3] == ord(":"))
    given &= (hours < 24) & (minutes < 60)
    given &= (first == ord("+")) | (first == ord("-"))
    sign = np.where(first == ord("-"), -1, 1)
    return np.where(given, sign * (hours * 3_600 + minutes * 60), 0), sound | given


def _day(year: Places, month: Places, day: Places) -> Places:
    """Days since 1970-01-01; a year begins in March, so that a leap day is its last."""
    early = month <= 2
    year = year - early
    month = month + np.where(early, 9, -3)
    in_year = (153 * month + 2) // 5 + day - 1
    found: Places = (
        365 * year + year // 4 - year // 100 + year // 400 + in_year - 719_468
    )
    return found

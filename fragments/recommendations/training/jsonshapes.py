"""Lines of JSON that differ only in their values: found by their quotes, and compared as bytes."""

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .batch import COLUMNS
from .cellplaces import CellPlaces
from .cells import MARGIN, WORD, Bools, Lines, Piece, Places
from .decimals import is_number
from .lines import LINE

#: A line of all that is taken for the same shape may be so long in what they share.
_SHARED = MARGIN // 2
#: So many shapes are kept of a file, and so many lines of a piece are looked at for new ones.
SHAPES, TRIES = 16, 4
_PAIR = re.compile(
    r'\s*"([^"\\]*)"\s*:\s*(?:"([^"\\]*)"|(-?[0-9.]+)|null|true|false)\s*([,}])'
)
_QUOTE, _BACKSLASH = b'"\\'
_IDS = ("visitor", "session", "product", "order")


class Shape(NamedTuple):
    """``shared`` is what stands before, between and behind the values, of which ``columns`` names
    the events' and ``bare`` those without quotes."""

    shared: list[bytes]
    columns: dict[str, int]
    bare: list[int]
    quotes: int


def shape_of(line: str) -> Shape | None:
    """The shape of a line that is a JSON object; None if it is not simple enough."""
    stripped = line.lstrip()
    if not stripped.startswith("{"):
        return None
    place = len(line) - len(stripped) + 1
    shared: list[bytes] = []
    columns: dict[str, int] = {}
    bare: list[int] = []
    last = 0
    while True:
        pair = _PAIR.match(line, place)
        if pair is None:
            return None
        columns.pop(pair[1], None)  # of two values the last counts
        for group in (2, 3):
            begin, end = pair.span(group)
            if begin >= 0:
                columns[pair[1]] = len(shared)
                if group == 3:
                    bare.append(len(shared))
                shared.append(line[last:begin].encode())
                last = end
        place = pair.end()
        if pair[4] == "}":
            break
    if line[place:].strip() or not shared:
        return None
    shared.append(line[last:].encode())
    if sum(map(len, shared)) > _SHARED:
        return None
    known = {name: columns[name] for name in COLUMNS if name in columns}
    return Shape(shared, known, bare, sum(part.count(b'"') for part in shared))


class Quotes:
    """The quotes of the lines of a piece."""

    def __init__(self, piece: Piece, lines: Lines) -> None:
        self.places = piece.at(_QUOTE)
        after = np.searchsorted(self.places, lines.end)
        self.first = np.empty_like(after)
        self.first[0] = 0
        self.first[1:] = after[:-1]
        self.count = after - self.first


def matched(
    shape: Shape, piece: Piece, lines: Lines, quotes: Quotes, rows: Places
) -> tuple[Bools, list[Places], list[Places]]:
    """Which of the lines ``rows``, each with as many quotes as ``shape``, have it; and where their
    values begin and end."""
    first = quotes.first[rows]
    at = lines.begin[rows]
    begins: list[Places] = []
    ends: list[Places] = []
    same = np.ones(len(rows), np.bool_)
    before = 0
    for place, part in enumerate(shape.shared):
        if place == len(shape.shared) - 1:
            at = lines.end[rows] - len(part)
        elif place:
            at = quotes.places[first + before] - part.index(b'"')
        if place:
            ends.append(at)
            same &= at >= begins[-1]
        same &= _stands(piece, part, at)
        begins.append(at + len(part))
        before += part.count(b'"')
    begins.pop()
    for place in shape.bare:
        name = next((name for name, at_ in shape.columns.items() if at_ == place), "")
        chosen = np.flatnonzero(same)
        same[chosen] = is_number(
            piece, begins[place][chosen], ends[place][chosen], whole=name in _IDS
        )
    return same, begins, ends


class Shapes:
    """The shapes met in a file. ``is_event`` says whether a line may be an event at all."""

    def __init__(self, is_event: Callable[[bytes], bool]) -> None:
        self._is_event = is_event
        self._shapes: list[Shape] = []

    def of(self, piece: Piece, lines: Lines) -> CellPlaces | None:
        """Where the values are in all lines that have one of these shapes; None if no line has."""
        found = CellPlaces(len(lines.end))
        quotes = Quotes(piece, lines)
        left = lines.plain & (lines.stop - lines.begin <= LINE)
        if b"\\" in piece.data:
            left[np.searchsorted(lines.stop, piece.at(_BACKSLASH))] = False
        tried, place = 0, 0
        while True:
            for shape in self._shapes[place:]:
                rows = np.flatnonzero(left & (quotes.count == shape.quotes))
                if len(rows):
                    same, begins, ends = matched(shape, piece, lines, quotes, rows)
                    rows = rows[same]
                    left[rows] = False
                    found.sound[rows] = True
                    for name, value in shape.columns.items():
                        found.put(name, rows, begins[value][same], ends[value][same])
            place = len(self._shapes)
            rest = np.flatnonzero(left)
            if not len(rest) or tried == TRIES or place == SHAPES:
                break
            first = rest[tried * 37 % len(rest)]  # not always the same garbage
            tried += 1
            line = piece.data[lines.begin[first] : lines.end[first]]
            new = shape_of(line.decode()) if self._is_event(line) else None
            if new is not None:
                self._shapes.append(new)
        return found if found.sound.any() else None


def _stands(piece: Piece, part: bytes, at: Places) -> Bools:
    """Whether ``part`` stands at each of these places."""
    stands = np.ones(len(at), np.bool_)
    for begin in range(0, len(part), WORD):
        if len(part) - begin < WORD <= len(part):
            begin = len(part) - WORD
        chunk = part[begin : begin + WORD]
        words = piece.words[at + begin]
        if len(chunk) < WORD:
            words &= np.uint64((1 << 8 * len(chunk)) - 1)
        stands &= words == np.uint64(int.from_bytes(chunk, "little"))
    return stands

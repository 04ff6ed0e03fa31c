"""Lines of JSON that differ only in their values: found by their quotes, and compared as bytes."""

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .batch import COLUMNS
from .cells import MARGIN, WORD, Bools, Cells, Lines, Piece, Places
from .decimals import is_number
from .lines import LINE

#: A line of all that is taken for the same shape may be so long in what they share.
_SHARED = MARGIN // 2
#: So many shapes are kept of a file, and so many lines of a piece are looked at for new ones.
SHAPES, TRIES = 16, 4
_PAIR = re.compile(
    r'\s*"([^"\\]*)"\s*:\s*(?:"([^"\\]*)"|(-?[0-9.]+)|null|true|false)\s*([,}])'
)
_QUOTE = ord('"')
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
    shared, columns, bare = [], dict[str, int](), []
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
        same &= is_number(piece, begins[place], ends[place], whole=name in _IDS)
    return same, begins, ends


class Shapes:
    """The shapes met in a file. ``is_event`` says whether a line may be an event at all."""

    def __init__(self, is_event: Callable[[bytes], bool]) -> None:
        self._is_event = is_event
        self._shapes: list[Shape] = []

    def of(self, piece: Piece, lines: Lines) -> tuple[list[Cells], Places] | None:
        """The values of all lines that have one of these shapes, by column, and which lines have
        none; None if that are nearly all of them."""
        size = len(lines.end)
        begin = {name: np.zeros(size, np.int64) for name in COLUMNS}
        end = {name: np.zeros(size, np.int64) for name in COLUMNS}
        quotes = Quotes(piece, lines)
        left = lines.plain & (lines.stop - lines.begin <= LINE)
        tried, place = 0, 0
        while True:
            while place < len(self._shapes):
                shape = self._shapes[place]
                rows = np.flatnonzero(left & (quotes.count == shape.quotes))
                if len(rows):
                    same, begins, ends = matched(shape, piece, lines, quotes, rows)
                    rows = rows[same]
                    left[rows] = False
                    for name, value in shape.columns.items():
                        begin[name][rows] = begins[value][same]
                        end[name][rows] = ends[value][same]
                place += 1
            rest = np.flatnonzero(left)
            if not len(rest) or tried == TRIES:
                break
            tried += 1
            first = rest[tried * 37 % len(rest)]  # not always the same garbage
            line = piece.data[lines.begin[first] : lines.end[first]]
            shape_ = shape_of(line.decode()) if self._is_event(line) else None
            if shape_ is not None and len(self._shapes) < SHAPES:
                self._shapes.append(shape_)
        sound = lines.plain & (lines.stop - lines.begin <= LINE) & ~left
        if not sound.any():
            return None
        kept = slice(None) if sound.all() else sound
        cells = [Cells(piece, begin[name][kept], end[name][kept], json=True) for name in COLUMNS]
        return cells, np.flatnonzero(~sound)


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

"""The fields of lines of CSV, found by what parts them."""

from collections.abc import Mapping

import numpy as np

from .cellplaces import CellPlaces
from .cells import Lines, Piece
from .lines import LINE

_QUOTE = ord('"')


def fields_of(
    piece: Piece, lines: Lines, delimiter: int, width: int, columns: Mapping[str, int]
) -> CellPlaces:
    """Where the fields of ``columns`` are in each line of ``width`` fields, whose quotes stand only
    around whole ones."""
    found = CellPlaces(len(lines.end))
    parting = piece.at(delimiter)
    after = np.searchsorted(parting, lines.end)
    before = np.append(0, after[:-1])
    alike = (after - before == width - 1) & lines.plain
    length = lines.end - lines.begin
    # One of nothing but delimiters may be an empty one: these may be tabs.
    alike &= (length >= width) & (lines.stop - lines.begin <= LINE)
    rows = np.flatnonzero(alike)
    if not len(rows):
        return found
    stand = parting[before[rows, None] + np.arange(width - 1)]
    edges = [lines.begin[rows] - 1, *stand.T, lines.end[rows]]
    has_quotes = b'"' in piece.data
    inside = np.zeros(len(rows), np.int64)
    fields = {}
    for number in range(width) if has_quotes else columns.values():
        begin, end = edges[number] + 1, edges[number + 1]
        if has_quotes:
            quoted = (piece.bytes[begin] == _QUOTE) & (piece.bytes[end - 1] == _QUOTE)
            quoted &= end - begin >= 2
            inside += 2 * quoted
            begin, end = begin + quoted, end - quoted
        fields[number] = begin, end
    if has_quotes:
        quotes = np.searchsorted(piece.at(_QUOTE), [lines.begin[rows], lines.end[rows]])
        sound = quotes[1] - quotes[0] == inside
    else:
        sound = np.ones(len(rows), np.bool_)
    chosen = slice(None) if sound.all() else sound
    rows = rows[chosen]
    found.sound[rows] = True
    for name, number in columns.items():
        begin, end = fields[number]
        found.put(name, rows, begin[chosen], end[chosen])
    return found

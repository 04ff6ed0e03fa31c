"""Where the values of events stand in a piece of a file, while it is found out."""

from collections.abc import Sequence

import numpy as np

from .batch import COLUMNS, Value
from .cells import Bools, Cells, Piece, Places

#: Of so many lines one may be read by itself; with more all are.
ONE_IN = 4


class CellPlaces:
    """By column the places in each line, of which those that are ``sound`` were found.

    ``others`` are the values of lines that were read by themselves, by line.
    """

    def __init__(self, lines: int) -> None:
        self.sound: Bools = np.zeros(lines, np.bool_)
        self.others: dict[int, Sequence[Value]] = {}
        self._begin = {name: np.zeros(lines, np.int64) for name in COLUMNS}
        self._end = {name: np.zeros(lines, np.int64) for name in COLUMNS}

    def put(self, name: str, rows: Places, begin: Places, end: Places) -> None:
        """The values of a column in these lines."""
        self._begin[name][rows] = begin
        self._end[name][rows] = end

    def numbers(self, first: int) -> Sequence[int]:
        """The numbers of the lines of :meth:`cells`, of which the first line has this one."""
        if self.sound.all():
            return range(first, first + len(self.sound))
        numbers: list[int] = (np.flatnonzero(self.sound) + first).tolist()
        return numbers

    def cells(self, piece: Piece, json: bool) -> list[Cells] | None:
        """The columns, with ``others`` among them; None if these are too many, or too odd to stand
        in bytes."""
        if len(self.others) * ONE_IN > len(self.sound):
            return None
        if self.others:
            data = self._with_others(piece.data, json)
            if data is None:
                return None
            piece = Piece(data)
        kept = slice(None) if self.sound.all() else self.sound
        return [
            Cells(piece, self._begin[name][kept], self._end[name][kept], json)
            for name in COLUMNS
        ]

    def _with_others(self, data: bytes, json: bool) -> bytes | None:
        """The bytes, and behind them the other values as they would stand in a line."""
        parts = [data]
        place = len(data)
        for row, values in self.others.items():
            for name, value in zip(COLUMNS, values, strict=True):
                if value is None:
                    continue
                text = value if isinstance(value, str) else repr(value)
                if isinstance(value, float) and name not in ("time", "event"):
                    return (
                        None  # an id that is a whole number may be written in many ways
                    )
                try:
                    encoded = text.encode()
                except UnicodeEncodeError:
                    return None
                if b"\0" in encoded:
                    return None
                parts += (b'"' if isinstance(value, str) else b" "), encoded
                self._begin[name][row] = place + 1
                place += 1 + len(encoded)
                self._end[name][row] = place
        self.sound[list(self.others)] = True
        return b"".join(parts)

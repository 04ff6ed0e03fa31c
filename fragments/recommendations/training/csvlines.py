"""Events of a CSV file, whose first line names the columns."""

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from .batch import COLUMNS, Batch, Value, Wrong
from .cells import Piece, lines_of
from .csvcells import fields_of
from .lines import LINE, TOO_LONG, Block, Unreadable, blocks, parts

_DELIMITERS = (",", ";", "\t", "|")
_QUOTED = re.compile(r'"[^"]*"')
NO_TEXT = "no text: neither UTF-8 nor Windows-1252"
QUOTES = "a quote is not closed in its line"


def batches(path: Path, wrong: Wrong) -> Iterator[Batch]:
    """All of the file's lines with as many fields as the first. A line is a line: a text in quotes
    does not go on in the next one. Raises :class:`.lines.Unreadable`."""
    table: _Table | None = None
    for block in blocks(path):
        if block.data is None:
            wrong(block.number, TOO_LONG)
            continue
        if table is None:
            head, block = _without_head(block)
            if head is None:
                continue
            table = _Table(_text(head) or "", path)
        if not block.data:
            continue
        batch = table.alike(block, wrong)
        if batch is not None:
            yield batch
            continue
        for part in parts(block):
            yield from table.one_by_one(part, wrong)


def _without_head(block: Block) -> tuple[bytes | None, Block]:
    """The first line that is one, and those after it."""
    data, number = block.data, block.number
    while data:
        line, _, data = data.partition(b"\n")
        number += 1
        if line.strip() and not line.lower().startswith(b"sep="):
            return line, Block(data, number, block.done)
    return None, block


class _Table:
    """The columns of a file, by its first line. Raises :class:`Unreadable` without the needed ones."""

    def __init__(self, head: str, path: Path) -> None:
        bare = _QUOTED.sub("", head)
        self.delimiter = max(_DELIMITERS, key=bare.count)
        try:
            names = next(csv.reader([head.strip()], delimiter=self.delimiter), [])
        except csv.Error:
            names = [head]
        self.names = [name.strip().lower() for name in names]
        check(self.names, path)
        self.places = [
            self.names.index(name) if name in self.names else -1 for name in COLUMNS
        ]

    def alike(self, block: Block, wrong: Wrong) -> Batch | None:
        """The lines of a block, most of which are simple; None if they are not."""
        assert block.data is not None
        piece = Piece(block.data)
        delimiter = ord(self.delimiter)
        lines = lines_of(piece, allowed=delimiter)
        columns = {
            name: at for name, at in zip(COLUMNS, self.places, strict=True) if at >= 0
        }
        places = fields_of(piece, lines, delimiter, len(self.names), columns)
        told: list[tuple[int, str]] = []
        for row in np.flatnonzero(~places.sound).tolist():
            line = block.data[lines.begin[row] : lines.stop[row]]
            if not line.strip():
                continue
            fields = self._fields(line)
            if isinstance(fields, str):
                told.append((block.number + row, fields))
            else:
                places.others[row] = [
                    fields[at] if at >= 0 else None for at in self.places
                ]
        cells = places.cells(piece, json=False)
        if cells is None:
            return None
        for number, why in told:
            wrong(number, why)
        return Batch(cells, places.numbers(block.number), block.done)

    def one_by_one(self, block: Block, wrong: Wrong) -> Iterator[Batch]:
        """Each line of a block by itself."""
        assert block.data is not None
        lines = block.data.split(b"\n")
        found: list[list[str]] = []
        numbers: list[int] = []
        for place, line in enumerate(lines, block.number):
            if not line.strip():
                continue
            fields = self._fields(line)
            if isinstance(fields, list):
                found.append(fields)
                numbers.append(place)
            else:
                wrong(place, fields)
        if found:
            yield self.batch(found, numbers, block.done)

    def _fields(self, line: bytes) -> list[str] | str:
        """The fields of a line, or why it has none."""
        if len(line) > LINE:
            return TOO_LONG
        text = _text(line)
        if text is None:
            return NO_TEXT
        text = text.removesuffix("\r")
        if '"' in text:
            try:
                fields = next(csv.reader([text], delimiter=self.delimiter, strict=True))
            except (csv.Error, StopIteration):
                return QUOTES
        else:
            fields = text.split(self.delimiter)
        width = len(self.names)
        return fields if len(fields) == width else f"not {width} columns"

    def batch(self, rows: list[list[str]], numbers: Sequence[int], done: int) -> Batch:
        columns = list(zip(*rows, strict=True))
        missing: Sequence[Value] = [None] * len(rows)
        named = [columns[place] if place >= 0 else missing for place in self.places]
        return Batch(named, numbers, done)


def check(names: Sequence[str], path: Path) -> None:
    """Raises :class:`Unreadable` if the columns of a table cannot be events."""
    shown = ", ".join(names[:12])[:300] or "none"
    if "product" not in names:
        raise Unreadable(f'{path} has no column "product"; its columns: {shown}')
    if not {"visitor", "session"} & set(names):
        raise Unreadable(
            f'{path} has no column "visitor", and no "session"; its columns: {shown}'
        )


def _text(line: bytes) -> str | None:
    for encoding in ("utf-8", "cp1252"):  # as a Windows of Western Europe writes it
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            pass
    return None

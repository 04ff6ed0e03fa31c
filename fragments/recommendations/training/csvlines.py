"""Events of a CSV file, whose first line names the columns."""

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from .batch import COLUMNS, Batch, Value, Wrong
from .lines import LINE, TOO_LONG, Unreadable, blocks

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
        lines = block.data.split(b"\n")
        if not lines[-1]:
            lines.pop()
        first = block.number
        if table is None:
            while lines and (
                not lines[0].strip() or lines[0].lower().startswith(b"sep=")
            ):
                lines.pop(0)
                first += 1
            if not lines:
                continue
            table = _Table(_text(lines.pop(0)) or "", path)
            first += 1
        rows, numbers = table.rows(lines, block.data, first, wrong)
        if rows:
            yield table.batch(rows, numbers, block.done)


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

    def rows(
        self, lines: list[bytes], data: bytes, number: int, wrong: Wrong
    ) -> tuple[list[list[str]], Sequence[int]]:
        """The fields of each line that is one, and its number."""
        width, delimiter = len(self.names), self.delimiter
        if b'"' not in data:
            try:
                text = b"\n".join(lines).decode().replace("\r", "")
            except UnicodeDecodeError:
                pass
            else:
                rows = [line.split(delimiter) for line in text.split("\n")]
                if all(len(row) == width for row in rows) and len(rows) == len(lines):
                    return rows, range(number, number + len(rows))
        found: list[list[str]] = []
        numbers: list[int] = []
        for place, line in enumerate(lines, number):
            if not line.strip():
                continue
            fields = self._fields(line)
            if isinstance(fields, list):
                found.append(fields)
                numbers.append(place)
            else:
                wrong(place, fields)
        return found, numbers

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

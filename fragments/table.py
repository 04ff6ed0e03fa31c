"""Catalogue files as rows of cells that know where they stand: CSV and JSON lines."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from ..findings import Finding

Report = Callable[[Finding], None]


class Cell(msgspec.Struct, frozen=True):
    """One value; ``line`` and ``column`` (from 1) are of its first character."""

    text: str
    line: int
    column: int


class Row(msgspec.Struct, frozen=True):
    """One record: column name -> cell. Cells that are not there are not in ``cells``."""

    line: int
    cells: Mapping[str, Cell]


class Table(msgspec.Struct, frozen=True):
    """A file that was read: its column names with their places, and its rows."""

    file: str
    columns: Mapping[str, Cell]
    rows: tuple[Row, ...]
    lines: tuple[str, ...]

    def finding(self, cell: Cell, message: str, hint: str = "") -> Finding:
        """An error at ``cell``."""
        excerpt = self.lines[cell.line - 1] if cell.line <= len(self.lines) else ""
        # A cell with a line end in it is underlined on its first line only.
        length = max(1, len(cell.text.split("\n")[0]))
        return Finding(
            self.file,
            cell.line,
            cell.column,
            message,
            hint,
            excerpt=excerpt,
            length=min(length, max(1, len(excerpt) - cell.column + 1)),
        )


_PLAIN = re.compile("[^,\n]*+")


def _plain(text: str, place: int) -> str:
    found = _PLAIN.match(text, place)
    return found[0] if found else ""


def _quoted(text: str, place: int) -> int:
    """Where the quoted cell ends that begins at ``place``: behind a quote that is not doubled; 0: nowhere."""
    end = text.find('"', place + 1)
    while end >= 0 and text.startswith('"', end + 1):
        end = text.find('"', end + 2)
    return end + 1


def _normal(text: str) -> str:
    """Without byte order mark, with ``\\n`` as the only line end."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def read_table(file: str, text: str, report: Report) -> Table:
    """Reads ``text`` as JSON lines when ``file`` ends so, else as CSV (RFC 4180).

    The first CSV row holds the column names. Empty lines are skipped, spaces around cells
    are dropped. What is wrong goes to ``report``; rows that cannot be read are left out.
    """
    text = _normal(text)
    lines = tuple(text.split("\n"))
    if file.endswith(".jsonl"):
        return _read_json_lines(file, lines, report)
    return _read_csv(file, text, lines, report)


def _read_csv(file: str, text: str, lines: tuple[str, ...], report: Report) -> Table:
    empty = Table(file, {}, (), lines)
    rows = _csv_rows(text, lambda cell, *words: report(empty.finding(cell, *words)))
    header = next(rows, None)
    if header is None:
        return empty
    if len(header) == 1 and re.search("[;\t]", header[0].text):
        message = "the cells of this file are not separated by commas"
        report(empty.finding(header[0], message, "save it as CSV with commas"))
        return empty
    columns: dict[str, Cell] = {}
    for cell in header:
        if cell.text in columns:
            report(empty.finding(cell, f'column "{cell.text}" is there twice'))
        columns[cell.text] = cell
    names = [cell.text for cell in header]
    read: list[Row] = []
    for cells in rows:
        if len(cells) != len(names):
            message = f"{len(cells)} cells, but the header has {len(names)}"
            hint = "a cell with a comma in it needs quotes around it"
            if len(cells) < len(names):
                hint = "write an empty cell where there is nothing to say"
            extra = cells[len(names)] if len(cells) > len(names) else cells[0]
            report(empty.finding(extra, message, hint))
            continue
        read.append(Row(cells[0].line, dict(zip(names, cells, strict=True))))
    return Table(file, columns, tuple(read), lines)


def _csv_rows(text: str, report: Callable[..., None]) -> Iterator[list[Cell]]:
    place, line, start, end = 0, 1, 0, len(text)
    while place < end:
        row: list[Cell] = []
        while True:
            plain = _plain(text, place)
            # Spaces before a quote would otherwise turn the quotes into text.
            lead = place + len(plain) - len(plain.lstrip())
            column = lead - start + 1
            if not plain.lstrip().startswith('"'):
                row.append(Cell(plain.strip(), line, column))
                place += len(plain)
            else:
                end_of_cell = _quoted(text, lead)
                if not end_of_cell:
                    here = Cell('"', line, column)
                    hint = "put one at the cell's end"
                    report(here, "this quote is never closed", hint)
                    return
                quoted = text[lead + 1 : end_of_cell - 1]
                row.append(Cell(quoted.replace('""', '"').strip(), line, column))
                place = end_of_cell
                if breaks := quoted.count("\n"):
                    line += breaks
                    start = text.rindex("\n", 0, place) + 1
                if (rest := _plain(text, place)).strip():
                    here = Cell(rest, line, place - start + 1)
                    report(here, "text after the closing quote", 'write "" for a quote')
                place += len(rest)
            if place < end and text[place] == ",":
                place += 1
            else:
                break
        # Spreadsheets leave rows of nothing but commas at the end of a file.
        if any(cell.text for cell in row):
            yield row
        place += 1
        line += 1
        start = place


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ";".join(map(_text, value))
    return str(value)


def _read_json_lines(file: str, lines: tuple[str, ...], report: Report) -> Table:
    columns: dict[str, Cell] = {}
    read: list[Row] = []
    table = Table(file, columns, (), lines)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        whole = Cell(line.strip(), number, len(line) - len(line.lstrip()) + 1)
        try:
            record = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError, UnicodeError) as wrong:
            report(table.finding(whole, "this line is not JSON", str(wrong)))
            continue
        if not isinstance(record, dict):
            hint = 'write {"id": ..., "title": ...}'
            report(table.finding(whole, "this line is not a JSON object", hint))
            continue
        cells: dict[str, Cell] = {}
        for name, value in record.items():
            column = max(0, line.find(msgspec.json.encode(name).decode())) + 1
            place = Cell(name, number, column)
            if isinstance(value, dict):
                message = f'"{name}" holds an object'
                report(table.finding(place, message, "one text, number or list"))
                continue
            if isinstance(value, list) and any(
                isinstance(one, dict | list) for one in value
            ):
                message = f'"{name}" holds a list of more than texts and numbers'
                report(table.finding(place, message, "one text, number or list"))
                continue
            cells[name] = Cell(_text(value).strip(), number, column)
            columns.setdefault(name, place)
        read.append(Row(number, cells))
    return Table(file, columns, tuple(read), lines)

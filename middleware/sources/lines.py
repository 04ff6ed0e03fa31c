"""The lines of a file that other people's programs have written: CSV and JSON, in bounded memory."""

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

LINE = 65_536  # bytes of a line, and of several that a quoted field spans
SPAN = 50  # lines that a quoted field may span
COLUMNS = 1_000
_STEP = 1 << 18

DELIMITERS = (";", ",", "\t", "|")
_QUOTED = re.compile(r'"[^"]*"')


class Unreadable(ValueError):
    """A file that cannot be read at all; says why and what to do."""


class Line(NamedTuple):
    """What stands at ``number`` (from 1), and where in the file it ends.

    ``fault`` says what is wrong with it; its ``values`` are empty then.
    """

    number: int
    end: int
    text: str
    values: dict[str, Any]
    fault: str = ""


class _Raw(NamedTuple):
    number: int
    end: int
    data: bytes
    fault: str = ""


def encoding_of(path: Path) -> str:
    """How ``path`` is written: UTF-8, with a mark or without, else Windows' Western European.

    Raises :class:`Unreadable` for two bytes to a letter, and :class:`OSError`.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        begin = file.read(4)
        if begin.startswith(codecs.BOM_UTF8):
            return "utf-8-sig"
        if begin[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) or b"\0" in begin:
            raise Unreadable("this is UTF-16 or no text: save it as UTF-8")
        try:
            decoder.decode(begin)
            while data := file.read(_STEP):
                decoder.decode(data)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


class _Lines:
    """The lines of a file as they stand there; one that is too long is passed over."""

    def __init__(self, file: BufferedReader, offset: int, number: int) -> None:
        file.seek(offset)
        self._file = file
        self._end = offset
        self._number = number
        self._ahead: deque[_Raw] = deque()

    def next(self) -> _Raw | None:
        return self._ahead.popleft() if self._ahead else self._read()

    def peek(self, place: int) -> _Raw | None:
        """The line ``place`` lines ahead, from 0."""
        while len(self._ahead) <= place:
            raw = self._read()
            if raw is None:
                return None
            self._ahead.append(raw)
        return self._ahead[place]

    def skip(self, lines: int) -> None:
        for _ in range(lines):
            self._ahead.popleft()

    def _read(self) -> _Raw | None:
        data = self._file.readline(LINE + 1)
        if not data:
            return None
        self._number += 1
        self._end += len(data)
        if len(data) > LINE:
            while data and not data.endswith(b"\n"):
                data = self._file.readline(_STEP)
                self._end += len(data)
            fault = f"a line has at most {LINE:,} bytes"
            return _Raw(self._number, self._end, b"", fault)
        return _Raw(self._number, self._end, data.rstrip(b"\r\n"))


class CsvFile:
    """A CSV file: ``columns`` are the names of its first line.

    Raises :class:`Unreadable` if that says none, and :class:`OSError`.
    """

    def __init__(self, path: Path, encoding: str = "", delimiter: str = "") -> None:
        self.path = path
        self.encoding = encoding or encoding_of(path)
        with path.open("rb") as file:
            lines = _Lines(file, 0, 0)
            head = lines.next()
            if head is not None and head.data.lower().startswith((b"sep=", b'"sep=')):
                head = lines.next()  # what Excel tells Excel
        if head is not None and head.fault:
            raise Unreadable(f"its first line has to name the columns: {head.fault}")
        if head is None or not head.data.strip():
            raise Unreadable("its first line has to name the columns, and is empty")
        text = self._decoded(head.data, first=True)
        self.delimiter = delimiter or _delimiter(text)
        try:
            names = _fields(text, self.delimiter)
        except csv.Error as error:
            raise Unreadable(f"its first line cannot be read: {error}") from None
        self.columns = tuple(name.strip() for name in names)
        if len(self.columns) > COLUMNS:
            raise Unreadable(f"it has more than {COLUMNS:,} columns")
        twice = {name for name in self.columns if name and self.columns.count(name) > 1}
        if twice:
            raise Unreadable(f'the column "{min(twice)}" is there twice')
        self._begin = head.end, head.number

    def _decoded(self, data: bytes, first: bool = False) -> str:
        encoding = self.encoding
        if encoding == "utf-8-sig" and not first:
            encoding = "utf-8"
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            raise Unreadable(f"it is not {self.encoding}: {error.reason}") from None

    def lines(self, offset: int = 0, number: int = 0) -> Iterator[Line]:
        """The lines after the first, or after the one that ends at ``offset``."""
        if not offset:
            offset, number = self._begin
        with self.path.open("rb") as file:
            lines = _Lines(file, offset, number)
            while (raw := lines.next()) is not None:
                if raw.fault:
                    yield Line(raw.number, raw.end, "", {}, raw.fault)
                elif raw.data.strip():
                    yield self._line(raw, lines)

    def _line(self, raw: _Raw, lines: _Lines) -> Line:
        fault = ""
        try:
            text = self._decoded(raw.data)
        except Unreadable as error:
            shown = raw.data.decode("latin-1")
            return Line(raw.number, raw.end, shown, {}, str(error))
        if text.count('"') % 2 == 0:
            values, fault = self._values(text)
            return Line(raw.number, raw.end, text, values, fault)
        # A quote is open: the lines that follow may belong to it. Where they do not make a
        # whole line together, only this one is wrong.
        together = text
        for place in range(SPAN):
            following = lines.peek(place)
            if following is None or following.fault:
                break
            try:
                together += "\n" + self._decoded(following.data)
            except Unreadable:
                break
            if len(together) > LINE:
                break
            if following.data.count(b'"') % 2:
                values, fault = self._values(together)
                if not fault:
                    lines.skip(place + 1)
                    return Line(raw.number, following.end, together, values)
                break
        return Line(raw.number, raw.end, text, {}, fault or "a quote is never closed")

    def _values(self, text: str) -> tuple[dict[str, Any], str]:
        try:
            fields = _fields(text, self.delimiter)
        except csv.Error as error:
            return {}, str(error)
        if len(fields) != len(self.columns):
            words = f"{len(fields)} columns, but the first line has {len(self.columns)}"
            return {}, words
        return dict(zip(self.columns, fields, strict=True)), ""


class JsonLines:
    """A file with a JSON object in every line. Raises as :class:`CsvFile`."""

    columns: tuple[str, ...] = ()  # every line may have others

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            begin = file.read(4)
        self._begin = 3 if begin.startswith(codecs.BOM_UTF8) else 0
        if begin[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            raise Unreadable("this is UTF-16: save it as UTF-8")

    def lines(self, offset: int = 0, number: int = 0) -> Iterator[Line]:
        """As :meth:`CsvFile.lines`, without a first one that names columns."""
        with self.path.open("rb") as file:
            lines = _Lines(file, offset or self._begin, number)
            while (raw := lines.next()) is not None:
                if raw.fault:
                    yield Line(raw.number, raw.end, "", {}, raw.fault)
                elif raw.data.strip():
                    yield _json(raw)


def _json(raw: _Raw) -> Line:
    text = raw.data.decode("utf-8", "replace")
    try:
        values = msgspec.json.decode(raw.data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Line(raw.number, raw.end, text, {}, f"no JSON: {error}")
    if not isinstance(values, dict):
        return Line(raw.number, raw.end, text, {}, "no JSON object")
    return Line(raw.number, raw.end, text, values)


def _fields(text: str, delimiter: str) -> list[str]:
    return next(csv.reader([text], delimiter=delimiter, strict=True), [])


def _delimiter(head: str) -> str:
    """What stands between the names of the first line most often."""
    bare = _QUOTED.sub("", head)
    return max(DELIMITERS, key=bare.count)

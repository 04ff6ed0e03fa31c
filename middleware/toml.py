"""A TOML file whose every value knows where it stands."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from ..findings import Finding, suggest

SIZE_LIMIT = 1 << 17  # characters of one file
LINE_LIMIT = 1_000  # characters: what reads TOML takes the square of some
FINDING_LIMIT = 200  # of one file
DEPTH_LIMIT = 20  # parts of a name

_HEADER = re.compile(r"\s*\[\[?\s*(?P<path>[^\]]*[^\]\s])\s*\]\]?")
_KEY = re.compile(
    r"""\s*(?P<path>(?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*="""
)
_DEEP = re.compile(
    rf"""\s*\[?\[?\s*(?:(?:"[^"]*"|'[^']*'|[\w-]+)\s*\.\s*){{{DEPTH_LIMIT}}}"""
)
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([\w-]+)""")
_INLINE_KEY = re.compile(r"""("[^"]*"|'[^']*'|(?<![\w-])[\w-]+)\s*=""")
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
# What to do about a mistake that the parser names: the first that its words hold.
_TOML = {
    "Invalid value": 'a text stands in quotes: name = "My shop"',
    "twice": "what comes several times is written [[...]], each time",
    "Cannot overwrite": "each key once",
}


class Section:
    """One table of the file; reading from it collects findings instead of raising.

    Every reader method takes a key and the value that stands for "not written".
    ``finish`` reports what nobody asked for.
    """

    def __init__(
        self, document: "Document", path: tuple[str, ...], data: Mapping[str, Any]
    ) -> None:
        self.document = document
        self.path = path
        self.data = data
        self._read: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self.data

    def wrong(self, key: str, message: str, hint: str = "") -> None:
        self.document.report((*self.path, key), message, hint)

    def _value(self, key: str, kinds: tuple[type, ...], wanted: str) -> Any:
        self._read.add(key)
        value = self.data.get(key)
        if value is None:
            return None
        # bool is an int in Python, but not in TOML.
        if not isinstance(value, kinds) or (
            isinstance(value, bool) and bool not in kinds
        ):
            self.wrong(key, f'"{key}" must be {wanted}')
            return None
        return value

    def text(self, key: str, default: str = "") -> str:
        value = self._value(key, (str,), "a text in quotes")
        return default if value is None else str(value)

    def whole(self, key: str, default: int, *, least: int, most: int) -> int:
        value = self._value(key, (int,), "a whole number")
        if value is None:
            return default
        if not least <= value <= most:
            self.wrong(key, f'"{key}" must be from {least} to {most}, not {value}')
            return default
        return int(value)

    def amount(
        self, key: str, default: float, *, least: float = 0.0, most: float
    ) -> float:
        value = self._value(key, (int, float), "a number")
        if value is None:
            return default
        if not least <= value <= most:  # nor is what is not a number at all
            self.wrong(key, f'"{key}" must be from {least:g} to {most:g}, not {value}')
            return default
        return float(value)

    def flag(self, key: str, default: bool = False) -> bool:
        value = self._value(key, (bool,), "true or false")
        return default if value is None else bool(value)

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._value(key, (list,), "a list of texts")
        if value is None:
            return ()
        if not all(isinstance(item, str) for item in value):
            self.wrong(key, f'"{key}" must be a list of texts')
            return ()
        return tuple(value)

    def numbers(self, key: str, *, least: int, most: int) -> tuple[int, ...]:
        value = self._value(key, (list,), "a list of whole numbers")
        if value is None:
            return ()
        for item in value:
            if type(item) is not int or not least <= item <= most:
                words = f"whole numbers from {least} to {most}"
                self.wrong(key, f'"{key}" must be a list of {words}')
                return ()
        return tuple(value)

    def table(self, key: str) -> "Section":
        value = self._value(key, (dict,), "a table")
        return Section(self.document, (*self.path, key), value or {})

    def tables(self, key: str) -> "list[Section]":
        """The entries of an array of tables, ``[[key]]``."""
        value = self._value(key, (list,), f"written as [[{key}]]") or []
        sections = []
        for number, item in enumerate(value):
            path = (*self.path, key, str(number))
            if isinstance(item, dict):
                sections.append(Section(self.document, path, item))
            else:
                self.document.report(path, f'an entry of "{key}" must be a table')
        return sections

    def finish(self, later: Iterable[str] = ()) -> None:
        """Report keys that nobody read; those in ``later`` are known but not built yet."""
        for key in self.data:
            if key in self._read:
                continue
            if self.document.full:
                return
            where = f"[{'.'.join(part for part in self.path if not part.isdigit())}]"
            if key in later:
                self.wrong(key, f'"{key}" is not available yet')
            else:
                place = where if self.path else "this file"
                words = f'unknown key "{key}" in {place}'
                hint = suggest(key, self._read)
                path = (*self.path, key)
                self.document.report(path, words, hint, code="unknown")


class Document:
    """A TOML text, its values, and the place of each key."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.findings: list[Finding] = []
        # TOML knows no other line ends, and its errors are counted by these.
        self._lines = (
            text[:SIZE_LIMIT].replace("\r\n", "\n").removesuffix("\n").split("\n")
        )
        self._places: dict[tuple[str, ...], tuple[int, int, int]] = {}
        data: dict[str, Any] = {}
        if len(text) > SIZE_LIMIT:
            self._add(1, 1, f"this file is larger than {SIZE_LIMIT >> 10} KiB", "", 1)
        elif (problem := _dear(self._lines)) is not None:
            self._add(*problem, 1)
        else:
            data = self._parsed(text)
            if not self.findings:
                self._places = _places(self._lines)
        self.root = Section(self, (), data)

    @property
    def full(self) -> bool:
        """Whether there are as many findings as anybody would read."""
        return len(self.findings) >= FINDING_LIMIT

    def _parsed(self, text: str) -> dict[str, Any]:
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            at = _AT.search(str(error))
            line = int(at[1]) if at and at[1] else len(self._lines)
            column = int(at[2]) if at and at[2] else 1
            words = _AT.sub("", str(error))
            hint = next((said for part, said in _TOML.items() if part in words), "")
            words = f"this is not valid TOML: {words}"
            self._add(line, column, words, hint, 1, code="toml")
        except (ValueError, RecursionError) as error:
            # A number of thousands of digits, brackets in thousands of brackets.
            self._add(1, 1, f"this cannot be read: {error}", "", 1)
        return {}

    def report(
        self,
        path: tuple[str, ...],
        message: str,
        hint: str = "",
        severity: Literal["error", "warning"] = "error",
        code: str = "invalid",
    ) -> None:
        """Add a finding at the key ``path``, or at the nearest table around it that is known."""
        while path and path not in self._places:
            path = path[:-1]
        line, column, length = self._places.get(path, (1, 1, 1))
        self._add(line, column, message, hint, length, severity, code)

    def _add(
        self,
        line: int,
        column: int,
        message: str,
        hint: str,
        length: int,
        severity: Literal["error", "warning"] = "error",
        code: str = "invalid",
    ) -> None:
        excerpt = self._lines[line - 1][:500] if 0 < line <= len(self._lines) else ""
        self.findings.append(
            Finding(
                self.file,
                line,
                column,
                message,
                hint,
                severity,
                excerpt,
                length,
                code,
            )
        )


def _dear(lines: list[str]) -> tuple[int, int, str, str] | None:
    """Place, message and hint of a line that would take longer to read than its length says."""
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_LIMIT:
            words = f"a line has at most {LINE_LIMIT:,} characters"
            return number, LINE_LIMIT + 1, words, "break it into several"
        if "." in line and _DEEP.match(line):
            return number, 1, f"this name has more than {DEPTH_LIMIT} parts", ""
    return None


def _parts(path: str) -> tuple[str, ...]:
    return tuple(a or b or c for a, b, c in _PART.findall(path))


def _places(lines: list[str]) -> dict[tuple[str, ...], tuple[int, int, int]]:
    """Key path -> (line, column, length), both from 1. Entries of arrays of tables are numbered."""
    places: dict[tuple[str, ...], tuple[int, int, int]] = {}
    counts: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    quotes = ""  # the mark that ends an open multi-line string
    for number, line in enumerate(lines, 1):
        if quotes:
            if quotes in line:
                quotes = ""
            continue
        begin = line.lstrip()[:2]
        if not begin or begin[0] == "#":
            continue
        if begin[0] == "[" and (found := _HEADER.match(line)):
            table = _parts(found["path"])
            if begin == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, str(counts[table]))
            places[table] = (number, found.start("path") + 1, len(found["path"]))
        elif found := _KEY.match(line):
            path = (*table, *_parts(found["path"]))
            places.setdefault(
                path, (number, found.start("path") + 1, len(found["path"]))
            )
            for inner in _INLINE_KEY.finditer(line, found.end()):
                key = (*path, *_parts(inner[1]))
                places.setdefault(key, (number, inner.start(1) + 1, len(inner[1])))
            for mark in ('"""', "'''"):
                if line.count(mark) == 1:
                    quotes = mark
    return places

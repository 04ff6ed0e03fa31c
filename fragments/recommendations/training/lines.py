"""The lines of a file, plain or packed by gzip, some hundred kilobytes of them at a time."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

#: Bytes that are read at once.
BLOCK = 1 << 20
#: Bytes of which an object is made for each value: these have to fit into a processor's cache.
PART = 1 << 17
#: Bytes of a line; a longer one is passed over, whatever it holds.
LINE = 1 << 16
TOO_LONG = f"a line is longer than {LINE:,} bytes"
_GZIP = b"\x1f\x8b"


class Unreadable(ValueError):
    """A file that no events can be read from: says what, where, and what to do."""


class Block(NamedTuple):
    """Whole lines, the number of the first of them (from 1), and how far into the file they end.

    ``data`` is None for a line that is too long.
    """

    data: bytes | None
    number: int
    done: int


def begins(path: Path, length: int = 512) -> bytes:
    """The first bytes, unpacked. Raises :class:`Unreadable`."""
    with _opened(path) as (file, _):
        return _read(file, path, length)


def blocks(path: Path) -> Iterator[Block]:
    """All lines. Raises :class:`Unreadable` where the file cannot be read to its end."""
    with _opened(path) as (file, raw):
        number, rest, passing = 1, b"", False
        first = True
        while data := _read(file, path):
            if first:
                data = _without_mark(data, path)
                first = False
            end = data.rfind(b"\n") + 1
            if passing:  # the rest of a line that is too long
                begin = data.find(b"\n") + 1
                if not begin:
                    continue
                yield Block(None, number, raw.tell())
                number, passing = number + 1, False
                rest, data, end = b"", data[begin:], end - begin
            if not end:
                rest += data
                if len(rest) > LINE:
                    rest, passing = b"", True
                continue
            whole = rest + data[:end]
            rest = data[end:]
            yield Block(whole, number, raw.tell())
            number += whole.count(b"\n")
            if len(rest) > LINE:
                rest, passing = b"", True
        if passing:
            yield Block(None, number, raw.tell())
        elif rest:
            yield Block(rest, number, raw.tell())


def parts(block: Block) -> Iterator[Block]:
    """The same lines, fewer at a time."""
    data, number = block.data, block.number
    begin = 0
    while data and begin < len(data):
        end = data.find(b"\n", begin + PART) + 1 or len(data)
        part = data[begin:end]
        yield Block(part, number, block.done)
        number += part.count(b"\n")
        begin = end


def measured(data: bytes) -> tuple[int, int]:
    """How many lines there are, and how many bytes the longest has."""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == 10)
    if not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    return len(ends), int(np.diff(ends, prepend=-1).max(initial=0)) - 1


def _read(file: IO[bytes], path: Path, most: int = 0) -> bytes:
    try:
        return file.read(most or BLOCK)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Unreadable(
            f"{path}: what gzip packed is damaged or cut off ({error}): copy it again"
        ) from error
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from error


def _without_mark(data: bytes, path: Path) -> bytes:
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise Unreadable(f"{path} is UTF-16: save it as UTF-8")
    return data.removeprefix(codecs.BOM_UTF8)


class _opened:
    """A file to read from, unpacked, and the one that is on the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> tuple[IO[bytes], IO[bytes]]:
        try:
            self._raw = self._path.open("rb")
            packed = self._raw.read(2) == _GZIP
            self._raw.seek(0)
        except OSError as error:
            raise Unreadable(
                f"{self._path} cannot be read: {error.strerror}"
            ) from error
        if packed:
            return gzip.open(self._raw), self._raw  # type: ignore[return-value]  # it reads bytes, as others do
        return self._raw, self._raw

    def __exit__(self, *exception: object) -> None:
        self._raw.close()

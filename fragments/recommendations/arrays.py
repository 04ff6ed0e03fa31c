"""Arrays in files of their own, as numpy's ``.npy`` keeps them: read and written without numpy.

Version 1.0 of the format, one dimension, little endian: what every such array of ours has. A file
is mapped into memory, or read row by row: what is mapped is faster when it is small and is asked all the
time; of a large one, each question brings sixteen pages and more into the process, which it keeps.
"""

import mmap
import os
import re
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar, overload

if TYPE_CHECKING:
    from typing_extensions import Buffer

MAGIC = b"\x93NUMPY\x01\x00"
#: numpy's name of a type -> memoryview's, for all that an array may hold.
FORMATS = {
    "|b1": "?", "|i1": "b", "|u1": "B", "<i2": "h", "<u2": "H", "<i4": "i", "<u4": "I",
    "<i8": "q", "<u8": "Q", "<f4": "f", "<f8": "d",
}  # fmt: skip
_SIGNED, _UNSIGNED, _FLOATS = "bhilqn", "BHILQN", "fd"
_ALIGNED = 64  # the data begins at a multiple of this, so that it can be mapped
_LONGEST = 4096  # bytes of a header; ours have 118
_HEADER = re.compile(
    rb"\{'descr': '([<|][biuf][1248])', 'fortran_order': False, "
    rb"'shape': \((0|[1-9][0-9]{0,17}),\), \} *\n\Z"
)
_PIECE = 4096  # items that are read at once by whoever goes through all of them

T = TypeVar("T", int, float)


class Array(Protocol[T]):
    """One column of numbers, read only: a memoryview, or what is asked as one."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[T]: ...
    @overload
    def __getitem__(self, place: int, /) -> T: ...
    @overload
    def __getitem__(self, place: slice, /) -> "Array[T]": ...
    def tolist(self) -> list[T]: ...
    def tobytes(self) -> bytes: ...


class ArrayFault(ValueError):
    """A file that is not an array of ours; says what is wrong, not where."""


class Opened(NamedTuple):
    """An array with its dtype, and the state of its file."""

    array: Array[Any]
    dtype: str
    state: os.stat_result


class Paged:
    """An array that stays in its file: each question reads what it asks for, on any thread.

    The system's cache holds what is asked often, for all processes together. The file stays
    open, so it may be deleted.
    """

    __slots__ = ("_file", "_start", "_size", "_item", "_format")

    def __init__(self, file: int, start: int, size: int, format: str) -> None:
        """``file`` is a descriptor, which is ours from here on."""
        self._file, self._start, self._size = file, start, size
        self._item, self._format = struct.calcsize(f"={format}"), format

    def __del__(self) -> None:
        os.close(self._file)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, place: Any) -> Any:
        if place.__class__ is slice:
            begin, end, step = place.start, place.stop, place.step
            if (
                begin.__class__ is not int
                or end.__class__ is not int
                or step is not None
                or not 0 <= begin <= end <= self._size
            ):
                begin, end, step = place.indices(self._size)
                if step != 1:
                    return self._read(0, self._size)[place]
            return self._read(begin, max(begin, end))
        if not 0 <= place < self._size:
            if not -self._size <= place < 0:
                raise IndexError(f"{place} is out of bounds: {self._size} items")
            place += self._size
        return self._read(place, place + 1)[0]

    def _read(self, begin: int, end: int) -> "memoryview[Any]":
        item = self._item
        size = (end - begin) * item
        data = os.pread(self._file, size, self._start + begin * item)
        if len(data) != size:
            raise ArrayFault("it was cut after it had been opened")
        return memoryview(data).cast(self._format)  # type: ignore[call-overload,no-any-return]  # its formats are literals there

    def __iter__(self) -> Iterator[Any]:
        for begin in range(0, self._size, _PIECE):
            yield from self._read(begin, min(begin + _PIECE, self._size))

    def tolist(self) -> list[Any]:
        return self._read(0, self._size).tolist()

    def tobytes(self) -> bytes:
        return self._read(0, self._size).tobytes()


def dtype_of(view: "memoryview[Any]") -> str:
    """numpy's name for what ``view`` holds. Raises ValueError for what a file cannot keep."""
    letter = view.format.lstrip("@=<" if sys.byteorder == "little" else "<")
    if letter == "?":
        return "|b1"
    for kind, letters in (("i", _SIGNED), ("u", _UNSIGNED), ("f", _FLOATS)):
        if len(letter) == 1 and letter in letters:
            return f"{'|' if view.itemsize == 1 else '<'}{kind}{view.itemsize}"
    raise ValueError(
        f"an array of {view.format!r} cannot be kept, only of whole numbers and floats "
        "in this machine's order of bytes"
    )


def encoded(array: "Buffer") -> "tuple[bytes, memoryview[int], str]":
    """The header and the data of a file for ``array``, and its dtype.

    Raises ValueError for more than one dimension, gaps, and types that cannot be kept.
    """
    view = memoryview(array)
    if view.ndim != 1 or not view.c_contiguous:
        raise ValueError("an array has one dimension and no gaps: flatten it first")
    dtype = dtype_of(view)
    words = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({len(view)},), }}"
    before = len(MAGIC) + 2
    padded = words + " " * (-(before + len(words) + 1) % _ALIGNED) + "\n"
    header = MAGIC + struct.pack("<H", len(padded)) + padded.encode("ascii")
    return header, view.cast("B") if view.nbytes else memoryview(b""), dtype


def open_array(path: Path, maps: bool) -> Opened:
    """The array in ``path``: mapped if ``maps``, else read as it is asked; never copied.

    Raises OSError, and :class:`ArrayFault` for a file of another kind, a truncated one and one with
    more in it than it says.
    """
    file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        state = os.fstat(file)
        start, size, dtype = _head(file, state.st_size)
        format = FORMATS[dtype]
        if maps or not hasattr(os, "pread"):
            whole = memoryview(mmap.mmap(file, 0, access=mmap.ACCESS_READ))
            array: Any = whole[start:].cast(format)  # type: ignore[call-overload]  # as above
        else:
            array = Paged(file, start, size, format)
            file = -1
    finally:
        if file >= 0:
            os.close(file)
    return Opened(array, dtype, state)


def _head(file: int, size: int) -> tuple[int, int, str]:
    """Where the data begins, how many items there are, and their dtype."""
    if not size:
        raise ArrayFault("it is empty")
    before = len(MAGIC) + 2
    head = os.read(file, before + _LONGEST)
    if not head.startswith(MAGIC) or len(head) < before:
        raise ArrayFault("it is no array (.npy, version 1.0)")
    (length,) = struct.unpack("<H", head[before - 2 : before])
    found = _HEADER.match(head[before : before + length])
    if found is None or (dtype := found[1].decode()) not in FORMATS:
        raise ArrayFault("its header says nothing that an array of a model says")
    start, count = before + length, int(found[2])
    bytes = count * struct.calcsize(f"={FORMATS[dtype]}")
    if size - start != bytes:
        raise ArrayFault(
            f"it should hold {bytes:,} bytes of data and holds {max(0, size - start):,}"
        )
    return start, count, dtype

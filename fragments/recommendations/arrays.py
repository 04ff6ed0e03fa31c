"""Arrays in files of their own, as numpy's ``.npy`` keeps them: read and written without numpy.

Version 1.0 of the format, one dimension, little endian: what every such array of ours has.
"""

import mmap
import os
import re
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Buffer

MAGIC = b"\x93NUMPY\x01\x00"
_ALIGNED = 64  # the data begins at a multiple of this, so that it can be mapped
_LONGEST = 4096  # bytes of a header; ours have 118
_HEADER = re.compile(
    rb"\{'descr': '([<|][biuf][1248])', 'fortran_order': False, "
    rb"'shape': \((0|[1-9][0-9]{0,17}),\), \} *\n\Z"
)
#: numpy's name of a type -> memoryview's, for all that an array may hold.
FORMATS = {
    "|b1": "?", "|i1": "b", "|u1": "B", "<i2": "h", "<u2": "H", "<i4": "i", "<u4": "I",
    "<i8": "q", "<u8": "Q", "<f4": "f", "<f8": "d",
}  # fmt: skip
_SIGNED, _UNSIGNED, _FLOATS = "bhilqn", "BHILQN", "fd"


class ArrayFault(ValueError):
    """A file that is not an array of ours; says what is wrong, not where."""


def dtype_of(view: memoryview) -> str:
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


def encoded(array: "Buffer") -> tuple[bytes, memoryview, str]:
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


def mapped(path: Path) -> "tuple[memoryview[Any], os.stat_result]":
    """The array in ``path``, mapped into memory and never copied; and the file's state.

    Shared between all processes that map it. Raises OSError, and :class:`ArrayFault` for a file
    of another kind, a truncated one and one with more in it than it says.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        state = os.fstat(descriptor)
        if not state.st_size:
            raise ArrayFault("it is empty")
        whole = memoryview(mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ))
    finally:
        os.close(descriptor)
    return _data(whole), state


def _data(whole: memoryview) -> "memoryview[Any]":
    before = len(MAGIC) + 2
    if bytes(whole[: len(MAGIC)]) != MAGIC or len(whole) < before:
        raise ArrayFault("it is no array (.npy, version 1.0)")
    (length,) = struct.unpack("<H", whole[before - 2 : before])
    header = bytes(whole[before : before + min(length, _LONGEST)])
    found = _HEADER.match(header)
    if found is None or (format := FORMATS.get(found[1].decode())) is None:
        raise ArrayFault("its header says nothing that an array of a model says")
    data = whole[before + length :]
    size = int(found[2]) * struct.calcsize(f"={format}")
    if len(data) != size:
        raise ArrayFault(
            f"it should hold {size:,} bytes of data and holds {len(data):,}"
        )
    return data.cast(format)  # type: ignore[call-overload,no-any-return]  # one of FORMATS

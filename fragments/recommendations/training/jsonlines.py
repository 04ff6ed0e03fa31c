"""Events of a file with a JSON object in every line."""

from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

import msgspec

from .batch import COLUMNS, Batch, Value, Wrong
from .lines import LINE, TOO_LONG, blocks, measured

NO_JSON = "no JSON"
NO_OBJECT = "no JSON object"
WRONG_KIND = "a value is neither text nor a number"


class _Line(msgspec.Struct, gc=False):
    visitor: Value = None
    session: Value = None
    event: Value = None
    product: Value = None
    time: Value = None
    order: Value = None


_VALUES = [attrgetter(name) for name in COLUMNS]
_decoder = msgspec.json.Decoder(_Line)


def batches(path: Path, wrong: Wrong) -> Iterator[Batch]:
    """All of the file's objects. Raises :class:`.lines.Unreadable`."""
    for block in blocks(path):
        if block.data is None:
            wrong(block.number, TOO_LONG)
            continue
        read = _together(block.data)
        numbers: list[int] | range
        if read is None:
            read, numbers = _one_by_one(block.data.split(b"\n"), block.number, wrong)
        else:
            numbers = range(block.number, block.number + len(read))
        if read:
            columns = [list(map(value, read)) for value in _VALUES]
            yield Batch(columns, numbers, block.done)


def _together(data: bytes) -> list[_Line] | None:
    """All lines at once; None if one of them is no event, or empty."""
    number, longest = measured(data)
    if longest > LINE:
        return None
    try:
        read = _decoder.decode_lines(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return read if len(read) == number else None


def _one_by_one(
    lines: list[bytes], number: int, wrong: Wrong
) -> tuple[list[_Line], list[int]]:
    read: list[_Line] = []
    numbers: list[int] = []
    decode = _decoder.decode
    for place, line in enumerate(lines, number):
        if not line:  # there may be millions of them
            continue
        if len(line) > LINE:
            wrong(place, TOO_LONG)
            continue
        try:
            read.append(decode(line))
            numbers.append(place)
        except msgspec.ValidationError as error:
            top = str(error).startswith("Expected `object`") and "$" not in str(error)
            wrong(place, NO_OBJECT if top else WRONG_KIND)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            if line.strip():
                wrong(place, NO_JSON)
    return read, numbers

"""Events of a file with a JSON object in every line."""

from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

import msgspec

from .batch import COLUMNS, Batch, Value, Wrong
from .lines import LINE, TOO_LONG, blocks

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


_decoder = msgspec.json.Decoder(_Line)
_values = attrgetter(*COLUMNS)


def batches(path: Path, wrong: Wrong) -> Iterator[Batch]:
    """All of the file's objects. Raises :class:`.lines.Unreadable`."""
    for block in blocks(path):
        if block.data is None:
            wrong(block.number, TOO_LONG)
            continue
        lines = block.data.split(b"\n")
        if not lines[-1]:
            lines.pop()
        try:
            read = _decoder.decode_lines(block.data)
            sound = len(read) == len(lines) and max(map(len, lines)) <= LINE
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            sound = False
        numbers: list[int] | range = range(block.number, block.number + len(lines))
        if not sound:
            read, numbers = _one_by_one(lines, block.number, wrong)
        if read:
            columns = list(zip(*map(_values, read), strict=True))
            yield Batch(columns, numbers, block.done)


def _one_by_one(
    lines: list[bytes], number: int, wrong: Wrong
) -> tuple[list[_Line], list[int]]:
    read: list[_Line] = []
    numbers: list[int] = []
    decode = _decoder.decode
    for place, line in enumerate(lines, number):
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

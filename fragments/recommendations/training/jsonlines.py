"""Events of a file with a JSON object in every line."""

from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

import msgspec
import numpy as np

from .batch import COLUMNS, Batch, Value, Wrong
from .cells import Piece, lines_of
from .jsonshapes import Shapes
from .lines import LINE, TOO_LONG, Block, blocks, measured, parts

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
    shapes = Shapes(_is_event)
    for block in blocks(path):
        if block.data is None:
            wrong(block.number, TOO_LONG)
            continue
        batch = _alike(shapes, block, wrong)
        if batch is not None:
            yield batch
            continue
        for part in parts(block):
            yield from _decoded(part, wrong)


def _alike(shapes: Shapes, block: Block, wrong: Wrong) -> Batch | None:
    """The events of a block whose lines mostly differ only in their values; None if they do not."""
    assert block.data is not None
    piece = Piece(block.data)
    lines = lines_of(piece)
    places = shapes.of(piece, lines)
    if places is None:
        return None
    rest = np.flatnonzero(~places.sound)
    told: list[tuple[int, str]] = []
    for row in rest.tolist():
        line = block.data[lines.begin[row] : lines.stop[row]]
        read, _ = _one_by_one([line], block.number + row, lambda *it: told.append(it))
        if read:
            places.others[row] = [value(read[0]) for value in _VALUES]
    cells = places.cells(piece, json=True)
    if cells is None:
        return None
    for number, why in told:
        wrong(number, why)
    return Batch(cells, places.numbers(block.number), block.done)


def _decoded(block: Block, wrong: Wrong) -> Iterator[Batch]:
    assert block.data is not None
    read = _together(block.data)
    numbers: list[int] | range
    if read is None:
        read, numbers = _one_by_one(block.data.split(b"\n"), block.number, wrong)
    else:
        numbers = range(block.number, block.number + len(read))
    if read:
        columns = [list(map(value, read)) for value in _VALUES]
        yield Batch(columns, numbers, block.done)


def _is_event(line: bytes) -> bool:
    try:
        _decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True


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

"""What one owner adds to the sums, as it is kept: small, without the words of it."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from ...rules.measurement.cells import Cell
from ...rules.measurement.contributions import Contribution
from ...rules.measurement.quantities import Quantities
from .names import Names

NEVER = -1.0  # seconds since 1970
NO_DAY = 2**31 - 1


class Body(msgspec.Struct, array_like=True, gc=False):
    """A contribution in numbers.

    ``cells`` are name, day, and the places of the two halves of their quantities in ``halves``,
    one cell after the other. ``marks`` and ``further`` are name, day and how many.
    """

    halves: list[tuple[int, ...]]
    cells: list[int]
    marks: list[int]
    further: list[int]

    @property
    def first(self) -> int:
        """The earliest day in it."""
        days = self.cells[1::4] + self.marks[1::3] + self.further[1::3]
        return min(days, default=NO_DAY)


class Unit(NamedTuple):
    """A row of the table of units."""

    owner: str
    generation: int
    body: bytes
    first: int
    shown: float
    did: float
    settled: float | None = None
    past: bytes | None = None


class Past(msgspec.Struct, array_like=True):
    """The days up to which a unit counts among the gone, and the cells in which it does."""

    day: int
    cells: list[int]


Part = Mapping[Cell, Quantities]

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Body).decode
_write = msgspec.json.Encoder().encode
_read = msgspec.json.Decoder(Body).decode
_unpack_past = msgspec.msgpack.Decoder(Past).decode


def body_of(contribution: Contribution, names: Names) -> Body:
    """``contribution`` without the parts of accounts."""
    known, of = names.numbers.get, names.of
    cells = contribution.placed.flat.copy()
    cells[::4] = [known(words) or of(words) for words in cells[::4]]
    return Body(
        contribution.placed.halves,
        cells,
        _numbers(contribution.marks, names),
        _numbers(contribution.further, names),
    )


def _numbers(counts: Mapping[Any, int], names: Names) -> list[int]:
    numbers: list[int] = []
    known, of = names.numbers.get, names.of
    for key, number in counts.items():
        words = key[1:]
        numbers += (known(words) or of(words), key[0], number)
    return numbers


def flat(part: Part, names: Names) -> tuple[list[int], list[tuple[int, ...]]]:
    """The cells and halves of a body."""
    places: dict[tuple[int, ...], int] = {}
    # Cells that share their quantities share the object, too, as a rule.
    pairs: dict[int, tuple[int, int]] = {}
    cells: list[int] = []
    seconds: dict[int, int] = {}
    known, of, place = names.numbers.get, names.of, places.setdefault
    for cell, quantities in part.items():
        pair = pairs.get(id(quantities))
        if pair is None:
            showings, outcomes = quantities
            first = place(showings, len(places))
            second = seconds.get(id(outcomes))
            if second is None:
                second = seconds[id(outcomes)] = place(outcomes, len(places))
            pair = pairs[id(quantities)] = first, second
        words = cell[1:]
        cells += (known(words) or of(words), cell[0], *pair)
    return cells, list(places)


def encode(body: Body) -> bytes:
    """As it is kept."""
    try:
        return _pack(body)
    except OverflowError:  # somebody orders for more than 64 bits
        return _write(body)


def decode(text: bytes) -> Body:
    return _read(text) if text[:1] == b"[" else _unpack(text)


def encode_part(part: Part, names: Names) -> bytes:
    """What an owner adds to their account."""
    cells, halves = flat(part, names)
    return encode(Body(halves, cells, [], []))


def decode_part(text: bytes, names: Names) -> dict[Cell, Quantities]:
    body = decode(text)
    flat = iter(body.cells)
    return {
        Cell(day, *names.text(what)): Quantities(body.halves[a], body.halves[b])
        for what, day, a, b in zip(flat, flat, flat, flat, strict=True)
    }


def divided(body: Body, day: int) -> tuple[Body, Body]:
    """What is of the days up to ``day``, and what comes after."""
    old, new = Body(body.halves, [], [], []), Body(body.halves, [], [], [])
    for at in range(0, len(body.cells), 4):
        part = old if body.cells[at + 1] <= day else new
        part.cells += body.cells[at : at + 4]
    for name in ("marks", "further"):
        flat = getattr(body, name)
        for at in range(0, len(flat), 3):
            part = old if flat[at + 1] <= day else new
            getattr(part, name).extend(flat[at : at + 3])
    return _trimmed(old), _trimmed(new)


def _trimmed(body: Body) -> Body:
    """Without the halves that no cell has, in the order of those that have them."""
    places: dict[tuple[int, ...], int] = {}
    cells = list(body.cells)
    for at in range(len(cells)):
        if at % 4 > 1:
            cells[at] = places.setdefault(body.halves[cells[at]], len(places))
    return Body(list(places), cells, body.marks, body.further)


def remembered(past: bytes | None, old: Body, day: int) -> bytes:
    """``past`` with ``old``, that is of days up to ``day``."""
    known = Past(day, []) if past is None else _unpack_past(past)
    cells = {*known.cells, *old.cells[::4]}
    return _pack(Past(max(day, known.day), sorted(cells)))


def after(body: Body, past: bytes | None) -> Body:
    """What of ``body`` does not count among the gone already."""
    if past is None:
        return body
    known = _unpack_past(past)
    _, rest = divided(body, known.day)
    cells: list[int] = []
    for at in range(0, len(rest.cells), 4):
        if rest.cells[at] not in known.cells:
            cells += rest.cells[at : at + 4]
    return _trimmed(Body(rest.halves, cells, rest.marks, rest.further))


def kept_part(new: Part, old: Part, past: bytes | None) -> dict[Cell, Quantities]:
    """What an owner adds to an account, where part of what they did is too old to be read."""
    if past is None:
        return dict(new)
    day = _unpack_past(past).day
    kept = {cell: quantities for cell, quantities in old.items() if cell.day <= day}
    counted = {cell[1:] for cell in kept}
    return kept | {cell: q for cell, q in new.items() if cell[1:] not in counted}


def merged(parts: Iterable[Part]) -> dict[Cell, Quantities]:
    """Several owners' parts as one, that adds as much to an account."""
    from ...rules.measurement.quantities import together

    days: dict[tuple[str, ...], int] = {}
    did: dict[tuple[str, ...], list[Quantities]] = {}
    for part in parts:
        for cell, quantities in part.items():
            key = cell[1:]
            days[key] = min(cell.day, days.get(key, cell.day))
            did.setdefault(key, []).append(quantities)
    return {Cell(day, *key): together(did[key]) for key, day in days.items()}

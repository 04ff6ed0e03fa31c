"""A whole page with nothing but template blocks, or without slots, cut in one go: the most frequent pages there are."""

from .rewrite import Hole, Piece
from .scanner import literals
from .slots import SIGN, Marker, SlotNames


def cut(page: bytes, names: SlotNames, marker: Marker) -> list[Piece] | None:
    """What a :class:`Rewriter` makes of the whole ``page``, if that is simple; else None.

    Simple is a page whose blocks stand beside each other, each with a slot of its own, and
    that has no other kinds of slots. A page without any slot is its own only piece.
    """
    sign = page.find(SIGN)
    if sign < 0:
        return None if names.search and _has_literal(page) else [page]
    if sign < 4:
        return None
    match, by_bytes, closes = marker.match, names.by_bytes, marker.closes
    length = len(closes[0])
    pieces: list[Piece] = []
    taken = set()
    at = 0
    while sign >= 0:
        begin = match(page, sign - 4)
        if begin is None or (name := begin[1]) is None:
            return None
        slot = by_bytes.get(name)
        if slot is None or slot in taken:
            return None
        taken.add(slot)
        pieces.append(page[at : sign - 4])
        start = begin.end()
        sign = page.find(SIGN, start)
        end = sign - 4  # without another sign, so near the page's end that nothing fits
        if not page.startswith(closes, end):
            return None
        pieces.append(Hole(slot, page[start:end]))
        at = end + length
        sign = page.find(SIGN, at)
    pieces.append(page[at:])
    # A slot of another kind may still stand somewhere.
    if names.search and len(taken) < len(by_bytes) and _has_literal(page):
        return None
    return pieces


def _has_literal(page: bytes) -> bool:
    return next(literals(page), -1) >= 0

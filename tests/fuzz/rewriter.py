"""The rewriter: any page, cut anywhere, loses no byte and shows the same slots, within its memory."""

import atheris

with atheris.instrument_imports(include=["shopwindow"]):
    from shopwindow.fragments.blocks import cut
    from shopwindow.fragments.rewrite import Hole, Piece, Rewriter
    from shopwindow.fragments.slots import SIGN, Marker, SlotNames

import re

from tests.fragments.test_rewrite import SLOT_TOKENS, SLOTS, TOKENS
from tests.fuzz.fuzzing import fuzz

KEYS = (b"0123456789ab", b"ba9876543210")
MARKER = Marker(KEYS)
SITE = SlotNames(["a", "b", "home.hero"])
_OURS = re.compile(rb"<!--\x1e(?:%b|%b)(?:/|:[^\x00-\x20<>\x7f]{0,128}?)-->" % KEYS)
HOLDS = (262_144, 262_144, 40, 200)


def pieces(chunks: list[bytes], hold: int) -> list[Piece]:
    """The page's pieces, neighbouring bytes joined."""
    rewriter = Rewriter(SITE, MARKER, hold=hold)
    out: list[Piece] = []
    inside = 0
    counted = not any(SIGN in chunk for chunk in chunks)  # else comments are taken out
    for chunk in chunks:
        found = rewriter.feed(chunk)
        out += found
        inside += len(chunk) - _size(found)
        # A slot's content with its end, and the chunk.
        assert not counted or inside <= hold + len(chunk) + 200, inside
    return joined(out + rewriter.close())


def _size(found: list[Piece]) -> int:
    return sum(
        len(p) if isinstance(p, bytes) else len(p.default)
        for p in found
        if isinstance(p, bytes | Hole)
    )


def joined(found: list[Piece]) -> list[Piece]:
    out: list[Piece] = []
    for piece in found:
        if isinstance(piece, bytes) and out and isinstance(out[-1], bytes):
            out[-1] += piece
        elif piece != b"":
            out.append(piece)
    return out


def text(found: list[Piece]) -> bytes:
    out = b""
    for piece in found:
        if isinstance(piece, bytes):
            out += piece
        elif isinstance(piece, Hole):
            out += piece.default
            if piece.within:
                assert text(list(piece.within)) == piece.default
    return out


def test(data: bytes) -> None:
    how, page = data[:4], data[4:]
    if len(how) < 4:
        return
    hold = HOLDS[how[0] % len(HOLDS)]
    whole = pieces([page], hold)
    plain = _OURS.sub(b"", page)
    assert text(whole) == plain, (text(whole), plain)
    size = how[1] % 16 + 1
    assert (
        pieces([page[at : at + size] for at in range(0, len(page), size)], hold)
        == whole
    )
    places = sorted((how[2] * len(page) // 256, how[3] * len(page) // 256))
    parts = [page[: places[0]], page[places[0] : places[1]], page[places[1] :]]
    assert pieces(parts, hold) == whole
    simple = cut(page, SITE, MARKER)
    if simple is not None and hold > len(page):
        assert joined(simple) == whole


if __name__ == "__main__":
    pages = (re.sub("[«»]", "", page) for page in SLOTS.values())
    fuzz(test, (word.encode() for word in (*TOKENS, *SLOT_TOKENS, *pages)))

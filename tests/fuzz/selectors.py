"""Slots by selectors: any page, cut anywhere, loses no byte and shows the same slots."""

import atheris

with atheris.instrument_imports(include=["shopwindow"]):
    from shopwindow.fragments.rewrite import Piece, Rewriter
    from shopwindow.fragments.selectors import Selectors

import re

from tests.fragments.test_rewrite import SLOT_TOKENS, SLOTS, TOKENS
from tests.fuzz.fuzzing import fuzz
from tests.fuzz.rewriter import _OURS, MARKER, SITE, joined, text

SELECTORS = Selectors({"a": "div", "b": "span, [title]", "home.hero": "ul > *"})


def pieces(chunks: list[bytes]) -> list[Piece]:
    selecting = SELECTORS.over(Rewriter(SITE, MARKER), "utf-8")
    out: list[Piece] = []
    for chunk in chunks:
        out += selecting.feed(chunk)
    return joined(out + selecting.close())


def test(data: bytes) -> None:
    page = data[4:]
    if len(data) < 4:
        return
    whole = pieces([page])
    assert text(whole) == _OURS.sub(b"", page)
    size = data[0] % 16 + 1
    assert pieces([page[at : at + size] for at in range(0, len(page), size)]) == whole


if __name__ == "__main__":
    pages = (re.sub("[«»]", "", page) for page in SLOTS.values())
    fuzz(test, (word.encode() for word in (*TOKENS, *SLOT_TOKENS, *pages)))

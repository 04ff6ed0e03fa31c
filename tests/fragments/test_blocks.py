"""The short way through a page gives what the long way gives, or nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwindow.fragments.blocks import cut
from shopwindow.fragments.rewrite import Hole, Piece, Rewriter
from shopwindow.fragments.slots import Marker, SlotNames

NEW, OLD = b"0123456789ab", b"ba9876543210"
MARKER, FORMER = Marker([NEW, OLD]), Marker([OLD])
SITE = SlotNames(["a", "b", "home.hero"])
A, B, END = MARKER.open("a"), MARKER.open("b"), MARKER.close


def long_way(page: bytes) -> list[Piece]:
    rewriter = Rewriter(SITE, MARKER)
    return joined(rewriter.feed(page) + rewriter.close())


def joined(found: list[Piece]) -> list[Piece]:
    out: list[Piece] = []
    for piece in found:
        if isinstance(piece, bytes) and out and isinstance(out[-1], bytes):
            out[-1] += piece
        elif piece != b"":
            out.append(piece)
    return out


SIMPLE = {
    "one block": f"<p>{A}x{END}</p>",
    "two blocks": f"1{A}x{END}2{B}y{END}3",
    "blocks next to each other": f"{A}x{END}{B}y{END}",
    "an empty block": f"<p>{A}{END}",
    "a block of an older key": f"1{FORMER.open('a')}x{FORMER.close}2",
    "two keys in a block": f"1{A}x{FORMER.close}2",
    "a slot with a dot": f"1{MARKER.open('home.hero')}x{END}",
}
NOT_SIMPLE = {
    "an attribute": '<div data-shopwindow="a">x</div>',
    "a pair of comments": "<!-- shopwindow:a -->x<!-- /shopwindow -->",
    "an attribute before a link": '<div data-shopwindow="a">x</div><a href="/-/shopwindow/">',
    "a sign alone": "<p>\x1e</p>",
    "a sign at the very start": "\x1e",
    "a block in a block": f"1{A}x{B}y{END}z{END}",
    "the same slot twice": f"1{A}x{END}{A}y{END}",
    "an unknown slot": f"1{MARKER.open('c')}x{END}",
    "no end": f"1{A}x",
    "an end alone": f"1{END}2",
    "another end": f"1{A}x{END}{END}",
    "a foreign key": f"1{A}x<!--\x1effffffffffff/-->",
    "a torn end": f"1{A}x{END[:-1]}",
    "a sign in a block": f"1{A}x\x1ey{END}",
    "a sign right after a mark": f"1{A}\x1e{END}",
    "an attribute elsewhere": f'1{A}x{END}<div data-shopwindow="b">y</div>',
}


NOTHING = {
    "no block": "<p>x</p>",
    "a link of ours": '<a href="/-/shopwindow/">x</a>',
    "the beginning of a block": "x<!--",
    "nothing": "",
}


@pytest.mark.parametrize("page", SIMPLE.values(), ids=SIMPLE)
def test_a_simple_page_is_cut_like_any_other(page: str) -> None:
    found = cut(page.encode(), SITE, MARKER)
    assert found is not None
    assert joined(found) == long_way(page.encode())
    assert any(isinstance(piece, Hole) for piece in found)


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING)
def test_a_page_without_slots_is_its_own_only_piece(text: str) -> None:
    page = text.encode()
    found = cut(page, SITE, MARKER)
    assert found is not None and len(found) == 1 and found[0] is page
    assert joined(found) == long_way(page)


@pytest.mark.parametrize("page", NOT_SIMPLE.values(), ids=NOT_SIMPLE)
def test_other_pages_take_the_long_way(page: str) -> None:
    assert cut(page.encode(), SITE, MARKER) is None


def test_a_site_without_other_slots_does_not_look_for_them() -> None:
    page = f'1{A}x{END}<div data-shopwindow="b">y</div>'.encode()
    assert cut(page, SlotNames(["a", "b"], search=False), MARKER) is not None


parts = st.sampled_from(
    [A, B, END, MARKER.open("home.hero"), MARKER.open("c"), FORMER.open("a")]
    + [FORMER.close, "\x1e", "<!--", "-->", "<p>", "ä", " "]
)


@given(st.lists(parts, max_size=9))
def test_the_short_way_never_differs(parts: list[str]) -> None:
    page = "".join(parts).encode()
    found = cut(page, SITE, MARKER)
    assert found is None or joined(found) == long_way(page)

"""Elements that are swallowed whole change no more than the same elements read tag by tag."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopwindow.fragments import scanner
from shopwindow.fragments.rewrite import Hole, Piece, Rewriter
from shopwindow.fragments.slots import Marker, SlotNames
from tests.sizes import runs

SITE = SlotNames(["a", "b"])
MARKER = Marker([b"0123456789ab"])
CARD = '<li class="card"><a href="/p/1"><img src=\'x\' alt=""><h3 class="t">T</h3></a><b>1 €</b></li>'


def read(page: str, hold: int = 262_144) -> list[Piece]:
    rewriter = Rewriter(SITE, MARKER, hold=hold)
    return rewriter.feed(page.encode()) + rewriter.close()


def tag_by_tag(page: str, hold: int = 262_144) -> list[Piece]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scanner, "leaves", lambda _: (scanner._TEXT, scanner._TEXT))
        return read(page, hold)


def test_a_list_of_cards_is_swallowed_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    start = scanner.Scanner._start_tag

    def counting(self: scanner.Scanner, name: bytes, tag: re.Match[bytes]) -> None:
        calls.append(name)
        start(self, name, tag)

    monkeypatch.setattr(scanner.Scanner, "_start_tag", counting)
    cards = CARD.replace("'", '"') * 20
    page = f"<section data-shopwindow=a><h2>x</h2><ul>{cards}</ul></section>"
    assert [p for p in read(page) if isinstance(p, Hole)]
    assert calls == [b"section", b"ul"]


NAMES = (
    "a b p div span h1 h3 li ul ol td tr table img br button select option svg g title template form font nobr dd"
    " section script style input textarea DIV"
).split()
tags = st.sampled_from(
    [f"<{name}{rest}>" for name in NAMES for rest in ("", ' class="x>y"', " a=b", "/")]
    + [f"</{name}>" for name in NAMES] * 4
    + ["<div data-shopwindow=a>", '<span data-shopwindow="b">', "<!-- shopwindow:b -->"]
    + ["<!-- /shopwindow -->", "<!-- x -->", "x", "<", " 1 < 2 ", "</div", '<a "', CARD]
)
leaf = st.sampled_from(NAMES).map(lambda name: f"<{name}>x</{name}>")
nested = st.tuples(st.sampled_from(NAMES), st.lists(leaf, max_size=3)).map(
    lambda pair: f"<{pair[0]}>{''.join(pair[1])}</{pair[0]}>"
)


@settings(max_examples=runs(1_000, 200))
@given(st.lists(tags | leaf | nested, max_size=16), st.sampled_from([40, 262_144]))
def test_what_is_swallowed_changes_nothing(parts: list[str], hold: int) -> None:
    page = "<div data-shopwindow=a>" + "".join(parts) + "</div></section>x"
    assert read(page, hold) == tag_by_tag(page, hold)


@pytest.mark.parametrize("seed", range(runs(10, 2)))
def test_every_pair_of_elements_inside_every_other(seed: int) -> None:
    chance = random.Random(seed)
    for outer in NAMES:
        for inner in NAMES:
            other = chance.choice(NAMES)
            for page in (
                f"<div data-shopwindow=a><{outer}><{inner}>x</{inner}></{outer}></div>y",
                f"<div data-shopwindow=a><{other}><{outer}>x<{inner}>y</{inner}></{outer}>z</div>",
                f"<div><{outer} data-shopwindow=a><{inner}>x</{inner}><{other}>y</{other}></{outer}></div>",
            ):
                assert read(page) == tag_by_tag(page)


def test_as_many_elements_are_open_as_without() -> None:
    for depth in range(495, 515):
        inner = "<i>" * depth + CARD + "</i>" * depth
        page = f"<div data-shopwindow=a>{inner}</div>"
        assert read(page) == tag_by_tag(page)

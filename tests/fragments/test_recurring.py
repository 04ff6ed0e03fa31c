"""A page in chunks that an earlier one had, too, comes out as if nobody remembered anything."""

import random
import tracemalloc
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopwindow.fragments import recurring, rewrite
from shopwindow.fragments.history import HISTORY, KEPT
from shopwindow.fragments.recurring import Recurring
from shopwindow.fragments.rewrite import Hole, Kept, Piece, Rewriter
from shopwindow.fragments.scanner import Scanner
from tests.fragments.pages import PAGES
from tests.fragments.test_familiar import CASES, EDITS, FILLER
from tests.fragments.test_rewrite import MARKER, PAGE, SITE, joined, pieces, shop_page
from tests.sizes import FULL, runs

CHUNK = 16_384


def streamed(
    memory: Recurring, chunks: Sequence[bytes], address: str = "/"
) -> list[Piece]:
    rewriter = Rewriter(SITE, MARKER, history=memory.history(address))
    out: list[Piece] = []
    for chunk in chunks:
        out += rewriter.feed(chunk)
    return joined(out + rewriter.close())


def cut(page: bytes, places: Sequence[int]) -> list[bytes]:
    borders = [0, *sorted(places), len(page)]
    return [page[a:b] for a, b in zip(borders, borders[1:], strict=False)]


def even(page: bytes, size: int = CHUNK) -> list[bytes]:
    return cut(page, range(size, len(page), size))


def remembered(memory: Recurring, address: str = "/") -> list[bytes]:
    page = memory._pages.get(address)
    return [chunk.text for chunk in page.chunks] if page else []


def learn(memory: Recurring, chunks: Sequence[bytes], address: str = "/") -> None:
    """Stream the page until all of it is remembered that ever will be."""
    streamed(memory, chunks, address)
    before = None
    while before != (before := remembered(memory, address)):
        streamed(memory, chunks, address)


@pytest.fixture(params=[0, 40, KEPT])
def _small(request: pytest.FixtureRequest) -> Iterator[None]:
    """Chunks of small pages are remembered, and more or less of them is kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recurring, "ALONE", 20)
        patch.setattr(recurring, "SMALLEST", 16)
        patch.setattr(rewrite, "KEPT", request.param)
        yield


def check(memory: Recurring, page: bytes, places: Sequence[int]) -> None:
    assert streamed(memory, cut(page, places)) == pieces(page)


@pytest.mark.usefixtures("_small")
@settings(max_examples=runs(150, 40), deadline=None)
@given(
    st.lists(st.one_of(PAGE, PAGES), min_size=1, max_size=3),
    st.lists(st.sampled_from([FILLER[:60], "<p>", "x" * 40, "<div ", '"', ">"])),
    st.data(),
)
def test_no_document_and_no_cut_makes_a_difference(
    bodies: list[str], head: list[str], data: st.DataObject
) -> None:
    memory = Recurring()
    prefix = "".join(head)
    documents = [(prefix + body).encode() for body in bodies]
    places = st.lists(st.integers(0, max(map(len, documents))), max_size=8)
    cuts = data.draw(places)
    for document in [documents[0], documents[0], *documents, documents[0]]:
        # Most often where the last one was cut, so that much of it recurs.
        if data.draw(st.integers(0, 3)) == 0:
            cuts = data.draw(places)
        check(memory, document, [min(place, len(document)) for place in cuts])


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("size", [16, 33, 100])
def test_a_difference_changes_what_it_would_without_memory(size: int) -> None:
    chance = random.Random(size)
    for case in CASES:
        memory = Recurring()
        page = FILLER[:100] + "<p>" + case + FILLER[:150]
        pages = [page, page, page]
        for edit in chance.sample(sorted(EDITS.values()), runs(5, 2)):
            place = chance.randrange(len(page))
            # So that the chunks behind it are still those of the page before.
            room = size * (len(edit) // size + 1) - len(edit)
            pages.append(page[:place] + edit + " " * room + page[place:])
            pages.append(page)
        for text in pages:
            raw = text.encode()
            check(memory, raw, range(size, len(raw), size))


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("seed", range(10))
def test_pages_of_shops_are_the_same_with_memory(seed: int) -> None:
    chance = random.Random(seed)
    page = shop_page(chance).encode()
    memory = Recurring()
    cuts = chance.sample(range(len(page)), 12)
    for _ in range(30):
        place = chance.randrange(len(page) - 1)
        changed = page[:place] + b"%d" % chance.randrange(10) + page[place + 1 :]
        check(memory, changed, cuts)
        if chance.random() < 0.2:
            cuts = chance.sample(range(len(page)), 12)


# -- large pages, as they are ------------------------------------------------------------------

LINES = [b'<li class="card"><a href="/p/%d">%d</a></li>\n' % (n, n) for n in range(40_000)]  # fmt: skip
TEXT = b"".join(LINES)
# Wherever the text is cut, here is no tag any more.
SLOT = b"x'>\"><div data-shopwindow=a>x</div>"
BEFORE = {
    "elements": b"<main>",
    "a comment": b"<!--",
    "a script": b"<script>",
    "svg": b"<svg><g>",
    "a template": b"<template>",
    "a slot": b"<i data-shopwindow=b>y</i>",
    "a template block": MARKER.open("b").encode() + b"y" + MARKER.close.encode(),
}


LENGTHS = [30_000, 100_000, HISTORY - 20, HISTORY + 20]
if FULL:
    LENGTHS += [900_000, 1_300_000]


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
@pytest.mark.parametrize("length", LENGTHS)
def test_a_slot_behind_any_number_of_chunks(before: bytes, length: int) -> None:
    memory = Recurring()
    without = before + TEXT[:length]
    page = without + SLOT + TEXT[:70_000]
    learn(memory, even(without))
    for one in (without, b"z" + without, page, page):
        expected = pieces(one)
        for size in (CHUNK, CHUNK, 65_536):
            assert streamed(memory, even(one, size)) == expected


def test_pages_that_begin_alike_and_differ_later() -> None:
    chance = random.Random(3)
    memory = Recurring()
    for _ in range(60):
        length = chance.choice([40_000, 100_000, 200_000])
        page = bytearray(TEXT[:length])
        for _ in range(chance.randrange(3)):
            place = chance.randrange(length)
            page[place : place + 30] = chance.choice(
                [
                    SLOT,
                    b"<!-- %019d     -->" % place,
                    b"<script>",
                    b"</script>",
                    b"x" * 30,
                ]
            )
        raw = bytes(page)
        size = chance.choice([CHUNK, CHUNK, CHUNK, 10_000, 70_000])
        assert streamed(memory, even(raw, size)) == pieces(raw)


def test_the_chunks_that_leave_are_those_that_came() -> None:
    memory = Recurring()
    for _ in range(10):
        rewriter = Rewriter(SITE, MARKER, history=memory.history("/"))
        for chunk in even(TEXT[:200_000]):
            (piece,) = rewriter.feed(chunk)
            assert piece is chunk
        assert rewriter.close() == []
    assert remembered(memory)


def test_a_page_that_recurs_is_neither_searched_nor_scanned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory = Recurring()
    page = TEXT[:100_000]
    learn(memory, even(page))
    searched = []

    def counting(data: bytes) -> Iterator[int]:
        searched.append(len(data))
        return iter(())

    monkeypatch.setattr(rewrite, "literals", counting)
    monkeypatch.setattr(Scanner, "feed", lambda *_: pytest.fail("it was scanned"))
    for token in (b"1111", b"2222"):
        changed = token + page[4:50_000] + token + page[50_004:]
        searched.clear()
        assert streamed(memory, even(changed)) == [changed]
        assert sum(searched) <= recurring.ALONE + 2 * CHUNK


def test_chunks_that_came_in_between_or_are_missing_put_nobody_out_of_step() -> None:
    memory = Recurring()
    chunks = even(TEXT[:200_000])
    greeting, offer = b"<p>Hello</p>" * 90, b"<p>Only today</p>" * 90
    pages = [
        chunks,
        [*chunks[:3], greeting, *chunks[3:7], offer, *chunks[7:]],
        chunks,
        [*chunks[:4], *chunks[6:]],
    ]
    learn(memory, chunks)
    for page in pages:
        history = memory.history("/")
        for chunk in page:
            history.add(chunk)
        history.end(True)
        assert list(history) == page
        assert history.kept < CHUNK + len(greeting + offer) + 1_000
        assert remembered(memory) == page[1:]


# -- what is held ------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [57_000, 100_000, 1_000_000])
@pytest.mark.parametrize("size", [500, CHUNK, 150_000])
def test_an_answer_holds_little_of_a_page_that_recurs(length: int, size: int) -> None:
    memory = Recurring()
    page = TEXT[:length]
    learn(memory, even(page, size))
    answers = 20 if size > 500 or FULL else 5
    tracemalloc.start()
    try:
        rewriters = [
            Rewriter(SITE, MARKER, history=memory.history("/")) for _ in range(answers)
        ]
        most = 0.0
        for at in range(0, length, size):
            for rewriter in rewriters:
                found = rewriter.feed(page[at : at + size])
            held = tracemalloc.get_traced_memory()[0] / answers
            most = max(most, held)
            # Besides the chunk that came last.
            assert held - min(size, length - at) <= 65_536
        del rewriter, rewriters, found
        assert tracemalloc.get_traced_memory()[0] < 20_000
    finally:
        tracemalloc.stop()


def test_an_answer_that_differs_holds_no_more_than_without_memory() -> None:
    memory = Recurring()
    tracemalloc.start()
    try:
        for number in range(4):
            rewriter = Rewriter(SITE, MARKER, history=memory.history("/"))
            for line in range(0, 20_000, 350):  # about 16 KB
                message = b"".join(LINES[line : line + 350])
                message = message.replace(b"card", b"%04d" % number)
                rewriter.feed(message)
                # Chunks of it that are remembered for the next one are held once, too.
                assert rewriter._history.kept - len(message) <= 65_536
                held = tracemalloc.get_traced_memory()[0] - memory._room.used
                assert held - len(message) <= 65_536
            assert Hole("a", b"x") in rewriter.feed(SLOT)
            rewriter.close()
    finally:
        tracemalloc.stop()


def test_after_a_late_slot_nothing_of_the_chunks_is_held() -> None:
    memory = Recurring()
    page = TEXT[:800_000]
    learn(memory, even(page))
    rewriter = Rewriter(SITE, MARKER, history=memory.history("/"))
    chunks = even(page)
    tracemalloc.start()
    try:
        for chunk in chunks:
            rewriter.feed(chunk)
        assert Hole("a", b"x") in rewriter.feed(SLOT)
        assert tracemalloc.get_traced_memory()[0] < 65_536
    finally:
        tracemalloc.stop()


def test_what_differs_is_forgotten_with_the_next_page() -> None:
    memory = Recurring()
    page = TEXT[:150_000]
    for number in range(5):
        name = b"customer %05d" % number
        changed = page[:80_000] + name + page[80_014:] + name * 200
        if number == 0:
            learn(memory, even(changed))
        streamed(memory, even(changed))
        kept = b"".join(remembered(memory))
        assert kept == changed[CHUNK:]
    streamed(memory, even(page[:60_000]))
    assert page[CHUNK:60_000].startswith(b"".join(remembered(memory)))
    assert memory._room.used < 70_000
    streamed(memory, [*even(page), SLOT])
    assert memory._room.used == 0


def test_an_address_asked_for_once_is_not_remembered() -> None:
    memory = Recurring()
    for number in range(300):
        streamed(memory, even(TEXT[:100_000]), f"/{number}")
    assert memory._room.used == 0
    for number in (2, 4, 6, 6):
        streamed(memory, even(TEXT[:100_000]), "/7")
        kept = b"".join(remembered(memory, "/7"))
        assert kept == TEXT[CHUNK : min(CHUNK + CHUNK * number, 100_000)]
    # Neither is an address that is too long, nor a short page.
    for _ in range(3):
        streamed(memory, even(TEXT[:100_000]), "/" * 600)
        streamed(memory, even(TEXT[:27_000], 1_000), "/short")
    assert not {"/" * 600, "/short"} & set(memory._pages)


def test_no_more_addresses_are_known_than_there_may_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recurring, "ADDRESSES", 10)
    memory = Recurring()
    for number in range(30):
        for _ in range(2):
            streamed(memory, even(TEXT[:40_000]), f"/{number}")
    assert len(memory._pages) == 10
    assert memory._room.used < 10 * 40_000


def test_no_more_is_remembered_than_there_is_room() -> None:
    memory = Recurring(room=500_000)
    for number in range(40):
        page = b"%d" % number + TEXT[number : 100_000 + number]
        for _ in range(5):
            assert streamed(memory, even(page), f"/{number}") == [page]
            assert memory._room.used <= 500_000
    assert remembered(memory, "/39") and not remembered(memory, "/0")
    assert sum(map(len, remembered(memory, "/39"))) <= memory._room.used
    # More than there is room for at all.
    for _ in range(3):
        assert streamed(memory, [TEXT[:600_000], TEXT[:60_000]], "/39")
    assert memory._room.used <= 500_000


def test_answers_on_their_way_count_when_their_address_is_forgotten() -> None:
    memory = Recurring(room=500_000)
    waiting = []
    for number in range(20):
        page = b"%d" % number + TEXT[number : 200_000 + number]
        learn(memory, even(page), f"/{number}")
        rewriter = Rewriter(SITE, MARKER, history=memory.history(f"/{number}"))
        for chunk in even(page):
            rewriter.feed(chunk)
        waiting.append(rewriter)
        assert memory._room.used <= 500_000
    # All of it is theirs now, so nobody else gets any; and they find their slots.
    for rewriter in waiting:
        assert Hole("a", b"x") in rewriter.feed(SLOT)
        rewriter.close()
    waiting.clear()
    del rewriter
    memory._pages.clear()
    assert memory._room.used == 0


def test_an_address_takes_no_more_than_a_page_may_be_long() -> None:
    memory = Recurring()
    streamed(memory, even(TEXT[:100_000]))
    waiting = []
    for number in range(50):
        rewriter = Rewriter(SITE, MARKER, history=memory.history("/"))
        for chunk in even(TEXT[:500_000].replace(b"card", b"%04d" % number)):
            rewriter.feed(chunk)
        waiting.append(rewriter)
        assert sum(map(len, remembered(memory))) <= HISTORY
        assert memory._pages["/"]._size == sum(map(len, remembered(memory)))
    assert memory._room.used < HISTORY + 200_000


def test_a_page_that_breaks_off_gives_back_its_room() -> None:
    memory = Recurring()
    for _ in range(3):
        rewriter = Rewriter(SITE, MARKER, history=memory.history("/"))
        for chunk in even(TEXT[:100_000]):
            rewriter.feed(chunk)
    del rewriter
    used = memory._room.used
    assert used == sum(len(t) + recurring.OVERHEAD for t in remembered(memory))
    memory._pages.clear()
    assert memory._room.used == 0


def test_pages_of_one_address_may_go_by_at_the_same_time() -> None:
    chance = random.Random(9)
    memory = Recurring()
    for _ in range(30):
        pages, rewriters, found = [], [], []
        for number in range(6):
            page = bytearray(TEXT[: chance.choice([90_000, 150_000])])
            page[60_000:60_004] = b"%04d" % chance.randrange(3)
            if number % 2:
                page += SLOT
            pages.append(even(bytes(page)))
            rewriters.append(Rewriter(SITE, MARKER, history=memory.history("/")))
            found.append(list[Piece]())
        left = [list(page) for page in pages]
        while any(left):
            at = chance.choice([n for n, chunks in enumerate(left) if chunks])
            found[at] += rewriters[at].feed(left[at].pop(0))
        for rewriter, chunks, out in zip(rewriters, pages, found, strict=True):
            out += rewriter.close()
            assert joined(out) == pieces(b"".join(chunks))
            assert not any(isinstance(piece, Kept) for piece in out)


WORDS = b"<p>tea and cups</p>"
BLOCK, END = MARKER.open("a").encode(), MARKER.close.encode()
OPEN, SHUT = b"<div data-shopwindow=a>", WORDS + b"</div>" + WORDS
# Chunks of a page without a literal, and what another page makes of some of them.
MADE = {
    "a literal in two of them": (
        [WORDS + b"<div data-shop", b" ", b"window=a>y</div>" + WORDS],
        [WORDS + b"<div data-shop", b"window=a>y</div>" + WORDS],
    ),
    "a literal that ends in the next one": (
        [WORDS + b"<div data-shopwindow", b"x", b"=a>y</div>" + WORDS],
        [WORDS + b"<div data-shopwindow", b"=a>y</div>" + WORDS],
    ),
    "a literal that ends two chunks later": (
        [WORDS + WORDS, WORDS + b"<div data-shop", b" ", WORDS],
        [WORDS + WORDS, WORDS + b"<div data-shop", b"window=a>y</div>"],
    ),
    "a template block that begins at the end of one": (
        [WORDS + b"<!-" + BLOCK + b"z" + END, WORDS],
        [WORDS + b"<!-", BLOCK[3:] + b"y" + END + WORDS],
    ),
    "one that stands in a slot": (
        [WORDS, SHUT, WORDS],
        [WORDS, OPEN + WORDS, SHUT, WORDS],
    ),
    "one that stands in a template block": (
        [WORDS, WORDS + b"<b>", WORDS],
        [WORDS, BLOCK, WORDS + b"<b>", END, WORDS],
    ),
}


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize(("known", "chunks"), MADE.values(), ids=MADE)
def test_chunks_that_recur_are_read_where_something_begins(
    known: list[bytes], chunks: list[bytes]
) -> None:
    memory = Recurring()
    head = [WORDS * 2, WORDS * 3]
    learn(memory, [*head, *known])
    assert remembered(memory)
    expected = pieces(b"".join([*head, *chunks]))
    assert any(isinstance(piece, Hole) for piece in expected)
    assert streamed(memory, [*head, *chunks]) == expected


def test_what_differs_is_read_before_more_is_kept() -> None:
    memory = Recurring()
    chunks = even(TEXT[:150_000])
    learn(memory, chunks)
    rewriter = Rewriter(SITE, MARKER, history=memory.history("/"))
    for number, chunk in enumerate(chunks[:5]):
        rewriter.feed(
            chunk if number == 1 else chunk.replace(b"card", b"%04d" % number)
        )
    assert rewriter._history.kept > KEPT
    rewriter.feed(chunks[5])
    assert rewriter._history.kept <= KEPT

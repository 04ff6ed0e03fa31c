"""A page that is almost the last one comes out as if nobody remembered anything."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopwindow.fragments import familiar
from shopwindow.fragments.familiar import Familiar
from shopwindow.fragments.rewrite import Hole, Kept, Piece, Rewriter
from shopwindow.fragments.scanner import Scanner
from shopwindow.fragments.slots import Marker, SlotNames
from tests.fragments.test_rewrite import KEPT, NO_SLOTS, SLOTS, shop_page
from tests.sizes import runs

MARKER = Marker([b"0123456789ab", b"ba9876543210"])
SITE = SlotNames(["a", "b", "home.hero"])
FILLER = "".join(f'<li class="card"><a href="/p/{n}">{n} €</a></li>' for n in range(5))


@pytest.fixture(autouse=True, scope="module", params=["small", "large"])
def _sizes(request: pytest.FixtureRequest) -> Iterator[None]:
    """Small pages in stretches as small, so that differences meet their borders."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "small":
            for name, size in (("PORTION", 40), ("FINE", 8), ("NEEDLE", 6)):
                patch.setattr(familiar, name, size)
        yield


def plain(page: bytes, names: SlotNames = SITE) -> list[Piece]:
    rewriter = Rewriter(names, MARKER)
    return rewriter.feed(page) + rewriter.close()


def known(
    memory: Familiar, page: bytes, address: str = "/", names: SlotNames = SITE
) -> list[Piece]:
    rewriter = Rewriter(names, MARKER, scanner=memory.scanner(address, page))
    return rewriter.feed(page) + rewriter.close()


def check(*pages: str) -> None:
    """All of them at one address, and the first one once more."""
    memory = Familiar()
    for page in (pages[0], *pages, pages[0]):
        raw = page.encode()
        assert known(memory, raw) == plain(raw)


SLOT = '<section data-shopwindow="a"><h2>x</h2><p>y<br>z</p></section>'
OTHER = "<ul><!-- shopwindow:b --><li>1<li>2<!-- /shopwindow --></ul>"
PAGE = f"<html><head><title>Shop</title></head><nav>{FILLER}</nav>{SLOT}{FILLER}{OTHER}{FILLER}</html>\n"
EDITS = {
    "a comment": "<!--",
    "the end of a comment": "-->",
    "a quote": '<i title="',
    "another quote": "<i title='",
    "a quote in a tag": '"',
    "a script": "<script>",
    "the end of a script": "</script>",
    "a commented script": "<script><!--<script></script>",
    "a style": "<style>",
    "a title": "<title>",
    "a textarea": "<textarea>",
    "all text": "<plaintext>",
    "a tag without end": "<div class=x",
    "a bare bracket": "<",
    "a declaration": "<!",
    "an svg": "<svg><g>",
    "a CDATA section": "<svg><![CDATA[",
    "a template": "<template>",
    "the end of a template": "</template>",
    "a select": "<select>",
    "a style in a select": "<select><style>",
    "frames": "<frameset>",
    "a slot of the same name": '<div data-shopwindow="a">q</div>',
    "a slot of another name": '<div data-shopwindow="home.hero">q</div>',
    "a slot that is none": '<p data-shopwindow="home.hero">q</p>',
    "a slot around": '<div data-shopwindow="home.hero">',
    "an end of a slot": "</section>",
    "an end of a pair": "<!-- /shopwindow -->",
    "a word of ours": "<!-- shopwindow: --> data-shopwindow=",
    "a template block": MARKER.open("home.hero") + "q" + MARKER.close,
    "a letter": "x",
    "the same again": FILLER,
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_difference_changes_what_it_would_without_memory(edit: str) -> None:
    for place in range(0, len(PAGE), 37):
        before, after = PAGE[:place], PAGE[place:]
        check(PAGE, before + edit + after)
        check(PAGE, before + after[len(edit) :])
        check(PAGE, before + edit + after, before + edit + after[3:] + edit, PAGE)


@pytest.mark.parametrize("place", range(0, len(PAGE), 61))
def test_a_page_may_end_anywhere(place: int) -> None:
    check(PAGE, PAGE[:place], PAGE[:place] + ">", PAGE[place:], "")


CASES = [
    *(page.replace("«", "").replace("»", "") for page in SLOTS.values()),
    *NO_SLOTS.values(),
    *(page for page, _ in KEPT.values()),
]


def test_any_page_may_follow_any_other() -> None:
    chance = random.Random(5)
    for page in CASES:
        others = chance.sample(CASES, 8)
        check(page + ">", page + FILLER + "\n", page + others[0] + ">", *others)
        check(f"{FILLER}{page}{FILLER}\n", f"{FILLER}{page}{FILLER}x{others[1]}\n")


texts = st.sampled_from(
    [*EDITS.values(), *CASES, SLOT, OTHER, FILLER[:100], "<b>", "</b>", "<p>"]
    + [
        "</div>",
        "<div>",
        "<div ",
        'class="c">',
        ">",
        "=",
        "'",
        "-",
        "/",
        "x",
        "ä",
        "\n",
    ]
)
documents = st.lists(texts, min_size=1, max_size=12).map("".join)
changes = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(0, 30), texts), max_size=3
)


@settings(max_examples=runs(200, 50))
@given(documents, st.lists(changes, min_size=1, max_size=3))
def test_no_document_and_no_edit_makes_a_difference(
    document: str, rounds: list[list[tuple[int, int, str]]]
) -> None:
    pages = [document + "\n"]
    for edits in rounds:
        page = pages[-1]
        for place, length, text in edits:
            place %= len(page) + 1
            page = page[:place] + text + page[place + length :]
        pages.append(page)
    check(*pages)


@pytest.mark.parametrize("seed", range(20))
def test_pages_of_shops_are_the_same_with_memory(seed: int) -> None:
    chance = random.Random(seed)
    page = shop_page(chance)
    page = page.replace(MARKER.open("b"), "<!-- shopwindow:b -->")
    page = page.replace(MARKER.close, "<!-- /shopwindow -->")
    pages = [page]
    for _ in range(30):
        place = chance.randrange(len(page))
        pages.append(page[:place] + str(chance.random()) + page[place:])
    check(*pages)


def test_every_stretch_ends_where_nothing_that_follows_can_change_what_was_before() -> (
    None
):
    for case in [PAGE, *CASES]:
        page = (FILLER[:90] + case + FILLER[:300] + ">").encode()
        memory = Familiar()
        known(memory, page)
        pieces = known(memory, page)
        entry = memory._pages.get("/")
        if entry is None or not entry.stretches:
            continue
        taken = {p.slot for p in pieces if isinstance(p, Hole | Kept)}
        end = 0
        for stretch in entry.stretches:
            assert page.startswith(stretch.text, end)
            end += len(stretch.text)
            seen: set[str] = set()
            scanner = Scanner(SITE, seen)
            scanner.last = len(page)
            scanner.feed(page[:end])
            while event := scanner.next():
                if event.kind == "open":
                    seen.add(event.slot)
            assert scanner.settled and scanner.at == end
            assert scanner.state() == stretch.after
        assert not taken or end <= len(page)


def test_bytes_that_are_equal_are_not_scanned_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory = Familiar()
    page = PAGE.replace("Shop", "%08d").encode()
    for number in range(3):  # seen, remembered, and finely around the difference
        known(memory, page % number)
    fed = []
    feed = Scanner.feed

    def counting(scanner: Scanner, data: bytes) -> None:
        fed.append(len(data))
        feed(scanner, data)

    monkeypatch.setattr(Scanner, "feed", counting)
    assert known(memory, page % 3) == plain(page % 3)
    scanned = sum(fed[:-1])  # the last one is the plain scanner's
    assert 0 < scanned < familiar.FINE * 2 + familiar.PORTION


def test_addresses_and_sites_are_kept_apart() -> None:
    memory = Familiar()
    page = PAGE.encode()
    other = SlotNames(["b"])
    for names in (SITE, SITE, other, other, SITE):
        assert known(memory, page, names=names) == plain(page, names)
    assert known(memory, page[:99] + b">", "/c") == [page[:99] + b">"]
    assert len(memory._pages) == 1  # a page without a slot is none to remember


def test_an_address_asked_for_once_is_not_remembered() -> None:
    memory = Familiar()
    for number in range(300):
        known(memory, PAGE.encode(), f"/{number}")
    assert memory._pages.currsize == 300 * familiar.OVERHEAD
    known(memory, PAGE.encode(), "/7")
    assert memory._pages["/7"].stretches


def test_no_more_is_kept_than_there_is_room() -> None:
    memory = Familiar(room=100_000)
    for number in range(200):
        page = PAGE.replace("Shop", str(number)).encode()
        for _ in range(2):
            assert known(memory, page, f"/{number}") == plain(page)
        kept = sum(len(s.text) for e in memory._pages.values() for s in e.stretches)
        assert kept <= memory._pages.currsize <= 100_000
    assert "/199" in memory._pages and "/0" not in memory._pages
    large = (PAGE[:-1] + FILLER * 2_000).encode() + PAGE.encode()
    assert known(memory, large, "/large") == plain(large)
    assert "/large" not in memory._pages


def test_deep_pages_take_their_room() -> None:
    memory = Familiar()
    small = familiar.PORTION < 1_000
    deep = b'<div data-shopwindow="a">' + b"<q>" * 400
    deep += b"<q></q>" * (30 if small else 3_000) + b"</q>" * 400 + b"</div>\n"
    for _ in range(3):
        assert known(memory, deep) == plain(deep)
    elements = [len(s.after.elements) for s in memory._pages["/"].stretches]
    assert sum(elements) > 400
    assert memory._pages.currsize > len(deep) + 100 * sum(elements)

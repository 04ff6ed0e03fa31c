"""What it costs to find the slots of one page of 100 KB, beside the least that it could cost and beside lol-html.

SHOPWINDOW_CORPUS may name a folder of other pages (``*.html``): those with ``data-shopwindow``
attributes are rewritten too, for information.
"""

import gc
import os
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from shopwindow.fragments.blocks import cut
from shopwindow.fragments.familiar import Familiar
from shopwindow.fragments.history import KEPT
from shopwindow.fragments.recurring import Recurring
from shopwindow.fragments.rewrite import Hole, Piece, Rewriter
from shopwindow.fragments.scanner import Scanner
from shopwindow.fragments.slots import Marker, SlotNames

from .rounds import Seconds, turns
from .shop import (
    PRODUCTS,
    SLOTS,
    default_content,
    page_environment,
    page_source,
    page_values,
)

ROUNDS = 151
BATCH = 4  # pages of each contender in each round
SIZE = 100_000  # bytes of the page
CHUNK = 16_384

# Of a longer page in chunks that are not those of the last one the scanner goes through what no longer may be kept.
UNSCANNED = KEPT - KEPT % 1_000

FIND = "bytes.find over the page"
FIND_SHORT = "bytes.find over 57 KB"
PLAIN = "no slot, whole"
PLAIN_SHORT = "no slot, 57 KB in chunks of 16 KB"
PLAIN_SHORT_AGAIN = "no slot, 57 KB in chunks of 16 KB, remembered"
PLAIN_CHUNKS = "no slot, chunks of 16 KB"
PLAIN_CHUNKS_AGAIN = "no slot, chunks of 16 KB, remembered"
PLAIN_CHUNKS_VISITED = "no slot, chunks of 16 KB, remembered, two differ"
BLOCKS = "3 template blocks"
UNKNOWN = "3 attributes, nothing remembered"
NEW = "3 attributes, page never seen"
FAMILIAR = "3 attributes, few bytes differ"
SAME = "3 attributes, the same page"
SECOND = "3 attributes, address seen once"
LOL = "lol-html"
CORPUS, CORPUS_LOL = "corpus", "corpus, lol-html"

MARKER = Marker([b"0123456789ab"])
NAMES = SlotNames(SLOTS)

Step = Callable[[], None]
Run = Callable[[int], object]


class Rewriting(NamedTuple):
    """CPU seconds per page of every contender; ``missing`` could not be run."""

    seconds: Seconds
    missing: tuple[str, ...]


def make_page(holes: Mapping[str, str]) -> bytes:
    """The shop's page with ``holes``, and with as many products as make it SIZE bytes."""
    values = page_values()
    ids = random.Random(24).sample(sorted(PRODUCTS), 400)
    template = page_environment().from_string(page_source(holes))
    for count in range(20, len(ids) // 2, 2):
        values["often"] = [PRODUCTS[id] for id in ids[:count]]
        values["arrived"] = [PRODUCTS[id] for id in ids[count : 2 * count]]
        page = template.render(values).encode()
        if len(page) >= SIZE:
            return page
    raise ValueError("the shop has too few products")


def with_attributes() -> bytes:
    return make_page(
        {
            slot: f'<div data-shopwindow="{slot}">{content}</div>'
            for slot, content in default_content().items()
        }
    )


def with_blocks() -> bytes:
    return make_page(
        {
            slot: MARKER.open(slot) + content + MARKER.close
            for slot, content in default_content().items()
        }
    )


def visited(page: bytes, number: int) -> bytes:
    """The page as visitor ``number`` gets it: a token in the head, a count in the header."""
    token = random.Random(number).randbytes(16).hex().encode()
    page = page.replace(
        b"</title>", b'</title><meta name="token" content="%b">' % token, 1
    )
    cart = b'<nav><a class="cart" href="/cart">Cart (%d)</a>' % (number % 13)
    return page.replace(b"<nav>", cart, 1)


def rewritten(
    page: bytes, names: SlotNames = NAMES, familiar: Familiar | None = None
) -> list[Piece]:
    """What the middleware does with a page of one message."""
    simple = cut(page, names, MARKER)
    if simple is not None:
        return simple
    scanner = familiar.scanner("/", page) if familiar else Scanner
    rewriter = Rewriter(names, MARKER, scanner=scanner)
    return rewriter.feed(page) + rewriter.close()


def in_chunks(page: bytes, recurring: Recurring | None = None) -> list[Piece]:
    """What the middleware does with a page of several messages."""
    history = recurring.history("/") if recurring else None
    rewriter = Rewriter(NAMES, MARKER, history=history)
    pieces: list[Piece] = []
    for at in range(0, len(page), CHUNK):
        pieces += rewriter.feed(page[at : at + CHUNK])
    return pieces + rewriter.close()


def lol_html() -> Callable[[bytes], bytes] | None:
    """Takes a page and replaces the content of every slot; None where it is not installed."""
    try:
        import lolhtml
    except ImportError:
        return None

    class Filling:
        def element(self, element: Any) -> None:
            element.set_inner_content("X", lolhtml.ContentType.HTML)

    filling = Filling()

    def rewrite(page: bytes) -> bytes:
        out: list[bytes] = []
        sink: Any = out.append
        rewriter = lolhtml.HTMLRewriter(sink)
        rewriter.on("[data-shopwindow]", filling)
        rewriter.write(page)
        rewriter.end()
        return b"".join(out)

    return rewrite


def filled(pieces: list[Piece]) -> bytes:
    return b"".join(
        piece if isinstance(piece, bytes) else b"X" if isinstance(piece, Hole) else b""
        for piece in pieces
    )


def corpus() -> Iterator[tuple[bytes, SlotNames]]:
    """The pages of SHOPWINDOW_CORPUS that have slots, each with the names of its own."""
    folder = os.environ.get("SHOPWINDOW_CORPUS")
    for path in sorted(Path(folder).glob("**/*.html")) if folder else ():
        page = path.read_bytes()
        found = re.findall(rb"data-shopwindow=[\"']([\w.-]+)", page)
        if found:
            yield page, SlotNames([name.decode() for name in found])


def once() -> Familiar:
    """A memory that has seen the address of the page, and nothing else."""
    familiar = Familiar()
    familiar.scanner("/", b">")(NAMES, set())
    return familiar


def measure(step: Step) -> Rewriting:
    """Everybody rewrites the same page in turn; an answer that differs ends everything."""
    page, blocks, plain = (
        with_attributes(),
        with_blocks(),
        make_page(default_content()),
    )
    short = plain[:UNSCANNED]
    pages = [visited(page, number) for number in range((ROUNDS + 1) * BATCH)]
    # A token in the head, and the name of a customer further down: the chunks are those of the template.
    plains = [
        b"%08d" % n + plain[8:50_000] + b"%08d" % n + plain[50_008:]
        for n in range(BATCH)
    ]
    last, same = Familiar(), Familiar()
    long, middle, visits = Recurring(), Recurring(), Recurring()
    runs: dict[str, Run] = {
        FIND: lambda _: plain.find(b"data-shopwindow="),
        PLAIN: lambda _: rewritten(plain),
        PLAIN_CHUNKS: lambda _: in_chunks(plain),
        PLAIN_CHUNKS_AGAIN: lambda _: in_chunks(plain, long),
        PLAIN_CHUNKS_VISITED: lambda number: in_chunks(plains[number % BATCH], visits),
        FIND_SHORT: lambda _: short.find(b"data-shopwindow="),
        PLAIN_SHORT: lambda _: in_chunks(short),
        PLAIN_SHORT_AGAIN: lambda _: in_chunks(short, middle),
        BLOCKS: lambda _: rewritten(blocks),
        UNKNOWN: lambda number: rewritten(pages[number]),
        NEW: lambda number: rewritten(pages[number], familiar=Familiar()),
        SECOND: lambda number: rewritten(pages[number], familiar=once()),
        FAMILIAR: lambda number: rewritten(pages[number], familiar=last),
        SAME: lambda _: rewritten(page, familiar=same),
    }
    others = list(corpus())
    if others:
        runs[CORPUS] = lambda _: [rewritten(*one) for one in others]
    rewrite = lol_html()
    if rewrite is not None:
        runs[LOL] = lambda number: rewrite(pages[number])
        if others:
            runs[CORPUS_LOL] = lambda _: [rewrite(one) for one, _ in others]
        _compare(pages, rewrite)
    seconds = Seconds()
    for number, order in enumerate(turns(list(runs), ROUNDS + 1)):
        for name in order:
            spent = _batch(runs[name], number)
            if number:
                seconds.add(name, spent)
        step()
    return Rewriting(seconds, () if rewrite else (LOL,))


def _batch(run: Run, number: int) -> float:
    gc.disable()  # nobody is to pay for what another one left
    before = time.thread_time()
    for page in range(number * BATCH, (number + 1) * BATCH):
        run(page)
    spent = time.thread_time() - before
    gc.enable()
    return spent / BATCH


def _compare(pages: list[bytes], rewrite: Callable[[bytes], bytes]) -> None:
    familiar = Familiar()
    for page in pages[:20]:
        expected = rewrite(page)
        for found in (rewritten(page), rewritten(page, familiar=familiar)):
            if filled(found) != expected:
                raise SystemExit("a page came out differently from lol-html's")

"""Pages in every encoding that Python knows: rewritten right, or left alone."""

import encodings
import logging
import pkgutil
from codecs import lookup
from collections.abc import AsyncIterator
from functools import cache
from html import unescape

import pytest

from shopwindow import Shopwindow
from shopwindow.fragments.rewrite import Hole, Rewriter
from shopwindow.fragments.slots import Marker, SlotNames
from shopwindow.middleware.response.charsets import charset_of
from tests.asgi import ask, chunk, replaying, start
from tests.shop import mounted, open_window
from tests.sizes import FULL

pytestmark = pytest.mark.anyio
NAMES = sorted(module.name for module in pkgutil.iter_modules(encodings.__path__))
# Bytes that mean something to a tokenizer.
SIGNS = b"<>\"'=/&!- \t\n\f\r"
DOUBLE = (
    *("shift_jis", "cp932", "gbk", "gb2312", "gb18030", "big5", "big5hkscs", "cp950"),
    *("euc_jp", "euc_kr", "cp949"),
)
SINGLE = (
    *("utf-8", "iso-8859-1", "iso-8859-2", "iso-8859-5", "iso-8859-7", "iso-8859-8"),
    *("iso-8859-9", "iso-8859-15", "windows-1250", "windows-1251", "windows-1252"),
    *("windows-1256", "windows-1257", "koi8-r", "koi8-u", "tis-620", "macintosh"),
)
TEXT = "Käse ¥100 ‾ € ж 表 가 · ☃"
RULES = f"""
version: 1
rules:
  - {{id: hello, slot: home.teaser, show: banner, with: {{text: "{TEXT}"}}}}
"""


@pytest.fixture
async def window() -> AsyncIterator[Shopwindow]:
    async with open_window(rules=RULES) as window:
        yield window


@cache
def letters(charset: str) -> list[bytes]:
    """The letters of a charset that have an ASCII byte behind their first one."""
    found: list[bytes] = []
    if len("表가ж".encode(charset, "replace")) == 3:
        return found  # a byte for each
    for code in range(128, 0x10000):
        try:
            raw = chr(code).encode(charset)
        except UnicodeEncodeError:
            continue
        if len(raw) > 1 and min(raw[1:]) < 128:
            found.append(raw)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_an_encoding_is_readable_if_ascii_is_ascii_everywhere_in_it(name: str) -> None:
    try:
        lookup(name)
        ascii_is_ascii = all(
            chr(code).encode(name) == bytes([code])
            and bytes([code]).decode(name) == chr(code)
            for code in set(range(128)) - set(b"\\~")  # Japanese ones differ in these
        )
        hides = any(set(raw) & set(SIGNS) for raw in letters(name))
        stateful = b"\x1b" in "表é".encode(name, "replace")
    except (LookupError, UnicodeError, DeprecationWarning):
        ascii_is_ascii = hides = stateful = False
    expected = ascii_is_ascii and not hides and not stateful
    # These are no encodings of pages: their backslash begins an escape, their dots mean hosts.
    expected = expected and name not in ("unicode_escape", "raw_unicode_escape", "idna")
    assert bool(charset_of(f"text/html; charset={name}".encode())) == expected


@pytest.mark.parametrize("charset", DOUBLE)
def test_no_letter_of_two_bytes_is_taken_for_markup(charset: str) -> None:
    assert charset_of(f"text/html; charset={charset}".encode())
    found = letters(charset)
    second = {byte for raw in found for byte in raw[1:]}
    assert not second & set(SIGNS)
    if charset in (
        "shift_jis",
        "cp932",
        "gbk",
        "gb18030",
        "big5",
        "big5hkscs",
        "cp950",
    ):
        assert {0x5C, 0x7C} <= second
    if not FULL:
        # To a tokenizer bytes beyond ASCII are all alike: one letter for each that is not.
        alike = {bytes(byte for byte in raw if byte < 128): raw for raw in found}
        found = [*alike.values(), *found[:: max(1, len(found) // 100)]]
    names, marker = SlotNames(["a", "b"]), Marker([b"0123456789ab"])
    for at in range(0, len(found), 100):
        word = b"".join(found[at : at + 100])
        page = b"".join(
            (b"<p title='%b' alt=\"%b\" x=%b %b>%b<!--%b-->" % ((word,) * 6), b"<script>'%b'</script>" % word)
            + (b"<title>%b</title><style>%b</style>" % (word, word), b"<div data-shopwindow=a title=%b>" % word)
        )  # fmt: skip
        default = b"%b<i class=%b>%b</i>" % (word, word, word)
        rest = b"</div><!-- shopwindow:b -->%b<!-- /shopwindow -->%b" % (word, word)
        for size in (len(page), 1):
            rewriter = Rewriter(names, marker)
            whole = page + default + rest
            out = []
            for begin in range(0, len(whole), size):
                out += rewriter.feed(whole[begin : begin + size])
            out += rewriter.close()
            holes = [piece for piece in out if isinstance(piece, Hole)]
            assert holes == [Hole("a", default), Hole("b", word)]
            text = b"".join(p if isinstance(p, bytes) else p.default for p in out if isinstance(p, bytes | Hole))  # fmt: skip
            assert text == whole


@pytest.mark.parametrize("charset", [*SINGLE, *DOUBLE[:7], *DOUBLE[8:]])
@pytest.mark.parametrize("declared", ["in the headers", "in the page"])
async def test_a_fragment_comes_in_the_encoding_of_its_page(
    window: Shopwindow, charset: str, declared: str
) -> None:
    content_type, meta = b"text/html", f'<meta charset="{charset}">'
    if declared == "in the headers":
        content_type, meta = f"text/html; charset={charset}".encode(), ""
    page = f"{meta}<p>x<div data-shopwindow='home.teaser'>default</div>"
    sent = [start((b"content-type", content_type)), chunk(page.encode(charset))]
    answer = await ask(mounted(replaying(*sent), window))
    # As browsers do, who know one encoding of this name.
    read = {"shift_jis": "cp932", "gb2312": "gbk", "euc_kr": "cp949"}
    text = answer.body.decode(read.get(charset, charset))
    assert unescape(text) == page.replace("default", f'<p class="banner">{TEXT}</p>')


@pytest.mark.parametrize("charset", ["iso-2022-jp", "utf-7", "hz", "johab"])
async def test_a_page_that_names_an_encoding_we_cannot_write_keeps_its_default(
    window: Shopwindow, charset: str, caplog: pytest.LogCaptureFixture
) -> None:
    page = b"<meta charset=%b><div data-shopwindow='home.teaser'>x</div>"
    page %= charset.encode()
    sent = [start((b"content-type", b"text/html")), chunk(page)]
    with caplog.at_level(logging.WARNING, "shopwindow"):
        answer = await ask(mounted(replaying(*sent), window))
    assert answer.body == page
    assert "home.teaser of / keeps its default content: the page is in an encoding" in (
        caplog.text
    )

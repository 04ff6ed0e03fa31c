"""Slots that CSS selectors find: where they are, and what happens when they cannot be asked for."""

import gc
import sys
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopwindow.fragments import selectors as selectors_module
from shopwindow.fragments.rewrite import Hole, Kept, Piece, Rewriter, inside
from shopwindow.fragments.selectors import (
    HELD,
    Selecting,
    SelectorError,
    Selectors,
    check,
)
from shopwindow.fragments.slots import Marker, SlotNames
from tests.fragments.test_rewrite import PAGE, joined, reasons, stripped, text
from tests.sizes import runs

MARKER = Marker([b"0123456789ab", b"ba9876543210"])
A, END = MARKER.open("a"), MARKER.close


def begun(charset: str = "utf-8", **selectors: str) -> Selecting:
    names = SlotNames([*selectors, "home.hero"])
    return Selectors(selectors).over(Rewriter(names, MARKER), charset)


def pieces(
    page: bytes,
    cuts: list[int] | None = None,
    charset: str = "utf-8",
    **selectors: str,
) -> list[Piece]:
    selecting = begun(charset, **selectors)
    out: list[Piece] = []
    at = 0
    for cut in [*sorted(cuts or ()), len(page)]:
        out += selecting.feed(page[at:cut])
        at = cut
    return joined(out + selecting.close())


FOUND = {
    "an id": ("#shelf", "<div id=shelf>«x»</div>y"),
    "a class": ("div.shelf", "<p class=shelf><div class='a shelf'>«x»</div>y"),
    "an attribute": ("[data-area=start]", "<section data-area='start'>«x»</section>"),
    "a prefix": ("[id^=she]", "<div id=shelf>«x»</div>"),
    "a child": ("main > div", "<div>1</div><main><p><div>2</div></main><main><div>«x»</div></main>"),
    "the first of two": (".s", "<div class=s>«x»</div><div class=s>y</div>"),
    "by number": ("main div:nth-child(2)", "<main><h1>1</h1><div>«x»</div></main>"),
    "not": ("div:not(.a)", "<div class=a></div><div>«x»</div>"),
    "a list": ("#a, #b", "<i id=b>«x»</i><i id=a>y</i>"),
    "letters beyond ASCII": ("[title=Regalböden]", "<div title='Regalböden'>«x»</div>"),
    "upper case": ("div", "<DIV>«x<div></div>y»</DIV>"),
    "an unclosed child": ("#a", "<div id=a>«<p>x<b>y»</div>z"),
    "after a bare bracket": ("#a", "1 <<div id=a>«x»</div>"),
    "after a script": ("#a", "<script>'<div id=a>'</script><div id=a>«x»</div>"),
    "after a comment": ("#a", "<!--<div id=a>--><div id=a>«x»</div>"),
    "after a value": ("#a", "<i title='<div id=a>'></i><div id=a>«x»</div>"),
    "in an unknown slot": ("#a", "<div data-shopwindow=q><div id=a>«x»</div></div>"),
    "a slot that says so, too": ("#a", "<div id=a data-shopwindow=x>«x»</div>"),
    "an attribute that comes first": ("#a", "<div data-shopwindow=x>«x»</div><div id=a>y</div>"),
    "at the very end": ("#a", "x<div id=a>«»</div>"),
    "a template block inside": ("#a", "<div id=a>«1<!--\x1e0123456789ab:home.hero-->2<!--\x1e0123456789ab/-->»</div>"),
}  # fmt: skip


@pytest.mark.parametrize(("selector", "marked"), FOUND.values(), ids=FOUND)
def test_a_selected_element_is_a_slot(selector: str, marked: str) -> None:
    page = marked.replace("«", "").replace("»", "")
    before, rest = marked.split("«")
    expected = stripped(before + "FILL" + rest.split("»")[1])
    raw = page.encode()
    for cuts in ([], list(range(len(raw)))):
        found = pieces(raw, cuts, x=selector)
        assert text(found, "FILL") == expected
        assert text(found) == stripped(page)
        assert not reasons(found)


KEPT = {
    "a paragraph": ("<p id=a>x<p>y", "x: unsupported"),
    "an item": ("<ul><li id=a>x<li>y</ul>", "x: unsupported"),
    "a cell": ("<table><tr><td id=a>x</table>", "x: unsupported"),
    "a void element": ("<img id=a>", "x: unsupported"),
    "a script": ("<script id=a></script>", "x: unsupported"),
    "in a template": ("<template><div id=a>x</div></template>", "x: unsupported"),
    "in svg": ("<svg><g id=a>x</g></svg>", "x: unsupported"),
    "unclosed": ("<div id=a>x", "x: unclosed"),
    "misnested": ("<b><div id=a>x</b>y</div>", "x: misnested"),
    "what can be read in two ways": (
        "<select><style></select></style></select><div id=a>y</div>",
        "x: ambiguous",
    ),
}


@pytest.mark.parametrize(("page", "reason"), KEPT.values(), ids=KEPT)
def test_what_cannot_be_a_slot_keeps_its_default_and_says_why(
    page: str, reason: str
) -> None:
    for cuts in ([], list(range(len(page)))):
        found = pieces(page.encode(), cuts, x="#a")
        assert reason in reasons(found)
        assert text(found) == page


def test_several_selectors_and_the_other_lanes_live_together() -> None:
    page = f"<div id=a>1<i class=b>2</i>3</div>{A}4{END}<div data-shopwindow=home.hero>5</div>"
    found = pieces(page.encode(), x="#a", y="i.b", a="#none")
    assert [p.slot for p in found if isinstance(p, Hole)] == ["x", "a", "home.hero"]
    (outer,) = (p for p in found if isinstance(p, Hole) and p.slot == "x")
    assert [p.slot for p in inside(outer) if isinstance(p, Hole)] == ["y"]


def test_an_element_that_two_selectors_find_is_the_first_ones_slot() -> None:
    found = pieces(b"<div id=a>x</div>", x="#a", y="div")
    assert [p.slot for p in found if isinstance(p, Hole)] == ["x"]


REFUSED = ["a + b", "a ~ b", ":has(a)", ":is(a)", "a:last-child", "a:empty"]


@pytest.mark.parametrize("selector", [*REFUSED, "a:", "[", "a::before", "svg|a", ","])
def test_a_selector_that_cannot_be_used_says_so(selector: str) -> None:
    with pytest.raises(SelectorError) as refusal:
        check(selector)
    assert str(refusal.value).startswith(f'the selector "{selector}" cannot be used: ')
    assert refusal.value.hint or selector not in REFUSED


@pytest.mark.parametrize(
    "charset",
    ["latin-1", "cp1252", "shift_jis", "gb18030", "big5", "euc_jp", "euc_kr", "koi8_r"],
)
def test_a_selector_in_ascii_works_in_any_charset_that_holds_it(charset: str) -> None:
    signs = "é" if charset in ("latin-1", "cp1252") else "表一"
    signs = {"euc_kr": "가", "koi8_r": "ж"}.get(charset, signs)
    page = f"<p title={signs}>{signs}<div class='{signs} a' title={signs}>{signs}</div>"
    raw = page.encode(charset)
    for cuts in ([], list(range(len(raw)))):
        found = pieces(raw, cuts, charset, x="p .a")
        assert Hole("x", signs.encode(charset)) in found


def test_a_selector_beyond_ascii_needs_utf_8_and_says_so() -> None:
    page = "<div title='é'>x</div><i id=a>y</i>"
    found = pieces(page.encode("latin-1"), charset="iso8859-1", x="[title=é]", y="#a")
    assert [p for p in found if not isinstance(p, bytes)] == [
        Hole("y", b"y"),
        Kept("x", "charset"),
    ]


@settings(max_examples=runs(700, 120), deadline=None)
@given(PAGE, st.data(), st.sampled_from(["div", "span", "section", "em", "ul", "*"]))
def test_cuts_change_nothing_and_no_byte_is_lost(
    page: str, data: st.DataObject, selector: str
) -> None:
    raw = page.encode()
    whole = pieces(raw, x=selector, a="ul", b="button")
    assert text(whole) == stripped(page)
    assert pieces(raw, list(range(len(raw))), x=selector, a="ul", b="button") == whole
    cuts = data.draw(st.lists(st.integers(0, len(raw)), max_size=6))
    assert pieces(raw, cuts, x=selector, a="ul", b="button") == whole


def test_bytes_without_a_slot_are_the_same_objects() -> None:
    selecting = begun(x="#a")
    for chunk in (b"<html>", b"<p>text", b"<br>"):
        (piece,) = selecting.feed(chunk)
        assert piece is chunk
    assert selecting.close() == []
    assert not selecting.found


def test_a_tag_without_end_is_held_no_longer_than_the_ceiling() -> None:
    selecting = begun(x="[title]")
    fed = left = 0
    for chunk in [b"<div title='", *[b"x" * 9_999] * 60]:
        fed += len(chunk)
        left += sum(len(p) for p in selecting.feed(chunk) if isinstance(p, bytes))
        assert fed - left <= HELD + 10_000
    rest = selecting.close()
    left += sum(len(p) for p in rest if isinstance(p, bytes))
    assert fed == left
    assert Kept("x", "too-large") in rest


def test_another_thread_gives_the_selectors_up_and_loses_nothing() -> None:
    selecting = begun(x="[title]")
    out = selecting.feed(b"<p>1<div ti")

    def elsewhere() -> None:
        out.extend(selecting.feed(b"tle>2</div>"))
        out.extend(selecting.close())

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert joined(out) == [b"<p>1<div title>2</div>", Kept("x", "thread")]


def test_a_page_that_ends_in_another_thread_is_dropped_in_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    complaints: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    box = [begun(x="#a")]
    box[0].feed(b"<div id=a>")
    gc.disable()  # it is the thread below that lets go
    try:
        thread = threading.Thread(target=box.clear)
        thread.start()
        thread.join()
    finally:
        gc.enable()
    assert not box and not complaints
    assert sum(map(len, selectors_module._stranded.values())) == 1
    begun(x="#a")
    assert not selectors_module._stranded and not complaints


class Faulty:
    """A finder that goes wrong in one way."""

    def __init__(self, fault: Any) -> None:
        self.fault = fault

    def write(self, chunk: bytes) -> None:
        self.fault(chunk)

    def end(self) -> None:
        pass


def test_what_is_not_the_pages_own_never_gets_out() -> None:
    selecting = begun(x="#a")
    selecting._finder = Faulty(lambda chunk: selecting._out.append(chunk.upper()))
    out = selecting.feed(b"<div id=a>1</div>") + selecting.close()
    assert joined(out) == [b"<div id=a>1</div>", Kept("x", "ambiguous")]


def test_a_panic_costs_the_selectors_and_nothing_else(
    capfd: pytest.CaptureFixture[str],
) -> None:
    selecting = begun(x="a")
    finder = selecting._finder

    class Broken:
        def element(self, element: object) -> None:
            raise ValueError

    finder.on("p", Broken())
    with pytest.raises(RuntimeError):
        finder.write(b"<p>")
    out = selecting.feed(b"<a>1</a>")  # panics: there was a fatal error before
    out += selecting.feed(b"2") + selecting.close()
    assert joined(out) == [b"<a>1</a>2", Kept("x", "ambiguous")]
    assert "panicked" in capfd.readouterr().err


def test_an_interrupt_is_not_swallowed() -> None:
    def interrupt(chunk: bytes) -> None:
        raise KeyboardInterrupt

    selecting = begun(x="a")
    selecting._finder = Faulty(interrupt)
    with pytest.raises(KeyboardInterrupt):
        selecting.feed(b"x")


def test_an_error_while_marking_is_not_lost() -> None:
    selecting = begun(x="a")

    class Element:
        def before(self, content: str, kind: object) -> None:
            raise TypeError

    selecting._starts[0].element(Element())
    out = selecting.feed(b"<a>1</a>") + selecting.close()
    assert joined(out) == [b"<a>1</a>", Kept("x", "ambiguous")]


def test_without_the_extra_a_selector_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(selectors_module, "lolhtml", None)
    with pytest.raises(SelectorError, match="not installed") as refusal:
        Selectors({"x": "#a"})
    assert refusal.value.hint == 'pip install "shopwindow[selectors]"'

"""A TOML file whose errors know their place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwindow.middleware.toml import Document, Section

TEXT = """\
title = "x"   # [not a table]
[site]
name = "Shop"
number = 7
"quoted key" = 1
 indented = true
inline = { first = 1, "second" = [2], third.deep = 3 }
[[track]]
path = "/a"
[[track]]
path = "/b"
[sources.crm.header]
Key = "x"
[slots."home.hero"]
description = "y"
"""


def place(text: str, *path: str) -> tuple[int, int, int]:
    document = Document("site.toml", text)
    document.report(path, "wrong")
    (finding,) = document.findings
    return finding.line, finding.column, finding.length


@pytest.mark.parametrize(
    ("path", "where"),
    [
        (("title",), (1, 1, 5)),
        (("site",), (2, 2, 4)),
        (("site", "name"), (3, 1, 4)),
        (("site", "quoted key"), (5, 1, 12)),
        (("site", "indented"), (6, 2, 8)),
        (("site", "inline", "first"), (7, 12, 5)),
        (("site", "inline", "second"), (7, 23, 8)),
        (("site", "missing"), (2, 2, 4)),  # the table it would stand in
        (("track", "0", "path"), (9, 1, 4)),
        (("track", "1", "path"), (11, 1, 4)),
        (("track", "1", "event"), (10, 3, 5)),
        (("sources", "crm", "header", "Key"), (13, 1, 3)),
        (("slots", "home.hero", "description"), (15, 1, 11)),
        (("nowhere", "at", "all"), (1, 1, 1)),
    ],
)
def test_every_key_knows_its_place(
    path: tuple[str, ...], where: tuple[int, int, int]
) -> None:
    assert place(TEXT, *path) == where


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_are_counted_as_toml_counts_them(end: str) -> None:
    # Python knows more line ends than TOML: a line separator in a text is none.
    text = end.join(("# a\u2028b", 'x = "c\u0085d"', "[site]", "name = 7"))
    document = Document("site.toml", text)
    document.root.table("site").text("name")
    (finding,) = document.findings
    assert (finding.line, finding.excerpt) == (4, "name = 7")
    (broken,) = Document("site.toml", text + end + "= 1").findings
    assert (broken.line, broken.excerpt) == (5, "= 1")


@pytest.mark.parametrize("quotes", ['"""', "'''"])
def test_what_stands_in_a_long_text_is_no_key(quotes: str) -> None:
    text = f"a = {quotes}\nb = 1\n[c]\n{quotes}\nb = 2\n"
    assert place(text, "b") == (5, 1, 1)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("name = Tea", 'a text stands in quotes: name = "My shop"'),
        ("[track]\n[track]", "what comes several times is written [[...]], each time"),
        ("a = 1\na = 2\n", "each key once"),
        ("[site", ""),
    ],
)
def test_a_syntax_error_says_what_to_do_where_that_is_known(
    text: str, hint: str
) -> None:
    (finding,) = Document("site.toml", text).findings
    assert finding.hint == hint


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[site", 1),
        ("a = 1\na = 2\n", 2),
        ("a =\n", 1),
        ("a = 1\nb = 'x\n", 2),
        ("a = [1,\n2", 2),
        ('a = "\\q"', 1),
        ("a = 2026-13-01", 1),
        ("a = 1\n\nb = [1", 3),
    ],
)
def test_a_syntax_error_names_its_line(text: str, line: int) -> None:
    (finding,) = Document("site.toml", text).findings
    assert finding.message.startswith("this is not valid TOML: ")
    assert "(at" not in finding.message
    assert finding.line == line
    assert finding.excerpt == text.split("\n")[line - 1]
    assert 1 <= finding.column <= len(finding.excerpt) + 1


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 100_000, "a = " + "9" * 5_000, "a = {b=" * 5_000]
)
def test_bombs_are_findings_and_not_tracebacks(text: str) -> None:
    (finding,) = Document("site.toml", text).findings
    assert finding.severity == "error"


@given(st.text())
def test_no_text_raises(text: str) -> None:
    document = Document("site.toml", text)
    document.root.finish()
    for finding in document.findings:
        assert finding.line >= 1 and finding.column >= 1


@given(st.text(alphabet="[]{}=.,\"'\\#\n\r ab1-"))
def test_no_text_made_of_toml_s_own_signs_raises(text: str) -> None:
    document = Document("site.toml", text)
    document.root.finish()
    assert all(finding.line >= 1 for finding in document.findings)


def section(text: str) -> Section:
    return Document("site.toml", text).root


READERS = [
    ("text", 'k = "a"', "a", "k = 1"),
    ("flag", "k = true", True, "k = 1"),
    ("texts", 'k = ["a", "b"]', ("a", "b"), "k = [1]"),
    ("texts", "k = []", (), 'k = "a"'),
]


@pytest.mark.parametrize(("reader", "good", "value", "bad"), READERS)
def test_a_value_is_read_or_found_wrong(
    reader: str, good: str, value: object, bad: str
) -> None:
    root = section(good)
    assert getattr(root, reader)("k") == value
    assert root.document.findings == []
    root = section(bad)
    assert not getattr(root, reader)("k")
    assert len(root.document.findings) == 1


@pytest.mark.parametrize(
    ("written", "value", "wrong"),
    [("5", 5, 0), ("1", 1, 0), ("9", 9, 0), ("0", 3, 1), ("10", 3, 1)]
    + [("true", 3, 1), ("5.0", 3, 1), ('"5"', 3, 1)],
)
def test_a_whole_number_has_bounds(written: str, value: int, wrong: int) -> None:
    root = section(f"k = {written}")
    assert root.whole("k", 3, least=1, most=9) == value
    assert len(root.document.findings) == wrong


def test_what_is_not_written_has_its_default() -> None:
    root = section("")
    assert root.text("k", "d") == "d"
    assert root.whole("k", 3, least=1, most=9) == 3
    assert root.flag("k", True) is True
    assert root.texts("k") == ()
    assert root.tables("k") == []
    assert root.table("k").text("x", "d") == "d"
    assert root.document.findings == []


def test_entries_of_an_array_of_tables_are_all_read() -> None:
    root = section("[[t]]\na = 1\n[[t]]\na = 2\n")
    assert [s.whole("a", 0, least=0, most=9) for s in root.tables("t")] == [1, 2]
    assert "t" in root and "u" not in root


@pytest.mark.parametrize("text", ["t = 1", "t = [1]", "[t]"])
def test_something_else_than_an_array_of_tables_is_found(text: str) -> None:
    root = section(text)
    assert root.tables("t") == []
    assert len(root.document.findings) == 1


def test_what_nobody_read_is_reported_with_a_suggestion() -> None:
    root = section("[site]\nnmae = 1\nlater = 2\n")
    site = root.table("site")
    site.text("name")
    site.finish(later=["later"])
    one, two = site.document.findings
    assert str(one) == (
        'site.toml:2:1: error: unknown key "nmae" in [site]: did you mean "name"?'
    )
    assert str(two) == 'site.toml:3:1: error: "later" is not available yet'

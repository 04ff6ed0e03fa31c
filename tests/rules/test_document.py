import time
import tracemalloc
from itertools import product

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shopwindow.findings import Finding
from shopwindow.rules import document
from shopwindow.rules.document import Document, core


def found(text: str) -> list[str]:
    findings: list[Finding] = []
    Document("f", text, findings)
    return [str(finding) for finding in findings]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("on", "on"),
        ("yes", "yes"),
        ("True", "True"),
        ("true", True),
        ("false", False),
        ("012", "012"),
        ("0", 0),
        ("-7", -7),
        ("+7", 7),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("12:30", "12:30"),
        ("2026-11-20", "2026-11-20"),
        ("1.50", 1.5),
        ("1e3", "1e3"),
        ("1.0e3", 1000.0),
        ("1.0e999", "1.0e999"),
        (".inf", ".inf"),
        ("~", None),
        ("null", None),
        ("'~'", "~"),
        ("'true'", "true"),
        ('"7"', "7"),
    ],
)
def test_scalars_stay_what_they_look_like(text: str, value: object) -> None:
    root = Document("f", f"a: {text}", []).root
    assert root is not None
    read = core(root.entries[0][1])
    assert read == value
    assert type(read) is type(value)


FORM = [
    ("a: &x 1\n", 'f:1:4: error: anchor "&x" is not allowed: use a segment instead'),
    ("a: *x\n", 'f:1:4: error: alias "*x" is not allowed: use a segment instead'),
    ("a: !t 1\n", 'f:1:4: error: tag "!t" is not allowed: put the text into quotes'),
    (
        "a: !!int 1\n",
        'f:1:4: error: tag "tag:yaml.org,2002:int" is not allowed: put the text into quotes',
    ),
    (
        "a: 1\n---\nb: 1\n",
        "f:2:1: error: a second document starts here: one file, one document",
    ),
    (
        "a:\n\t- b\n",
        "f:2:1: error: not valid YAML: a tab stands here: YAML indents with spaces only",
    ),
    ("a: \x07\n", "f:1:4: error: the character U+0007 is not allowed: delete it"),
    (
        "a: 1\nü: \ud800\n",
        "f:2:4: error: this is not UTF-8 text: save the file as UTF-8",
    ),
    (
        "a: {b: 1,",
        "f:1:10: error: not valid YAML: the file ends in the middle of something: was it cut short?",
    ),
    (
        "a: 'b",
        "f:1:6: error: not valid YAML: found unexpected end of stream: a quote is opened and never closed; was the file cut short?",
    ),
    (
        "a: b: c\n",
        "f:1:5: error: not valid YAML: mapping values are not allowed in this context: a text with `: ` inside needs quotes, or the indentation is off",
    ),
    (
        "a: {b: c: d}\n",
        "f:1:9: error: not valid YAML: did not find expected ',' or '}': a text with `: ` or `,` in it needs quotes, or a `}` is missing",
    ),
    (
        "a: > 3\n",
        "f:1:6: error: not valid YAML: did not find expected comment or line break: `>` and `|` begin a long text: compare with `{more-than: 3}`",
    ),
]


@pytest.mark.parametrize(("text", "finding"), FORM)
def test_what_is_wrong_with_the_form_has_its_place(text: str, finding: str) -> None:
    assert found(text) == [finding]


@pytest.mark.parametrize(
    "text", ["", "\n", "# only words\n", "---\n", "\ufeff", "\ufeff# x\r\n"]
)
def test_an_empty_file_is_fine(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("end", "bom"), list(product(["\n", "\r\n", "\r"], ["", "\ufeff"]))
)
def test_columns_count_characters_whatever_the_line_ends(end: str, bom: str) -> None:
    findings: list[Finding] = []
    text = bom + end.join(["# Öl", "größe: {ä: 😀, ß: *x}", ""])
    Document("f", text, findings)
    assert [(f.line, f.column, f.length) for f in findings] == [(2, 18, 2)]
    assert findings[0].excerpt == "größe: {ä: 😀, ß: *x}"
    # A terminal gives the emoji two cells.
    assert findings[0].show().splitlines()[-1] == "       | " + " " * 18 + "^^"


HOSTILE = {
    "alias bomb": "a: &a [x, x]\n"
    + "".join(f"b{n}: &b{n} [{'*a, ' * 9}]\n" for n in range(3000)),
    "nest": "[" * 5000,
    "nest of maps": "{a: " * 5000,
    "nest of blocks": "".join("  " * depth + "- a:\n" for depth in range(900)),
    "larger than a megabyte": "a: " + "x" * (1 << 20),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_cost_little(name: str) -> None:
    tracemalloc.start()
    start = time.perf_counter()
    findings = found(HOSTILE[name])
    took = time.perf_counter() - start
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert findings
    assert peak < 20_000_000
    assert took < 0.5, "usually below 10 ms; wide, because the machine may be busy"


def test_a_file_of_nothing_but_errors_has_some_of_them() -> None:
    findings: list[Finding] = []
    small = Document("f", "[" + "{}, " * 300 + "]", findings)
    assert small.root is not None
    for item in small.root.items:
        small.error(item, "wrong")
    assert (len(findings), small.errors) == (200, 300)
    assert findings[-1].message == "wrong (and more: this file has too many findings)"
    assert "holds too much" in found("[" + "{}," * 250_000 + "]")[0]


def test_the_pure_parser_says_the_same_where_there_is_no_c_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(document, "_PARSER", yaml.SafeLoader)
    for text, finding in FORM[:7]:
        assert found(text) == [finding]
    assert len(found(FORM[8][0])) == 1


PIECES = st.lists(
    st.sampled_from(
        [
            *"{}[]:,-?&*!|>'\"%@#\n\t ü😀\0\x85\ufeff",
            "a",
            "a: ",
            "- ",
            "<<: ",
            "---\n",
            "\r\n",
        ]
    ),
    max_size=40,
).map("".join)


@given(PIECES | st.text(max_size=60))
def test_no_text_raises(text: str) -> None:
    lines = text.count("\n") + text.count("\r") + text.count("\x85") + 1
    findings: list[Finding] = []
    Document("f", text, findings)
    for finding in findings:
        assert 1 <= finding.line <= lines + text.count("\u2028") + text.count("\u2029")
        assert finding.column >= 1
        finding.show()

"""How a finding looks."""

import pytest

from shopwindow.findings import Finding


def pointing(line: str, word: str) -> Finding:
    return Finding(
        "f", 3, line.index(word) + 1, "wrong", excerpt=line, length=len(word)
    )


@pytest.mark.parametrize(
    ("line", "word", "lead", "carets"),
    [
        ("a: wrong", "wrong", 3, 5),
        ("größe: wrong", "wrong", 7, 5),
        ("尺寸: wrong", "wrong", 6, 5),  # two cells each
        ("a: 尺寸 b", "尺寸", 3, 4),
        ("😀: wrong", "wrong", 4, 5),
        ("u\u0308ber: wrong", "wrong", 6, 5),  # the dots stand on the u
        ("a: wrong # \x1b[31m", "wrong", 3, 5),
    ],
)
def test_carets_stand_below_the_word_whatever_its_width(
    line: str, word: str, lead: int, carets: int
) -> None:
    quoted, marks = pointing(line, word).quoted()
    assert quoted == f"     3 | {line}".replace("\x1b", "\ufffd")
    assert marks == f"       | {' ' * lead}{'^' * carets}"


def test_tabs_stay_tabs() -> None:
    assert pointing("\ta:\twrong", "wrong").quoted()[1] == "       | \t  \t^^^^^"


def test_a_place_behind_the_end_of_its_line_has_a_caret_too() -> None:
    finding = Finding("f", 1, 6, "cut short", excerpt="a: b")
    assert finding.quoted()[1] == "       |      ^"


def test_of_a_long_line_the_part_around_the_place_is_shown() -> None:
    line = "a: [" + "x, " * 100 + "wrong, " + "y, " * 100 + "]"
    quoted, marks = pointing(line, "wrong").quoted()
    assert quoted[marks.index("^") :].startswith("wrong, y")
    assert marks.count("^") == 5 and len(quoted) < 150
    assert "| ...x, " in quoted.replace("... ", "...") and quoted.endswith("...")


def test_nothing_of_a_file_commands_the_terminal() -> None:
    finding = Finding("a\x1bb.yaml", 1, 1, 'unknown "\x1b[2J"', excerpt="\x9b\u202e")
    assert not {"\x1b", "\x9b", "\u202e"} & set(finding.show())


TEXT = "\ufeffrules:\r\n  - id: a   \r\n    slot: b\r\n\tc"


@pytest.mark.parametrize(
    ("line", "column", "marked"),
    [
        (1, 1, "rules:"),
        (2, 1, "id: a"),
        (3, 1, "slot: b"),
        (4, 1, "c"),
        (3, 11, "b"),
    ],
)
def test_a_line_is_quoted_where_nothing_was_yet(
    line: int, column: int, marked: str
) -> None:
    found = Finding("f", line, column, "wrong").quoting(TEXT)
    start = found.column - 1
    assert found.excerpt[start : start + found.length] == marked
    assert found.quoting("something\nelse") == found


def test_a_line_that_is_not_there_is_not_quoted() -> None:
    finding = Finding("f", 9, 1, "wrong")
    assert finding.quoting(TEXT) == finding and finding.show() == str(finding)

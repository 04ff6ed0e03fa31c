"""Half a file never goes live; an edit that is meant always does."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwindow.middleware.loading.cut import CALM, HELD, doubts

RULES = """\
version: 1
rules:
  - id: first
    slot: home.hero
    when:
      - visits: {at-least: 2}
      - country: DE
    show: banner

  # the second one
  - id: second
    slot: home.hero
    show: banner
    with: {text: Second}
  - id: third
    slot: home.hero
    show: banner
"""


def until(piece: str) -> str:
    """The rules up to and with ``piece``."""
    return RULES[: RULES.index(piece) + len(piece)]


def waits(old: str | None, new: str, name: str = "rules/start.yaml") -> float:
    before = {} if old is None else {name: old}
    return max((doubt.seconds for doubt in doubts(before, {name: new})), default=0.0)


EDITS = {
    "another word": (RULES, RULES.replace("Second", "Zweite"), 0.0),
    "a shorter word": (RULES, RULES.replace("Second", "2"), 0.0),
    "a rule in the middle taken away": (
        RULES,
        until("show: banner\n") + RULES[RULES.index("  - id: third") :],
        0.0,
    ),
    "a rule more": (RULES, RULES + "  - {id: x, slot: home.hero, show: banner}\n", 0.0),
    "the last rule taken away": (RULES, until("Second}\n"), CALM),
    "the last lines of the last rule": (RULES, until("- id: third\n"), CALM),
    "a cut within a line": (RULES, until("slot: home.he"), inf),
    "a cut within the last line": (RULES, RULES[:-3], inf),
    "a cut within a rule": (RULES, until("at-least: 2}\n"), inf),
    "such a cut that is meant": (RULES, until("at-least: 2}\n") + "# meant\n", CALM),
    "without line breaks, within a rule": (RULES.rstrip(), until("at-le"), inf),
    "without line breaks, a word less at the end": (RULES.rstrip(), RULES[:-4], HELD),
    "nothing is left": (RULES, "", inf),
    "only a line break is left": (RULES, "\n", inf),
    "only a comment is left": (RULES, "# nothing for now\n", CALM),
    "a new text that stops": (RULES, RULES.replace("Second", "2")[:-5], HELD),
    "the last line break": (RULES, RULES.rstrip(), inf),
    "a new file": (None, RULES, 0.0),
    "a new file that stops": (None, RULES[:-5], CALM),
    "an empty file gets its text": ("", RULES, 0.0),
    "no change": (RULES.rstrip(), RULES.rstrip(), 0.0),
}


@pytest.mark.parametrize(("old", "new", "seconds"), EDITS.values(), ids=EDITS)
def test_how_long_an_edit_waits(old: str | None, new: str, seconds: float) -> None:
    assert waits(old, new) == seconds


def test_a_fragment_of_one_line_may_become_shorter() -> None:
    old, new = "<p>Tea</p><p>Cups</p>", "<p>Tea</p>"
    assert waits(old, new, "fragments/banner.html") == HELD


def test_a_file_that_is_gone_may_be_on_its_way_back() -> None:
    assert [doubt.seconds for doubt in doubts({"rules/a.yaml": RULES}, {})] == [CALM]


@given(st.integers(1, len(RULES) - 1))
def test_wherever_it_is_cut_only_whole_rules_go_live(length: int) -> None:
    new = RULES[:length]
    if waits(RULES, new) < inf:
        rest = RULES[length:].lstrip("\n").splitlines()[0].strip()
        within_the_last = "- id: third" in new
        assert new.endswith("\n")
        assert within_the_last or rest.startswith(("- id", "#", "rules:"))


def test_the_editor_is_told_where_and_how_to_go_on() -> None:
    (doubt,) = doubts({"rules/a.yaml": RULES}, {"rules/a.yaml": until("slot: home.he")})
    assert doubt.finding is not None
    assert str(doubt.finding) == (
        "rules/a.yaml:4:17: error: the file was cut short here: "
        "write the rest, or a comment below it if that is meant"
    )

"""Regular expressions that every CPython from 3.11.0 on matches as they are meant."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import shopwindow

ROOT = Path(shopwindow.__file__).parent
ROOMS = ("fragments", "rules", "middleware", "examples")
# A group repeated for good; before CPython 3.11.5 it may end in the middle of a round that does not fit (gh-106052).
POSSESSIVE_GROUP = re.compile(r"(?<!\\)\)(?:[*+?]|\{\d*,?\d*\})\+")


def texts(source: str) -> Iterator[tuple[int, str]]:
    """The texts in ``source`` with their lines; as written, so that a ``\\)`` keeps its backslash."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            value = node.value
            yield (
                node.lineno,
                value.decode("latin-1") if isinstance(value, bytes) else value,
            )


@pytest.mark.parametrize("room", ROOMS)
def test_no_group_is_repeated_possessively(room: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: write (?>(?:...)*) instead"
        for path in sorted((ROOT / room).rglob("*.py"))
        for line, text in texts(path.read_text("utf-8"))
        if POSSESSIVE_GROUP.search(text)
    ]
    assert found == []


@pytest.mark.parametrize("end", ["*+", "++", "?+", "{2}+", "{1,9}+", "{,9}+"])
def test_such_a_group_is_seen(end: str) -> None:
    (text,) = [text for _, text in texts(f"re.compile(rb'(?:a|b){end}')")]
    assert POSSESSIVE_GROUP.search(text)
    assert not POSSESSIVE_GROUP.search(text.replace(")", "\\)"))
    assert not POSSESSIVE_GROUP.search(text.replace("(?:a|b)", "[ab]"))

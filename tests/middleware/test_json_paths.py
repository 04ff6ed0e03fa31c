"""Paths into JSON: what site.toml may write, and what it finds."""

from typing import Any

import pytest

from shopwindow.middleware.sources.paths import at, read_path

ANSWER: dict[str, Any] = {
    "a": {"b": 1, "c.d": 2},
    "list": ["x", {"y": 3}],
    "addresses": [
        "none",
        {"type": "home", "city": "Bonn"},
        {"type": "work", "city": "Kiel", "main": True, "floor": 2},
    ],
}
FOUND = {
    "$.a.b": 1,
    "$.a['c.d']": 2,
    "$['a'].b": 1,
    "$.list[0]": "x",
    "$.list.1.y": 3,
    "$.list[1].y": 3,
    "$.addresses[?type=work].city": "Kiel",
    "$.addresses[?type='home'].city": "Bonn",
    "$.addresses[?main=true].city": "Kiel",
    "$.addresses[?floor=2].city": "Kiel",
}
NOT_FOUND = """
    $.z $.a.b.c $.list[9] $.list.x $.a[0] $.addresses[?type=boat].city $.a[?b=1] $.list.\u00b2
""".split()
WRONG = """
    $ a.b $. $.a. $..a $.a[ $.a[x] $.a[-1] $.a[*] $[] $.a] $.a['b $.a[?b] $.a[9999999]
""".split()


@pytest.mark.parametrize("path", FOUND)
def test_it_finds(path: str) -> None:
    steps = read_path(path)
    assert steps is not None and at(ANSWER, steps) == FOUND[path]


@pytest.mark.parametrize("path", NOT_FOUND)
def test_it_finds_nothing(path: str) -> None:
    steps = read_path(path)
    assert steps is not None and at(ANSWER, steps) is None


@pytest.mark.parametrize("path", [*WRONG, "$" + ".a" * 21, "$." + "a" * 200])
def test_it_is_no_path(path: str) -> None:
    assert read_path(path) is None

"""Experiments that go on with other shares."""

import pytest

from shopwindow.rules.running import altered
from tests.rules.shop import read


def split(more: str = "", a: int = 50, off: str = "") -> str:
    return (
        f"  - id: x\n    slot: home.hero\n    {off}\n    split:\n"
        f"      {{experiment: e, {more}variants: [{{name: a, weight: {a}, show: hero}}, "
        "{name: b, weight: 50, show: plain}]}\n"
    )


def notes(before: str, after: str) -> list[str]:
    rules = (read(f"rules:\n{text}") for text in (before, after))
    return [str(note) for note in altered(*rules)]


@pytest.mark.parametrize(
    ("after", "change"),
    [
        (split(a=150), "variants a 75%, b 25%, before a 50%, b 50%"),
        (split("control: 10%, "), "control 10%, before 0%"),
        (
            split("traffic: 20%, control: 5%, "),
            "control 5%, before 0%; traffic 20%, before 100%",
        ),
    ],
)
def test_who_comes_from_now_on_is_shared_out_otherwise(after: str, change: str) -> None:
    assert notes(split(), after) == [
        f'rules/start.yaml:5:1: warning: experiment "e" goes on with other shares: {change}: '
        "to compare from the beginning give it a new name"
    ]


@pytest.mark.parametrize(
    "after",
    [
        split(),
        split().replace("weight: 50", "weight: 1"),
        split().replace("hero}", "category-hero, with: {category: wood}}"),
        split(a=90).replace("experiment: e", "experiment: f"),
        split(a=90, off="off: true"),
        "  - {id: x, slot: home.hero, show: hero}\n",
    ],
)
def test_nothing_is_said_where_nobody_is_shared_out_otherwise(after: str) -> None:
    assert notes(split(), after) == []

"""Shares and weights that leave somebody nothing."""

import pytest

from shopwindow.rules.allotments import misallotted
from tests.rules.shop import read


def found(more: str, *weights: object) -> list[str]:
    arms = ", ".join(
        f"{{name: v{n}, show: hero, weight: {w}}}" for n, w in enumerate(weights)
    )
    split = f"split: {{experiment: e, variants: [{arms}]{more}}}"
    content = split if weights else f"show: hero{more}"
    text = f"rules:\n  - {{id: a, slot: home.hero, {content}}}\n"
    return [f"{one.line} {one.code}: {one.message}" for one in misallotted(read(text))]


CASES: list[tuple[str, tuple[object, ...], list[str]]] = [
    ("", (), []),
    (", explore: 99%", (), []),
    (
        ", explore: 100%",
        (),
        ['2 never-shown: rule "a" steps aside for everybody: it explores 100%'],
    ),
    (", off: true, explore: 100%", (), []),
    ("", (50, 50), []),
    ("", (33, 33, 33), []),
    ("", (2, 1), []),
    ("", (60, 30), []),
    ("", (33.5, 66.5), []),
    (
        ", traffic: 0%",
        (1, 1),
        ['2 never-shown: rule "a" is for nobody: its traffic is 0%'],
    ),
    (
        "",
        (1, 0),
        ['2 never-shown: nobody sees variant "v1" of rule "a": its weight is 0'],
    ),
    ("", (60, 42), ['2 odd-sum: the weights of experiment "e" add up to 102']),
    ("", (48.5, 50), ['2 odd-sum: the weights of experiment "e" add up to 98.5']),
]


@pytest.mark.parametrize(("more", "weights", "warnings"), CASES)
def test_what_nobody_sees_is_warned_of(
    more: str, weights: tuple[object, ...], warnings: list[str]
) -> None:
    assert found(more, *weights) == warnings


def test_an_experiment_of_two_rules_is_warned_of_once() -> None:
    split = "split: {experiment: e, variants: [{name: a, show: hero, weight: 60}, {name: b, show: hero, weight: 42}]}"
    rules = read(
        f"rules:\n  - {{id: a, slot: home.hero, {split}}}\n  - {{id: b, slot: home.prompt, {split}}}\n"
    )
    assert len(misallotted(rules)) == 1

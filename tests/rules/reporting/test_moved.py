"""Experiments whose shares moved once, and which do so no more."""

import pytest

from shopwindow.rules.measurement.cells import Cell
from shopwindow.rules.reporting.report import Report
from shopwindow.rules.rule import Rule
from tests.rules.reporting.madeup import TODAY, Book, rule, split

# A good day, and a bad one on which hardly anybody was dealt cosy: by day, they are alike.
DAYS = (
    (TODAY - 5, 0.2, {"plain": 1_000, "cosy": 1_000}),
    (TODAY - 4, 0.02, {"plain": 1_900, "cosy": 100}),
)


def report(*rules: Rule, moved: bool) -> Report:
    book = Book()
    for day, ordered, arms in DAYS:
        for arm, number in arms.items():
            cell = Cell(day, "experiment", "tone", "", arm)
            book.units(cell, number, ordered=ordered)
    names = frozenset({"tone"} if moved else ())
    return book.report(*rules, moved=names)


@pytest.mark.parametrize("gone", [True, False])
def test_they_are_compared_within_days_all_the_same(gone: bool) -> None:
    rules = [] if gone else [rule("hero", split=split(control=0.0))]
    for moved in (True, False):
        (subject,) = report(*rules, moved=moved).experiments
        (effect,) = (one for one in subject.effects if one.role == "goal")
        assert (abs(effect.relative) < 0.3) == moved

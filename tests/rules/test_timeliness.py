"""What a look at the calendar finds."""

import pytest

from shopwindow.rules.timeliness import untimely
from tests.rules.shop import NOW, read

CASES = [
    ("schedule: {from: 2026-11-01, until: 2026-12-01}", []),
    (
        "schedule: {until: 2026-11-21}",
        [
            'rules/start.yaml:2:1: warning: rule "a" can never win again: its schedule '
            "has ended: delete the rule, or move its dates"
        ],
    ),
    (
        "schedule: {hours: 02:30-04:00}",
        [
            "rules/start.yaml:2:1: warning: the clock skips an hour of the schedule of "
            'rule "a" on 2027-03-28: it counts from the next hour on'
        ],
    ),
    (
        "schedule: {from: 2026-11-23, until: 2026-11-25, days: [sun]}",
        [
            'rules/start.yaml:2:1: warning: rule "a" can never win: its schedule is never '
            "on: none of its days and hours lies between `from` and `until`"
        ],
    ),
    ("review-by: 2026-11-21", []),
    (
        "review-by: 2026-11-20",
        [
            'rules/start.yaml:2:1: warning: rule "a" was to be reviewed by 2026-11-20: '
            "ask its owner whether it still helps"
        ],
    ),
]


@pytest.mark.parametrize(("more", "warnings"), CASES)
def test_rules_out_of_their_time_are_warned_of(more: str, warnings: list[str]) -> None:
    rules = read(f"rules:\n  - {{id: a, slot: home.hero, show: hero, {more}}}\n")
    assert [str(finding) for finding in untimely(rules, NOW)] == warnings

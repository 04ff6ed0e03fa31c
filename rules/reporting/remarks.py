"""What to look at: rules that nobody sees or clicks, tired ones, gaps, reviews that are due."""

from collections.abc import Iterable

from ..moments import read_day
from ..rule import Rule
from ..statistics.discoveries import adjusted
from .gathering import Gathered
from .notices import Coverage, Remark
from .trends import Trend, falling
from .writing import Writing

#: Without a click among so many, surely (95 %) fewer than one in a hundred clicks.
UNCLICKED = 300
WEEKS = 8  # that a trend looks back
#: A fall is told of that is no luck among all rules, and that matters.
TIRED_P, TIRED_FALL = 0.05, 0.2


def remarks(
    found: Gathered,
    rules: Iterable[Rule],
    coverage: Coverage,
    now: float,
    days: tuple[int, int],
    write: Writing,
) -> tuple[Remark, ...]:
    """All of them. ``days`` is the last whole day of the report, and today."""
    last, today = days
    live = [
        rule
        for rule in rules
        if not rule.off and (rule.schedule is None or rule.schedule.active(now))
    ]
    told = [*_unseen(found, live), *_unclicked(found, live, write)]
    told += _tired(found, live, last, write)
    told += _uncovered(coverage)
    told += _overdue(live, today)
    return tuple(told)


def _unseen(found: Gathered, rules: Iterable[Rule]) -> list[Remark]:
    return [
        Remark(
            "unseen",
            "rule",
            rule.id,
            f"Nobody saw {rule.id} in {rule.slot} on these days.",
        )
        for rule in rules
        if not found.total("rule", rule.id, "impressions")
        and not found.total("rule", rule.id, "held")
    ]


def _unclicked(found: Gathered, rules: Iterable[Rule], write: Writing) -> list[Remark]:
    told = []
    for rule in rules:
        seen = found.total("rule", rule.id, "impressions")
        if seen >= UNCLICKED and not found.total("rule", rule.id, "clicks"):
            words = f"Nobody clicked {rule.id}, shown {write.count(seen)} times."
            told.append(Remark("unclicked", "rule", rule.id, words))
    return told


def _tired(
    found: Gathered, rules: Iterable[Rule], last: int, write: Writing
) -> list[Remark]:
    trends: list[tuple[str, Trend, int]] = []
    for rule in rules:
        weeks = _weeks(found, rule.id, last)
        trend = falling(weeks)
        if trend is not None:
            trends.append((rule.id, trend, len(weeks)))
    told = []
    ps = adjusted([trend.p for _, trend, _ in trends])
    for (name, trend, length), p in zip(trends, ps, strict=True):
        if p < TIRED_P and trend.last < (1 - TIRED_FALL) * trend.first:
            words = (
                f"{name} tires: in {length} weeks its click rate fell from "
                f"{write.percent(trend.first, 2)} to {write.percent(trend.last, 2)}."
            )
            told.append(Remark("tired", "rule", name, words))
    return told


def _weeks(found: Gathered, rule: str, last: int) -> list[tuple[int, int]]:
    """Clicks and showings of whole weeks up to ``last``, from the first week with a showing."""
    seen = found.days("rule", rule, "impressions")
    clicked = found.days("rule", rule, "clicks")
    weeks: list[tuple[int, int]] = []
    for week in range(WEEKS, 0, -1):
        days = range(last - 7 * week + 1, last - 7 * week + 8)
        tries = sum(seen.get(day, 0) for day in days)
        # A click may come the day after its showing, and so in the next week.
        hits = min(tries, sum(clicked.get(day, 0) for day in days))
        if tries or weeks:
            weeks.append((hits, tries))
    return weeks


def _uncovered(coverage: Coverage) -> list[Remark]:
    gaps: dict[str, list[str]] = {}
    for slot, stage in coverage.gaps:
        gaps.setdefault(slot, []).append(stage)
    return [
        Remark(
            "uncovered",
            "slot",
            slot,
            f"{slot} showed nothing to visitors of {_listed(stages)}.",
        )
        for slot, stages in gaps.items()
    ]


def _overdue(rules: Iterable[Rule], today: int) -> list[Remark]:
    told = []
    for rule in rules:
        review = read_day(rule.about.get("review-by", ""))
        if review is not None and review < today:
            owner = rule.about.get("owner", "")
            whose = f" by {owner}" if owner else ""
            words = (
                f"{rule.id} was to be reviewed{whose} until {rule.about['review-by']}."
            )
            told.append(Remark("review", "rule", rule.id, words))
    return told


def _listed(names: list[str]) -> str:
    if len(names) == 1:
        return f"the stage {names[0]}"
    return f"the stages {', '.join(names[:-1])} and {names[-1]}"

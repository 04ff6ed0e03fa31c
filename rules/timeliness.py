"""Rules whose time has passed, or that the clock plays a trick on: for those who check a site."""

from ..findings import Finding
from .moments import day_of, read_day
from .ruleset import RuleSet


def untimely(rules: RuleSet, now: float) -> list[Finding]:
    """Warnings about schedules and reviews, as they are at ``now`` (seconds since 1970)."""
    found: list[Finding] = []

    def warn(file: str, line: int, message: str, hint: str) -> None:
        found.append(Finding(file, line, 1, message, hint, "warning"))

    for rule in rules.rules:
        schedule = rule.schedule
        if schedule is not None and schedule.expired(now):
            words = f'rule "{rule.id}" can never win again: its schedule has ended'
            warn(rule.file, schedule.line, words, "delete the rule, or move its dates")
        elif schedule is not None and (day := schedule.skipped(now)) is not None:
            words = (
                f'the clock skips an hour of the schedule of rule "{rule.id}" on {day}'
            )
            warn(rule.file, schedule.line, words, "it counts from the next hour on")
        review = read_day(rule.about.get("review-by", ""))
        if review is not None and review < day_of(now, rules.zone):
            words = f'rule "{rule.id}" was to be reviewed by {rule.about["review-by"]}'
            warn(rule.file, rule.line, words, "ask its owner whether it still helps")
    return found

"""Rules whose time has passed, or that the clock plays a trick on: for those who check a site."""

from ..findings import Finding
from .moments import day_of, read_day
from .ruleset import RuleSet


def untimely(rules: RuleSet, now: float) -> list[Finding]:
    """Warnings about schedules and reviews, as they are at ``now`` (seconds since 1970)."""
    found: list[Finding] = []

    def warn(code: str, file: str, line: int, message: str, hint: str) -> None:
        found.append(Finding(file, line, 1, message, hint, "warning", code=code))

    for rule in rules.rules:
        schedule = rule.schedule
        if schedule is not None and schedule.expired(now):
            words = f'rule "{rule.id}" can never win again: its schedule has ended'
            hint = "delete the rule, or move its dates"
            warn("expired", rule.file, schedule.line, words, hint)
        elif schedule is not None and schedule.never():
            words = f'rule "{rule.id}" can never win: its schedule is never on'
            hint = "none of its days and hours lies between `from` and `until`"
            warn("never-on", rule.file, schedule.line, words, hint)
        elif schedule is not None and (day := schedule.skipped(now)) is not None:
            words = (
                f'the clock skips an hour of the schedule of rule "{rule.id}" on {day}'
            )
            hint = "it counts from the next hour on"
            warn("skipped-hour", rule.file, schedule.line, words, hint)
        review = read_day(rule.about.get("review-by", ""))
        if review is not None and review < day_of(now, rules.zone):
            words = f'rule "{rule.id}" was to be reviewed by {rule.about["review-by"]}'
            hint = "ask its owner whether it still helps"
            warn("review", rule.file, rule.line, words, hint)
    return found

"""What somebody has to act on now."""

from collections.abc import Iterable, Mapping
from math import sqrt
from statistics import median

from ..rule import Rule
from ..statistics import normal
from .gathering import Gathered
from .notices import Alert
from .report import Report, Subject
from .writing import Writing

#: Silence is told of who showed at least so much on a usual day of the week before.
USUAL = 20
#: Surely (99 %) more than so many of all showings failed, in the last two days.
FAILURES, SURE = 0.02, 0.99
LEAST_FAILURES = 10


def alerts(report: Report) -> tuple[Alert, ...]:
    """Those of a report: what ``shopwindow report`` and ``shopwindow measure`` end with 1 for."""
    return report.alerts


def raised(
    found: Gathered,
    subjects: Iterable[Subject],
    live: Iterable[Rule],
    slots: Iterable[str],
    today: int,
    write: Writing,
) -> tuple[Alert, ...]:
    """All of them. ``live`` are the rules that should show something today."""
    live = list(live)
    told: list[Alert] = []
    served = {rule.slot for rule in live}
    for kind, names in (
        ("slot", [slot for slot in slots if slot in served]),
        ("rule", [rule.id for rule in live if not rule.schedule]),
    ):
        for name in names:
            told += _silent(found, kind, name, today, write)
    for kind in ("slot", "rule"):
        for name in sorted({key[1] for key in found.series if key[0] == kind}):
            if "@" not in name:
                told += _failing(found, kind, name, today, write)
    for subject in subjects:
        told += _broken(subject)
    return tuple(told)


def _silent(
    found: Gathered, kind: str, name: str, today: int, write: Writing
) -> list[Alert]:
    """Nothing yesterday and nothing today, of what was shown on the usual day before."""
    days = _shown(found, kind, name)
    if days.get(today, 0) or days.get(today - 1, 0):
        return []
    usual = median(days.get(today - back, 0) for back in range(2, 9))
    if usual < USUAL:
        return []
    words = (
        f"{kind.capitalize()} {name} has shown nothing since yesterday; before, it was shown "
        f"{write.count(usual)} times a day. Look at `shopwindow check`, and at what was changed."
    )
    return [Alert("silent", kind, name, words)]


def _shown(found: Gathered, kind: str, name: str) -> Mapping[int, int]:
    """Showings by day, those that were held back among them."""
    days = dict(found.days(kind, name, "impressions"))
    for day, number in found.days(kind, name, "held").items():
        days[day] = days.get(day, 0) + number
    return days


def _failing(
    found: Gathered, kind: str, name: str, today: int, write: Writing
) -> list[Alert]:
    failed, shown = (
        sum(found.days(kind, name, counter).get(day, 0) for day in (today, today - 1))
        for counter in ("failed", "impressions")
    )
    if failed < LEAST_FAILURES or _least(failed, failed + shown) <= FAILURES:
        return []
    words = (
        f"{kind.capitalize()} {name} failed {write.count(failed)} of "
        f"{write.count(failed + shown)} times since yesterday "
        f"({write.percent(failed / (failed + shown))}): the shop's log says why."
    )
    return [Alert("errors", kind, name, words)]


def _least(hits: int, tries: int) -> float:
    """The lower end of Wilson's interval for a share."""
    z = normal.upper_quantile((1 - SURE) / 2)
    share, edge = hits / tries, z * z / tries
    spread = z * sqrt(share * (1 - share) / tries + edge / tries / 4)
    return (share + edge / 2 - spread) / (1 + edge)


def _broken(subject: Subject) -> list[Alert]:
    told = []
    if subject.ratio is not None and subject.ratio.broken:
        whose = f"{subject.kind.capitalize()} {subject.name}".strip()
        told.append(
            Alert(
                "sample-ratio",
                subject.kind,
                subject.name,
                f"{whose}: {subject.verdict.words}",
            )
        )
        return told  # what else it says is not to be read
    if subject.rolling is not None and subject.rolling.back:
        words = (
            f"The roll-out {subject.name} went back to nobody: {subject.rolling.back}."
        )
        return [Alert("guardrail", subject.kind, subject.name, words)]
    broken = [guard for guard in subject.guards if guard.broken == "yes"]
    if broken:
        words = f"{subject.kind.capitalize()} {subject.name}: {' '.join(one.words for one in broken)}"
        told.append(Alert("guardrail", subject.kind, subject.name, words))
    return told

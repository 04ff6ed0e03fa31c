"""A report as one page, which needs nothing but itself."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from ...findings import visible
from ...fragments.reportpages import page
from ...rules.measurement.metrics import METRICS
from ...rules.reporting.report import Effect, Funnel, Report, Rolling, Subject
from ...rules.reporting.writing import Writing
from .charts import sign, whiskers
from .words import ALARMS, BADGES, CONFIRMED, GUARDED, MODES, grouped, name_of


def html(report: Report, write: Writing) -> str:
    """The page, whose numbers are written by ``write``."""
    groups = [one for one in report.groups if one[2] or one[0] == "experiments"]
    contents = [("alerts", "To act on now")] if report.alerts else []
    contents.append(("earned", "What everything together earned"))
    contents += [(key, heading) for key, heading, _ in groups]
    if report.coverage is not None and report.coverage.rows:
        contents.append(("coverage", "Slots and lifecycle stages"))
    contents += [("findings", "What to look at"), ("reading", "How to read this")]

    rendered = page(__package__, "report.html").render(
        report=report,
        groups=groups,
        contents=contents,
        write=write,
        own=_style(),
        made=_clock(report.made, report.timezone),
        updated=""
        if report.updated is None
        else _clock(report.updated, report.timezone),
        value=lambda metric, number: written(metric, number, write),
        badges=BADGES,
        alarms=ALARMS,
        grouped=grouped,
        modes=MODES,
        confirmed=CONFIRMED,
        guarded=GUARDED,
        name_of=name_of,
        coded=coded,
        rolled=lambda rolling: rolled(rolling, write, report.timezone),
        sign=sign,
        whiskers=whiskers,
        goals_of=goals_of,
        shown_of=shown_of,
        net_of=net_of,
    )
    # Macros leave empty lines; names may hold what turns the text around, or worse.
    return f"{visible(rendered.strip())}\n"


#: Ratios of which each part is one of the whole.
_SHARES = frozenset({"click-rate", "bounce-rate", "dismissals", "approval"})


def written(metric: str, number: float | None, write: Writing) -> str:
    """The value of a metric as it is read."""
    known = METRICS[metric]
    kind = "share" if metric in _SHARES else known.kind
    return write.value(number, kind, known.measure)


def goals_of(subjects: Iterable[Subject]) -> list[tuple[str, Effect]]:
    """The effects on the goals, each with its name: the arm's in an experiment."""
    return [
        (effect.arm if one.kind == "experiment" else one.name or one.kind, effect)
        for one in subjects
        for effect in one.effects
        if effect.role == "goal" and one.verdict.judgement != "sample-ratio"
    ]


def shown_of(subject: Subject) -> Funnel:
    """Those who were shown something."""
    found = [arm.funnel for arm in subject.arms if arm.name == "shown"]
    return found[0] if found else Funnel(0, 0, 0, 0)


def net_of(subject: Subject) -> float | None:
    """Their net value."""
    shown = (arm.values for arm in subject.arms if arm.name == "shown")
    return next(shown, {}).get("net-value")


def rolled(rolling: Rolling, write: Writing, zone: str) -> str:
    """How far a roll-out has come, in words."""
    if rolling.back:
        return (
            f"It went back to nobody on {_clock(rolling.since, zone)}: {rolling.back}."
        )
    words = (
        f"Rolled out to {write.percent(rolling.share, 0)} of the visitors since "
        f"{_clock(rolling.since, zone)}"
    )
    return f"{words}; it waits for {rolling.waits}." if rolling.waits else f"{words}."


def coded(words: str) -> Markup:
    """Commands, which stand between backticks, as code."""
    parts = words.split("`")
    if len(parts) % 2 == 0:  # a name with a backtick
        return escape(words)
    told = [
        Markup("<code>{}</code>").format(part) if at % 2 else escape(part)
        for at, part in enumerate(parts)
    ]
    return Markup("").join(told)


@cache
def _style() -> Markup:
    text = files(__package__).joinpath("report.css").read_text(encoding="utf-8")
    return Markup(text)


def _clock(moment: float, zone: str) -> str:
    return f"{datetime.fromtimestamp(moment, ZoneInfo(zone)):%Y-%m-%d %H:%M}"

"""A report for a terminal, wide or narrow, with colours where one shows them."""

from collections.abc import Iterable
from textwrap import wrap
from typing import TYPE_CHECKING

from ...findings import visible
from ...rules.reporting.judgements import Verdict
from ...rules.reporting.report import Arm, Effect, Report, Subject
from ...rules.reporting.writing import Writing
from .page import goals_of, net_of, rolled, shown_of, written
from .words import ALARMS, BADGES, CONFIRMED, GUARDED, MODES, grouped, name_of

if TYPE_CHECKING:
    from rich.console import Console

#: Columns below which tables leave out what the other formats tell: much, and nearly all.
NARROW, TINY = 100, 64


#: What is nobody's news: they are named together.
_QUIET = {"too-few": "Too early to say", "alone": "Nobody to compare with"}
_FAR = "Too few visitors to be said within a year"


class Terminal:
    """Prints reports to ``console``, with the numbers as ``write`` writes them."""

    def __init__(self, console: "Console", write: Writing) -> None:
        self._console = console
        self._write = write
        self._wide = console.width >= NARROW
        self._tiny = console.width < TINY
        self._zone = "UTC"

    def show(self, report: Report) -> None:
        """All of ``report``."""
        self._zone = report.timezone
        self._line(f"Does it work? {report.site}", "bold")
        self._line(
            f"{report.since} to {report.until}, days in {report.timezone}", "dim"
        )
        if report.experiment:
            self._line(f"Only {report.experiment} and its rules", "dim")
        if report.empty:
            self._line()
            self._line(report.empty)
            return
        if report.alerts:
            self._head("To act on now")
            for alert in report.alerts:
                self._item(f"{ALARMS[alert.code]} {alert.words}", "!", "red")
        self._earned(report)
        for key, heading, subjects in report.groups:
            if key == "experiments":
                self._experiments(subjects)
            elif subjects:
                self._group(heading, subjects)
        self._coverage(report)
        if report.findings:
            self._head("What to look at")
            for hint, findings in grouped(report.findings):
                self._line(f"{hint.heading}: {hint.words}")
                for one in findings:
                    self._item(one.words, "-", "yellow")

    # -- parts ---------------------------------------------------------------------------

    def _earned(self, report: Report) -> None:
        self._head("What everything together earned")
        total = report.total
        if report.earned is not None:
            self._line(report.earned.words, "bold")
        sure = report.earned is not None and report.earned.sure
        if total is not None and total.base and not sure:
            self._verdict(total.verdict)
        for note in report.notes:
            self._line(note)
        if total is None:
            return
        self._visitors([(arm.name, arm) for arm in total.arms], total.metric)
        told, count = total.response, self._write.count
        self._line(
            f"Showings: {count(told.impressions)}; clicks: {count(told.clicks)}; sent away: "
            f"{count(told.dismissals)}; thumbs up: {count(told.thumbs_up)}, down: "
            f"{count(told.thumbs_down)}; visitors who opted out: {count(told.opt_outs)}."
        )

    def _experiments(self, subjects: Iterable[Subject]) -> None:
        subjects = list(subjects)
        if not subjects:
            return
        self._head("Experiments")
        for subject in subjects:
            self._line()
            self._line(subject.name, "bold underline")
            self._verdict(subject.verdict)
            self._aims(subject)
            if subject.rolling is not None:
                self._line(rolled(subject.rolling, self._write, self._zone))
            if MODES[subject.mode]:
                self._line(MODES[subject.mode], "dim")
            named = [(_named(arm, subject), arm) for arm in subject.arms]
            self._visitors(named, subject.metric)
            self._effects(goals_of([subject]))
            for arm in subject.arms:
                others = arm.verdict is not None and arm.verdict != subject.verdict
                if arm.verdict is not None and others:
                    self._verdict(arm.verdict)
            if self._wide:
                self._touched(subject.arms)
            if subject.crossed:
                count = self._write.count(subject.crossed)
                self._line(f"{count} visitors saw two arms and count for none.", "dim")
            self._parts(subject.parts)

    def _parts(self, parts: Iterable[Subject]) -> None:
        quiet = []
        for part in parts:
            name = part.context.removeprefix("segment:")
            if part.verdict.judgement in _QUIET:
                quiet.append(name)
            else:
                self._line(f"{name}:", "bold")
                self._verdict(part.verdict)
        if quiet:
            self._line(f"By segment, nothing to say yet: {', '.join(quiet)}.", "dim")

    def _touched(self, arms: Iterable[Arm]) -> None:
        money = self._write.money
        told = [
            f"{arm.name} {money(arm.touch.first_revenue)} / {money(arm.touch.last_revenue)}"
            for arm in arms
            if arm.touch is not None
            and (arm.touch.first_orders or arm.touch.last_orders)
        ]
        if told:
            self._line(f"Revenue by first / last touch: {'; '.join(told)}.")

    def _group(self, heading: str, subjects: tuple[Subject, ...]) -> None:
        from rich.table import Table
        from rich.text import Text

        self._head(heading)
        write = self._write
        table = Table(box=None, padding=(0, 2, 0, 0))
        table.add_column("name", overflow="fold", max_width=40 if self._wide else 24)
        columns = ["exposed", "clicked", "added", "ordered"]
        if self._wide and subjects[0].touch is not None:
            columns += ["shown", "first touch", "last touch", "opt-outs", "net value"]
        for column in columns if self._wide else columns[:1] + columns[-1:]:
            table.add_column(column, justify="right", no_wrap=True)
        for subject in subjects:
            funnel = shown_of(subject)
            cells = [write.count(funnel.exposed)]
            for _, count, share in funnel.rows[1:]:
                cells.append(
                    write.count(count) if share is None else write.percent(share)
                )
            if self._wide and subject.touch is not None:
                cells += [
                    write.count(subject.response.impressions),
                    write.money(subject.touch.first_revenue),
                    write.money(subject.touch.last_revenue),
                    write.count(subject.response.opt_outs),
                    self._value("net-value", net_of(subject)),
                ]
            if not self._wide:
                cells = [cells[0], cells[-1]]
            table.add_row(Text(visible(subject.name)), *cells)
        self._console.print(table)
        self._effects(goals_of(subjects))
        for subject in subjects:
            if subject.verdict.judgement not in _QUIET:
                self._verdict(subject.verdict, subject.name)
            self._aims(subject, subject.name)
        quiet: dict[str, list[str]] = {}
        for subject in subjects:
            told = subject.verdict
            if told.judgement in _QUIET:
                far = told.judgement == "too-few" and told.reach in ("far", "stalled")
                why = _FAR if far else _QUIET[told.judgement]
                quiet.setdefault(why, []).append(subject.name)
        for why in (*_QUIET.values(), _FAR):
            if why in quiet:
                self._line(f"{why}: {', '.join(quiet[why])}.", "dim")

    def _aims(self, subject: Subject, name: str = "") -> None:
        before = f"{name}: " if name else ""
        if subject.goal is not None:
            self._line(f"{before}{subject.goal.words}")
        if subject.hypothesis is not None:
            confirmed = CONFIRMED[subject.hypothesis.confirmed]
            self._line(f"{before}Hypothesis “{subject.hypothesis.text}”: {confirmed}.")
        for guard in subject.guards:
            self._line(f"{before}Guardrail {GUARDED[guard.broken]}: {guard.words}")

    def _visitors(self, arms: list[tuple[str, Arm]], metric: str) -> None:
        from rich.table import Table
        from rich.text import Text

        write = self._write
        table = Table(box=None, padding=(0, 2 if self._wide else 1, 0, 0))
        table.add_column("who", overflow="fold")
        columns = ["exposed", "clicked", "added", "ordered"][: 1 if self._tiny else 4]
        for column in columns:
            table.add_column(column, justify="right", no_wrap=True)
        value = name_of(metric).lower()
        table.add_column(value, justify="right", no_wrap=not self._tiny)
        for name, arm in arms:
            cells = [write.count(arm.funnel.exposed)]
            for _, count, share in arm.funnel.rows[1 : len(columns)]:
                told = write.count(count)
                if self._wide and share is not None:
                    told += f" ({write.percent(share)})"
                cells.append(told)
            cells.append(self._value(metric, arm.values.get(metric)))
            table.add_row(Text(visible(name)), *cells)
        self._console.print(table)

    def _effects(self, effects: list[tuple[str, Effect]]) -> None:
        from rich.table import Table
        from rich.text import Text

        if not effects:
            return
        write = self._write
        table = Table(box=None, padding=(0, 2, 0, 0))
        table.add_column("who", overflow="fold", max_width=40 if self._wide else 24)
        table.add_column("uplift", justify="right", no_wrap=True)
        table.add_column("between", justify="right", no_wrap=True)
        if self._wide:
            table.add_column("p", justify="right", no_wrap=True)
            table.add_column("in", no_wrap=True)
        for name, effect in effects:
            style = ("green" if effect.good else "red") if effect.sure else ""
            cells = [
                Text(write.percent(effect.relative, signed=True), style=style),
                Text(write.between(effect.low, effect.high, signed=True), style=style),
            ]
            if self._wide:
                cells += [
                    Text(write.chance(effect.adjusted)),
                    Text(name_of(effect.metric).lower()),
                ]
            table.add_row(Text(visible(name)), *cells)
        self._console.print(table)

    def _coverage(self, report: Report) -> None:
        from rich.table import Table
        from rich.text import Text

        if report.coverage is None or not report.coverage.rows or not self._wide:
            return  # what is not covered is among the findings, too
        self._head("Slots and lifecycle stages")
        table = Table(box=None, padding=(0, 2, 0, 0))
        table.add_column("slot", overflow="fold", max_width=24)
        for stage in report.coverage.stages:
            table.add_column(stage, justify="right", no_wrap=True)
        gaps = set(report.coverage.gaps)
        for slot, counts in report.coverage.rows.items():
            cells = []
            for stage, number in zip(report.coverage.stages, counts, strict=True):
                if (slot, stage) in gaps:
                    cells.append(Text("nobody", style="yellow"))
                else:
                    cells.append(Text(self._write.count(number) if number else "–"))
            table.add_row(Text(visible(slot)), *cells)
        self._console.print(table)

    # -- lines ---------------------------------------------------------------------------

    def _verdict(self, verdict: Verdict, name: str = "") -> None:
        badge = BADGES[verdict.judgement]
        before = f"{name}: " if name else ""
        self._item(f"{before}{verdict.words}", badge.mark, badge.style)

    def _item(self, words: str, mark: str, style: str) -> None:
        from rich.text import Text

        # Rich tears numbers from their units, which a space without a break holds together.
        first, *rest = _lines(words, self._console.width - 2)
        text = Text.assemble((f"{mark} ", f"bold {style}"), first)
        for line in rest:
            text.append(f"\n  {line}")
        self._console.print(text, soft_wrap=True)

    def _head(self, words: str) -> None:
        self._line()
        self._line(words, "bold")

    def _line(self, words: str = "", style: str = "") -> None:
        from rich.text import Text

        lines = _lines(words, self._console.width)
        self._console.print(Text("\n".join(lines), style=style), soft_wrap=True)

    def _value(self, metric: str, value: float | None) -> str:
        return written(metric, value, self._write)


def _lines(words: str, width: int) -> list[str]:
    return wrap(visible(words), max(20, width), break_on_hyphens=False) or [""]


def _named(arm: Arm, subject: Subject) -> str:
    level = arm.level or "none"
    same = subject.mode != "level" or arm.name == level
    return arm.name if same else f"{arm.name} ({level})"

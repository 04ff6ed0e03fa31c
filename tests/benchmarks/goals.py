"""What has to be reached, and whether it was."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from rich.table import Table

from . import rewriting
from .contenders import (
    BARE,
    BUFFERING,
    HANDWRITTEN,
    KEPT,
    OTHERS_KEPT,
    PERSONALISED,
)
from .deciding import NOTHING, OWN, Decisions, Size
from .engines import GROWTHBOOK
from .firstbyte import CONTROL, FirstByte
from .reloading import Reloading
from .rewriting import Rewriting
from .rounds import Timings

BUFFERING_SHARE = 0.6
BARE_SHARE = 0.85
KEPT_TIMES = 8.0
IMPORT_SECONDS = 0.2
FIRST_BYTE_SECONDS = 0.0005
LATE_SECONDS = 0.002
# For five slots, by the number of rules. The best batch counts: whatever else a machine does
# makes a batch slower, never faster.
DECIDE_SECONDS = {10: 20e-6, 500: 30e-6, 10_000: 45e-6}
OF_GROWTHBOOK = 50
OF_THE_FASTEST = 10
COMPARED = (Size(10_000, "mixed"), Size(10_000, "narrow"))  # these two must be reached
BLOCKS_SECONDS = 100e-6
STALL_SECONDS = 0.01
LOAD_SECONDS = 2.5
KEPT_BYTES = 60e6


class Goal(NamedTuple):
    """One row. ``most`` or ``least`` is what must be reached; neither: for information."""

    name: str
    measured: float
    unit: str
    most: float | None = None
    least: float | None = None

    @property
    def ok(self) -> bool:
        over = self.most is not None and self.measured > self.most
        return not over and not (self.least is not None and self.measured < self.least)

    @property
    def must(self) -> str:
        if self.most is not None:
            return "<= " + written(self.most, self.unit)
        return "" if self.least is None else ">= " + written(self.least, self.unit)

    def as_json(self) -> dict[str, Any]:
        return {**self._asdict(), "must": self.must, "ok": self.ok}


UNITS: dict[str, Callable[[float], str]] = {
    "": lambda value: f"{value:.2f}",
    "share": lambda value: f"{value:.4f}",
    "µs": lambda value: f"{value * 1e6:.0f} µs",
    "ms": lambda value: f"{value * 1e3:.2f} ms",
    "s": lambda value: f"{value:.2f} s",
    "MB": lambda value: f"{value / 1e6:.1f} MB",
}


def written(value: float, unit: str) -> str:
    """``value``, a ratio, seconds or bytes, in ``unit``."""
    return UNITS[unit](value)


def page_goals(kind: str, timings: Timings) -> list[Goal]:
    added = timings.added(PERSONALISED)
    return [
        Goal(
            f"{kind}: added CPU / {BUFFERING}'s",
            added / timings.added(BUFFERING),
            "",
            most=BUFFERING_SHARE,
        ),
        Goal(
            f"{kind}: {BARE} / {PERSONALISED}",
            timings.ratio(BARE, PERSONALISED),
            "",
            least=BARE_SHARE if kind == "jinja" else None,
        ),
        Goal(
            f"{kind}: {HANDWRITTEN} / {PERSONALISED}",
            timings.ratio(HANDWRITTEN, PERSONALISED),
            "",
        ),
        Goal(
            f"{kind}: {BARE} / {KEPT}",
            timings.ratio(BARE, KEPT),
            "",
            least=KEPT_TIMES if kind == "jinja" else None,
        ),
        Goal(
            f"{kind}: {PERSONALISED} / {OTHERS_KEPT}",
            timings.ratio(PERSONALISED, OTHERS_KEPT),
            "",
        ),
        Goal(f"{kind}: added CPU per page", added, "µs"),
        Goal(f"{kind}: of this by the writer", timings.behind(PERSONALISED), "µs"),
    ]


def first_byte_goals(moments: FirstByte) -> list[Goal]:
    goals = []
    for kind in moments.moments:
        if kind.store == CONTROL:
            continue
        goals += [
            Goal(
                f"first byte added, {kind}",
                moments.first_added(kind),
                "ms",
                most=FIRST_BYTE_SECONDS,
            ),
            Goal(
                f"last byte added, {kind}",
                moments.last_added(kind),
                "ms",
                most=LATE_SECONDS,
            ),
        ]
    return goals


def first_byte_table(moments: FirstByte) -> Table:
    table = Table("app sends", "store answers in", title="after the request (medians)")
    for column in ("first byte", "last byte"):
        table.add_column(column, justify="right")
    for kind in moments.moments:
        first, last = moments.first(kind), moments.last(kind)
        table.add_row(*kind, written(first, "ms"), written(last, "ms"))
    return table


def decision_goals(decisions: Decisions) -> list[Goal]:
    goals = []
    for size, seconds in decisions.sizes.items():
        own = seconds.best(OWN)
        most = DECIDE_SECONDS[size.rules]
        goals.append(Goal(f"{size}: decide 5 slots, CPU", own, "µs", most=most))
        others = seconds.rounds.keys() - {OWN, NOTHING}
        if GROWTHBOOK in others:
            goals.append(
                Goal(
                    f"{size}: {GROWTHBOOK} / {OWN}",
                    seconds.best(GROWTHBOOK) / own,
                    "",
                    least=OF_GROWTHBOOK if size in COMPARED else None,
                )
            )
        if others:
            fastest = min(others, key=seconds.best)
            goals.append(
                Goal(
                    f"{size}: the fastest of the others, {fastest} / {OWN}",
                    seconds.best(fastest) / own,
                    "",
                    least=OF_THE_FASTEST if size in COMPARED else None,
                )
            )
    return goals


def rewriting_goals(measured: Rewriting) -> list[Goal]:
    """Of one page of 100 KB; medians."""
    seconds = measured.seconds
    find, plain = rewriting.FIND, rewriting.UNKNOWN

    def share(name: str, of: str, most: float | None = None) -> Goal:
        ratio = seconds.median(name) / seconds.median(of)
        return Goal(f"rewriting, {name} / {of}", ratio, "", most=most)

    def spent(name: str, most: float | None = None) -> Goal:
        return Goal(f"rewriting, {name}", seconds.median(name), "µs", most=most)

    goals = [
        share(rewriting.PLAIN, find, 1.3),
        share(rewriting.PLAIN_SHORT, rewriting.FIND_SHORT, 2),
        share(rewriting.PLAIN_SHORT_AGAIN, rewriting.FIND_SHORT),
        share(rewriting.PLAIN_CHUNKS, find),
        share(rewriting.PLAIN_CHUNKS_AGAIN, find, 2),
        share(rewriting.PLAIN_CHUNKS_VISITED, find),
        spent(rewriting.BLOCKS, BLOCKS_SECONDS),
        share(rewriting.NEW, plain, 1.1),
        share(rewriting.SECOND, plain),
    ]
    if rewriting.LOL in seconds.rounds:
        goals += [
            share(rewriting.NEW, rewriting.LOL, 2),
            share(rewriting.FAMILIAR, rewriting.LOL, 0.6),
            share(rewriting.SAME, rewriting.LOL),
        ]
        if rewriting.CORPUS in seconds.rounds:
            goals.append(share(rewriting.CORPUS, rewriting.CORPUS_LOL))
    times = (find, plain, rewriting.NEW, rewriting.FAMILIAR, rewriting.LOL)
    return [*goals, *(spent(name) for name in times if name in seconds.rounds)]


def reload_goals(reloaded: Reloading) -> list[Goal]:
    rules = "reload of 10,000 rules"
    return [
        Goal(
            f"{rules}, longest stall above idle",
            reloaded.stall - reloaded.idle_stall,
            "ms",
            most=STALL_SECONDS,
        ),
        Goal(rules, reloaded.seconds, "s", most=LOAD_SECONDS),
        Goal(f"{rules}, memory kept", reloaded.kept, "MB", most=KEPT_BYTES),
        Goal(f"{rules}, worst stall of all", reloaded.worst_stall, "ms"),
        Goal("longest stall of an idle loop", reloaded.idle_stall, "ms"),
    ]


def import_goal(seconds: float) -> Goal:
    return Goal("import shopwindow, CPU", seconds, "ms", most=IMPORT_SECONDS)


def goals_table(goals: Iterable[Goal]) -> Table:
    table = Table("goal", title="shopwindow benchmark")
    for column in ("must", "measured", "ok"):
        table.add_column(column, justify="right")
    for goal in goals:
        verdict = "" if not goal.must else "[green]ok" if goal.ok else "[red]MISSED"
        table.add_row(goal.name, goal.must, written(goal.measured, goal.unit), verdict)
    return table


def pages_table(pages: dict[str, Timings]) -> Table:
    table = Table("page", "answered by", title="CPU per request, all threads (medians)")
    for column in ("total", f"added to {BARE}", f"{BARE} / this"):
        table.add_column(column, justify="right")
    for kind, timings in pages.items():
        for name in timings.rounds:
            table.add_row(
                kind,
                name,
                written(timings.median(name), "µs"),
                written(timings.added(name), "µs"),
                written(timings.ratio(BARE, name), ""),
            )
    return table


def decisions_table(decisions: Decisions) -> Table:
    title = "CPU per page of 5 slots, batches of 40 visitors"
    table = Table("rules", "decided by", title=title)
    for column in ("best", "median", f"best / {OWN}'s"):
        table.add_column(column, justify="right")
    for size, seconds in decisions.sizes.items():
        for name in sorted(seconds.rounds, key=seconds.best):
            best = seconds.best(name)
            table.add_row(
                str(size),
                name,
                f"{best * 1e6:,.2f} µs",
                f"{seconds.median(name) * 1e6:,.2f} µs",
                f"{best / seconds.best(OWN):,.1f}",
            )
    for name in decisions.missing:
        table.add_row("", name, "could not be run: it is not installed", "", "")
    return table

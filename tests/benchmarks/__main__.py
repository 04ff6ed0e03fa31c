"""``python -m tests.benchmarks``: every goal, what was measured, and whether that is enough.

All ratios come from interleaved rounds. Absolute times belong to this machine and moment.
"""

import asyncio
import json
import os
import platform
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from . import (
    accounting,
    deciding,
    firstbyte,
    overredis,
    reading,
    rewriting,
    rollups,
    servers,
)
from .accounting import Accountings, accounting_goals
from .contenders import EXACT, KINDS, contenders
from .goals import (
    Goal,
    decision_goals,
    decisions_table,
    first_byte_goals,
    first_byte_table,
    goals_table,
    import_goal,
    page_goals,
    pages_table,
    reload_goals,
    rewriting_goals,
)
from .importing import import_seconds
from .recommending.collecting import collect
from .reference import Reference
from .reloading import reloading
from .rounds import Contender, Timings, answer, race
from .servergoals import server_goals, servers_table
from .work import VISITORS, Work

REQUESTS = {"static": 400, "jinja": 100}  # of each contender in each round
COMPARED = 40  # visitors whose pages are compared byte for byte first
FIRST_BYTE_ROUNDS = 25
SERVER_ROUNDS = 5
QUICK_ROUNDS = 2

Step = Callable[[], None]


async def race_pages(
    folder: Path, rounds: int, steps: Callable[[str, int], Step]
) -> tuple[dict[str, Timings], Accountings]:
    """The timings of all contenders, by kind of page, and what counting showings costs."""
    work = Work(folder, time.time(), steps("visitors", VISITORS))
    pages = {}
    async with work.window:
        for kind in KINDS:
            competing = contenders(work, kind)
            await compare(work, kind, competing)
            step = steps(f"{kind} page", (rounds + 1) * len(competing))
            requests = partial(work.requests, count=REQUESTS[kind])
            pages[kind] = await race(competing, requests, rounds, step)
        step = steps("accounting", 2 * (accounting.ROUNDS + 1))
        counting = await accounting.measure(work, folder / "linked", step)
    lost = {**work.window.counters, **work.window.journal.dropped}
    if lost:
        raise SystemExit(f"nothing was measured: {lost}")
    return pages, counting


async def compare(work: Work, kind: str, competing: list[Contender]) -> None:
    """Who personalises must give every visitor the page that the reference gives."""
    reference = Reference()
    shown: set[bytes] = set()
    for number in random.Random(kind).sample(range(VISITORS), COMPARED):
        expected = reference.page(work.visitor(number), time.time())
        shown.add(expected)
        for contender in competing:
            _, body = await answer(contender.app, work.request(number))
            if contender.name in EXACT and body != expected:
                place = len(os.path.commonprefix([body, expected]))
                raise SystemExit(
                    f"{kind}, {contender.name}: visitor {number} got another page than the reference\n"
                    f"got  {body[place - 60 : place + 60]!r}\n"
                    f"want {expected[place - 60 : place + 60]!r}"
                )
    if len(shown) < COMPARED / 2:
        raise SystemExit(
            f"only {len(shown)} different pages: the workload says nothing"
        )


class Measured(NamedTuple):
    """What one part of the benchmark found: tables to print, goals, and plain values."""

    tables: list[Table]
    goals: list[Goal]
    figures: dict[str, Any]


def in_process(
    folder: Path, rounds: int, steps: Callable[[str, int], Step]
) -> Measured:
    """Everything that needs no other program."""
    imported = import_seconds(folder)
    reloaded = reloading(folder / "many")
    step = steps("first byte", FIRST_BYTE_ROUNDS * len(firstbyte.KINDS))
    moments = firstbyte.measure(folder, FIRST_BYTE_ROUNDS, step)
    rewrites = rewriting.measure(steps("rewriting", rewriting.ROUNDS + 1))
    decisions = deciding.measure(steps)
    pages, counting = asyncio.run(race_pages(folder, rounds, steps))
    goals = [goal for kind in KINDS for goal in page_goals(kind, pages[kind])]
    goals += [*first_byte_goals(moments), *reload_goals(reloaded)]
    goals += [*rewriting_goals(rewrites), *decision_goals(decisions)]
    goals.append(import_goal(imported))
    goals += accounting_goals(counting)
    goals += reading.read_goals(reading.measure(folder))
    plain = {
        "rounds": rounds,
        "seconds_per_request": seconds_per_request(pages),
        "seconds_per_decided_page": {
            str(size): seconds.rounds for size, seconds in decisions.sizes.items()
        },
        "seconds_per_rewritten_page": rewrites.seconds.rounds,
        "not_run": [*decisions.missing, *rewrites.missing],
        "seconds_to_first_and_last_byte": {
            str(kind): [(moment.first, moment.last) for moment in every]
            for kind, every in moments.moments.items()
        },
    }
    tables = [
        pages_table(pages),
        first_byte_table(moments),
        decisions_table(decisions),
    ]
    return Measured(tables, goals, plain)


def served(folder: Path, rounds: int, steps: Callable[[str, int], Step]) -> Measured:
    """Real servers, each way to answer in processes of its own."""
    found = servers.measure(folder, rounds, steps)
    plain = {
        "served_rounds": rounds,
        "served_load": found.load,
        "served_seconds_per_request": seconds_per_request(found.pages),
        "served_not_run": found.missing,
    }
    return Measured([servers_table(found)], server_goals(found), plain)


def over_redis(
    folder: Path, rounds: int, steps: Callable[[str, int], Step]
) -> Measured:
    """A redis-server of its own, if the machine has one."""
    if shutil.which("redis-server") is None:
        return Measured([], [], {"redis_not_run": ["redis-server is not installed"]})
    found = overredis.measure(folder, rounds, steps)
    plain = {
        "redis_seconds_per_page": found.pages,
        "redis_seconds_per_page_p99": found.late,
        "redis_events_per_second": found.events,
    }
    tables = [overredis.redis_table(found)]
    return Measured(tables, overredis.redis_goals(found), plain)


def rolled(folder: Path, events: int, steps: Callable[[str, int], Step]) -> Measured:
    """A large log, counted by the day beside a writer."""
    found = rollups.measure(folder, events, steps("roll-ups", 2))
    goals = rollups.rollup_goals(found)
    return Measured([], goals, {"rollups": found._asdict()})


def recommended(steps: Callable[[str, int], Step]) -> Measured:
    """Recommendations, on data in the folder that SHOPWINDOW_DATA names."""
    step = steps("recommending", 1)
    found = collect((), lambda *_: None)
    step()
    return Measured([], found.goals, {"recommending_not_run": found.not_run})


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument(
    "parts",
    nargs=-1,
    type=click.Choice(["inside", "servers", "redis", "recommending", "rollups"]),
    metavar="[PART]...",
)
@click.option(
    "--json",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write all figures.",
)
@click.option(
    "--rounds",
    type=click.IntRange(5),
    default=21,
    show_default=True,
    help="Interleaved rounds of what runs in one process.",
)
@click.option("--quick", is_flag=True, help="As few rounds as say anything at all.")
def main(parts: tuple[str, ...], target: Path | None, rounds: int, quick: bool) -> None:
    """Measure shopwindow against its goals; exit code 1 if one is missed.

    PART is "inside" for what is measured in one process, "servers" for nginx, Varnish and
    uvicorn on real ports, "redis" for a redis-server, "recommending" for what is learned from
    events (data in the folder that SHOPWINDOW_DATA names), or "rollups" for a log of millions of
    events; without it all are measured.
    """
    errors = Console(stderr=True)
    columns = (TextColumn("{task.description:19}"), BarColumn(), TimeRemainingColumn())
    measured: list[Measured] = []
    with (
        tempfile.TemporaryDirectory(prefix="shopwindow-bench-") as name,
        Progress(*columns, console=errors, disable=not errors.is_terminal) as progress,
    ):
        folder = Path(name)

        def steps(what: str, total: int) -> Step:
            task = progress.add_task(what, total=total)
            return lambda: progress.advance(task)

        if "inside" in parts or not parts:
            inside = folder / "inside"
            inside.mkdir()
            measured.append(in_process(inside, 5 if quick else rounds, steps))
        if "servers" in parts or not parts:
            number = QUICK_ROUNDS if quick else SERVER_ROUNDS
            measured.append(served(folder, number, steps))
        if "redis" in parts or not parts:
            profiles = folder / "redis"
            profiles.mkdir()
            measured.append(over_redis(profiles, 5 if quick else 11, steps))
        if "recommending" in parts or not parts:
            measured.append(recommended(steps))
        if "rollups" in parts or not parts:
            logs = folder / "rollups"
            logs.mkdir()
            events = rollups.EVENTS // 10 if quick else rollups.EVENTS
            measured.append(rolled(logs, events, steps))

    goals = [goal for part in measured for goal in part.goals]
    output = Console()
    for part in measured:
        for table in part.tables:
            output.print(table)
    output.print(goals_table(goals))
    if target is not None:
        plain: dict[str, Any] = {
            "python": platform.python_version(),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        }
        for part in measured:
            plain |= part.figures
        plain["goals"] = [goal.as_json() for goal in goals]
        target.write_text(json.dumps(plain, indent=1) + "\n")
    missed = [goal.name for goal in goals if not goal.ok]
    if missed:
        errors.print(f"[red]missed:[/] {'; '.join(missed)}")
        sys.exit(1)


def seconds_per_request(pages: dict[str, Timings]) -> dict[str, Any]:
    """All times as plain values."""
    return {
        kind: {
            name: {
                "median": timings.median(name),
                "added": timings.added(name),
                "behind": timings.behind(name),
                "rounds": seconds,
            }
            for name, seconds in timings.rounds.items()
        }
        for kind, timings in pages.items()
    }


if __name__ == "__main__":
    main()

"""Stores that fail, processes that are killed, disks that are full: what pages notice, what is lost."""

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table

from tests.databases import Place, postgresql, redis_says, redis_server
from tests.faults.breaking import FAULTS
from tests.faults.crashes import killed
from tests.faults.full import disk_full
from tests.faults.matrix import Row, matrix
from tests.faults.mixed import mixed
from tests.faults.sinks import Sink, sink_down

from .soaked import Soaked

KINDS = ("sqlite", "postgresql", "redis")
SECONDS = 4.0  # of each fault
RUNS = 5  # of a fault that seemed too slow at first
Step = Callable[[], None]


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def soak_faults(count: int, seed: int, step: Step) -> Soaked:
    """The first ``count`` of all faults of all kinds of stores, and a table of them."""
    rows: list[Row] = []

    def tell(row: Row) -> None:
        rows.append(row)
        step()

    # A quarter of them is a quarter of each kind's.
    share = max(1, round(len(FAULTS) * min(1.0, count / (len(KINDS) * len(FAULTS)))))
    for kind in KINDS:
        with _folder() as folder:
            asyncio.run(matrix(kind, folder, list(FAULTS)[:share], SECONDS, tell))
    rows = [_settled(row) if row.complaints() else row for row in rows]
    _print(rows)
    complaints = [one for row in rows for one in row.complaints()]
    figures = {
        "pages": sum(row.pages for row in rows),
        "wrong pages": sum(row.wrong for row in rows),
        "us: p99 above the app's, at most": round(
            max(row.ours - row.bare for row in rows) * 1e6
        ),
        "calls until the breaker is open, at most": max(r.opened_after for r in rows),
    }
    return Soaked("store faults", len(rows), len(complaints), figures, complaints)


def _settled(row: Row) -> Row:
    """The slowest of a hundred pages are two or three: of five runs, the one in the middle."""
    runs = [row]
    for _ in range(RUNS - 1):
        with _folder() as folder:
            runs += asyncio.run(matrix(row.kind, folder, [row.fault], SECONDS))
    bad = [run for run in runs if run.wrong or run.tracebacks or run.lost]
    return (bad or sorted(runs, key=lambda run: run.ours - run.bare)[RUNS // 2 :])[0]


def _print(rows: list[Row]) -> None:
    table = Table(title="what pages notice of a store that fails")
    columns = (
        "pages", "wrong", "p99 ms", "without us", "open after", "threads", "files", "MiB",
        "well after s", "stored after s", "tracebacks",
    )  # fmt: skip
    table.add_column("store")
    table.add_column("fault")
    for column in columns:
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(
            row.kind,
            FAULTS[row.fault],
            f"{row.pages:,}",
            str(row.wrong),
            f"{row.ours * 1000:.1f}",
            f"{row.bare * 1000:.1f}",
            str(row.opened_after) if row.opened_after else "-",
            f"+{row.threads}",
            f"+{row.files}",
            f"+{row.bytes / (1 << 20):.1f}",
            f"{row.recovered:.1f}",
            f"{row.written:.1f}",
            str(row.tracebacks),
        )
    Console(width=170).print(table)


def soak_kills(count: int, seed: int, step: Step) -> Soaked:
    """``count`` processes killed at a thousand events a second, five of seven over SQLite."""
    chance = Random(seed)
    figures: Counter[str] = Counter()
    worst: Counter[str] = Counter()
    complaints: list[str] = []
    with ExitStack() as stack:
        server = stack.enter_context(postgresql())
        port = stack.enter_context(redis_server())
        for number in range(count):
            kind = {5: "postgresql", 6: "redis"}.get(number % 7, "sqlite")
            with _folder() as folder:
                place = _place(kind, folder, server, port, number)
                crash, _ = killed(place, folder, chance)
            figures[f"kills over {kind}"] += 1
            figures["events noted"] += crash.noted
            figures["orders acknowledged"] += crash.acknowledged
            figures["acknowledged orders lost"] += crash.lost_acknowledged
            figures["stores corrupt"] += bool(crash.corrupt)
            most = f"ms of views lost at most over {kind}"
            worst[most] = max(worst[most], round(crash.seconds * 1000))
            complaints += [f"{kind}: {one}" for one in crash.complaints]
            step()
    return Soaked("kill -9", count, len(complaints), {**figures, **worst}, complaints)


def _place(kind: str, folder: Path, server: str, port: int, number: int) -> Place:
    if kind == "sqlite":
        return Place(f"sqlite:///{folder}/a.db")
    if kind == "postgresql":
        return Place(f"{server}?schema=kill_{number}")
    redis_says(port, "FLUSHALL")
    return Place(f"redis://127.0.0.1:{port}", f"sqlite:///{folder}/events.db")


def soak_sinks(count: int, seed: int, step: Step) -> Soaked:
    """Each kind of store takes nothing for ``count`` seconds, at a thousand events a second."""
    found: list[Sink] = []
    for kind in KINDS:
        with _folder() as folder:
            found.append(sink_down(kind, folder, count, profiles=True))
    figures: dict[str, int] = {}
    for sink in found:
        figures |= {
            f"accepted over {sink.kind}": sink.accepted,
            f"stored over {sink.kind}": sink.stored,
            f"dropped over {sink.kind}": sink.dropped,
            f"orders of these over {sink.kind}": sink.dropped_orders,
            f"MiB more over {sink.kind}": sink.bytes >> 20,
            f"ms until all was stored over {sink.kind}": round(sink.back * 1000),
        }
    complaints = [one for sink in found for one in sink.complaints]
    for _ in range(count):
        step()
    return Soaked("sink down", count, len(complaints), figures, complaints)


def soak_mixed(count: int, seed: int, step: Step) -> Soaked:
    """Four workers over one SQLite file for ``count`` seconds; told to end under load."""
    with _folder() as folder:
        found = asyncio.run(mixed(folder, 4, count, seed))
    figures: Mapping[str, int] = {
        **found.asked,
        "accepted": found.accepted,
        "stored": found.stored,
        "acknowledged orders": found.acknowledged,
        "locked": found.locked,
        "ms to end": round(found.seconds * 1000),
    }
    for _ in range(count):
        step()
    complaints = found.complaints
    return Soaked("mixed load", count, len(complaints), figures, complaints)


def soak_full(count: int, seed: int, step: Step) -> Soaked:
    """Disks that are full for ``count`` seconds."""
    figures: dict[str, int] = {}
    complaints: list[str] = []
    for kind in ("small", "limited"):
        with _folder() as folder:
            full = asyncio.run(disk_full(folder, kind, count))
        if full is not None:
            figures[f"pages on {full.disk}"] = full.pages
            figures[f"events waited on {full.disk}"] = full.waited
            figures[f"ms until stored on {full.disk}"] = round(full.back * 1000)
            complaints += full.complaints
    for _ in range(count):
        step()
    return Soaked("disk full", count, len(complaints), figures, complaints)

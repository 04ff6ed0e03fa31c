"""What is shown of a training: how far it is, and what came of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec


@contextmanager
def steps() -> Iterator[Callable[[str, int, int | None], None]]:
    """A bar on stderr, where somebody looks at it, for one step after the other."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        task = progress.add_task("reading", total=None)
        current = "reading"

        def say(step: str, done: int, of: int | None) -> None:
            nonlocal current
            if step != current:
                current = step
                progress.reset(task, description=step, total=of)
            progress.update(task, completed=done, total=of)

        yield say


def tell(
    folder: Path,
    meta: Mapping[str, Any],
    examples: Sequence[tuple[int, str]],
    seconds: float,
    form: str,
) -> None:
    """Print what was learned; the first lines that are no events go to stderr."""
    rejected = meta["counts"]["rejected"]
    for number, why in examples:
        click.echo(f"line {number:,}: {why}", err=True)
    if sum(rejected.values()) > len(examples):
        click.echo("and so on: the counts are below", err=True)
    if form == "json":
        told = {"model": str(folder), "seconds": round(seconds, 1), **meta}
        click.echo(msgspec.json.encode(told).decode())
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False, box=None)
    table.add_column()
    table.add_column(justify="right")
    for name, number in meta["counts"].items():
        if name not in ("rejected", "later") or name == "later" and number:
            table.add_row(_COUNTS.get(name, name), f"{number:,}")
    if rejected:
        table.add_row("lines that are no events", f"{sum(rejected.values()):,}")
    for why, number in rejected.items():
        table.add_row(f"no event: {why}", f"{number:,}")
    for name, value in _flat(meta["metrics"]):
        table.add_row(_MEASURES.get(name, name), value)
    table.add_row("seconds", f"{seconds:,.1f}")
    console = Console()
    console.print(table)
    click.echo(f"{folder} is the current model")


_COUNTS = {"later": "events not before --until"}
_MEASURES = {
    "left out": "not measured",
    "replenishment left out": "not learned what runs out",
}


def _flat(metrics: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Every number and text of ``metrics``; lists, which are for reports, are left out."""
    for name, value in metrics.items():
        path = f"{before}{name}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path} ")
        elif isinstance(value, float):
            yield path, f"{value:,.4f}"
        elif isinstance(value, int | str):
            yield path, str(value)

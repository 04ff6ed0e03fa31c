"""``python -m tests.benchmarks.recommending [NAME]...``: only what is measured about recommendations."""

import sys

import click
from rich.console import Console

from ..goals import goals_table
from .collecting import DATA, collect, measuring


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument(
    "names", nargs=-1, metavar="[NAME]...", type=click.Choice(list(measuring()))
)
def main(names: tuple[str, ...]) -> None:
    """Measure recommendations against their goals; exit code 1 if one is missed."""
    errors = Console(stderr=True)
    with errors.status("measuring") as status:
        collected = collect(
            names, lambda step, done, of: status.update(f"{step} {done}/{of}")
        )
    Console().print(goals_table(collected.goals))
    if collected.not_run:
        errors.print(f"not run, data missing in {DATA}: {', '.join(collected.not_run)}")
    missed = [goal.name for goal in collected.goals if not goal.ok]
    if missed:
        errors.print(f"[red]missed:[/] {'; '.join(missed)}")
        sys.exit(1)


if __name__ == "__main__":
    main()

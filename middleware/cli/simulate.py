"""``shopwindow simulate``: made-up visitors, in a shop or in a log."""

import sys
import time
from importlib.resources import files
from pathlib import Path

import click
import msgspec

from ..stores import StoreError
from ..stores.opening import LOGS, fault_of, url_of
from .records import stepped

_OFFLINE = ("events", "days", "into")


@click.command("simulate", short_help="Let made-up visitors walk through the pet shop.")
@click.option("--seed", default=1, show_default=True, help="Another seed, others.")
@click.option(
    "--events",
    type=click.IntRange(1, 1_000_000_000),
    default=100_000,
    show_default=True,
    help="With --into: about so many.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 3_650),
    default=90,
    show_default=True,
    help="With --into: over so many days, until now.",
)
@click.option(
    "--into",
    metavar="URL",
    help="Nobody walks: write a log of what visitors did, into a new one.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to print what they did; json: one object.",
)
def command(seed: int, events: int, days: int, into: str | None, form: str) -> None:
    """Let made-up visitors with known tastes look around, click and order.

    \b
      shopwindow simulate --events 5000000 --days 90 --into sqlite:///made-up.db

    What the pet shop's experiments do to them is planted, and printed: a report of it has to
    find just that. The same seed makes the same visitors.
    """
    if into is not None:
        _write(seed, events, days, url_of(into), form)
        return
    raise click.UsageError("say where to with --into URL")


def _write(seed: int, events: int, days: int, url: str, form: str) -> None:
    from ..simulation.assortment import shelves
    from ..simulation.generator import Plan, generate
    from ..simulation.logs import open_into
    from ..simulation.planted import PLANTED
    from ..site import read_site

    if fault := fault_of(url, LOGS):
        raise click.BadParameter(": ".join(fault), param_hint="--into")
    site = read_site(
        Path(str(files("shopwindow.examples.petshop"))) / "personalization"
    )
    plan = Plan(events, days, seed, time.time(), site.rules.revision)
    try:
        with (
            open_into(url, Path.cwd(), site.context.day) as log,
            stepped("Events", events) as advance,
        ):
            counts = generate(plan, shelves(site), log, advance)
    except StoreError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    if form == "json":
        told = {"events": counts, "planted": PLANTED}
        click.echo(msgspec.json.encode(told).decode())
        return
    for name, count in counts.items():
        click.echo(f"{count:>14,}  {name}")

"""``shopwindow stats``: how much is kept."""

import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec

from ...rules.moments import clock
from ..rollups import open_rollups
from ..site import Site
from .question import FOLDER
from .records import STORE, address_of, looked_after
from .site import usable

_EPOCH = date(1970, 1, 1).toordinal()

Daily = Mapping[tuple[str, int], int]


class _Rolled(NamedTuple):
    """How much roll-ups hold: of how many visitors how many sums, up to when."""

    units: int
    sums: int
    updated: float | None

    @property
    def moment(self) -> int | None:
        return None if self.updated is None else int(self.updated)

    def told(self, site: Site) -> dict[str, Any]:
        told = {"units": self.units, "sums": self.sums}
        return {**told, "updated": _clock(site, self.moment)}


@click.command("stats", short_help="Count profiles and events.")
@FOLDER
@STORE
@click.option(
    "--days",
    type=click.IntRange(1, 400),
    default=7,
    show_default=True,
    help="How many days get a column of their own.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to print the counts; json: one object, with every day.",
)
def command(folder: Path, url: str | None, days: int, form: str) -> None:
    """Count what DIR's store keeps: profiles, visitors, and events by name and day.

    \b
      shopwindow stats personalization
      shopwindow stats personalization --format json | jq .events

    Days are those of the shop's time zone. "Too old" is what `shopwindow purge` would delete.
    Only counts are printed. Events that a worker had to drop are not in the store: each worker
    counts its own, see Shopwindow.metrics().
    """
    site = usable(folder)
    kept = site.settings.retention
    now = time.time()
    with looked_after(site, url) as keeper:
        sizes = keeper.sizes()
        daily = keeper.daily()
        due = keeper.due(kept.events_before(now), kept.profiles_before(now))
        at = address_of(site, url)
        with open_rollups(at, site.context.day) as rollups:
            rolled = _Rolled(**rollups.sizes(), updated=rollups.updated())
    if form == "json":
        told = _json(site, sizes, daily, sum(due)) | {"roll-ups": rolled.told(site)}
        click.echo(msgspec.json.encode(told).decode())
        return
    _print(site, sizes, daily, sum(due), rolled, site.context.day(now), days)


def _json(
    site: Site, sizes: Mapping[str, int], daily: Daily, due: int
) -> dict[str, Any]:
    told: dict[str, Any] = {**sizes, "too-old": due}
    for key in ("oldest", "newest"):
        told[key] = _clock(site, sizes.get(key))
    events: dict[str, dict[str, int]] = {}
    for (name, day), number in sorted(daily.items()):
        events.setdefault(name, {})[_day(day).isoformat()] = number
    return told | {"events-by-day": events}


def _print(
    site: Site,
    sizes: Mapping[str, int],
    daily: Daily,
    due: int,
    rolled: _Rolled,
    today: int,
    days: int,
) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    facts = Table(show_header=False, box=None)
    for name, value in (
        ("profiles", f"{sizes['profiles']:,}"),
        ("customers", f"{sizes['customers']:,}"),
        ("visitors with events", f"{sizes['visitors']:,}"),
        ("ids given up", f"{sizes['retired']:,}"),
        ("events", f"{sizes['events']:,}"),
        ("oldest event", _clock(site, sizes.get("oldest")) or "none"),
        ("newest event", _clock(site, sizes.get("newest")) or "none"),
        ("too old", f"{due:,}"),
        ("rolled up to", _clock(site, rolled.moment) or "never"),
        ("daily sums", f"{rolled.sums:,} of {rolled.units:,} visitors"),
        ("size", _megabytes(sizes["bytes"])),
    ):
        facts.add_row(name, value)
    console.print(facts)
    if not daily:
        return
    shown = range(today - days + 1, today + 1)
    table = Table(box=None, title_justify="left")
    table.add_column("event")
    for day in shown:
        table.add_column(f"{_day(day):%m-%d}", justify="right")
    table.add_column("all", justify="right")
    for event in sorted({name for name, _ in daily}):
        counts = [daily.get((event, day), 0) for day in shown]
        total = sum(number for (name, _), number in daily.items() if name == event)
        table.add_row(event, *(f"{number:,}" for number in (*counts, total)))
    console.print()
    console.print(table)


def _day(day: int) -> date:
    return date.fromordinal(day + _EPOCH)


def _clock(site: Site, moment: int | None) -> str | None:
    if moment is None:
        return None
    return clock(moment, site.settings.zone).isoformat(" ", "minutes")


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB"

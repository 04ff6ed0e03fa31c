"""``shopwindow purge``: delete what is older than the shop keeps it."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import click
import msgspec

from ..rollups import open_rollups
from ..site import Site
from ..stores import Keeper
from .question import FOLDER
from .records import STORE, address_of, looked_after, stepped
from .site import count, usable

BATCH = 250  # rows in one step: a few milliseconds
_REST = 3.0  # for each second of a step: so long the shop has the disk and the cores to itself


class _Part(NamedTuple):
    """What is kept for one purpose, and when it is too old."""

    name: str
    words: str
    keep: str
    events_before: Mapping[str, float]
    profiles_before: float
    due: int


@click.command("purge", short_help="Delete what is older than the shop keeps it.")
@FOLDER
@STORE
@click.option("--dry-run", is_flag=True, help="Only count what would go.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to print the counts; json: one object.",
)
def command(folder: Path, url: str | None, dry_run: bool, form: str) -> None:
    """Delete events and profiles that are older than DIR/site.toml keeps them.

    \b
      [events]
      keep = "400 days"              # what visitors did, after it happened
      keep-statistics = "200 days"   # what was shown and clicked; default: as keep
      [store]
      keep = "400 days"              # profiles, after the visitor was last seen

    It works beside a running shop, in small steps with pauses, so that pages do not wait: once
    a day from cron is enough. Stopped half-way, the next run goes on from there.

    \b
      shopwindow purge personalization --dry-run
      17 3 * * *  nice shopwindow purge /srv/shop/personalization

    Ends with 0 if all that is too old is gone (with --dry-run: counted), with 1 if the store
    could not be read or changed. A SQLite file does not shrink, it fills up again.
    """
    site = usable(folder)
    kept = site.settings.retention
    now = time.time()
    before = kept.events_before(now)
    other = before[""]
    # Each purpose by itself, so that it can be said how much of it went.
    shown = {name: moment for name, moment in before.items() if name}
    with looked_after(site, url) as keeper:
        parts = [
            _part(keeper, "events", "what visitors did", kept.events,
                  dict.fromkeys(shown, 0.0) | {"": other}, 0.0),
            _part(keeper, "statistics", "what was shown and clicked", kept.statistics,
                  shown | {"": 0.0}, 0.0),
            _part(keeper, "profiles", "visitors not seen for so long", kept.profiles,
                  {}, kept.profiles_before(now)),
        ]  # fmt: skip
        gone = {part.name: part.due for part in parts}
        if not dry_run:
            _settle(site, url, before)
            total = sum(part.due for part in parts)
            with stepped("Deleting", total) as advance:
                for part in parts:
                    gone[part.name] = 0
                    for number in _gently(_steps(keeper, part)):
                        gone[part.name] += number
                        advance(number)
    if form == "json":
        told = {
            "dry-run": dry_run,
            "deleted": gone,
            "keep": {p.name: p.keep for p in parts},
        }
        click.echo(msgspec.json.encode(told).decode())
        return
    for part in parts:
        noun = "profile" if part.name == "profiles" else "event"
        rows = count(gone[part.name], noun)
        click.echo(f"{rows:>14}  {part.words}, kept {part.keep}")
    click.echo("would be deleted: --dry-run" if dry_run else "deleted")


def _settle(site: Site, url: str | None, before: Mapping[str, float]) -> None:
    """What was counted of these events stays in the sums, without those who did it."""
    at = address_of(site, url)
    with open_rollups(at, site.context.day) as rollups:
        for _ in _gently(rollups.purge(before)):
            pass


def _part(
    keeper: Keeper,
    name: str,
    words: str,
    keep: object,
    events_before: Mapping[str, float],
    profiles_before: float,
) -> _Part:
    due = sum(keeper.due(events_before, profiles_before))
    return _Part(name, words, str(keep), events_before, profiles_before, due)


def _steps(keeper: Keeper, part: _Part) -> Iterator[int]:
    return keeper.purge(part.events_before, part.profiles_before, BATCH)


def _gently(steps: Iterator[int]) -> Iterator[int]:
    """``steps``, with a pause after each that is a few times as long as it took."""
    begun = time.monotonic()
    for number in steps:
        yield number
        time.sleep((time.monotonic() - begun) * _REST)
        begun = time.monotonic()

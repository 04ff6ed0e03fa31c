"""``shopwindow segments``: how many visitors each segment has."""

import time
from pathlib import Path
from typing import Any

import click
import msgspec

from ...rules.sizes import Size, Sizes
from ..supplies import supplies_of
from ..unrecorded import of_profile, of_requests
from .question import FOLDER
from .records import STORE, records, watched
from .site import count, usable


@click.command("segments", short_help="Count the visitors of each segment.")
@FOLDER
@STORE
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to print the counts; json: one line per segment.",
)
def command(folder: Path, url: str | None, form: str) -> None:
    """Count for each segment of DIR the visitors who are in it now, among all stored profiles.

    A visitor is surely in, surely out, or unknown: rules with `segment:` hold for the first,
    rules with `unless:` and the segment for the second, neither for the third.

    A profile has no device, path, campaign of the moment or login, and attributes only where
    the shop kept them. Where these decide, the visitor is unknown. Only counts are printed.
    """
    site = usable(folder)
    sizes = Sizes(site.rules, of_profile(site), of_requests(site), supplies_of(site))
    now = site.context.at(time.time(), "/")
    with records(site, url) as history:
        profiles = history.profiles()
        for profile in watched(profiles, history.profile_count(), "Reading profiles"):
            sizes.add(profile, now)
    if form == "json":
        for size in sizes.sizes():
            click.echo(msgspec.json.encode(_json(size, sizes)).decode())
        return
    click.echo(count(sizes.visitors, "visitor"))
    width = max((len(size.segment) for size in sizes.sizes()), default=0)
    click.echo(f"  {'':{width}}  {'in':>16}  {'out':>16}  {'unknown':>16}")
    for size in sizes.sizes():
        counts = (size.inside, size.outside, size.unknown)
        cells = "  ".join(f"{_cell(each, sizes.visitors):>16}" for each in counts)
        click.echo(f"  {size.segment:{width}}  {cells}{_note(size, sizes)}")


def _cell(number: int, visitors: int) -> str:
    return f"{number} ({number / visitors:.1%})" if visitors else str(number)


def _note(size: Size, sizes: Sizes) -> str:
    names = sizes.unrecorded(size.segment) if size.unknown else []
    return f"  not always stored: {', '.join(names)}" if names else ""


def _json(size: Size, sizes: Sizes) -> dict[str, Any]:
    return {
        "segment": size.segment,
        "file": size.file,
        "line": size.line,
        "visitors": sizes.visitors,
        "in": size.inside,
        "out": size.outside,
        "unknown": size.unknown,
        "share": size.inside / sizes.visitors if sizes.visitors else None,
        "unrecorded": sizes.unrecorded(size.segment),
    }

"""``shopwindow erase``: delete all there is about one person."""

import os
import sys
from collections import Counter as Tally
from collections.abc import Collection, Iterator, Mapping
from contextlib import nullcontext
from typing import Any

import click
import msgspec

from ..engines.users import user_of
from ..settings import read_keys
from ..site import Site
from ..stores import Keeper
from .records import STORE, address_of, looked_after
from .site import count, usable
from .whom import CUSTOMER, PEOPLE, Whom, split, whom


class Found(msgspec.Struct, frozen=True):
    """What was kept of one owner before it was erased."""

    profile: bool
    events: Mapping[str, int]


@click.command("erase", short_help="Delete all there is about one person.")
@PEOPLE
@CUSTOMER
@STORE
@click.option("--yes", is_flag=True, help="Do not ask. Needed where no terminal asks.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to print what was erased; json: one object.",
)
def command(
    words: tuple[str, ...], customer: str | None, url: str | None, yes: bool, form: str
) -> None:
    """Delete the profile and all events of one person, on every device (GDPR, Article 17).

    VISITOR is the id in the cookie, the cookie's whole value, or the mark that a store and
    `shopwindow export --events` call a visitor by. One who logged in is erased as the customer,
    with all devices.

    \b
      shopwindow erase personalization Vq3mP0cXQ0mZb1yL5eJt2A
      shopwindow erase personalization --customer 10017 --yes

    Their cookies are refused from then on, also for what running workers have not written yet.
    A SQLite file is written anew, so that no byte of it is left: some seconds for a million events,
    in which pages go on and workers hold back what they have to write. What stays is the mark of
    each id without anything else, so that it is refused. Backups are yours to clean.

    Ends with 0 if something was erased, with 1 if nothing was kept or not all could be done:
    then run it again, it goes on.
    """
    folder, visitor = split(words, customer)
    person = whom(visitor, customer)
    site = usable(folder)
    with looked_after(site, url) as keeper:
        owners = person.kept(keeper)
        found = [_found(keeper, owner) for owner in owners]
        if owners:
            _confirm(person, found, yes)
        with _busy(f"Erasing {person.words}"):
            # Also of whom nothing is kept yet: workers may have something in their hands.
            for owner in owners or person.owners:
                _settle(site, url, owner)
                keeper.erase(owner)
    if form == "json":
        click.echo(msgspec.json.encode(_json(found)).decode())
    elif owners:
        click.echo(f"Erased of {person.words}: {_told(found)}.")
        click.echo("Their cookies are refused from now on.")
        for line in _elsewhere(site, {*owners, *person.owners}):
            click.echo(line)
    if not owners:
        click.echo(f"nothing is kept of {person.words}", err=True)
        sys.exit(1)


def _settle(site: Site, url: str | None, owner: str) -> None:
    """Before they go they count as one who left; without them, and whether or not it works."""
    from ..rollups.leaving import settle_owner

    try:
        settle_owner(site, address_of(site, url), owner)
    except Exception as error:
        # Whatever is wrong with statistics: who wants to be erased is erased.
        words = f"they are not counted among those who left: {error}"
        click.echo(words, err=True)


def _elsewhere(site: Site, owners: Collection[str]) -> Iterator[str]:
    """Engines that were told of them, and by which names."""
    told = [one.name for one in site.settings.engines.values() if one.feedback]
    if not told:
        return
    if not os.environ.get("SHOPWINDOW_SECRET_KEYS", "").strip(" ,"):
        words = "with SHOPWINDOW_SECRET_KEYS set this says by which name"
        yield f"Erase them at {', '.join(told)}, too: {words}."
        return
    keys = read_keys()
    for engine in told:
        users = sorted(user_of(keys, engine, owner) for owner in owners)
        yield f"Erase them at {engine}, too, where they are {' and '.join(users)}."


def _found(keeper: Keeper, owner: str) -> Found:
    profile, events = keeper.everything(owner)
    return Found(profile is not None, Tally(event.name for event in events))


def _confirm(person: Whom, found: list[Found], yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("nobody is there to ask: add --yes to erase")
    click.echo(f"Of {person.words} there is kept: {_told(found)}.", err=True)
    click.confirm("Erase it for good?", abort=True, err=True)


def _busy(words: str) -> Any:
    """A sign on stderr that something goes on, where somebody looks at it."""
    from rich.console import Console

    console = Console(stderr=True)
    return console.status(words) if console.is_terminal else nullcontext()


def _told(found: list[Found]) -> str:
    parts = ["the profile"] if any(one.profile for one in found) else []
    events = _events(found)
    if events:
        names = ", ".join(f"{number} {name}" for name, number in events.most_common())
        parts.append(f"{count(events.total(), 'event')} ({names})")
    return " and ".join(parts) or "ids without anything behind them"


def _events(found: list[Found]) -> Tally[str]:
    events: Tally[str] = Tally()
    for one in found:
        events.update(one.events)
    return events


def _json(found: list[Found]) -> dict[str, Any]:
    return {
        "erased": bool(found),
        "profiles": sum(one.profile for one in found),
        "events": dict(sorted(_events(found).items())),
    }

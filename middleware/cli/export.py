"""``shopwindow export``: all there is about one person, or the log of events as a file."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import click
import msgspec

from ...rules.exported import Line, lines
from ...rules.facts import PURPOSES, Profile
from ...rules.known import all_known
from ...rules.mappings import NAMES, names
from ...rules.portable import portable, portable_event, readable
from ..exporting import FORMS, WRITERS, ExportError, Form, whole_file, write_csv
from ..site import Site
from ..stores import Keeper
from .question import read_ago
from .records import STORE, looked_after, stepped
from .site import count, usable
from .whom import CUSTOMER, PEOPLE, split, whom

STEP = 500  # events between two looks at the bar


@click.command("export", short_help="Write what is kept of one person, or the log.")
@PEOPLE
@CUSTOMER
@click.option(
    "--events", is_flag=True, help="The log of everybody instead of one person."
)
@click.option(
    "--since", help="Of the log: 7d, 12h, 2 weeks (ago), or 2026-11-20T08:00."
)
@click.option("--until", help="Where it ends, written as --since. Default: now.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", *FORMS]),
    help="One person: json. The log: csv (default), jsonl or parquet.",
)
@click.option(
    "--names",
    "kind",
    type=click.Choice(NAMES),
    default="segment",
    show_default=True,
    help="In whose words the log is told.",
)
@click.option(
    "--source",
    metavar="URI",
    help="What CloudEvents name the shop by, as https://shop.example/. Default: its name.",
)
@click.option(
    "--bom", is_flag=True, help="Begin CSV with a mark that Excel knows UTF-8 by."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write, readable for you only. Default: standard output.",
)
@STORE
def command(
    words: tuple[str, ...],
    customer: str | None,
    events: bool,
    since: str | None,
    until: str | None,
    form: str | None,
    kind: str,
    source: str | None,
    bom: bool,
    output: Path | None,
    url: str | None,
) -> None:
    """Write all that is kept of one person (GDPR, Articles 15 and 20), or the log of events.

    VISITOR is the id in the cookie, the cookie's whole value, or the mark that a store and the
    log call a visitor by.

    \b
      shopwindow export personalization --customer 10017 -o answer.json
      shopwindow export personalization --events --since 30d --format parquet -o events.parquet
      shopwindow export personalization --events --names ga4 --format jsonl -o ga4.jsonl

    A line of JSON is a message that the receiver takes as it is: a track call of Segment's HTTP
    API, a body of GA4's Measurement Protocol, a CloudEvent 1.0. What one page showed in several
    slots is a line for each, with decision, rule, variant and revision; what was held back from a
    control group is among them. In a table the properties are one column of JSON.

    In CSV a text that a spreadsheet would calculate begins with a '. Parquet needs
    pip install "shopwindow[export]".

    Ends with 0 if all was written, with 1 if nothing is kept of the person or the store or the
    file cannot be used. A file is there only when all of it is.
    """
    folder, visitor = split(words, customer)
    if events:
        _refuse(
            (visitor or customer, "--events is the log of everybody: name nobody"),
            (
                form == "json",
                "json is for one person: the log is csv, jsonl or parquet",
            ),
            (bom and form not in (None, "csv"), "--bom is for CSV"),
            (form == "parquet" and not output, "Parquet is no text: add -o FILE"),
        )
        chosen: Form = next((each for each in FORMS if each == form), "csv")
        site = usable(folder)
        window = _window(site, since, until)
        name = source or f"/shopwindow/{quote(site.settings.name, safe='')}"
        named = names(kind, site.settings.currency, name)
        with looked_after(site, url) as keeper, _file(output) as file:
            found = _watched(keeper, window, since is None and until is None)
            if chosen == "csv":
                number = write_csv(found, named, file, bom)
            else:
                number = WRITERS[chosen](found, named, file)
        click.echo(f"{count(number, 'line')} written", err=True)
        return
    _refuse(
        (form not in (None, "json"), f"{form} is for the log: add --events"),
        (since or until or source or bom, "this is for the log: add --events"),
    )
    person = whom(visitor, customer)
    site = usable(folder)
    with looked_after(site, url) as keeper:
        owners = person.kept(keeper)
        if not owners:
            click.echo(f"nothing is kept of {person.words}", err=True)
            sys.exit(1)
        answer = msgspec.json.encode(_answer(site, keeper, owners))
    with _file(output) as file:
        file.write(msgspec.json.format(answer) + b"\n")


def _refuse(*wrong: tuple[object, str]) -> None:
    for found, words in wrong:
        if found:
            raise click.UsageError(words)


def _window(site: Site, since: str | None, until: str | None) -> tuple[float, float]:
    now = time.time()
    start = 0.0 if since is None else read_ago(since, "--since", site, now)
    end = now if until is None else read_ago(until, "--until", site, now)
    if start >= end:
        raise click.BadParameter("it is not before --until", param_hint="--since")
    return start, end


def _watched(
    keeper: Keeper, window: tuple[float, float], all_of_it: bool
) -> Iterator[Line]:
    """The lines of the log, with a bar on stderr where somebody looks at it."""
    total = keeper.sizes()["events"] if all_of_it else None
    with stepped("Writing events", total) as advance:
        for number, event in enumerate(keeper.events(*window), 1):
            yield from lines(event)
            if number % STEP == 0:
                advance(STEP)


@contextmanager
def _file(output: Path | None) -> Iterator[IO[bytes]]:
    """Where to write; what goes wrong there is said, and ends the command with 1."""
    try:
        if output is None:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        else:
            with whole_file(output) as file:
                yield file
    except BrokenPipeError:  # who reads has seen enough, as `| head` does
        _silence()
        sys.exit(1)
    except OSError as error:  # of standard output alone: others have words of their own
        click.echo(f"the output cannot be written: {error.strerror}", err=True)
        _silence()
        sys.exit(1)
    except ExportError as error:
        click.echo(str(error), err=True)
        sys.exit(1)


def _silence() -> None:
    """What is still to be written at the end goes nowhere, and fails no second time."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _answer(site: Site, keeper: Keeper, owners: list[str]) -> dict[str, Any]:
    """What a person may know of what is kept: all of it, where it is from and how long it stays."""
    settings = site.settings
    kept = settings.retention
    records = []
    for owner in owners:
        profile, events = keeper.everything(owner)
        records.append(
            {
                "id": owner,
                "known": [] if profile is None else _known(site, profile),
                "profile": None if profile is None else portable(profile),
                "events": [portable_event(event) for event in events],
            }
        )
    return {
        "shop": settings.name,
        "purposes": PURPOSES,
        "keep": {
            "events": str(kept.events),
            "statistics": str(kept.statistics),
            "profiles": str(kept.profiles),
        },
        "attributes": {
            name: {
                "from": one.origin,
                "purpose": one.purpose,
                "sensitive": one.sensitive,
            }
            for name, one in settings.attributes.items()
        },
        "records": records,
    }


def _known(site: Site, profile: Profile) -> list[dict[str, Any]]:
    """All that the profile holds, a line for each thing, with who said so and when."""

    def title(dimension: str, key: str) -> str:
        item = site.catalog.item(dimension, key)
        return key if item is None else item.title

    return [
        msgspec.to_builtins(entry) | {"time": readable(entry.time)}
        for entry in all_known(profile, time.time(), title)
    ]

"""``shopwindow train``: learn from events what goes with what."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ..stores import StoreError
from .counted import MEMORY, TABLES, WITH, Source, counted, from_tables
from .repeating import every, read_every
from .trained import steps, tell

# What a site takes is imported where there is one: half of the time of a small training.
if TYPE_CHECKING:
    from ...fragments.catalog import Catalog
    from ...fragments.recommendations.training.part import Say
    from ...fragments.recommendations.training.reading import Read
    from ...fragments.recommendations.training.sql import Counting
    from ...fragments.recommendations.training.tables import Tables
    from ...fragments.recommendations.training.train import Trained
    from ..site import Site

NEEDS = 'training needs extras: pip install "shopwindow[train]"'


class Failed(Exception):
    """A training that made no new model; says why, and what to do."""


class Asked(NamedTuple):
    """What the command was asked for."""

    folder: Path | None
    file: Path | None
    out: Path | None
    until: str | None
    store: str | None
    report: Path | None
    force: bool
    form: str
    engine: str | None
    memory: str | None
    tables: Path | None


@click.command("train", short_help="Learn recommendations from events.")
@click.argument(
    "folder",
    metavar="[DIR]",
    required=False,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
)
@click.option(
    "--events",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="JSON Lines, CSV or Parquet, also packed by gzip. Default: the log of DIR's store.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the models. Default: the one that the shop of DIR reads.",
)
@click.option(
    "--until",
    metavar="TIME",
    help="Only events before: 2026-11-20T08:00+01:00, seconds since 1970, with DIR also 7d (ago).",
)
@click.option(
    "--store",
    metavar="URL",
    help="Where DIR's events are. Default: the store of site.toml.",
)
@click.option(
    "--every", "pause", metavar="30m", help="Do it again and again: 30m, 12h, 1d."
)
@click.option(
    "--force",
    is_flag=True,
    help="Use the new model although it finds less than the one before.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a page about the new model, as HTML.",
)
@WITH
@MEMORY
@TABLES
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to print what was learned; json: one line a training.",
)
def command(
    folder: Path | None,
    file: Path | None,
    out: Path | None,
    until: str | None,
    store: str | None,
    pause: str | None,
    force: bool,
    report: Path | None,
    form: str,
    engine: str | None,
    memory: str | None,
    tables: Path | None,
) -> None:
    """Learn from what visitors did which products go together, and what is in fashion.

    \b
      shopwindow train personalization                  from the shop's own log
      shopwindow train personalization --every 30m      and again each half hour
      shopwindow train --events clicks.jsonl --out models

    A line of FILE is an event: visitor, session, event, product, time, order. `event` is view,
    add or buy. `session` and `time` may be missing: then the order of the lines counts, and a
    visitor's lines are one session. Times are RFC 3339 (without a zone: UTC) or seconds since
    1970. Lines that are no events are counted, and the first of them shown.

    Workers of the shop notice a new model by themselves. One that finds less than nine tenths
    of what the one before found, on the events held back, is refused; --force uses it.

    Ends with 0 if there is a new model, with 1 if not, or if the report could not be written. With --every it goes on until it is
    stopped, whatever a training comes to. Needs pip install "shopwindow[train]".
    """
    if folder is None and ((file or tables) is None or out is None):
        raise click.UsageError("name the shop's folder, or --events FILE and --out DIR")
    if tables is not None and (engine, until, store) != (None, None, None):
        raise click.UsageError("--tables are counted: no --with, --until or --store")
    if store is not None and (file is not None or folder is None):
        raise click.UsageError("--store is for the log of DIR: leave --events away")
    if engine == "postgres" and (file is not None or folder is None):
        raise click.UsageError("--with postgres is for the log of DIR: it counts there")
    if memory is not None and engine != "duckdb":
        raise click.UsageError("--memory is for --with duckdb")
    asked = Asked(
        folder, file, out, until, store, report, force, form, engine, memory, tables
    )
    if pause is not None:
        every(read_every(pause), lambda: _said(asked))
    elif not _said(asked):
        sys.exit(1)


def _said(asked: Asked) -> bool:
    """Train once, and print what came of it; whether there is a new model."""
    try:
        _train(asked)
    except Failed as error:
        click.echo(str(error), err=True)
        return False
    return True


def _train(asked: Asked) -> None:
    """Raises :class:`Failed`."""
    try:
        from ...fragments.recommendations.training import train
        from ...fragments.recommendations.training.lines import Unreadable
    except ImportError as error:
        raise Failed(f"{error.name} is not installed: {NEEDS}") from error
    started = time.time()
    site = _site(asked.folder)
    out = _out(asked, site)
    until = _until(asked.until, site)
    catalog = None if site is None else site.catalog
    with steps() as say:
        try:
            with _reading(asked, site, until, say) as (read, counting):
                trained = train.train(read, catalog, until, say, counting)
        except (Unreadable, StoreError) as error:
            raise Failed(str(error)) from error
        # Also of a model that is refused: the page may show why.
        unwritten = ""
        if asked.report is not None:
            unwritten = _reported(asked.report, trained, read, catalog, say)
        say("writing", 0, 1)
        folder = _written(out, trained, asked.force)
    tell(folder, trained.meta, read.examples, time.time() - started, asked.form)
    if unwritten:
        raise Failed(unwritten)


def _site(folder: Path | None) -> "Site | None":
    if folder is None:
        return None
    from .site import usable

    return usable(folder)


@contextmanager
def _reading(
    asked: Asked, site: "Site | None", until: float | None, say: "Say"
) -> "Iterator[tuple[Read, Counting | Tables | None]]":
    """What there is to learn from, and where it is counted if not here."""
    from ...fragments.recommendations.training import reading, train

    also = [] if site is None else train.keys_of(site.catalog)
    if asked.tables is not None:
        yield from_tables(asked.tables, asked.file, also, say)
    elif asked.engine is not None:
        source = Source(asked.file, site, asked.store, until, also)
        with counted(asked.engine, asked.memory, source, say) as found:
            yield found
    elif asked.file is not None:
        yield reading.read(asked.file, until, say), None
    else:
        assert site is not None
        yield _logged(site, asked.store, until, say), None


def _logged(site: "Site", url: str | None, until: float | None, say: "Say") -> "Read":
    """The events of the shop's log. Raises :class:`StoreError`, or :class:`Unreadable` if there
    are none."""
    from ...fragments.recommendations.training.gathering import Gathering
    from ...fragments.recommendations.training.reading import read_of
    from ..stores.opening import open_keeper
    from .logged import length_of, log_batches
    from .records import address_of

    address = address_of(site, url)
    now = time.time()
    gathering = Gathering(until, now)
    with open_keeper(address, site.context.day) as keeper:
        total = length_of(keeper)
        window = 0.0, now + 86_400.0 if until is None else until
        for batch in log_batches(keeper, *window):
            gathering.add(batch)
            say("reading", batch.done, total)
    return read_of(gathering, "the log", until)


def _written(out: Path, trained: "Trained", force: bool) -> Path:
    """Write the model and make it the current one. Raises :class:`Failed`."""
    from ...fragments.recommendations.model import Model, ModelError
    from ...fragments.recommendations.training.tuning import refusal
    from ...fragments.recommendations.writing import write

    try:
        before: Any = Model.current(out).meta
    except ModelError:
        before = None
    if before is not None and not force:
        words = refusal(before.get("metrics"), trained.meta["metrics"])
        if words:
            raise Failed(f"the new model is refused: {words}")
    try:
        return write(out, trained.keys, trained.arrays, trained.meta, datetime.now(UTC))
    except OSError as error:
        raise Failed(
            f"the model cannot be written into {out}: {error.strerror}"
        ) from error


def _reported(
    path: Path,
    trained: "Trained",
    read: "Read",
    catalog: "Catalog | None",
    say: "Say",
) -> str:
    """Write the page about the model; why that was not possible, else ""."""
    from ...fragments.recommendations.training import report

    try:
        report.write(path, trained, read, catalog, say)
    except OSError as error:
        return f"the report cannot be written to {path}: {error.strerror}"
    return ""


def _out(asked: Asked, site: "Site | None") -> Path:
    if asked.out is not None:
        return asked.out
    assert site is not None
    return site.settings.model


def _until(text: str | None, site: "Site | None") -> float | None:
    if text is None:
        return None
    from ...fragments.recommendations.training.values import moment_of

    if site is not None and not text.replace(".", "", 1).isdigit():
        from .question import read_ago

        return read_ago(text, "--until", site, time.time())
    moment = moment_of(text)
    if moment is None:
        raise click.BadParameter(
            "write it like 2026-11-20T08:00+01:00, or in seconds since 1970",
            param_hint="--until",
        )
    return moment

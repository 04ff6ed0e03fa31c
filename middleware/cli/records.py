"""What a command reads of a store: opened beside a running shop, never made."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

import click
from msgspec.structs import replace

from ..settings import store_path
from ..site import Site
from ..stores import History, Keeper, StoreError
from ..stores.history import SqliteHistory
from ..stores.keeping import SqliteKeeper

Item = TypeVar("Item")

STORE = click.option(
    "--store",
    "url",
    metavar="URL",
    help="Where the visitors are kept. Default: the store of site.toml.",
)


@contextmanager
def records(site: Site, url: str | None) -> Iterator[History]:
    """The history of the store at ``url``, else of the one that ``site`` names.

    A relative ``url`` is meant from the site's folder, as in site.toml. A store that cannot be
    read is said, and ends the command with 1.
    """
    path = _file(site, url)
    with _readable(), closing(SqliteHistory(path, site.context.day)) as history:
        yield history


@contextmanager
def looked_after(site: Site, url: str | None) -> Iterator[Keeper]:
    """As :func:`records`, what looks after that store."""
    path = _file(site, url)
    with _readable(), closing(SqliteKeeper(path, site.context.day)) as keeper:
        yield keeper


def _file(site: Site, url: str | None) -> Path:
    settings = site.settings if url is None else replace(site.settings, store=url)
    scheme, separator, _ = settings.store.partition("://")
    if settings.store.startswith("memory:") or (separator and scheme != "sqlite"):
        hint = f"{settings.store} cannot be looked into: name one with --store sqlite:///..."
        raise click.BadParameter(hint, param_hint="--store")
    return store_path(settings)


@contextmanager
def _readable() -> Iterator[None]:
    """A store that cannot answer is said, and ends the command with 1."""
    try:
        yield
    except StoreError as error:
        click.echo(str(error), err=True)
        sys.exit(1)


def watched(items: Iterable[Item], total: int, words: str) -> Iterable[Item]:
    """``items``, with a bar on stderr that shows how far they are, where somebody looks at it."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return track(
        items,
        words,
        total=total,
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


@contextmanager
def stepped(words: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar as :func:`watched` has one, for work that goes on in steps of its own.

    What it gives is called with how much a step has done. Of an unknown ``total`` it shows
    how much is done.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with progress:
        task = progress.add_task(words, total=total)
        yield lambda number: progress.advance(task, number)

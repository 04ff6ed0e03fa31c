"""What a command reads of a store: opened beside a running shop, never made."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import click
from msgspec.structs import replace

from ..settings import address
from ..site import Site
from ..stores import History, Keeper, StoreError
from ..stores.opening import Address, open_history, open_keeper, unreadable, url_of

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
    with _readable(), open_history(address_of(site, url), site.context.day) as history:
        yield history


@contextmanager
def looked_after(site: Site, url: str | None) -> Iterator[Keeper]:
    """As :func:`records`, what looks after that store."""
    with _readable(), open_keeper(address_of(site, url), site.context.day) as keeper:
        yield keeper


def address_of(site: Site, url: str | None) -> Address:
    """Where the store at ``url`` is, else that of ``site``; ends wrong usage with its reason."""
    settings = site.settings
    if url is not None:
        settings = replace(settings, store=url_of(url), events="")
    if hint := unreadable(settings.store):
        raise click.BadParameter(hint, param_hint="--store")
    return address(settings)


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

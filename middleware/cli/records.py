"""What a command reads of a store: opened beside a running shop, never made."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import TypeVar

import click
from msgspec.structs import replace

from ..settings import address
from ..site import Site
from ..stores import History, StoreError
from ..stores.opening import open_history, unreadable, url_of

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
    settings = site.settings
    if url is not None:
        settings = replace(settings, store=url_of(url), events="")
    if hint := unreadable(settings.store):
        raise click.BadParameter(hint, param_hint="--store")
    try:
        with closing(open_history(address(settings), site.context.day)) as history:
            yield history
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

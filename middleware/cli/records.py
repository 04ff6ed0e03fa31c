"""What a command reads of a store: opened beside a running shop, never made."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click

from ..settings import store_path
from ..site import Site
from ..stores import History, StoreError
from ..stores.history import SqliteHistory

Item = TypeVar("Item")

STORE = click.option(
    "--store",
    "url",
    metavar="URL",
    help="The store to read, for example sqlite:///shopwindow.db. Default: that of site.toml.",
)


@contextmanager
def records(site: Site, url: str | None) -> Iterator[History]:
    """The history of the store at ``url``, else of the one that ``site`` names.

    A relative ``url`` is meant from where the command runs. What cannot be read is wrong usage.
    """
    hint = "--store"
    named = url or site.settings.store
    if named.startswith("memory:"):
        raise click.BadParameter(
            "a store in memory is gone when its shop stops: name a file",
            param_hint=hint,
        )
    if url is None:
        path = store_path(site.settings)
    else:
        scheme, separator, _ = url.partition("://")
        if separator and scheme != "sqlite":
            raise click.BadParameter(
                f"a store like {scheme}:// cannot be read here", param_hint=hint
            )
        path = Path(url.removeprefix("sqlite:///").removeprefix("sqlite://"))
    try:
        history = SqliteHistory(path, site.context.day)
        try:
            yield history
        finally:
            history.close()
    except StoreError as error:
        raise click.BadParameter(str(error), param_hint=hint) from None


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

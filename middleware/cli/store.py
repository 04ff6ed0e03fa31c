"""``shopwindow store``: move what a shop knows to another store."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import click

from ..stores import StoreError
from ..stores.copying import BATCH, KINDS, Copied, Kind, digest_of
from ..stores.opening import REDIS, Address, open_copied, scheme_of, shown, url_of

Advance = Callable[[int], object]


@click.group("store", short_help="Move what the shop knows to another store.")
def command() -> None:
    """Move what the shop knows to another store."""


@command.command("copy", short_help="Copy all of one store to another, and compare.")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option(
    "--from-events", "source_events", default="", metavar="URL",
    help="Where the events are, if not with the profiles; needed where FROM is a Redis.",
)  # fmt: skip
@click.option(
    "--to-events", "target_events", default="", metavar="URL",
    help="Where the events go, if not to the profiles; needed where TO is a Redis.",
)  # fmt: skip
@click.option(
    "--into-non-empty",
    "non_empty",
    is_flag=True,
    help="Go on although TO holds something; what FROM has, too, is replaced.",
)
def copy(
    source: str, target: str, source_events: str, target_events: str, non_empty: bool
) -> None:
    """Copy profiles, identities, traffic, events and allocations of one store to another.

    FROM and TO are URLs as in site.toml; a path is that of a SQLite file. Relative ones are
    meant from here. Stop the shop first: what it writes meanwhile may be missing in TO.

    \b
      shopwindow store copy personalization/shopwindow.db postgresql://shop@db/shop
      shopwindow store copy shopwindow.db redis://cache --to-events postgresql://shop@db/shop

    At the end both sides are read once more and compared. Ends with 0 if they are the same,
    else with 1. Stopped half-way, it can be run again with --into-non-empty: what is there
    already is written once more, and nothing twice. Roll-ups are not copied: the first report
    or `shopwindow measure` makes them of the events again.
    """
    _check_events("FROM", source, source_events, "--from-events")
    _check_events("TO", target, target_events, "--to-events")
    folder = Path()
    first = Address(url_of(source), source_events, folder)
    second = Address(url_of(target), target_events, folder)
    try:
        if first.place == second.place:
            raise click.BadParameter("it is the same as FROM", param_hint="TO")
        with ExitStack() as stack:
            before = stack.enter_context(closing(open_copied(first, make=False)))
            after = stack.enter_context(closing(open_copied(second, make=True)))
            _check_empty(after, target, non_empty)
            same = _copy(before, after)
    except StoreError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    if not same:
        click.echo(
            "the two are not the same: was something written meanwhile, or was TO not empty?",
            err=True,
        )
        sys.exit(1)
    click.echo("roll-ups: made of the events again by the first report or measure")


def _check_events(side: str, url: str, events: str, option: str) -> None:
    """Raises :class:`click.UsageError` where events would be in a file that nobody named."""
    if scheme_of(url_of(url)) in REDIS and not events:
        raise click.UsageError(
            f"{side} is a Redis, which keeps no events: say where they are with {option} "
            "(beside site.toml in sqlite:///shopwindow.db, unless the shop says otherwise)"
        )


def _check_empty(target: Copied, url: str, non_empty: bool) -> None:
    full = [kind for kind in KINDS if target.count(kind)]
    if full and not non_empty:
        raise StoreError(
            f"{shown(url_of(url))} is not empty, it has {', '.join(full)}: "
            "name another store, or add --into-non-empty"
        )


def _copy(before: Copied, after: Copied) -> bool:
    """Copy all kinds and compare them; whether they are the same on both sides."""
    same = True
    for kind in KINDS:
        total = before.count(kind)
        with _bar(f"Copying {kind}", total) as advance:
            rows = before.rows(kind)
            while part := list(islice(rows, BATCH)):
                after.load(kind, part)
                advance(len(part))
    for kind in KINDS:
        same &= _compare(kind, before, after)
    return same


def _compare(kind: Kind, before: Copied, after: Copied) -> bool:
    with _bar(f"Comparing {kind}", before.count(kind) + after.count(kind)) as advance:
        one, other = (
            digest_of(_told(side.rows(kind), advance)) for side in (before, after)
        )
    if one == other:
        click.echo(f"{kind}: {one.rows}, the same on both sides")
        return True
    counts = f"{one.rows} in FROM, {other.rows} in TO"
    click.echo(f"{kind}: {counts}, not the same", err=True)
    return False


def _told(
    rows: Iterator[tuple[Any, ...]], advance: Advance
) -> Iterator[tuple[Any, ...]]:
    while part := list(islice(rows, BATCH)):
        yield from part
        advance(len(part))


@contextmanager
def _bar(words: str, total: int) -> Iterator[Advance]:
    """A bar on stderr, where somebody looks at it."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(
        console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task(words, total=total)
        yield lambda count: progress.advance(task, count)

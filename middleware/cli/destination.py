"""Where imported facts about customers go, and what is said of lines that cannot be."""

import csv
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from time import time as now
from typing import Any

import click

from ..rollups import open_rollups
from ..settings import read_keys
from ..site import Site
from ..sources.customers import Customers
from ..sources.importing import Counts, Writer
from ..sources.lines import Line
from ..stores import StoreError
from ..stores.opening import open_store, scheme_of
from .records import address_of
from .site import count

LATELY = 86_400.0  # seconds: reports look for what is as late as that, and more
SHOWN = 10  # lines with errors that are printed


class Destination:
    """Where facts about customers go: the store of a site, or nowhere.

    Raises :class:`click.UsageError` without the keys that customers are found by.
    """

    def __init__(self, site: Site, url: str | None, dry_run: bool) -> None:
        if not os.environ.get("SHOPWINDOW_SECRET_KEYS", "").strip(" ,"):
            raise click.UsageError(
                "customers are stored under keyed pseudonyms only: set "
                "SHOPWINDOW_SECRET_KEYS to the keys of the running shop"
            )
        try:
            self._keys = read_keys()
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        self.site = site
        self.dry_run = dry_run
        self._address = address_of(site, url)

    def oldest(self, now: float) -> float:
        """What happened before is older than the shop keeps it."""
        return now - self.site.settings.retention.events.seconds

    @contextmanager
    def writing(self, source: str) -> Iterator[Writer]:
        """Ends the command with 1 if the store cannot be opened."""
        customers = Customers(self.site, self._keys, source)
        if self.dry_run:
            yield Writer(self.site, customers, None)
            return
        try:
            store = open_store(self._address)
        except (StoreError, OSError) as error:
            click.echo(str(error), err=True)
            sys.exit(1)
        with closing(store):
            yield Writer(self.site, customers, store, self._told)

    def _told(self, time: float) -> None:
        """Let reports count what happened then. Raises :class:`StoreError`."""
        if time > now() - LATELY or scheme_of(self._address.store) == "memory":
            return
        with open_rollups(self._address, self.site.context.day) as rollups:
            rollups.late(time)


@contextmanager
def faults(path: Path, again: bool) -> Iterator[Callable[[Line, str], None]]:
    """Prints the first lines with errors, and writes all of them to ``path``, if there is one."""
    said = 0
    with ExitStack() as stack:
        writer: Any = None

        def wrong(line: Line, reason: str) -> None:
            nonlocal said, writer
            if writer is None:
                flags = (
                    os.O_WRONLY | os.O_CREAT | (os.O_APPEND if again else os.O_TRUNC)
                )
                # Customers' data: only for whoever imports them.
                handle = os.open(path, flags, 0o600)
                file = stack.enter_context(
                    os.fdopen(handle, "w", encoding="utf-8", newline="")
                )
                writer = csv.writer(file)
                if not os.fstat(handle).st_size:
                    writer.writerow(("line", "error", "text"))
            writer.writerow((line.number, reason, line.text))
            said += 1
            if said <= SHOWN:
                click.echo(f"line {line.number:,}: {reason}", err=True)
            elif said == SHOWN + 1:
                click.echo(f"and so on: see {path}", err=True)

        yield wrong


def report(counts: Counts, dry_run: bool, noun: str = "line") -> None:
    """Says what became of the lines, or what else ``noun`` is."""
    kept = "would be taken in: --dry-run" if dry_run else "taken in"
    events = count(counts.events, "event")
    click.echo(f"{count(counts.kept, noun)} {kept}, with {events}")
    if counts.kept and not dry_run:
        click.echo(
            "What was there already changed nothing, and who was erased stays unknown."
        )
    if counts.old:
        what = "event" if noun != "line" else noun
        click.echo(f"{count(counts.old, what)} older than the shop keeps events")

"""``shopwindow import --format matomo``: visits from a file, or from a Matomo itself."""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from ...rules.moments import clock
from ..sources.importing import Counts
from ..sources.lines import LINE, Unreadable
from ..sources.matomo import LARGEST, PAGE, Matomo, MatomoError, facts, read_visits
from ..stores import StoreError
from .destination import SHOWN, Destination, report
from .question import read_ago
from .records import stepped
from .site import count

TOKEN = "SHOPWINDOW_SOURCE_MATOMO_TOKEN"


def import_visits(
    to: Destination, file: Path | None, url: str | None, number: int, since: str
) -> None:
    """Take in the visits of customers; ends the command with 1 if something was wrong.

    Raises :class:`click.UsageError`.
    """
    if (file is None) == (url is None):
        raise click.UsageError("say which FILE to import, or a --url, not both")
    now = time.time()
    counts = Counts()
    nobody = 0
    try:
        if file is not None:
            visits = _of_file(file)
        else:
            assert url is not None
            day = clock(read_ago(since, "--since", to.site, now), to.site.settings.zone)
            visits = _of_server(to, url, number, day.strftime("%Y-%m-%d"))
        with (
            to.writing("import:matomo") as writer,
            stepped("Importing visits", None) as advance,
        ):
            for place, visit in visits:
                counts.lines += 1
                advance(1)
                try:
                    found = facts(to.site, visit)
                except ValueError as error:
                    counts.wrong += 1
                    if counts.wrong <= SHOWN:
                        click.echo(f"{place}: {error}", err=True)
                    continue
                nobody += found is None
                counts.kept += found is not None
                for fact in found or ():
                    if fact.time < to.oldest(now):
                        counts.old += 1
                        continue
                    counts.events += 1
                    writer.add(fact)
                    if writer.full:
                        writer.flush()
            writer.flush()
    except (MatomoError, Unreadable, OSError) as error:
        click.echo(f"{file or 'Matomo'}: {error}", err=True)
        sys.exit(1)
    except StoreError as error:
        click.echo(f"{error}: run the same again to go on", err=True)
        sys.exit(1)
    report(counts, to.dry_run, "visit")
    if nobody:
        click.echo(f"{count(nobody, 'visit')} without a userId: of nobody we know")
    if counts.wrong:
        click.echo(f"{count(counts.wrong, 'visit')} with errors", err=True)
        sys.exit(1)


def _of_file(path: Path) -> Iterator[tuple[str, bytes]]:
    """Visits and their places in a file: one JSON list, or a visit in every line."""
    with path.open("rb") as file:
        begin = file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
        file.seek(0)
        if not begin.startswith(b"{"):
            if path.stat().st_size > LARGEST:
                raise Unreadable(
                    f"a list has at most {LARGEST >> 20} MiB: write a visit in every line"
                )
            data = file.read().removeprefix(b"\xef\xbb\xbf")
            for number, visit in enumerate(read_visits(data), 1):
                yield f"visit {number:,}", bytes(visit)
            return
        number = 0
        while line := file.readline(LINE * 16 + 1):
            number += 1
            whole = len(line) <= LINE * 16
            while line and not whole and not line.endswith(b"\n"):
                line = file.readline(LINE * 16)
            if line.strip() or not whole:
                yield f"line {number:,}", line.strip() if whole else b""


def _of_server(
    to: Destination, url: str, number: int, since: str
) -> Iterator[tuple[str, bytes]]:
    """As :func:`_of_file`, asked page by page. Raises :class:`click.UsageError`."""
    token = os.environ.get(TOKEN, "")
    if not token:
        raise click.UsageError(
            f"{TOKEN} is not set: Matomo tells visits to nobody else"
        )
    matomo = Matomo(url, token, number, to.site.settings.allowed_hosts)
    if matomo.refusal:
        raise click.BadParameter(matomo.refusal, param_hint="--url")
    # A loop of its own, left between two pages: stores have theirs.
    with asyncio.Runner() as runner:
        try:
            offset = 0
            while page := runner.run(matomo.visits(since, offset)):
                for place, visit in enumerate(page, offset + 1):
                    yield f"visit {place:,}", bytes(visit)
                if len(page) < PAGE:
                    break
                offset += PAGE
        finally:
            runner.run(matomo.close())

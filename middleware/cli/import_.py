"""``shopwindow import``: what tills, loyalty programmes and Matomo know of customers."""

import sys
import time
from copy import copy
from pathlib import Path

import click
from msgspec.structs import replace

from ...findings import suggest
from ..site import Site
from ..sources.import_table import ImportSettings
from ..sources.importing import (
    Counts,
    Progress,
    Reading,
    begun,
    beside,
    fingerprint,
    save,
)
from ..sources.lines import CsvFile, JsonLines, Unreadable
from ..sources.rows import Rows
from ..stores import StoreError
from .destination import Destination, faults, report
from .records import stepped
from .site import count, usable

STRIDE = 1 << 20  # bytes at most from one point to go on from to the next


@click.command("import", short_help="Take in what other systems know of customers.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.argument(
    "file",
    metavar="[FILE]",
    required=False,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
)
@click.option(
    "--source",
    "name",
    metavar="NAME",
    help="The table [imports.NAME] of site.toml that says how FILE is read.",
)
@click.option(
    "--map",
    "mapped",
    multiple=True,
    metavar="ATTRIBUTE=COLUMN",
    help="Besides the table's map; may be repeated.",
)
@click.option("--customer", metavar="COLUMN", help="Instead of the table's customer.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "jsonl", "matomo"]),
    help="Default: by the ending of FILE, .jsonl and .ndjson, else csv.",
)
@click.option(
    "--url",
    metavar="URL",
    help="Of a Matomo, to be asked instead of a FILE; its host must be in SHOPWINDOW_ALLOWED_HOSTS.",
)
@click.option(
    "--matomo-site",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="idSite there.",
)
@click.option(
    "--since",
    default="7d",
    show_default=True,
    help="With --url, how far back: 7d, 2 weeks, or 2026-11-20.",
)
@click.option(
    "--dry-run", is_flag=True, help="Read and check everything, keep nothing."
)
@click.option(
    "--errors",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where lines go that cannot be read. Default: FILE.errors.csv.",
)
@click.option(
    "--store",
    metavar="URL",
    help="Where the visitors are kept. Default: the store of site.toml.",
)
def command(
    folder: Path,
    file: Path | None,
    name: str | None,
    mapped: tuple[str, ...],
    customer: str | None,
    form: str | None,
    url: str | None,
    matomo_site: int,
    since: str,
    dry_run: bool,
    errors: Path | None,
    store: str | None,
) -> None:
    """Take into the profiles of customers what FILE says of them, as DIR/site.toml reads it:

    \b
      [attributes]
      loyalty-tier = { type = "text", from = "import:pos", purpose = "personalization" }
      [imports.pos]
      customer = "Kundennr"                    # the shop's own id of a customer
      map = { loyalty-tier = "Stufe" }         # attribute = column
      event = "Order Completed"                # may be left out, with properties and time
      properties = { order_id = "Bon", product_id = "Artikel", price = "Preis", quantity = "Menge" }
      time = "Datum"
      time-format = "%d.%m.%Y %H:%M"           # default: ISO 8601, 2026-11-20 08:00
      decimal = ","                            # default: "."
      delimiter = ";"                          # default, as of encoding: found out
      encoding = "cp1252"
      id = "Zeile"                             # what makes a line unique; default: all it says
    \b
      shopwindow import personalization sales.csv --source pos --dry-run
      shopwindow import personalization sales.csv --source pos
      shopwindow import personalization visits.json --format matomo
      SHOPWINDOW_SOURCE_MATOMO_TOKEN=... SHOPWINDOW_ALLOWED_HOSTS=matomo.example \\
        shopwindow import personalization --format matomo --url https://matomo.example/ --since 2d

    In JSON lines (.jsonl) columns are names, or paths like $.customer.id. Lines that follow each
    other and name the same order are one. It may be stopped and run again: it goes on where it
    was, and what it has taken in already changes nothing. A line that cannot be read does not stop
    the others.

    It is kept under the customer's pseudonym (needs the shop's SHOPWINDOW_SECRET_KEYS) and used
    once that customer has logged in and agreed; who had their data erased gets none of it.

    Ends with 0 if every line was taken in, with 1 if one could not be, or the store failed, with 2
    for wrong usage.
    """
    site = usable(folder)
    to = Destination(site, store, dry_run)
    if form == "matomo" or url is not None:
        from .import_matomo import import_visits  # most shops have another one

        import_visits(to, file, url, matomo_site, since)
        return
    if file is None:
        raise click.UsageError("say which FILE to import")
    settings = _settings(site, name, mapped, customer)
    errors = errors or file.with_name(file.name + ".errors.csv")
    try:
        counts, whole = _import(to, settings, file, form, errors)
    except (Unreadable, OSError) as error:
        click.echo(f"{file}: {error}", err=True)
        sys.exit(1)
    report(counts, dry_run)
    if counts.wrong:
        click.echo(f"{count(counts.wrong, 'line')} with errors: see {errors}", err=True)
    sys.exit(1 if counts.wrong or not whole else 0)


def _settings(
    site: Site, name: str | None, mapped: tuple[str, ...], customer: str | None
) -> ImportSettings:
    """The table that is meant. Raises :class:`click.UsageError`."""
    tables = site.settings.imports
    if name is None and len(tables) == 1:
        name = next(iter(tables))
    if name is None:
        raise click.UsageError("say as what: --source NAME, of [imports.NAME]")
    if name not in tables:
        hint = suggest(name, tables) if tables else f"write [imports.{name}]"
        raise click.BadParameter(
            f"site.toml has no [imports.{name}]: {hint}", param_hint="--source"
        )
    settings = tables[name]
    paths, attributes = dict(settings.map), dict(settings.attributes)
    for pair in mapped:
        attribute, _, column = pair.partition("=")
        declared = site.settings.attributes.get(attribute)
        if not column or declared is None or declared.origin != f"import:{name}":
            known = [
                one.name
                for one in site.settings.attributes.values()
                if one.origin == f"import:{name}"
            ]
            raise click.BadParameter(
                f'"{pair}" is no ATTRIBUTE=COLUMN with an attribute from = "import:{name}": '
                + suggest(attribute, known),
                param_hint="--map",
            )
        paths[attribute], attributes[attribute] = column, declared
    return replace(
        settings,
        map=paths,
        attributes=attributes,
        customer=customer or settings.customer,
    )


def _import(
    to: Destination,
    settings: ImportSettings,
    path: Path,
    form: str | None,
    errors: Path,
) -> tuple[Counts, bool]:
    """What became of the lines of ``path``, and whether the store took all of them."""
    form = form or ("jsonl" if path.suffix in (".jsonl", ".ndjson") else "csv")
    lines: CsvFile | JsonLines
    if form == "csv":
        lines = CsvFile(path, settings.encoding, settings.delimiter)
    else:
        lines = JsonLines(path)
    site, now, about = to.site, time.time(), path.stat()
    moment = min(about.st_mtime, now)
    rows = Rows(settings, lines.columns, site.settings.zone, moment, now)
    mark = fingerprint(path, settings)
    progress = Progress(mark) if to.dry_run else begun(path, mark)
    if progress.offset:
        click.echo(f"going on after line {progress.number:,}", err=True)
    with (
        to.writing(f"import:{settings.name}") as writer,
        faults(errors, again=progress.offset > 0) as wrong,
        stepped("Importing", about.st_size) as advance,
    ):
        reading = Reading(settings, rows, to.oldest(now), progress.counts, wrong)
        done = copy(progress.counts)
        advance(progress.offset)
        found = reading.facts(lines.lines(progress.offset, progress.number))
        try:
            for fact, line in found:
                if fact is not None:
                    writer.add(fact)
                if writer.full or line.end - progress.offset > STRIDE:
                    writer.flush()
                    advance(line.end - progress.offset)
                    progress.offset, progress.number = line.end, line.number
                    done = copy(progress.counts)
                    if not to.dry_run:
                        save(path, progress)
            writer.flush()
        except StoreError as error:
            click.echo(f"{error}: run the same again to go on", err=True)
            return done, False
    if not to.dry_run:
        beside(path).unlink(missing_ok=True)
    return progress.counts, True

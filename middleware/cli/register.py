"""``shopwindow processing-register``: what is kept of whom, why, how long and who learns it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec

from ..consent.settings import OURS
from ..processing.record import LEARNS, Processing, processing
from ..processing.words import LANGUAGES, UNKNOWN, Words
from ..settings import Settings
from .question import FOLDER
from .site import usable

_BLANK = "________"


class Chapter(NamedTuple):
    """A heading, lines below it, and a table of ``rows`` with a ``header``."""

    heading: str
    lines: Sequence[str] = ()
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


@click.command(
    "processing-register", short_help="Print what is kept of whom, why and how long."
)
@FOLDER
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    help="How to print it.",
)
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    help="Default: German if the site is German, else English.",
)
def command(folder: Path, form: str, language: str | None) -> None:
    """Print the record of processing activities (GDPR, Article 30) that DIR's site.toml tells.

    \b
      shopwindow processing-register personalization --format markdown > register.md

    What no configuration can know is left blank, and said. Fill it in below [register]; every key
    may be left out:

    \b
      [register]
      controller = "Tea & Cups Ltd, 1 High Street, Leeds"
      contact = "privacy@tea.example"
      data-protection-officer = "..."
      representative = "..."                # of a controller outside the EU
      recipients = ["hosting: ..."]         # besides those that site.toml names
      transfers = "none"
      measures = ["disks are encrypted"]    # besides those that are built in
    \b
      [register.legal-basis]
      personalization = "consent, Article 6 (1) (a) GDPR"
      statistics = "consent, Article 6 (1) (a) GDPR"
    """
    settings = usable(folder).settings
    told = processing(settings)
    if form == "json":
        encoded = msgspec.json.encode(_json(settings, told))
        click.echo(msgspec.json.format(encoded).decode())
        return
    words = Words(language or settings.language)
    chapters = list(_chapters(settings, told, words))
    title = words("title")
    about = words("article").format(name=settings.name)
    if form == "markdown":
        click.echo(f"# {title}\n\n{about}")
        for chapter in chapters:
            click.echo("\n" + "\n".join(_markdown(chapter)))
        return
    click.secho(title, bold=True)
    click.echo(about)
    for chapter in chapters:
        click.echo()
        click.secho(chapter.heading, bold=True)
        for line in chapter.lines:
            click.echo(f"  {line}")
        for row in _aligned((chapter.header, *chapter.rows)):
            click.echo(f"  {row}")


def _chapters(settings: Settings, told: Processing, words: Words) -> Iterator[Chapter]:
    register = settings.register

    def blank(text: str, key: str) -> str:
        return text or f"{_BLANK} ({words('missing').format(key=key)})"

    yield Chapter(
        words("who"),
        [
            f"{words('controller')}: {blank(register.controller, 'controller')}",
            f"{words('contact')}: {blank(register.contact, 'contact')}",
            f"{words('officer')}: {blank(register.officer, 'data-protection-officer')}",
            f"{words('representative')}: {blank(register.representative, 'representative')}",
        ],
    )
    bases = {
        one.purpose: blank(
            register.legal_basis.get(one.purpose, ""), f"legal-basis.{one.purpose}"
        )
        for one in told.data
    }
    asked_by = words("ours") if told.asked_by == OURS else told.asked_by
    yield Chapter(
        words("purposes"),
        [
            f"{words(purpose)} ({words('legal-basis')}: {basis})"
            for purpose, basis in bases.items()
        ]
        + [f"{words('asked-by')}: {asked_by}"],
    )
    yield Chapter(words("subjects"), [words("visitors"), words("customers")])
    for one in told.data:
        heading = f"{words('data')}: {words(one.purpose).partition(':')[0]}"
        yield Chapter(heading, [words(kind) for kind in one.kinds])
    if told.attributes:
        yes = {True: words("yes"), False: words("no")}
        columns = ("name", "type", "origin", "purpose", "sensitive", "stored")
        yield Chapter(
            words("attributes"),
            (),
            [words(column) for column in columns],
            [
                (
                    one.name, one.type, one.origin, ", ".join(one.purposes) or "-",
                    yes[one.sensitive], yes[one.stored],
                )
                for one in told.attributes
            ],
        )  # fmt: skip
    yield _recipients(settings, told, words)
    transfers = blank(register.transfers, "transfers")
    yield Chapter(words("transfers"), [transfers])
    kept = [
        f"{words(key)}: {words.length(length)}"
        for key, length in (
            ("events", told.data[0].keep),
            ("shown-events", told.data[1].keep),
            ("profiles", told.profiles),
        )
    ]
    yield Chapter(words("retention"), [*kept, words("withdrawn"), words("by-purge")])
    yield Chapter(
        words("cookies"),
        (),
        [words("name"), words("days"), words("use")],
        [
            (one.name, "-" if one.days is None else str(one.days), words(one.use))
            for one in told.cookies
        ],
    )
    measures = [words(key) for key in told.measures]
    yield Chapter(words("measures"), [*measures, *register.measures])
    yield Chapter(words("unknown"), [words(key) for key in UNKNOWN])


def _recipients(settings: Settings, told: Processing, words: Words) -> Chapter:
    rows = [
        (
            one.host or "-",
            f"{words(one.role)} ({one.name})",
            ", ".join(
                words(x) if one.role != "fragment" and x in LEARNS else x
                for x in one.learns
            )
            or "-",
        )
        for one in told.recipients
    ]
    lines = list(settings.register.recipients)
    if not rows and not lines:
        lines = [words("nobody")]
    header = [words("host"), words("use"), words("learns")] if rows else []
    return Chapter(words("recipients"), lines, header, rows)


def _markdown(chapter: Chapter) -> Iterator[str]:
    yield f"## {chapter.heading}\n"
    for line in chapter.lines:
        yield f"- {line}"
    if chapter.rows:
        if chapter.lines:
            yield ""
        yield _row(chapter.header)
        yield _row(["---"] * len(chapter.header))
        yield from map(_row, chapter.rows)


def _row(cells: Sequence[str]) -> str:
    escaped = (cell.replace("\\", "\\\\").replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    rows = [row for row in rows if row]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _json(settings: Settings, told: Processing) -> dict[str, Any]:
    register = settings.register
    english = Words("en")
    return {
        "shop": settings.name,
        "controller": {
            "name": register.controller or None,
            "contact": register.contact or None,
            "data-protection-officer": register.officer or None,
            "representative": register.representative or None,
        },
        "purposes": [
            {
                "purpose": one.purpose,
                "legal-basis": register.legal_basis.get(one.purpose),
                "data": {kind: english(kind) for kind in one.kinds},
                "keep": one.keep,
            }
            for one in told.data
        ],
        "consent-asked-by": told.asked_by,
        "data-subjects": [english("visitors"), english("customers")],
        "attributes": [
            {
                "name": one.name,
                "type": one.type,
                "from": one.origin,
                "purposes": one.purposes,
                "sensitive": one.sensitive,
                "stored": one.stored,
            }
            for one in told.attributes
        ],
        "recipients": [msgspec.to_builtins(one) for one in told.recipients],
        "further-recipients": register.recipients,
        "transfers": register.transfers or None,
        "profiles-keep": told.profiles,
        "cookies": [msgspec.to_builtins(one) for one in told.cookies],
        "measures": [*(english(key) for key in told.measures), *register.measures],
        "unknown": [english(key) for key in UNKNOWN],
    }

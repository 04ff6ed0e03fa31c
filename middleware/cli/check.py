"""``shopwindow check``: everything that is wrong with a site, at once."""

import sys
from pathlib import Path

import click
import msgspec

from .site import count, examined, show


@click.command("check", short_help="Find everything that is wrong with a folder.")
@click.argument(
    "folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path(".")
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to print the findings.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Let warnings fail the check, and warn of rules that only their order tells apart.",
)
def command(folder: Path, form: str, strict: bool) -> None:
    """Read all of DIR and report every error and warning with its file, line and column.

    \b
    Errors keep a site from going live: unknown names, values that their attribute does not
    have, fragments without their parameters, templates that cannot be read, ...
    Warnings are about what works, but hardly as it was meant:
      - rules that can never win: their conditions exclude each other, an earlier rule always
        takes the slot, their schedule has ended, their share is 0%
      - schedules in an hour that the clock skips, reviews that are overdue
      - attributes that nothing asks for
      - texts that show a sensitive value, tell visitors that they are counted, or greet them
        by name and do nothing else for them
      - goals and guardrails that nobody could tell anything of: no control group, nothing to
        click, a roll-out that nothing stops
      - a model for recommendations that is missing or cannot be read

    With --strict there is one more: two rules of a slot with the same priority that may both
    hold, so that the names of their files and their lines decide.

    \b
    In a pipeline:
      shopwindow check DIR --strict                 fails with warnings, too
      shopwindow check DIR --format json            {"findings": [...], "counts": {...}}
    Each finding has file, line, column, severity, code, message and hint; the code stays the
    same when the words change.

    Exits with 0 when all is well, with 1 when something has to be mended, with 2 when the
    command itself is written wrong.
    """
    site, _, findings = examined(folder, doubtful=True, strict=strict)
    errors = sum(finding.severity == "error" for finding in findings)
    warnings = len(findings) - errors
    if form == "json":
        counts = {"errors": errors, "warnings": warnings}
        said = msgspec.json.encode({"findings": findings, "counts": counts})
        click.echo(msgspec.json.format(said).decode())
    elif findings:
        show(findings)
        click.echo(
            f"\n{folder}: {count(errors, 'error')}, {count(warnings, 'warning')}"
        )
    elif site is not None:
        slots, rules = len(site.settings.slots), len(site.rules.rules)
        click.echo(
            f"{folder}: {count(slots, 'slot')}, {count(rules, 'rule')}, all is well"
        )
    sys.exit(1 if errors or (strict and warnings) else 0)

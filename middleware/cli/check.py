"""``shopwindow check``: everything that is wrong with a site, at once."""

import sys
from pathlib import Path

import click
import msgspec

from .site import checked, count


@click.command("check", short_help="Find everything that is wrong with a folder.")
@click.argument(
    "folder", metavar="DIR", type=click.Path(path_type=Path), default=Path(".")
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to print the findings.",
)
@click.option("--strict", is_flag=True, help="Let warnings fail the check, too.")
def command(folder: Path, form: str, strict: bool) -> None:
    """Read all of DIR and report every error and warning with its file, line and column.

    Exits with 0 when all is well, with 1 when something has to be mended.
    """
    site, findings = checked(folder)
    errors = [finding for finding in findings if finding.severity == "error"]
    warnings = len(findings) - len(errors)
    if form == "json":
        click.echo(
            msgspec.json.format(msgspec.json.encode({"findings": findings})).decode()
        )
    else:
        for finding in findings:
            click.echo(finding.show())
        if findings:
            click.echo(
                f"{folder}: {count(len(errors), 'error')}, {count(warnings, 'warning')}"
            )
        elif site is not None:
            slots, rules = len(site.settings.slots), len(site.rules.rules)
            click.echo(
                f"{folder}: {count(slots, 'slot')}, {count(rules, 'rule')}, all is well"
            )
    sys.exit(1 if errors or (strict and warnings) else 0)

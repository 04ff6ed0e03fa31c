"""Reading a site for a command: findings are printed, never raised."""

import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import click

from ...findings import Finding
from ..rehearsal import TESTS, read_rule_tests
from ..site import Site, check_site, read_files, worth_telling


def checked(folder: Path) -> tuple[Site | None, list[Finding]]:
    """The site of ``folder`` (None if there is nothing to compile), and all findings.

    Those of the rule tests are among them; what is doubtful about a site as a
    whole is not.
    """
    site, _, findings = examined(folder)
    return site, findings


def examined(
    folder: Path, *, doubtful: bool = False, strict: bool = False
) -> tuple[Site | None, dict[str, str], list[Finding]]:
    """As :func:`checked`, with the texts of the folder's files.

    ``doubtful``: what is doubtful about the site as it is now is among the findings;
    ``strict``: so is what only its order in the files decides.
    """
    files, findings = read_files(folder)
    if "site.toml" not in files:
        return None, files, findings
    site, found = check_site(folder, files)
    now = time.time()
    findings += found
    sound = all(finding.severity == "warning" for finding in findings)
    if not any(finding.code == "toml" for finding in findings):
        findings += read_rule_tests(site, files, now, sound=sound)[1]
    if doubtful:
        # Only commands that people wait for ask these: their imports and pairs cost a while.
        from ..aims import unreported
        from ..doubts import doubts, unused
        from ..models import unusable

        findings += doubts(site, now, strict=strict)
        if all(finding.severity == "warning" for finding in findings):
            findings += unused(site, files["site.toml"])
            findings += unreported(site, files["site.toml"])
            findings += unusable(site.settings, files["site.toml"])
    findings = worth_telling(findings)
    quoted = (finding.quoting(files.get(finding.file, "")) for finding in findings)
    ordered = sorted(quoted, key=lambda f: (f.file, f.line, f.column))
    return site, files, ordered


def usable(folder: Path, name: str = "") -> Site:
    """The site of ``folder``; prints the errors and exits with 1 if it has any.

    ``name`` is what people call the folder, where it is not its path.
    """
    site, findings = checked(folder)
    errors = [
        finding
        for finding in findings
        # Rule tests are not part of the shop; those that are asked for are read anew.
        if finding.severity == "error" and not finding.file.startswith(TESTS)
    ]
    if site is None or errors:
        show(errors, err=True)
        click.echo(f"{name or folder}: {count(len(errors), 'error')}", err=True)
        sys.exit(1)
    return site


def show(findings: Iterable[Finding], *, err: bool = False) -> None:
    """Prints findings, those of each file together; coloured where a terminal shows them."""
    color = False if os.environ.get("NO_COLOR") else None  # None: terminals alone
    file = ""
    for finding in findings:
        if file and finding.file != file:
            click.echo(err=err)
        file = finding.file
        hue = "red" if finding.severity == "error" else "yellow"
        place = click.style(f"{finding.place}:", bold=True)
        severity = click.style(f"{finding.severity}:", fg=hue, bold=True)
        click.echo(f"{place} {severity} {finding.words}", err=err, color=color)
        for number, line in enumerate(finding.quoted()):
            said = click.style(line, fg=hue) if number else line
            click.echo(said, err=err, color=color)


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

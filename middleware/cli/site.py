"""Reading a site for a command: findings are printed, never raised."""

import sys
import time
from pathlib import Path

import click

from ...findings import Finding
from ...rules.timeliness import untimely
from ..rehearsal import TESTS, read_rule_tests
from ..site import Site, check_site, read_files


def checked(folder: Path) -> tuple[Site | None, list[Finding]]:
    """The site of ``folder`` (None if there is nothing to compile), and all findings.

    Those of the rule tests are among them, and what the calendar says.
    """
    files, findings = read_files(folder)
    if "site.toml" not in files:
        return None, findings
    site, found = check_site(folder, files)
    now = time.time()
    sound = all(finding.severity == "warning" for finding in (*findings, *found))
    found += untimely(site.rules, now)
    found += read_rule_tests(site, files, now, sound=sound)[1]
    return site, sorted((*findings, *found), key=lambda f: (f.file, f.line, f.column))


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
        for finding in errors:
            click.echo(finding.show(), err=True)
        click.echo(f"{name or folder}: {count(len(errors), 'error')}", err=True)
        sys.exit(1)
    return site


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

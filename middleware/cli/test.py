"""``shopwindow test``: the rule tests of a site, run."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from ...findings import Finding, suggest
from ...rules.numerals import share
from ...rules.rule_tests import RuleTest
from ...rules.testing import Coverage, Result, coverage, run
from ..rehearsal import read_rule_tests, rehearsal
from ..site import Site, read_files
from .site import count, show, usable


def _share(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> float | None:
    """A percentage as editors write it, with its sign."""
    found = None if value is None else share(value)
    if value is not None and found is None:
        raise click.BadParameter("write for example 80%")
    return found


@click.command("test", short_help="Try the rules on made-up visitors.")
@click.argument(
    "folder", metavar="DIR", type=click.Path(path_type=Path), default=Path(".")
)
@click.argument(
    "files",
    metavar="[FILE]...",
    nargs=-1,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
)
@click.option(
    "--name",
    "names",
    multiple=True,
    help="Only tests with these words in their name; may be repeated.",
)
@click.option(
    "--coverage-under",
    "least",
    metavar="N%",
    callback=_share,
    help="Fail if the tests show fewer of the rules than this.",
)
@click.option(
    "--strict", is_flag=True, help="Fail if there is a rule that no test shows."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to print the outcome.",
)
def command(
    folder: Path,
    files: tuple[Path, ...],
    names: tuple[str, ...],
    least: float | None,
    strict: bool,
    form: str,
) -> None:
    """Run the tests in DIR/rules/tests, or only those of the FILEs named, and say which rules
    no test shows.

    A test is a made-up visitor, a page, and what must be on it:

    \b
      now: 2026-11-21 10:00
      personas:
        carpenter:
          consent: [personalization]
          events:
            - {viewed: {category: wood}, at: 2 days ago, times: 3}
      tests:
        - name: three looks bring the hero
          given: carpenter
          expect: {home.hero: category-hero}    # slot: fragment, or a list of what may be
          because: wood-hero                    # the rule that decides it
        - name: two looks are not enough
          given: carpenter
          but: {events: [{viewed: {category: wood}, at: 2 days ago, times: 2}]}
          expect: {home.hero: default}          # the page's own content

    \b
    Besides, a test may say:
      path: /sale                   another page than /
      now: 2026-12-01 09:00         another moment; "2 days ago" is meant from there
      expect-not: {home.hero: x}    what must not be there
      variant: {experiment: name}   the variant that is dealt out, or `control`
      holdout: true                 the visitor never sees anything personalised
      sequence:                     the page again and again; what it shows counts for caps
        - {expect: {home.hero: x}}
        - {after: 1 day, clicked: {fragment: x}, expect: {home.hero: default}}

    A step first moves the clock, then the visitor does what it says (clicked, viewed, bought,
    ..., as in `events`), then the page is delivered.

    Exits with 0 when all is well, with 1 when a test fails or is faulty, with 2 when the
    question is wrong.
    """
    if (files or names) and (strict or least is not None):
        raise click.UsageError(
            "which rules are shown is only known when all tests are run: "
            "leave away FILE and --name, or --strict and --coverage-under"
        )
    site = usable(folder)
    wanted = {_below(folder, file) for file in files}
    tests, findings = read_rule_tests(site, read_files(folder)[0], time.time())
    if wanted:  # what is wrong with the other files may be wrong with their personas
        tests = [test for test in tests if test.file in wanted]
    errors = sum(finding.severity == "error" for finding in findings)
    if names:
        tests = _named(tests, names)
    results = _run(tests, site)
    shown = None if wanted or names else coverage(results, site.rules)
    if strict:
        least = 1.0
    lacks = shown is not None and least is not None and shown.share < least
    if form == "json":
        click.echo(msgspec.json.encode(_json(results, findings, shown)).decode())
    else:
        _print(folder, results, findings, shown)
        if lacks and shown is not None and least is not None:
            words = f"{_percent(shown.share)} of the rules are shown by tests"
            click.echo(f"{folder}: {words}, {_percent(least)} are asked for")
    failed = any(result.failures for result in results)
    sys.exit(1 if errors or failed or lacks or not results else 0)


def _below(folder: Path, file: Path) -> str:
    """The name of a test file in its site."""
    home = (folder / "rules" / "tests").resolve()
    if not file.resolve().is_relative_to(home):
        raise click.BadParameter(
            f"{file} is not in {folder / 'rules' / 'tests'}", param_hint="FILE"
        )
    return file.resolve().relative_to(folder.resolve()).as_posix()


def _named(tests: Sequence[RuleTest], names: Sequence[str]) -> list[RuleTest]:
    for name in names:
        if not any(name.casefold() in test.name.casefold() for test in tests):
            hint = suggest(name, (test.name for test in tests))
            words = f'no test has "{name}" in its name; {hint}'
            raise click.BadParameter(words, param_hint="--name")
    parts = [name.casefold() for name in names]
    return [t for t in tests if any(part in t.name.casefold() for part in parts)]


def _run(tests: Sequence[RuleTest], site: Site) -> list[Result]:
    shop = rehearsal(site)
    results = []
    hidden = not sys.stderr.isatty()
    bar = click.progressbar(tests, label="tests", file=sys.stderr, hidden=hidden)
    with bar as left:
        for test in left:
            results.append(run(test, shop))
    return results


# -- what it says --------------------------------------------------------------------------


def _print(
    folder: Path,
    results: Sequence[Result],
    findings: Sequence[Finding],
    shown: Coverage | None,
) -> None:
    show(findings)
    for result in results:
        test = result.test
        for failure in result.failures:
            click.echo(f"{test.file}:{failure.line}: {test.name}: {failure}")
            for line in failure.why:
                click.echo(f"    {line}")
    if shown is not None:
        for rule in shown.never:
            click.echo(f"{rule.file}:{rule.line}: no test shows {rule.id}")
    failed = sum(bool(result.failures) for result in results)
    said = f"{count(len(results), 'test')}, {failed} failed"
    errors = sum(finding.severity == "error" for finding in findings)
    if errors:
        said += f", {count(errors, 'error')} in the files"
    if shown is not None:
        whole = len(shown.rules)
        said += f"; {whole - len(shown.never)} of {count(whole, 'rule')} shown"
        said += f" ({_percent(shown.share)})"
    click.echo(f"{folder}: {said}")
    if not results and not errors:
        click.echo("Nothing is tested. `shopwindow test --help` shows how tests look.")


def _percent(part: float) -> str:
    """Rounded down: all of the rules is all of them."""
    return f"{int(part * 100 + 1e-9)}%"


def _json(
    results: Sequence[Result], findings: Sequence[Finding], shown: Coverage | None
) -> dict[str, Any]:
    said: dict[str, Any] = {
        "findings": findings,
        "tests": [
            {
                "name": result.test.name,
                "file": result.test.file,
                "line": result.test.line,
                "passed": not result.failures,
                "failures": result.failures,
            }
            for result in results
        ],
    }
    if shown is not None:
        said["coverage"] = {
            "rules": len(shown.rules),
            "shown": len(shown.rules) - len(shown.never),
            "never": [
                {"rule": rule.id, "file": rule.file, "line": rule.line}
                for rule in shown.never
            ],
        }
    return said

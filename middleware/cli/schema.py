"""``shopwindow schema``: completion and checks in the editor, for one site."""

import sys
from collections.abc import Mapping
from pathlib import Path

import click
import msgspec

from ...rules.schema import schema_of_rules, schema_of_tests
from ..site import Site
from .site import checked, show

FOLDER = ".schema"
RULES, TESTS = f"{FOLDER}/rules.schema.json", f"{FOLDER}/tests.schema.json"
_PRINTED = {"rules": RULES, "tests": TESTS}
_NOT_IN_GIT = (
    "# Made anew by `shopwindow schema`; delete this file to keep them in git.\n*\n"
)


@click.command("schema", short_help="Let editors complete and check rule files.")
@click.argument(
    "folder", metavar="DIR", type=click.Path(path_type=Path), default=Path(".")
)
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; exit with 1 if they are not up to date.",
)
@click.option(
    "--stdout",
    "printed",
    type=click.Choice(list(_PRINTED)),
    help="Write nothing; print this one of the two.",
)
def command(folder: Path, check: bool, printed: str | None) -> None:
    """Write the JSON Schemas of the site DIR, with its own slots, attributes, categories,
    fragments and segments, into DIR/.schema. Run it again when those have changed.

    \b
    An editor finds them by the first line of a file:
      rules/start.yaml     # yaml-language-server: $schema=../.schema/rules.schema.json
      rules/tests/a.yaml   # yaml-language-server: $schema=../../.schema/tests.schema.json

    VS Code needs its YAML extension (redhat.vscode-yaml) for that. In JetBrains IDEs name the
    two files under Settings, Languages & Frameworks, Schemas and DTDs, JSON Schema Mappings,
    if that line alone does not do it.

    Mistakes in the rules are no obstacle; `shopwindow check` finds those. Exits with 1 when
    another file of DIR has errors, because then names would be missing.
    """
    if check and printed:
        raise click.UsageError("--check and --stdout exclude each other")
    files = schemas(_read(folder))
    if printed:
        click.echo(files[_PRINTED[printed]], nl=False)
        return
    stale = [name for name, text in files.items() if _text(folder / name) != text]
    if check:
        for name in stale:
            click.echo(f"{folder / name} is not up to date")
        if stale:
            click.echo(f"Next:\n  shopwindow schema {folder}")
        sys.exit(1 if stale else 0)
    try:
        write(folder, {name: files[name] for name in stale})
    except OSError as error:
        click.echo(f"{folder / FOLDER} cannot be written: {error.strerror}", err=True)
        sys.exit(1)
    for name in files:
        said = "wrote" if name in stale else "up to date:"
        click.echo(f"{said} {folder / name}")


def schemas(site: Site) -> dict[str, str]:
    """The schema files of a site: name below its folder -> text."""
    vocabulary, catalog = site.vocabulary, site.catalog
    titles = {
        "slot": {name: slot.description for name, slot in site.settings.slots.items()},
        "product": {id: item.title for id, item in catalog.products.items()},
        "article": {id: item.title for id, item in catalog.articles.items()},
    }
    rules = (rule.id for rule in site.rules.rules)
    found = {
        RULES: schema_of_rules(vocabulary, site.rules.segments, titles),
        TESTS: schema_of_tests(vocabulary, rules, titles),
    }
    return {
        name: msgspec.json.format(msgspec.json.encode(schema)).decode() + "\n"
        for name, schema in found.items()
    }


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write schema files below ``folder``. Raises OSError.

    They follow from the catalogue, so git is told to leave them alone: it would show a change
    with every new product.
    """
    if not (folder / FOLDER).exists():
        (folder / FOLDER).mkdir(parents=True)
        (folder / FOLDER / ".gitignore").write_text(_NOT_IN_GIT, "utf-8")
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8", newline="\n")


def _read(folder: Path) -> Site:
    """The site of ``folder``; exits with 1 where its names cannot be known."""
    site, findings = checked(folder)
    errors = [
        finding
        for finding in findings
        if finding.severity == "error" and not finding.file.startswith("rules/")
    ]
    if site is None or errors:
        show(errors, err=True)
        sys.exit(1)
    return site


def _text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None

"""``shopwindow new``: a folder to start from."""

import sys
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from ..site import check_site, read_files
from .schema import schemas, write


@click.command("new", short_help="Make a folder to start from.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Make DIR, a small site that passes `shopwindow check`, with comments that explain it
    and schemas by which editors complete its rules (see `shopwindow schema --help`).

    Nothing that is there already is overwritten.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        click.echo(f"{folder} exists and is not empty: choose another name", err=True)
        sys.exit(1)
    try:
        _copy(files(__package__) / "starter", folder)
        # Whatever the environment may say about the store does not matter here.
        site, _ = check_site(folder, read_files(folder)[0])
        write(folder, schemas(site))
    except OSError as error:
        click.echo(f"{folder} cannot be written: {error.strerror}", err=True)
        sys.exit(1)
    click.echo(f"Made {folder}. Next:")
    click.echo(f"  shopwindow check {folder}")
    click.echo(f"  shopwindow test {folder}")
    click.echo(
        f"  shopwindow schema {folder}     when names have changed: for your editor"
    )
    click.echo("  and mount it:")
    click.echo(f'  app = PersonalizationMiddleware(app, "{folder}")')


def _copy(source: Traversable, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for entry in source.iterdir():
        if entry.is_dir():
            _copy(entry, target / entry.name)
        else:
            (target / entry.name).write_bytes(entry.read_bytes())

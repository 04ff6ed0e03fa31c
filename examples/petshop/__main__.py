"""``shopwindow demo``, ``python -m shopwindow.examples.petshop``: the whole shop to click through."""

import errno
import logging
import secrets
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path

import click

from shopwindow.middleware.journal import new_id
from shopwindow.middleware.settings import address
from shopwindow.middleware.site import read_site
from shopwindow.middleware.stores.opening import open_store
from shopwindow.middleware.traffic import weigh_all
from shopwindow.rules.facts import Event

from .app import SITE
from .seed import events as walk
from .serving import FACTORY, app, settle
from .shop import Catalogue

BATCH = 500  # events in one commit while seeding


@click.command("demo", short_help="Serve a whole pet shop to click through.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8000,
    show_default=True,
    envvar="PORT",
    help="Where to serve the shop.",
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="On which address."
)
@click.option(
    "--seed/--no-seed",
    default=True,
    help="Start with a week of other visitors, or with none.",
)
@click.option(
    "--store",
    "kept",
    metavar="URL",
    help="Keep what it learns in this SQLite file, or in another store, for reports of it.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 16),
    default=1,
    show_default=True,
    help="So many processes serve it.",
)
def command(port: int, host: str, seed: bool, kept: str | None, workers: int) -> None:
    """Serve Pawfields, a pet shop whose start page fits whoever looks at it.

    It keeps what it learns in a temporary folder, and forgets it when it ends. Cookies of
    earlier visitors are worth nothing to it, also where --store knows them.
    """
    try:
        import uvicorn
    except ImportError:
        click.echo("the demo needs uvicorn: pip install 'shopwindow[demo]'", err=True)
        sys.exit(1)
    _check_port(host, port)
    logging.basicConfig(format="%(levelname)s %(message)s")
    with tempfile.TemporaryDirectory(prefix="shopwindow-demo-") as folder:
        # A secret of its own: the demo's visitors live as long as the demo.
        settle(kept or str(Path(folder) / "demo.db"), secrets.token_hex(32))
        if seed:
            _seed()
        _greet(host, port)
        # By default it would end this process before the folder is removed.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        served = app() if workers == 1 else FACTORY
        uvicorn.run(
            served,
            host=host,
            port=port,
            workers=workers,
            factory=workers > 1,
            log_level="warning",
            access_log=False,
        )


def _check_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                other = port + 1 if port < 65535 else 8000
                hint = (
                    f"somebody else uses port {port} already: "
                    f"choose another one with --port {other} or PORT={other}"
                )
            else:
                hint = f"port {port} on {host} cannot be used: {error.strerror}"
            click.echo(hint, err=True)
            sys.exit(1)


def _seed() -> None:
    """Let a few hundred visitors walk through the shop's last week."""
    from rich.console import Console
    from rich.progress import track

    site = read_site(SITE)
    events = [
        Event(new_id(at), name, visitor, at, site.context.day(at), properties)
        for visitor, name, properties, at in walk(
            Catalogue(SITE / "catalog"), time.time()
        )
    ]
    store = open_store(address(site.settings))
    console = Console(stderr=True)
    steps = range(0, len(events), BATCH)
    for start in track(
        steps,
        "A week of visitors",
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ):
        batch = events[start : start + BATCH]
        store.commit(batch, site.learn, weigh_all(batch, site.catalog.relatives))
    store.close()


def _greet(host: str, port: int) -> None:
    where = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    click.secho(f"\n  Pawfields is open: {where}\n", bold=True)
    for line in (
        "1. Say yes to the question at the top of the start page.",
        f"2. Look at three rabbits: {where}/c/rabbit and two things in it.",
        "3. Go home: hero and advice are about rabbits now, and the dog flea advice is gone.",
        "4. The strip at the foot of the page lets you be somebody else, and says which rule won and why,",
        "   and into which experiments you have come: one visitor in fifty sees nothing of all this.",
        "5. Log in (any first name): it stands beside the logo. Log out: it is gone.",
    ):
        click.echo(f"  {line}")
    click.echo("\n  Ctrl+C ends it.\n")


if __name__ == "__main__":
    command()

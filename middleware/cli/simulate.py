"""``shopwindow simulate``: made-up visitors, in a shop or in a log."""

import sys
import tempfile
import time
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click
import msgspec

from ..stores import StoreError
from ..stores.opening import LOGS, fault_of, scheme_of, sqlite_path, url_of
from .records import stepped

if TYPE_CHECKING:
    from ..simulation.books import Books
    from ..simulation.crowd import Address
    from ..site import Site

_WRITTEN = 1.0  # seconds in which a shop has written what it noted
_LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))


@click.command("simulate", short_help="Let made-up visitors walk through the pet shop.")
@click.argument("address", required=False)
@click.option(
    "--visitors",
    type=click.IntRange(1, 10_000_000),
    default=500,
    show_default=True,
    help="So many come.",
)
@click.option("--seed", default=1, show_default=True, help="Another seed, others.")
@click.option(
    "--at-once",
    type=click.IntRange(1, 64),
    default=8,
    show_default=True,
    help="So many of them at the same time.",
)
@click.option(
    "--store",
    metavar="URL",
    help="The store of the shop at ADDRESS, to compare with; else where the shop that is "
    "started keeps what it learns.",
)
@click.option(
    "--yes-elsewhere",
    is_flag=True,
    help="ADDRESS may be another machine than this one, and it is yours.",
)
@click.option(
    "--into",
    metavar="URL",
    help="Nobody walks: write what visitors did into a new log.",
)
@click.option(
    "--events",
    type=click.IntRange(1, 1_000_000_000),
    default=100_000,
    show_default=True,
    help="With --into: about so many.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 3_650),
    default=90,
    show_default=True,
    help="With --into: over so many days, until now.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to print what they did; json: one object.",
)
def command(
    address: str | None,
    visitors: int,
    seed: int,
    at_once: int,
    store: str | None,
    yes_elsewhere: bool,
    into: str | None,
    events: int,
    days: int,
    form: str,
) -> None:
    """Let made-up visitors with known tastes look around, click and order.

    They walk through the demo shop at ADDRESS, over HTTP, as browsers do; without an ADDRESS one
    is started for them, and stopped. What they saw is written down, and held against what
    shopwindow counted, if the store can be reached.

    \b
      shopwindow simulate                               in a shop of their own
      shopwindow simulate http://127.0.0.1:8000 --visitors 2000
      shopwindow simulate --events 5000000 --days 90 --into sqlite:////tmp/made.db

    `shopwindow report examples/petshop/personalization --store sqlite:////tmp/made.db` is what
    there is to say of it.

    The shop at ADDRESS is one of `shopwindow demo`, for its pages say what they show and why. Start
    it with --store URL, and name the same URL here, to have the numbers compared.

    What the pet shop's experiments do to them is planted, and printed: a report has to find just
    that. The same seed makes the same visitors. Numbers agree exactly where nobody else was in
    the shop: with a new store.

    Ends with 1 if a number is not what was seen, or the shop does not answer as it should.
    """
    if into is not None:
        if address is not None:
            raise click.UsageError("either they walk at ADDRESS, or a log is written")
        _write(seed, events, days, url_of(into), form)
        return
    from ..simulation.browser import Unexpected
    from ..simulation.reading import Strange
    from ..simulation.shop import NoShop

    try:
        if address is None:
            fine = _in_own_shop(visitors, seed, at_once, store, form)
        else:
            place = _place(address, yes_elsewhere)
            books = _walk(place, visitors, seed, at_once)
            if store is not None:
                time.sleep(_WRITTEN)  # the shop goes on, and writes in batches
            fine = _tell(books, None if store is None else _absolute(store), form)
    except (Unexpected, Strange, NoShop, StoreError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    sys.exit(0 if fine else 1)


def _place(address: str, elsewhere: bool) -> "Address":
    from ..simulation.crowd import Address

    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or 80
    except ValueError:
        host = ""
    if not host or parts.scheme != "http" or parts.path not in ("", "/"):
        words = "write it as http://127.0.0.1:8000, without a path"
        raise click.BadParameter(words, param_hint="ADDRESS")
    if host not in _LOOPBACK and not elsewhere:
        words = (
            f"{host} is another machine: made-up visitors would get among real ones. "
            "If it is yours and meant for that, add --yes-elsewhere"
        )
        raise click.BadParameter(words, param_hint="ADDRESS")
    return Address(host, port)


def _absolute(store: str) -> str:
    """The URL of a store; a relative path is meant from here, not from the demo's own folder."""
    url = url_of(store)
    if scheme_of(url) == "sqlite":
        return f"sqlite:///{sqlite_path(url, Path.cwd())}"
    return url


def _in_own_shop(
    visitors: int, seed: int, at_once: int, store: str | None, form: str
) -> bool:
    from ..simulation.shop import demo

    with tempfile.TemporaryDirectory(prefix="shopwindow-simulate-") as folder:
        url = f"sqlite:///{folder}/visitors.db" if store is None else _absolute(store)
        if scheme_of(url) == "sqlite" and sqlite_path(url, Path()).exists():
            raise click.BadParameter(
                f"{url} is there already: name a new one", param_hint="--store"
            )
        with demo(url) as place:
            books = _walk(place, visitors, seed, at_once)
        return _tell(books, url, form)


def _walk(place: "Address", visitors: int, seed: int, at_once: int) -> "Books":
    from ..simulation.crowd import Crowd

    with stepped("Visitors", visitors) as advance:
        return Crowd(place, visitors, seed, at_once, advance).walk()


def _site() -> "Site":
    from ..site import read_site

    return read_site(
        Path(str(files("shopwindow.examples.petshop"))) / "personalization"
    )


def _tell(books: "Books", store: str | None, form: str) -> bool:
    """Print the books, and whether what was counted in ``store`` agrees with them."""
    from ..simulation.agreement import compared
    from ..simulation.planted import PLANTED
    from ..simulation.printing import print_books

    found = None if store is None else compared(books, _site(), store, time.time())
    if form == "json":
        told = {"books": books, "planted": PLANTED, "agreement": found}
        click.echo(msgspec.json.encode(told).decode())
    else:
        print_books(books, found)
    return found is None or not found.differing


def _write(seed: int, events: int, days: int, url: str, form: str) -> None:
    from ..simulation.assortment import shelves
    from ..simulation.generator import Plan, generate
    from ..simulation.logs import open_into
    from ..simulation.planted import PLANTED
    from ..simulation.printing import print_planted

    if fault := fault_of(url, LOGS):
        raise click.BadParameter(": ".join(fault), param_hint="--into")
    site = _site()
    plan = Plan(events, days, seed, time.time(), site.rules.revision)
    try:
        with (
            open_into(url, Path.cwd(), site.context.day) as log,
            stepped("Events", events) as advance,
        ):
            counts = generate(plan, shelves(site), log, advance)
    except StoreError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    if form == "json":
        told = {"events": counts, "planted": PLANTED}
        click.echo(msgspec.json.encode(told).decode())
        return
    for name, count in counts.items():
        click.echo(f"{count:>14,}  {name}")
    click.echo()
    print_planted()

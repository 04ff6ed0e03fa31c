"""Where a log is counted that does not fit into memory: in DuckDB, or in the shop's PostgreSQL."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from ..stores import StoreError

if TYPE_CHECKING:
    from ...fragments.recommendations.training.batch import Batch
    from ...fragments.recommendations.training.elsewhere import Elsewhere
    from ...fragments.recommendations.training.part import Say
    from ...fragments.recommendations.training.reading import Read
    from ...fragments.recommendations.training.sql import Counting
    from ...fragments.recommendations.training.tables import Tables
    from ..site import Site

ENGINES = ("duckdb", "postgres")
AHEAD = 86_400.0  # seconds that clocks may be ahead

WITH = click.option(
    "--with",
    "engine",
    type=click.Choice(ENGINES),
    help="Count in DuckDB, which puts on disk what memory does not hold, or in DIR's PostgreSQL.",
)
MEMORY = click.option(
    "--memory",
    metavar="4GB",
    help="So much memory is for DuckDB. Default: four fifths of the machine's.",
)

TABLES = click.option(
    "--tables",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Tables that Spark counted. --events FILE may be a part of the log then, to tune by.",
)


class Source(NamedTuple):
    """What is counted: a file, or the log of a site. ``also`` are items whatever the log says."""

    file: Path | None
    site: "Site | None"
    store: str | None
    until: float | None
    also: list[str]


@contextmanager
def counted(
    engine: str, memory: str | None, source: Source, say: "Say"
) -> "Iterator[tuple[Read, Counting]]":
    """The newest events, and the counting of all of them.

    Raises :class:`StoreError` where the engine is not there or fails, and ``Unreadable`` as
    reading does.
    """
    with (
        _in_duckdb(memory, source, say)
        if engine == "duckdb"
        else _in_postgres(source, say) as gathering
    ):
        from ...fragments.recommendations.training.reading import read_of

        say("sorting", 0, 1)
        name = "the log" if source.file is None else str(source.file)
        read = read_of(gathering, name, source.until)
        yield read, gathering.counting


def from_tables(
    folder: Path, file: Path | None, also: list[str], say: "Say"
) -> "tuple[Read, Tables]":
    """The tables below ``folder``, and the events of ``file``. Raises as :func:`counted`."""
    try:
        from ...fragments.recommendations.training.tables import Tables
    except ImportError as error:
        raise StoreError(
            f'{error.name} is not installed: --tables needs pip install "shopwindow[duckdb]"'
        ) from error
    from ...fragments.recommendations.training import reading
    from ...fragments.recommendations.training.train import with_items

    if file is None:
        tables = Tables(folder, also)
        return reading.Read(tables.events(), 0, []), tables
    read = reading.read(file, None, say)
    tables = Tables(folder, [*also, *read.events.keys])
    return read._replace(events=with_items(read.events, tables.keys)), tables


@contextmanager
def _in_duckdb(memory: str | None, source: Source, say: "Say") -> "Iterator[Elsewhere]":
    try:
        import duckdb
    except ImportError as error:
        raise StoreError(
            f'{error.name} is not installed: --with duckdb needs pip install "shopwindow[duckdb]"'
        ) from error
    try:
        with _duck(memory, source, say) as gathering:
            yield gathering
    except duckdb.Error as error:
        raise StoreError(f"DuckDB cannot count this: {error}") from error


@contextmanager
def _duck(memory: str | None, source: Source, say: "Say") -> "Iterator[Elsewhere]":
    from ...fragments.recommendations.training.duck import Duck, DuckGathering

    with (
        tempfile.TemporaryDirectory(prefix="shopwindow-") as folder,
        closing(Duck(Path(folder), memory or "")) as duck,
    ):
        now = time.time()
        gathering = DuckGathering(duck, source.until, now, source.also)
        for batch, size in _batches(source, gathering):
            gathering.add(batch)
            say("reading", batch.done, size)
        yield gathering


def _batches(source: Source, gathering: "Elsewhere") -> "Iterator[tuple[Batch, int]]":
    """The batches of what is read, each with how far they all go."""
    if source.file is not None:
        from ...fragments.recommendations.training.reading import batches_of

        size, found = batches_of(source.file, gathering)
        for batch in found:
            yield batch, size
        return
    from .logged import length_of, log_batches

    assert source.site is not None
    from ..stores.opening import open_keeper
    from .records import address_of

    address = address_of(source.site, source.store)
    with open_keeper(address, source.site.context.day) as keeper:
        size = length_of(keeper)
        for batch in log_batches(keeper, *_window(source)):
            yield batch, size


@contextmanager
def _in_postgres(source: Source, say: "Say") -> "Iterator[Elsewhere]":
    from ...fragments.recommendations.training.elsewhere import Elsewhere

    assert source.site is not None
    from ..stores.opening import POSTGRES, scheme_of
    from .records import address_of

    address = address_of(source.site, source.store)
    if address.log or scheme_of(address.store) not in POSTGRES:
        raise StoreError(
            "--with postgres is for a shop whose visitors and log are in one PostgreSQL: "
            "take --with duckdb"
        )
    from ..stores.postgres.counting import PostgresCounting

    with closing(PostgresCounting(address.store)) as engine:
        say("reading", 0, 1)
        unusable = engine.read(*_window(source))
        yield Elsewhere(
            engine, source.until, time.time(), source.also, bad_ids=unusable
        )


def _window(source: Source) -> tuple[float, float]:
    return 0.0, time.time() + AHEAD if source.until is None else source.until

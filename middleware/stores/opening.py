"""Stores by URL: what is opened for it."""

import asyncio
import inspect
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from ...rules.facts import Profile
from . import DayOf, EventLog, History, Keeper, Store, StoreError, Weights
from .copying import Both, Copied
from .urls import LOGS as LOGS
from .urls import POSTGRES as POSTGRES
from .urls import REDIS as REDIS
from .urls import SQLITE as SQLITE
from .urls import STORES as STORES
from .urls import Address as Address
from .urls import fault_of as fault_of
from .urls import scheme_of as scheme_of
from .urls import shown as shown
from .urls import sqlite_path as sqlite_path
from .urls import unreadable as unreadable
from .urls import url_of as url_of

TURN = 0.01  # seconds in which a loop closes sockets


class Glance(NamedTuple):
    """What a store knows: one visitor's profile, and what the whole shop looks at."""

    profile: Profile | None
    traffic: Weights


def open_store(at: Address, make: bool = True) -> Store:
    """The store of a site, made where it is missing; for commands that only look into it
    ``make`` is false.

    Raises :class:`StoreError` if that cannot be now: its words say what to do, and hold no
    password.
    """
    _check(at.store, STORES)
    scheme = scheme_of(at.store)
    if scheme == "memory":
        from .memory import MemoryStore

        return MemoryStore()
    log = open_log(at.log, at.folder) if at.log else None
    try:
        return _opened(scheme, at, log, make)
    except BaseException:  # raised on; only the log is given back
        if log is not None:
            log.close()
        raise


def _opened(scheme: str, at: Address, log: EventLog | None, make: bool) -> Store:
    if scheme == "sqlite":
        from .sqlite import SqliteStore

        return SqliteStore(sqlite_path(at.store, at.folder), log)
    if scheme in POSTGRES:
        with needed("postgres", at.store):
            from .postgres import PostgresStore
        return PostgresStore(at.store, log, make)
    with needed("redis", at.store):
        from .redis import RedisStore
    assert log is not None  # of Redis always: see Address.log
    return RedisStore(at.store, log, at.profile_seconds)


def open_log(url: str, folder: Path) -> EventLog:
    """The event log at ``url``, for a store that is elsewhere. Raises :class:`StoreError`."""
    _check(url, LOGS)
    if scheme_of(url) == "sqlite":
        from .sqlite import SqliteLog

        return SqliteLog(sqlite_path(url, folder))
    with needed("postgres", url):
        from .postgres import PostgresLog
    return PostgresLog(url)


@contextmanager
def open_history(at: Address, day: DayOf) -> Iterator[History]:
    """What the store of a site has kept, for a command. Where there is no SQLite file, none
    is made. Raises :class:`StoreError`."""
    with _beside(at) as store:
        if store is not None:
            with closing(store.history(day)) as history:
                yield history
        else:
            from .sqlite.history import SqliteHistory

            path = sqlite_path(at.store, at.folder)
            with closing(SqliteHistory(path, day)) as history:
                yield history


@contextmanager
def open_keeper(at: Address, day: DayOf) -> Iterator[Keeper]:
    """As :func:`open_history`, what looks after the store."""
    with _beside(at) as store:
        if store is not None:
            with closing(store.keeper(day)) as keeper:
                yield keeper
        else:
            from .sqlite.keeping import SqliteKeeper

            path = sqlite_path(at.store, at.folder)
            with closing(SqliteKeeper(path, day)) as keeper:
                yield keeper


@contextmanager
def _beside(at: Address) -> Iterator[Store | None]:
    """A store, opened beside a running shop; None for a file, which has a way of its own."""
    _check(at.store, STORES)
    if scheme_of(at.store) == "sqlite" and not at.log:
        yield None
    else:
        with closing(open_store(at, make=False)) as store:
            yield store


def open_copied(at: Address, make: bool) -> Copied:
    """All rows of a store, to copy from it, or to it (``make``). Raises :class:`StoreError`."""
    own = _copied(at.store, at.folder, make)
    if not at.log:
        return own
    try:
        return Both(own, _copied(at.log, at.folder, make))
    except BaseException:  # raised on; only the first one is given back
        own.close()
        raise


def _copied(url: str, folder: Path, make: bool) -> Copied:
    _check(url, STORES)
    scheme = scheme_of(url)
    if scheme == "sqlite":
        from .sqlite.copied import SqliteCopied

        return SqliteCopied(sqlite_path(url, folder), make)
    if scheme in POSTGRES:
        with needed("postgres", url):
            from .postgres.copied import PostgresCopied
        return PostgresCopied(url, make)
    if scheme in REDIS:
        with needed("redis", url):
            from .redis.copied import RedisCopied
        return RedisCopied(url)
    raise StoreError(f"{shown(url)} cannot be copied: it is no store that lasts")


def look(at: Address, visitor: str) -> Glance:
    """What the store of a site knows of a visitor id. Where there is no SQLite file, none is
    made. Raises :class:`StoreError`, and :class:`Retired` for an id that was given up."""
    _check(at.store, STORES)
    if scheme_of(at.store) == "sqlite":
        from .sqlite.glance import glance

        return glance(sqlite_path(at.store, at.folder), visitor)

    store = open_store(at, make=False)

    async def ask() -> Profile | None:
        try:
            answer = store.fetch(visitor)
            return await answer if inspect.isawaitable(answer) else answer
        finally:
            store.close()  # here: its connections are those of this loop
            await asyncio.sleep(TURN)

    try:
        traffic = store.traffic()
    except BaseException:  # raised on; only the store is given back
        store.close()
        raise
    return Glance(asyncio.run(ask()), traffic)


def _check(url: str, known: tuple[str, ...]) -> None:
    if fault := fault_of(url, known):
        what, hint = fault
        raise StoreError(f"{shown(url)} cannot be opened: {what}: {hint}")


@contextmanager
def needed(extra: str, url: str) -> Iterator[None]:
    """For importing what only the extra ``extra`` installs. Raises :class:`StoreError`."""
    try:
        yield
    except ImportError as error:
        library = (error.name or str(error)).partition(".")[0]
        raise StoreError(
            f"{shown(url)} cannot be opened, {library} is not installed: "
            f'pip install "shopwindow[{extra}]"'
        ) from error

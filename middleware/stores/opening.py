"""Stores by URL: what a URL may say, and what is opened for it."""

import asyncio
import inspect
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from ...findings import suggest
from ...rules.facts import Profile
from . import DayOf, EventLog, History, Keeper, Store, StoreError, Weights
from .copying import Both, Copied

SQLITE = "sqlite:///shopwindow.db"
POSTGRES = ("postgresql", "postgres")
REDIS = ("redis", "rediss", "redis+cluster", "rediss+cluster", "unix")
STORES = ("sqlite", "memory", *POSTGRES, *REDIS)
LOGS = ("sqlite", *POSTGRES)
SECRETS = ("password", "sslpassword", "user", "username")

_ACCOUNT = re.compile(r"(?<=//)[^/?#]*@")
# Even where what should be quoted is not: up to the last @.
_UNQUOTED = re.compile(r"(?<=//).*@")


def scheme_of(url: str) -> str:
    """What stands before ``:``, in small letters."""
    return url.partition(":")[0].lower()


def shown(url: str) -> str:
    """``url`` without user and password: for people and logs."""
    url = _UNQUOTED.sub("", _ACCOUNT.sub("", url))
    start, question, query = url.partition("?")
    if not question:
        return url
    kept = [pair for pair in parse_qsl(query) if pair[0].lower() not in SECRETS]
    return f"{start}?{urlencode(kept)}" if kept else start


def fault_of(url: str, known: tuple[str, ...] = STORES) -> tuple[str, str] | None:
    """What is wrong with ``url``, and what to do; None if a store can be tried there."""
    scheme = scheme_of(url)
    if scheme not in known:
        if scheme in STORES:
            hint = f"{' or '.join(LOGS[:2])}, for example {SQLITE}"
            return f'events cannot be kept in "{scheme}"', hint
        hint = suggest(scheme, known) if ":" in url else f"for example {SQLITE}"
        what = f'"{scheme}" is no kind of store' if ":" in url else "this is no URL"
        return what, hint
    if scheme == "memory":
        return None
    if not url.partition(":")[2].startswith("//"):
        return f'after "{scheme}:" comes //', f"for example {_EXAMPLES[scheme]}"
    if scheme == "sqlite":
        return None
    try:
        parts = urlsplit(url)
        hosts = parts.netloc.rpartition("@")[2].split(",")
        for host in hosts:
            urlsplit(f"//{host}").port  # noqa: B018  # it raises what it cannot read
    except ValueError:
        # Its words would show the URL with its password.
        return (
            "host and port cannot be read",
            "in a password write %40 for @, %2F for /, %3A for :, %23 for #",
        )
    if scheme in POSTGRES and parts.fragment:
        return "what follows # would be lost", "in a password write %23 for #"
    return None


_EXAMPLES = {
    "sqlite": SQLITE,
    **dict.fromkeys(POSTGRES, "postgresql://user:password@host/database"),
    **dict.fromkeys(REDIS[:2], "redis://:password@host:6379/0"),
    **dict.fromkeys(REDIS[2:4], "redis+cluster://:password@host:6379"),
    "unix": "unix:///run/redis.sock",
}


def sqlite_path(url: str, folder: Path) -> Path:
    """The file that a sqlite URL names; a relative one is meant from ``folder``."""
    written = url.partition(":")[2]
    return folder / written.removeprefix("///").removeprefix("//")


def url_of(text: str) -> str:
    """``text``; where it is only a path, the URL of the SQLite file there."""
    return text if "://" in text or scheme_of(text) == "memory" else f"sqlite:///{text}"


def unreadable(url: str) -> str | None:
    """Why a command cannot look into the store at ``url``; None: it can try."""
    fault = fault_of(url)
    if fault is None and scheme_of(url) != "memory":
        return None
    why = f" ({fault[0]}: {fault[1]})" if fault else ""
    hint = f"name one with --store {SQLITE.replace('shopwindow.db', '...')}"
    return f"{shown(url)} cannot be looked into{why}: {hint}"


class Address(NamedTuple):
    """Where a site keeps what it knows: the profiles at ``store``, events at ``events``.

    ``events`` may be empty: they are with the profiles then, for a Redis in the SQLite file
    of ``folder``. ``folder`` is what relative paths are meant from.
    """

    store: str
    events: str
    folder: Path

    @property
    def log(self) -> str:
        """The URL of the events, if they are elsewhere than the profiles; else empty."""
        scheme = scheme_of(self.store)
        if scheme == "memory":
            return ""  # for tests and a first try: nothing of it goes elsewhere
        if scheme in REDIS:
            return self.events or SQLITE
        if not self.events or self._same():
            return ""
        return self.events

    @property
    def place(self) -> str:
        """What is the same for two URLs of one store, as far as they tell."""
        if scheme_of(self.store) == "sqlite":
            return str(sqlite_path(self.store, self.folder).resolve())
        return self.store

    def _same(self) -> bool:
        if scheme_of(self.store) == scheme_of(self.events) == "sqlite":
            paths = [sqlite_path(url, self.folder) for url in (self.store, self.events)]
            return paths[0].resolve() == paths[1].resolve()
        return self.store == self.events


class Glance(NamedTuple):
    """What a store knows: one visitor's profile, and what the whole shop looks at."""

    profile: Profile | None
    traffic: Weights


def open_store(at: Address) -> Store:
    """The store of a site, made where it is missing.

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
        return _opened(scheme, at, log)
    except BaseException:  # raised on; only the log is given back
        if log is not None:
            log.close()
        raise


def _opened(scheme: str, at: Address, log: EventLog | None) -> Store:
    if scheme == "sqlite":
        from .sqlite import SqliteStore

        return SqliteStore(sqlite_path(at.store, at.folder), log)
    if scheme in POSTGRES:
        try:
            from .postgres import PostgresStore
        except ImportError as error:
            raise _missing(at.store, "postgres", error) from error
        return PostgresStore(at.store, log)
    try:
        from .redis import RedisStore
    except ImportError as error:
        raise _missing(at.store, "redis", error) from error
    assert log is not None  # of Redis always: see Address.log
    return RedisStore(at.store, log)


def open_log(url: str, folder: Path) -> EventLog:
    """The event log at ``url``, for a store that is elsewhere. Raises :class:`StoreError`."""
    _check(url, LOGS)
    if scheme_of(url) == "sqlite":
        from .sqlite_log import SqliteLog

        return SqliteLog(sqlite_path(url, folder))
    try:
        from .postgres import PostgresLog
    except ImportError as error:
        raise _missing(url, "postgres", error) from error
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
            from .history import SqliteHistory

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
            from .keeping import SqliteKeeper

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
        with closing(open_store(at)) as store:
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
        from .sqlite_copied import SqliteCopied

        return SqliteCopied(sqlite_path(url, folder), make)
    if scheme in POSTGRES:
        try:
            from .postgres.copied import PostgresCopied
        except ImportError as error:
            raise _missing(url, "postgres", error) from error
        return PostgresCopied(url, make)
    raise StoreError(f"{shown(url)} cannot be copied: it is no store that lasts")


def look(at: Address, visitor: str) -> Glance:
    """What the store of a site knows of a visitor id. Where there is no SQLite file, none is
    made. Raises :class:`StoreError`, and :class:`Retired` for an id that was given up."""
    _check(at.store, STORES)
    if scheme_of(at.store) == "sqlite":
        from .glance import glance

        return glance(sqlite_path(at.store, at.folder), visitor)

    async def ask(store: Store) -> Profile | None:
        answer = store.fetch(visitor)
        return await answer if inspect.isawaitable(answer) else answer

    with closing(open_store(at)) as store:
        return Glance(asyncio.run(ask(store)), store.traffic())


def _check(url: str, known: tuple[str, ...]) -> None:
    if fault := fault_of(url, known):
        what, hint = fault
        raise StoreError(f"{shown(url)} cannot be opened: {what}: {hint}")


def _missing(url: str, extra: str, error: ImportError) -> StoreError:
    return StoreError(
        f"{shown(url)} cannot be opened, {error.name or error} is not installed: "
        f'pip install "shopwindow[{extra}]"'
    )

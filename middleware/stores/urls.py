"""Where stores are, as URLs: what they may say, and what of it may be shown."""

import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from ...findings import suggest

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
    of ``folder``. ``folder`` is what relative paths are meant from. A store that can let
    profiles go by themselves does so ``profile_seconds`` after they changed last; 0: never.
    """

    store: str
    events: str
    folder: Path
    profile_seconds: int = 0

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
    def place(self) -> object:
        """What is the same for two addresses of one store, however they are written."""
        return _place(self.store, self.folder)

    def _same(self) -> bool:
        return _place(self.store, self.folder) == _place(self.events, self.folder)


def _place(url: str, folder: Path) -> object:
    """What is the same for two URLs of one place, however they are written."""
    scheme = scheme_of(url)
    if scheme == "sqlite":
        return sqlite_path(url, folder).resolve()
    if scheme in POSTGRES:
        parts = urlsplit(url)
        schema = dict(parse_qsl(parts.query)).get("schema", "")
        host = parts.netloc.rpartition("@")[2].lower()
        hosts = {each if ":" in each else f"{each}:5432" for each in host.split(",")}
        return hosts, parts.path, schema
    return url

"""Recommendation engines in site.toml: ``[recommendations.engines.NAME]``."""

import re
from collections.abc import Mapping
from typing import Any, get_args

import msgspec

from ...findings import suggest
from ...fragments.remote import mistakes as mistakes_of_url
from ...fragments.remote import names_in
from ..outside import from_environment, read_header
from ..sources.paths import HINT, Path, read_path
from ..sources.tables import seconds
from ..toml import Section
from . import template
from .protocol import Kind
from .recombee import URL as RECOMBEE

CONNECT_MS, TIMEOUT_MS = 20, 50
KEPT, KEPT_SECONDS = "30 seconds", 30.0
KINDS = ("gorse", "metarank", "recombee", "json")
DEEDS: tuple[Kind, ...] = get_args(Kind)
# What engines call it unless their own configuration says otherwise.
_TYPES: Mapping[str, Mapping[Kind, str]] = {
    "gorse": {"shown": "read", "viewed": "view", "added": "cart", "bought": "purchase"},
    "metarank": {
        "shown": "ranking",
        "viewed": "click",
        "added": "cart",
        "bought": "purchase",
    },
}
_PATHS = ("items", "item", "score", "reason", "id")
_METHODS = ("GET", "POST")
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")


class EngineSettings(msgspec.Struct, frozen=True):
    """One engine. ``connect`` and ``timeout`` are in seconds, and so is ``cache``: so long an
    answer is good for the same question. ``options`` are what its ``kind`` alone has.

    ``feedback`` says whether it is told what visitors do; ``types`` by which names.
    """

    name: str
    kind: str
    url: str
    key: str = ""
    header: Mapping[str, str] = {}
    connect: float = CONNECT_MS / 1000
    timeout: float = TIMEOUT_MS / 1000
    cache: float = KEPT_SECONDS
    feedback: bool = True
    types: Mapping[Kind, str] = {}
    options: Mapping[str, str] = {}
    paths: Mapping[str, Path] = {}

    def __repr__(self) -> str:
        # Its key and its headers are secrets.
        return f"<EngineSettings {self.name}: {self.kind}>"


def read_engines(
    section: Section, environment: Mapping[str, str]
) -> dict[str, EngineSettings]:
    """``[recommendations.engines.NAME]``; what is wrong is a finding, and its engine left out
    where nobody could be asked."""
    found = {}
    for name in section.data:
        table = section.table(name)
        if not isinstance(section.data[name], dict):
            continue  # found by that
        engine = _engine(name, table, environment)
        if not _NAME.match(name):
            hint = "use small letters, digits and hyphens"
            section.wrong(name, f'"{name}" cannot be an engine\'s name', hint)
        else:
            found[name] = engine
    return found


def _engine(
    name: str, section: Section, environment: Mapping[str, str]
) -> EngineSettings:
    kind = section.text("kind")
    if kind not in KINDS:
        words = (
            f'unknown kind "{kind}"' if kind else f'the engine "{name}" needs a kind'
        )
        section.wrong("kind", words, suggest(kind, KINDS))
    usual = RECOMBEE if kind == "recombee" else ""
    values: dict[str, Any] = {
        "url": from_environment(
            section, "url", section.text("url", usual), environment
        ),
        "header": read_header(section, environment),
        "connect": section.whole("connect-ms", CONNECT_MS, least=1, most=2_000) / 1000,
        "timeout": section.whole("timeout-ms", TIMEOUT_MS, least=1, most=2_000) / 1000,
        "cache": seconds(section, "cache", KEPT, KEPT_SECONDS),
    }
    if kind in KINDS:
        values |= _OF[kind](section, environment)
        section.finish()
    _address(name, kind, section)
    return EngineSettings(name, kind, **values)


def _address(name: str, kind: str, section: Section) -> None:
    url = section.data.get("url", RECOMBEE if kind == "recombee" else "")
    if not url:
        section.wrong("url", f'the engine "{name}" needs a url')
        return
    if not isinstance(url, str) or url.startswith("env:"):
        return  # found already; what the environment says is not the editors' business
    holes = frozenset(names_in(url))
    for message, hint in mistakes_of_url(url, holes, frozenset()):
        section.wrong("url", message, hint)
    if holes and kind != "json":
        words = f"nothing is filled into the url of an engine of this kind ({kind})"
        section.wrong("url", words, "write where the engine begins, without braces")


def _key(section: Section, environment: Mapping[str, str], needed: bool) -> str:
    """A secret, which stands in the environment."""
    written = section.text("key")
    if written and not written.startswith("env:"):
        words = "a key stands in the environment, not here"
        section.wrong("key", words, 'write key = "env:SHOPWINDOW_SOURCE_..."')
        return ""
    if not written and needed:
        section.wrong("key", "it needs a key", 'key = "env:SHOPWINDOW_SOURCE_..."')
    return from_environment(section, "key", written, environment)


def _types(section: Section, kind: str) -> dict[Kind, str]:
    """``events``: what the engine calls what visitors do; empty: it is not told."""
    table = section.table("events")
    types = {deed: table.text(deed, usual) for deed, usual in _TYPES[kind].items()}
    table.finish()
    return types


def _gorse(section: Section, environment: Mapping[str, str]) -> dict[str, Any]:
    return {
        "key": _key(section, environment, needed=False),
        "feedback": section.flag("feedback", True),
        "types": _types(section, "gorse"),
        "options": {"category": section.text("category")},
    }


def _metarank(section: Section, environment: Mapping[str, str]) -> dict[str, Any]:
    options = {"model": section.text("model"), "rank": section.text("rank")}
    if bool(options["model"]) == bool(options["rank"]):
        hint = (
            "model proposes products, rank orders those that the shop itself proposes"
        )
        section.wrong("model", "it needs a model, or rank, not both", hint)
    return {
        "feedback": section.flag("feedback", True),
        "types": _types(section, "metarank"),
        "options": options,
    }


def _recombee(section: Section, environment: Mapping[str, str]) -> dict[str, Any]:
    options = {key: section.text(key) for key in ("database", "scenario", "logic")}
    if not options["database"]:
        section.wrong(
            "database", "it needs a database", "its id stands in their console"
        )
    return {
        "key": _key(section, environment, needed=True),
        "feedback": section.flag("feedback", True),
        "options": options,
    }


def _json(section: Section, environment: Mapping[str, str]) -> dict[str, Any]:
    method = section.text("method", "POST" if "body" in section else "GET")
    if method not in _METHODS:
        section.wrong("method", f'unknown method "{method}"', suggest(method, _METHODS))
    body, events = section.text("body"), section.text("feedback")
    for key, text in (("url", section.text("url")), ("body", body)):
        for message, hint in template.mistakes(key, text):
            section.wrong(key, message, hint)
    if events:
        for message, hint in mistakes_of_url(events, frozenset(), frozenset()):
            section.wrong("feedback", message, hint)
    paths = {}
    for key in _PATHS:
        written = section.text(key)
        path = read_path(written) if written else None
        if path is not None:
            paths[key] = path
        elif written and not (key == "items" and written == "$"):
            section.wrong(key, f'"{written}" is not a JSON path', HINT)
    return {
        "feedback": bool(events),
        "options": {"method": method, "body": body, "events": events},
        "paths": paths,
    }


_OF = {"gorse": _gorse, "metarank": _metarank, "recombee": _recombee, "json": _json}

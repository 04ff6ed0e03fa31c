"""What a shop decides about itself: site.toml and the environment, read once."""

import ipaddress
import logging
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import msgspec

from ..findings import Finding, suggest
from ..fragments.remote import Remote
from ..rules.attributes import BUILT_IN, Attribute, Type
from ..rules.events import OF_PAGES, PRODUCTS_SEARCHED, SAYS
from ..rules.facts import PURPOSES
from ..rules.placement import UNLIMITED, Limits
from ..rules.vocabulary import time_zone
from .accounts import read_owner
from .clicks import REDIRECT, By, read_clicks
from .consent.settings import OURS, ToolSettings, read_provider
from .engines.settings import EngineSettings, read_engines
from .experimenting import ExperimentSettings, read_experiments
from .outside import read_remotes
from .processing.register import Register, read_register
from .recommendations import Recommendations, model_folder, read_recommendations
from .retention import Retention, read_retention
from .slots import Slot, read_limits, read_slots
from .sources.import_table import ImportSettings, read_import
from .sources.tables import SourceSettings as SourceSettings
from .sources.tables import WebhookSettings, read_source, read_webhook
from .stores.urls import LOGS, SQLITE, Address, fault_of, sqlite_path
from .toml import Document, Section

log = logging.getLogger("shopwindow")

TYPES: tuple[Type, ...] = get_args(Type)
_ORIGIN = re.compile(
    r"(?:app|preference|(?:header|query|cookie|source|import|webhook):[A-Za-z0-9_-]+)\Z"
)
_HOLE = re.compile(r"\{(\w+)\}\Z")
_COOKIE = re.compile(r"[A-Za-z0-9_-]+\Z")


class Track(msgspec.Struct, frozen=True):
    """A path pattern that says something about the visitor; ``query`` maps URL names to ours."""

    path: str
    event: str
    query: Mapping[str, str] = {}


class Settings(msgspec.Struct, frozen=True):
    """site.toml with every default filled in. Durations say their unit in their name."""

    folder: Path
    name: str = "shop"
    timezone: str = "UTC"
    language: str = "en"
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    revalidate: bool = False
    clicks: By = REDIRECT  # how the browser tells of them
    slots: Mapping[str, Slot] = {}
    limits: Limits = UNLIMITED
    experiments: ExperimentSettings = ExperimentSettings()
    tracks: tuple[Track, ...] = ()
    attributes: Mapping[str, Attribute] = {}
    consent_days: int = 180
    consent_tool: ToolSettings | None = None  # who asks for consent instead of us
    cookie_name: str = "shopwindow"
    cookie_days: int = 395
    trusted: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    profile_ms: int = 50
    fragments_ms: int = 50
    store: str = SQLITE
    events: str = ""
    retention: Retention = Retention()
    register: Register = Register()
    currency: str = "EUR"
    sources: tuple[SourceSettings, ...] = ()
    webhooks: Mapping[str, WebhookSettings] = {}
    imports: Mapping[str, ImportSettings] = {}
    allowed_hosts: frozenset[str] = frozenset()
    remotes: Mapping[str, Remote] = {}
    engines: Mapping[str, EngineSettings] = {}
    reload: bool = True
    recommendations: Recommendations = Recommendations()

    def __repr__(self) -> str:
        # What reports errors may tell of every variable: URLs of stores have passwords.
        return f"<Settings of {self.name!r} in {self.folder}>"

    @property
    def shared(self) -> list[str]:
        """The attributes of accounts."""
        return [one.name for one in self.attributes.values() if one.of == "account"]

    @property
    def model(self) -> Path:
        """The folder of the models, whose ``CURRENT`` names the one to be used."""
        return model_folder(self.recommendations, self.store, self.folder)

    @property
    def consent_provider(self) -> str:
        """Who asks visitors for consent: "shopwindow", or what [consent] names instead."""
        return OURS if self.consent_tool is None else self.consent_tool.name

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which the shop's days begin and end."""
        return ZoneInfo(self.timezone)


def read_settings(
    folder: Path, text: str, environment: Mapping[str, str] = os.environ
) -> tuple[Settings, list[Finding]]:
    """Read ``text``, the site.toml of ``folder``. What is wrong gets its default and a finding."""
    document = Document("site.toml", text)
    root = document.root
    site = root.table("site")
    values: dict[str, Any] = {
        "folder": folder,
        "name": site.text("name", folder.resolve().name),
        "timezone": _timezone(site),
        "language": site.text("language", "en"),
        "currency": site.text("currency", "EUR"),
        "reload": _reloads(site.flag("reload", True), environment),
    }
    site.finish()

    pages = root.table("pages")
    values["include"] = _paths(pages, "include")
    values["exclude"] = _paths(pages, "exclude")
    values["revalidate"] = pages.flag("revalidate")
    values["slots"] = slots = read_slots(root.table("slots"))
    experiments = root.table("experiments")
    values["limits"] = read_limits(pages, experiments, slots)
    alerts = root.table("alerts")
    values["experiments"] = read_experiments(experiments, alerts, environment)
    pages.finish()
    values["clicks"] = read_clicks(root.table("clicks"))

    values["tracks"] = tuple(t for s in root.tables("track") if (t := _track(s)))
    sources, webhooks = root.table("sources"), root.table("webhooks")
    imports = root.table("imports")
    told = {"source": sources.data, "webhook": webhooks.data, "import": imports.data}
    values["attributes"] = declared = _attributes(root.table("attributes"), told)
    values["sources"] = tuple(
        source
        for name in sources.data
        if (source := read_source(name, sources.table(name), environment, declared))
    )
    values["webhooks"] = {
        name: webhook
        for name in webhooks.data
        if (webhook := read_webhook(name, webhooks.table(name), environment, declared))
    }
    values["imports"] = {
        name: read_import(name, imports.table(name), declared) for name in imports.data
    }

    consent = root.table("consent")
    values["consent_tool"] = read_provider(consent)
    values["consent_days"] = consent.whole("days", 180, least=1, most=395)
    consent.finish()

    cookie = root.table("cookie")
    values["cookie_name"] = cookie.text("name", "shopwindow")
    if not _COOKIE.match(values["cookie_name"]):
        cookie.wrong("name", "a cookie's name has letters, digits, - and _ only")
    # 400 days is what browsers keep at most.
    values["cookie_days"] = cookie.whole("days", 395, least=1, most=400)
    cookie.finish()

    proxy = root.table("proxy")
    values["trusted"] = _networks(proxy)
    proxy.finish()

    deadlines = root.table("deadlines")
    values["profile_ms"] = deadlines.whole("profile-ms", 50, least=1, most=10_000)
    values["fragments_ms"] = deadlines.whole("fragments-ms", 50, least=1, most=10_000)
    deadlines.finish()

    store = root.table("store")
    url = store.text("url", SQLITE)  # read in any case: it is known
    values["store"] = environment.get("SHOPWINDOW_STORE") or url
    if fault := fault_of(values["store"]):
        _wrong_place(store, "SHOPWINDOW_STORE", environment, *fault)
        values["store"] = SQLITE
    events = root.table("events")
    url = events.text("url")
    values["events"] = environment.get("SHOPWINDOW_EVENTS") or url
    if values["events"] and (fault := fault_of(values["events"], LOGS)):
        _wrong_place(events, "SHOPWINDOW_EVENTS", environment, *fault)
        values["events"] = ""
    values["retention"] = read_retention(store, events)
    store.finish()
    events.finish()

    values["allowed_hosts"] = frozenset(
        host.strip().lower()
        for host in environment.get("SHOPWINDOW_ALLOWED_HOSTS", "").split(",")
        if host.strip()
    )
    values["remotes"] = read_remotes(root.table("fragments"), environment)
    values["register"] = read_register(root.table("register"))
    table = root.table("recommendations")
    values["engines"] = read_engines(table.table("engines"), environment)
    values["recommendations"] = read_recommendations(table, folder, environment)
    root.finish(later=("preview", "journeys"))
    return Settings(**values), document.findings


def _wrong_place(
    section: Section,
    variable: str,
    environment: Mapping[str, str],
    what: str,
    hint: str,
) -> None:
    """Says that a store's URL is wrong, and which: the ``variable`` goes before the file."""
    if environment.get(variable):
        what = f"{variable}, which goes before this: {what}"
    section.wrong("url", what, hint)


def store_path(settings: Settings) -> Path:
    """Where the SQLite file is; a relative one is meant from site.toml's folder."""
    return sqlite_path(settings.store, settings.folder)


def address(settings: Settings) -> Address:
    """Where the site keeps what it knows."""
    profile_seconds = int(settings.retention.profiles.seconds)
    return Address(settings.store, settings.events, settings.folder, profile_seconds)


_MAKE_A_KEY = (
    'make one with python -c "import secrets; print(secrets.token_urlsafe(32))"'
)


def read_keys(environment: Mapping[str, str] = os.environ) -> tuple[bytes, ...]:
    """The secret keys, newest first, from SHOPWINDOW_SECRET_KEYS (separated by commas).

    Without any, a random key: cookies then last only as long as this process.
    Raises :class:`ValueError` for that in production, and for keys that are too short.
    """
    written = [
        key.strip() for key in environment.get("SHOPWINDOW_SECRET_KEYS", "").split(",")
    ]
    keys = tuple(key.encode() for key in written if key)
    if any(len(key) < 16 for key in keys):
        raise ValueError(
            f"SHOPWINDOW_SECRET_KEYS: a key needs at least 16 characters: {_MAKE_A_KEY}"
        )
    if keys:
        return keys
    if is_production(environment):
        raise ValueError(
            "SHOPWINDOW_SECRET_KEYS is not set, and SHOPWINDOW_ENV is production: "
            f"{_MAKE_A_KEY}, and give it to all workers"
        )
    log.warning(
        "SHOPWINDOW_SECRET_KEYS is not set: using a random key. Every visitor is forgotten "
        "when this process ends, and several processes do not know each other's visitors."
    )
    return (secrets.token_urlsafe(32).encode(),)


def is_production(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether SHOPWINDOW_ENV says so, by this one word: then nothing wrong with a site keeps the shop from
    starting. What only looks like it is told of."""
    written = environment.get("SHOPWINDOW_ENV", "").strip().lower()
    if written != "production" and written.startswith("prod"):
        log.warning(
            "SHOPWINDOW_ENV is %r, and only production means it: cookies are not __Host- "
            "cookies, and keys are not asked for",
            written,
        )
    return written == "production"


def _reloads(written: bool, environment: Mapping[str, str]) -> bool:
    """SHOPWINDOW_RELOAD (on, off) says more than the editors do."""
    switch = environment.get("SHOPWINDOW_RELOAD", "").lower()
    if switch not in ("", "on", "off"):
        log.warning("SHOPWINDOW_RELOAD is on or off, not %r", switch)
    return {"on": True, "off": False}.get(switch, written)


def _timezone(site: Section) -> str:
    name = site.text("timezone", "UTC")
    if time_zone(name) is None:
        site.wrong(
            "timezone", f'unknown time zone "{name}"', "for example Europe/Berlin"
        )
        return "UTC"
    return name


def _paths(pages: Section, key: str) -> tuple[str, ...]:
    paths = pages.texts(key)
    for path in paths:
        if not path.startswith("/"):
            pages.wrong(key, f'"{path}" is not a path', "a path starts with /")
    return paths


def _track(section: Section) -> Track | None:
    path, event = section.text("path"), section.text("event")
    query = {name: str(ours) for name, ours in section.table("query").data.items()}
    section.finish()
    if not path.startswith("/"):
        section.wrong("path", "a tracked path starts with /")
        return None
    if event not in OF_PAGES:
        section.wrong("event", f'unknown event "{event}"', suggest(event, OF_PAGES))
        return None
    segments = [part for part in path.split("/") if "{" in part or "}" in part]
    holes = [hole[1] for part in segments if (hole := _HOLE.match(part))]
    if len(holes) < len(segments):
        hint = "write /p/{product}, nothing before or after the braces"
        section.wrong("path", "words in braces are whole parts of a path", hint)
        return None
    kind = SAYS[event].kind
    if kind not in {*holes, *query.values()}:
        place = "query" if event == PRODUCTS_SEARCHED else "path"
        section.wrong(
            place,
            f'"{event}" needs to know the {kind}',
            f"{{{kind}}} in the path",
        )
        return None
    return Track(path, event, query)


def _attributes(
    section: Section, told: Mapping[str, Mapping[str, Any]]
) -> dict[str, Attribute]:
    """``told``: the names of those who tell attributes, by the word before the colon."""
    attributes = {}
    for name in section.data:
        entry = section.table(name)
        kind, origin = entry.text("type"), entry.text("from", "app")
        purpose = entry.text("purpose") or None
        if name in BUILT_IN:
            section.wrong(name, f'"{name}" is built in and cannot be declared again')
        if kind not in TYPES:
            entry.wrong("type", f'unknown type "{kind}"', suggest(kind, TYPES))
            kind = "text"
        if not _ORIGIN.match(origin):
            hint = (
                "app, preference, header:NAME, query:NAME, cookie:NAME, source:NAME, "
                "import:NAME or webhook:NAME"
            )
            entry.wrong("from", f'unknown origin "{origin}"', hint)
        else:
            teller, _, who = origin.partition(":")
            if teller in told and who not in told[teller]:
                names = told[teller]
                hint = suggest(who, names) if names else f"write [{teller}s.{who}]"
                entry.wrong("from", f'unknown {teller} "{who}"', hint)
        if purpose is not None and purpose not in PURPOSES:
            entry.wrong(
                "purpose", f'unknown purpose "{purpose}"', suggest(purpose, PURPOSES)
            )
            purpose = None
        attributes[name] = Attribute(
            name=name,
            type=kind,  # type: ignore[arg-type]  # checked against TYPES above
            origin=origin,
            one_of=entry.texts("one-of"),
            purpose=purpose,
            sensitive=entry.flag("sensitive"),
            label=entry.text("label"),
            of=read_owner(entry, origin),
        )
        entry.finish()
    return attributes


def _networks(
    proxy: Section,
) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    networks = []
    for address in proxy.texts("trusted"):
        try:
            networks.append(ipaddress.ip_network(address))
        except ValueError:
            proxy.wrong(
                "trusted", f'"{address}" is not a network', "for example 10.0.0.0/8"
            )
    return tuple(networks)

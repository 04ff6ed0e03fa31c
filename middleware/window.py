"""A loaded site with its stores: what the middleware and the commands work with."""

import asyncio
import logging
import os
from collections import Counter as Tally
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Self

import msgspec
from starlette.types import Scope

from ..findings import SiteError
from ..fragments.recommendations.rank import Popularity
from ..fragments.slots import Marker
from ..rules.facts import Event, Profile
from ..rules.interests import NO_TRAFFIC, Traffic
from .breaker import Breaker
from .clicks import ClickLinks
from .consent import RefusalCookie
from .journal import Journal
from .lookup import Customer
from .routes import Routes
from .settings import Settings, is_production, read_keys
from .site import Site, read_files, read_site
from .sources.http import HttpSource
from .stores import Store, StoreError, Weights
from .stores.memory import MemoryStore
from .traffic import popularity, shares, weigh
from .visitor import VisitorCookie, marker_keys

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("shopwindow")

REFRESH = 60.0  # seconds between two looks at the shop's traffic
AGAIN = 60.0  # seconds before the same warning is logged once more

CustomerOf = Callable[[Scope], Customer | None | Awaitable[Customer | None]]


class Shopwindow:
    """A site folder, compiled, with its stores.

    ``site`` is a path, or the compiled :class:`Site`. ``store`` replaces the store that
    site.toml names, ``client`` the HTTP client that asks sources. ``keys`` are the secrets,
    newest first; by default those of SHOPWINDOW_SECRET_KEYS.

    Raises :class:`SiteError` with every finding when the site cannot be used; in production
    the last good site is used instead, else one that leaves every page as it is.
    """

    def __init__(
        self,
        site: str | os.PathLike[str] | Site,
        *,
        customer: CustomerOf | None = None,
        store: Store | None = None,
        client: "httpx.AsyncClient | None" = None,
        keys: tuple[bytes, ...] | None = None,
    ) -> None:
        self.keys = keys or read_keys()
        self.clicks = ClickLinks(self.keys)
        self.folder = site.settings.folder if isinstance(site, Site) else Path(site)
        self.site: Site = site if isinstance(site, Site) else self._load()
        self.customer = customer
        self.marker = Marker(marker_keys(self.keys))
        settings = self.site.settings
        self.cookie = VisitorCookie(
            self.keys, settings.cookie_name, settings.cookie_days
        )
        self.refusal = RefusalCookie(settings.consent_days)
        self._given_store = store
        self.store: Store = store or MemoryStore()
        self.journal = Journal(self.store, self._learn, self._weigh)
        self.breaker = Breaker()
        self.sources = [
            HttpSource(source, settings.allowed_hosts, client)
            for source in settings.sources
        ]
        self.traffic: Traffic = NO_TRAFFIC
        self.popularity = Popularity(self.site.catalog, {})
        self.routes = Routes()
        self.counters: Tally[str] = Tally()
        self.started = False
        self._starting: asyncio.Lock | None = None
        self._refreshing: asyncio.Task[None] | None = None
        self._warned: dict[str, float] = {}

    def __repr__(self) -> str:
        return f"<Shopwindow {self.site!r} {'started' if self.started else 'stopped'}>"

    # -- the site --------------------------------------------------------------------------

    def _load(self) -> Site:
        files, findings = read_files(self.folder)
        try:
            site = read_site(self.folder, files, self.clicks.link, findings)
        except SiteError as error:
            if not is_production():
                raise
            log.critical("the site %s cannot be used:\n%s", self.folder, error)
            return self._last_good()
        if is_production():
            self._keep_last_good(site.settings, files)
        for warning in site.warnings:
            log.warning("%s", warning)
        return site

    def _last_good(self) -> Site:
        path = self.folder / ".shopwindow.last-good.json"
        try:
            files = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
            site = read_site(self.folder, files, self.clicks.link)
        except (OSError, msgspec.MsgspecError, SiteError):
            log.critical(
                "there is no last good site either: every slot keeps its default content"
            )
            return read_site(self.folder, {"site.toml": ""}, self.clicks.link)
        log.critical("using the last good site instead, of %s", path)
        return site

    def _keep_last_good(self, settings: Settings, files: Mapping[str, str]) -> None:
        path = settings.folder / ".shopwindow.last-good.json"
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            fresh.write_bytes(msgspec.json.encode(files))
            fresh.replace(path)
        except OSError as error:
            log.warning("the last good site cannot be kept as %s: %s", path, error)

    def reload(self) -> None:
        """Read the folder again; raises :class:`SiteError` and changes nothing if it is wrong."""
        files, findings = read_files(self.folder)
        site = read_site(self.folder, files, self.clicks.link, findings)
        self.site = site
        self.popularity = Popularity(site.catalog, popularity(self.traffic))
        if is_production():
            self._keep_last_good(site.settings, files)

    # -- the stores ------------------------------------------------------------------------

    def _learn(self, profile: Profile | None, event: Event) -> Profile | None:
        return self.site.learn(profile, event)

    def _weigh(self, event: Event) -> Weights:
        return weigh(event, self.site.catalog.relatives)

    async def start(self) -> None:
        """Open the store and start the writer; does nothing the second time."""
        if self.started:
            return
        if self._starting is None:
            self._starting = asyncio.Lock()
        async with self._starting:
            if not self.started:
                self._open()
                self._refreshing = asyncio.create_task(self._refresh())
                self.started = True

    def _open(self) -> None:
        self.store = self._given_store or self._make_store()
        self.journal = Journal(self.store, self._learn, self._weigh)
        self.journal.start()
        self._look_at_traffic()

    def _make_store(self) -> Store:
        url = self.site.settings.store
        if url.startswith("memory:"):
            return MemoryStore()
        from .stores.sqlite import SqliteStore

        path = Path(url.removeprefix("sqlite:///").removeprefix("sqlite://"))
        try:
            return SqliteStore(self.folder / path)
        except (StoreError, OSError) as error:
            # Pages go on; what is learned now is forgotten when this process ends.
            log.critical(
                "the store %s cannot be opened, nothing will be kept: %s", url, error
            )
            return MemoryStore()

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(REFRESH)
            await asyncio.to_thread(self._look_at_traffic)

    def _look_at_traffic(self) -> None:
        try:
            traffic = shares(self.store.traffic())
        except StoreError as error:
            self.warn("traffic", "the shop's traffic cannot be read: %s", error)
            return
        self.traffic = traffic
        self.popularity = Popularity(self.site.catalog, popularity(traffic))

    async def stop(self) -> None:
        """Write what is left and close everything; ``start`` may be called again."""
        if not self.started:
            return
        self.started = False
        if self._refreshing is not None:
            self._refreshing.cancel()
        await asyncio.to_thread(self.journal.close)
        for source in self.sources:
            await source.close()
        if self.store is not self._given_store:
            self.store.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    # -- telling the shop ------------------------------------------------------------------

    def warn(self, about: str, message: str, *arguments: object) -> None:
        """Log a warning, the same one at most once a minute; all of them are counted."""
        self.counters[f"warning {about}"] += 1
        now = monotonic()
        if now - self._warned.get(about, -AGAIN) >= AGAIN:
            if len(self._warned) > 1_000:
                self._warned.clear()
            self._warned[about] = now
            log.warning(message, *arguments)

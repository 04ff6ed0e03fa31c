"""A loaded site with its stores: what the middleware and the commands work with."""

import asyncio
import logging
import os
from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock, Thread
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

from ..findings import Finding
from ..fragments.dismissal import ADDRESS as DISMISS
from ..fragments.familiar import Familiar
from ..fragments.recommendations.assortment import Assortment
from ..fragments.recommendations.model import Model
from ..fragments.recommendations.replenishment import Replenishment
from ..fragments.recurring import Recurring
from ..fragments.slots import Marker
from ..fragments.thumbs import ADDRESS as RATE
from ..rules.experiments import NO_ALLOCATIONS, Allocations
from ..rules.facts import Event, Profile
from ..rules.interests import NO_TRAFFIC, Traffic
from ..rules.running import altered
from .allotting import Allotting, moves
from .assorting import assorted
from .breaker import Breaker
from .clicks import ClickLinks
from .consent import RefusalCookie
from .consent.providers import cookie_of
from .consent.told import ToolCookie
from .engines.engines import Engines
from .engines.settings import EngineSettings
from .errands import Errands
from .formaddresses import FormAddresses
from .journal import Journal
from .keys import marker_keys
from .lookup import CustomerOf
from .models import FIRST, Models
from .ownpages.rates import Rates
from .ownpages.tickets import Tickets
from .previews import Previews
from .remote import Remotes
from .routes import Routes
from .settings import address, is_production, read_keys
from .showings import Showings
from .sources.http import HttpSource
from .stores import Store, StoreError, Weights
from .stores.memory import MemoryStore
from .stores.opening import open_store, scheme_of
from .stores.unopened import Unopened
from .telemetry.stats import Metric, Stats, read
from .traffic import popularity, shares, weigh_all
from .visitor import VisitorCookie

if TYPE_CHECKING:
    import httpx

    from .loading.watching import Watching
    from .site import Site

log = logging.getLogger("shopwindow")

REFRESH = 60.0  # seconds between two looks at the shop's traffic
OPENING = (0.5, 10.0)  # seconds between two tries to open the store: first, longest
AGAIN = 60.0  # seconds before the same warning is logged once more
OF_A_KIND = 20  # warnings about different pages or slots, logged in that time


class _Made(NamedTuple):
    """A site and what is made of it, swapped together."""

    site: "Site"
    cookie: VisitorCookie
    refusal: RefusalCookie
    tool: ToolCookie | None  # of who asks for consent instead of us
    sources: list[HttpSource]
    assortment: Assortment
    engines: Engines


class Shopwindow:
    """A site folder, compiled, with its stores.

    ``site`` is a path, or the compiled :class:`Site`. What is saved below a path goes live
    while the window is started, see :mod:`.watching`; ``counters`` count ``reload``,
    ``reload refused`` and ``reload failed``. ``store`` replaces the store that
    site.toml names, ``client`` the HTTP client that asks sources and fetches remote fragments;
    one of the shop's own looks itself after the addresses that it connects to. ``keys`` are
    the secrets, newest first; by default those of SHOPWINDOW_SECRET_KEYS.

    Raises :class:`SiteError` with every finding when the site cannot be used; in production
    the last good site is used instead, else one that leaves every page as it is. Raises
    :class:`ValueError` for keys that are too short, or missing in production.
    """

    def __init__(
        self,
        site: "str | os.PathLike[str] | Site",
        *,
        customer: CustomerOf | None = None,
        store: Store | None = None,
        client: "httpx.AsyncClient | None" = None,
        keys: tuple[bytes, ...] | None = None,
    ) -> None:
        self.keys = keys or read_keys()
        self.production = is_production()
        self.clicks = ClickLinks(self.keys)
        self.dismissals = FormAddresses(self.keys, "dismissal", DISMISS)
        self.ratings = FormAddresses(self.keys, "rating", RATE)
        self.rates = Rates()
        self.tickets = Tickets(self.keys)
        self.showings = Showings(self.keys)
        self.previews = Previews(self.keys)
        self.marker = Marker(marker_keys(self.keys))
        self.customer = customer
        self._client = client
        self._given_store = store
        self.store: Store = store or MemoryStore()
        self.journal = Journal(
            self.store,
            self._learn,
            self._weigh,
            settle=None if store else self._settle,
            ready=None if store else self._ready_to_settle,
        )
        self.breaker = Breaker()
        self.traffic: Traffic = NO_TRAFFIC
        self.allocations = NO_ALLOCATIONS  # swapped as a whole, like the traffic
        self.routes = Routes()
        self.familiar = Familiar()
        self.recurring = Recurring()
        self.counters: Tally[str] = Tally()
        self.stats = Stats()
        self.errands = Errands()
        self.started = False
        self._starting: asyncio.Task[None] | None = None
        self._refreshing: asyncio.Task[None] | None = None
        self._watching: Watching | None = None
        self.model: Model | None = None  # swapped as a whole: take it once per page
        self._models: Models | None = None
        self._allotting: Allotting | None = None
        self._assorting = Lock()
        self._supplies = Replenishment()
        self.remotes = Remotes(client)
        self.engines = self._engines_of({}, frozenset(), None)
        self.sources: list[HttpSource] = []
        self._retired: list[HttpSource] = []  # requests in flight may still ask them
        self._warned: dict[str, set[str]] = {}  # in this minute, by kind
        self._minute = monotonic()
        if isinstance(site, (str, os.PathLike)):
            # Reading takes templates, a catalogue and YAML: a process that only imports us
            # (a command, a test, another part of the shop) does not need them.
            from .loading.lastgood import load

            self.folder = Path(site)
            self._watches = True
            self._adopt(self._made(load(self.folder, self.clicks.link)))
        else:
            self.folder = site.settings.folder
            self._watches = False
            self._adopt(self._made(site))

    def __repr__(self) -> str:
        return f"<Shopwindow {self.site!r} {'started' if self.started else 'stopped'}>"

    # -- the site --------------------------------------------------------------------------

    def _made(self, site: "Site", before: "Site | None" = None) -> "_Made":
        """``site`` with everything that is made of it; this may take a while."""
        settings = site.settings
        self.remotes.ready(site.remotes.values(), settings.allowed_hosts)
        same = before is not None and (
            before.settings.sources == settings.sources
            and before.settings.allowed_hosts == settings.allowed_hosts
        )
        return _Made(
            site,
            VisitorCookie(self.keys, settings.cookie_name, settings.cookie_days),
            RefusalCookie(settings.consent_days),
            cookie_of(settings.consent_tool),
            # What sources answered is remembered, as long as they are the same.
            self.sources
            if same
            else [
                HttpSource(source, settings.allowed_hosts, self._client)
                for source in settings.sources
            ],
            assorted(site, popularity(self.traffic), self.model),
            self._engines_of(settings.engines, settings.allowed_hosts, self.engines),
        )

    def _engines_of(
        self,
        settings: Mapping[str, EngineSettings],
        allowed_hosts: frozenset[str],
        before: Engines | None,
    ) -> Engines:
        if not settings and not before:
            return Engines({}, allowed_hosts, self.keys, Tally(), Tally())
        table = self.stats.table
        asked = table("engine_questions", "How asking recommendation engines went.")
        told = table("engine_feedback", "What engines were told of visitors, or not.")
        client = self._client
        return Engines(settings, allowed_hosts, self.keys, asked, told, client, before)

    def _adopt(self, made: "_Made") -> None:
        """Serve the new site from here on. Requests in flight keep the one they began with."""
        if made.sources is not self.sources:
            self._retired += self.sources
        with self._assorting:
            self.site, self.cookie, self.refusal, self.tool = made[:4]
            self.sources, assortment, self.engines = made[4:]
            before, self.assortment = self.__dict__.get("assortment"), assortment
        if before is not None:
            before.retire()

    def _swap(self, made: "_Made") -> None:
        """As :meth:`_adopt`, for a site that was served."""
        from .loading.pacing import let_go  # as above

        before = self.site
        self._adopt(made)
        let_go(before)
        if self.started:
            self._allot()
        if made.assortment.model is not self.model:  # one came while we read
            Thread(target=self._assort, name="shopwindow-assort", daemon=True).start()

    def reload(self) -> None:
        """Read the folder again; raises :class:`SiteError` and changes nothing if it is wrong.

        Holds up its thread: where an event loop runs, use :meth:`reload_soon`.
        """
        self._swap(self._read())

    async def reload_soon(self) -> None:
        """As :meth:`reload`, while pages go on. Raises the same."""
        self._swap(await asyncio.to_thread(self._read))

    def _read(self) -> "_Made":
        from .loading.lastgood import read  # as above

        return self._remade(read(self.folder, self.clicks.link, self.site))

    def _remade(self, site: "Site") -> "_Made":
        """As :meth:`_made`, in place of the site that is served."""
        for note in altered(self.site.rules, site.rules):
            log.warning("%s", note)
        return self._made(site, self.site)

    def _watch(self) -> None:
        """Make live what is saved in the folder, from now on."""
        if not self._watches or not self.site.settings.reload:
            return
        from .loading.lastgood import read_found  # as above
        from .loading.watching import Watcher, Watching

        loop = asyncio.get_running_loop()

        def bring(files: Mapping[str, str], findings: Sequence[Finding]) -> None:
            site = read_found(self.folder, files, findings, self.clicks.link, self.site)
            made = self._remade(site)
            loop.call_soon_threadsafe(self._bring, made)

        def count(what: str) -> None:
            self.counters[what] += 1

        watcher = Watcher(self.folder, self.site.revision, bring, count)
        self._watching = Watching(watcher)

    def _bring(self, made: "_Made") -> None:
        self._swap(made)
        for warning in made.site.warnings:
            log.warning("%s", warning)
        log.info("live now: %r", made.site)
        if self._watching is not None and not made.site.settings.reload:
            self._watching.stop()

    # -- the stores ------------------------------------------------------------------------

    def _learn(self, profile: Profile | None, event: Event) -> Profile | None:
        return self.site.learn(profile, event)

    def _settle(self, visitors: Sequence[str]) -> int:
        """Of those who are about to be erased: nothing else here needs the roll-ups."""
        from .rollups.leaving import settle

        return settle(self.site, visitors)

    def _ready_to_settle(self) -> None:
        from .rollups.leaving import (
            ready,  # beside the pages, before anybody waits for it
        )

        ready(self.site)

    def _weigh(self, events: Sequence[Event]) -> Weights:
        return weigh_all(events, self.site.catalog.relatives)

    async def start(self) -> None:
        """Open the store and start the writer; does nothing the second time.

        Raises what keeps it from starting; the next call tries again.
        """
        if not self.started:
            await asyncio.shield(self._begin())

    async def start_within(self, seconds: float) -> None:
        """As :meth:`start`, but goes on without it after ``seconds``, or if that fails.

        Meanwhile nobody is known, and what happens waits to be written.
        """
        beginning = self._begin()
        await asyncio.wait((beginning,), timeout=seconds)
        if not beginning.done() or beginning.cancelled():
            return  # asking for the error of one that was cancelled would cancel this request
        if (error := beginning.exception()) is not None:
            self.warn("start", "shopwindow cannot start: %r", error)

    def _begin(self) -> "asyncio.Task[None]":
        if self._starting is None or (self._starting.done() and not self.started):
            self._starting = asyncio.create_task(self._open())
        return self._starting

    async def _open(self) -> None:
        # In a thread: the file may be locked by somebody, and the shop's other pages go on.
        if self._given_store is None:
            self.store = Unopened()
            self.store = await asyncio.to_thread(self._make_store)
        await self._look_at_traffic()
        self.journal.start(self.store)
        self._refreshing = asyncio.create_task(self._refresh())
        self._watch()
        self._allot()
        await self._learn_from_models()
        if self._allotting is not None:  # it has looked meanwhile, or its store is slow
            await asyncio.to_thread(self._allotting.wait, FIRST)
        self.started = True

    def _allot(self) -> None:
        """Follow what is decided for experiments, from the first site on that has one of them."""
        # A store of the shop's own, or in memory, has no roll-ups beside its log.
        kept = (
            self._given_store is None
            and scheme_of(self.site.settings.store) != "memory"
        )
        if self._allotting is not None or not kept or not moves(self.site):
            return

        def read() -> Allocations:
            from .rollups import open_rollups  # as above

            at = address(self.site.settings)
            with open_rollups(at, self.site.context.day) as rollups:
                return rollups.allocations()

        def bring(allocations: Allocations) -> None:
            self.allocations = allocations

        self._allotting = Allotting(read, bring, self.warn)
        self._allotting.start()

    @property
    def supplies(self) -> Replenishment:
        """What runs out when, by the site's catalogue and the model."""
        known, catalog, model = self._supplies, self.site.catalog, self.model
        if known.catalog is not catalog or known.model is not model:
            known = self._supplies = Replenishment(catalog, model, known)
        return known

    async def _learn_from_models(self) -> None:
        """Serve what was learned, from now on; a large model may come a little later."""

        def bring(model: Model) -> None:
            supplies = Replenishment(self.site.catalog, model)  # takes milliseconds
            before = self.model, self._supplies
            self.model, self._supplies = model, supplies
            try:
                self._assort()
            except Exception:
                # Else the next traffic, and the next site, would fail by it, too.
                self.model, self._supplies = before
                raise

        def count(what: str) -> None:
            self.stats.table("models", "Models that came, by what became of them.")[
                what
            ] += 1

        self._models = Models(lambda: self.site.settings.model, bring, count, self.warn)
        self._models.start()
        await asyncio.to_thread(self._models.wait, FIRST)

    def _make_store(self) -> Store:
        try:
            return open_store(address(self.site.settings))
        except (StoreError, OSError) as error:
            # Pages go on, without knowing anybody; what happens waits in the journal.
            self.warn("opening", "the store is not open yet, trying again: %s", error)
            return Unopened(str(error))

    async def _refresh(self) -> None:
        pause, longest = OPENING
        while True:
            unopened = isinstance(self.store, Unopened)
            await asyncio.sleep(pause if unopened else REFRESH)
            if unopened:
                pause = min(longest, pause * 2)
                await asyncio.to_thread(self._open_again, self.store)
            await self._look_at_traffic()

    def _open_again(self, unopened: Store) -> None:
        store = self._make_store()
        if isinstance(store, Unopened):
            return
        if not self.started or self.store is not unopened:
            store.close()  # stopped meanwhile: nobody else would
            return
        self.store = store
        self.journal.write_to(store)
        log.warning("the store is open now: %d events waited", self.journal.waiting)

    async def _look_at_traffic(self) -> None:
        traffic = await asyncio.to_thread(self._read_traffic)
        if traffic is None:
            return
        self.traffic = traffic
        try:
            await asyncio.to_thread(self._assort)
        except Exception as error:
            # Our own fault, whatever it is: shelves go on as they are sorted.
            self.warn("assorting", "products cannot be sorted anew: %r", error)

    def _assort(self) -> None:
        """Sort the products by the shop's traffic of now, and go by the model of now."""
        while True:
            before, site, model = self.assortment, self.site, self.model
            popular = popularity(self.traffic)
            if before.catalog is site.catalog and before.model is model:
                made = before.refreshed(popular)
            else:
                made = assorted(site, popular, model)
            with self._assorting:
                # Another site or model may have gone live meanwhile.
                if self.assortment is before and self.site is site:
                    self.assortment = made
                    before.retire()
                    return

    def _read_traffic(self) -> Traffic | None:
        """What the store says of the shop's traffic; None: nothing now."""
        if isinstance(self.store, Unopened):
            return None
        try:
            return shares(self.store.traffic())
        except Exception as error:
            # A store of any kind may fail in any way; the last traffic stays.
            self.warn("traffic", "the shop's traffic cannot be read: %r", error)
            return None

    async def stop(self) -> None:
        """Write what is left and close everything; ``start`` may be called again."""
        if not self.started:
            return
        self.started = False
        if self._refreshing is not None:
            self._refreshing.cancel()
        if self._watching is not None:
            self._watching.stop()
        if self._models is not None:
            self._models.stop()
        if self._allotting is not None:
            self._allotting.stop()
            self._allotting = None  # another start looks anew
        await self.errands.stop()
        close = self.store.close if self.store is not self._given_store else None
        free = await asyncio.to_thread(self.journal.close, close)
        for source in (*self.sources, *self._retired):
            await source.close()
        await self.remotes.close()
        await self.engines.close()
        if free and close is not None:
            close()

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

    def metrics(self) -> list[Metric]:
        """What this process has done since it started, as plain numbers; on any thread.

        :func:`shopwindow.middleware.telemetry.metrics.collector` gives them to Prometheus,
        :func:`shopwindow.middleware.telemetry.tracing.observe` to OpenTelemetry.
        """
        return read(self)

    def warn(self, about: str, message: str, *arguments: object) -> None:
        """Log a warning, the same one at most once a minute; all of them are counted."""
        # Not what stands behind the first word: paths come from visitors, without end.
        kind = about.partition(" ")[0]
        self.counters[f"warning {kind}"] += 1
        now = monotonic()
        if now - self._minute >= AGAIN:
            self._minute = now
            self._warned.clear()
        about_all = self._warned.setdefault(kind, set())
        if about not in about_all and len(about_all) < OF_A_KIND:
            about_all.add(about)
            log.warning(message, *arguments)

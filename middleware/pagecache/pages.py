"""The pages that one worker keeps for one app: answering with them, filling, renewing, dropping.

Private to each visitor is what fills the slots, and it never gets here: the app makes the page
for a :class:`Stranger`, without a cookie, and its own bytes are kept as they came from there.
"""

from asyncio import Event, timeout
from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic, time
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..context import Arrival
from ..inward import of_nobody
from ..response.responder import Response
from ..visit import Visit, serving
from . import PageCache
from .addresses import Address, Values, cacheable, changed, values_of
from .filling import Filling
from .flight import Flight
from .hearing import Hearing, hearing
from .replay import Replay
from .rereading import Rereading
from .shelves import Shelf, Shelves
from .storable import Lifetime, wanted
from .storedpage import StoredPage
from .stranger import Stranger

if TYPE_CHECKING:
    from ..window import Shopwindow

FETCHING = 30.0  # seconds that the app has for renewing a page
TRIES = 3  # times that a request looks, at most
SAFE = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))
INCOMPLETE = "is not complete"

Ask = Callable[[Visit, Receive, Send, Hearing | None], Awaitable[None]]
Key = tuple[Address, Values]


class Pages:
    """Answers for ``app`` what it has answered before."""

    def __init__(self, cache: PageCache, window: "Shopwindow", app: ASGIApp) -> None:
        self._cache = cache
        self._window = window
        self._app = app
        self._counters = (
            cache.counters,
            window.stats.table("page_cache", "Who answered, with a page cache."),
        )
        self.shelves = Shelves(cache.max_bytes)
        self._flights: dict[Key, Flight] = {}
        # Late ones, maybe of visitors who read slowly: they keep nobody from filling again.
        self._overtaken: set[tuple[Key, Flight]] = set()

    async def answer(
        self, visit: Visit, receive: Receive, send: Send, ask: Ask
    ) -> None:
        """Answer a request, with ``ask`` if the app has to."""
        heard: Hearing | None = None
        address = None
        try:
            address = cacheable(visit, self._cache)
            if visit.arrival.scope["method"] not in SAFE:
                heard = hearing(partial(self._hear_change, visit))
        except Exception as error:
            # Our own fault, whatever it is: the app answers.
            self._fault(error)
        if address is not None:
            reading = Rereading(receive)
            if await self._answered(visit, address, reading, send):
                return
            receive = reading.again
            heard = hearing(partial(self._hear_wish, address))
        self._count("passed")
        await ask(visit, receive, send, heard)

    def _count(self, outcome: str) -> None:
        for counter in self._counters:
            counter[outcome] += 1

    def _fault(self, error: Exception) -> None:
        self._window.warn("page cache", "the page cache failed: %r", error)

    async def _answered(
        self, visit: Visit, address: Address, receive: Receive, send: Send
    ) -> bool:
        for _ in range(TRIES):
            now = monotonic()
            key: Key = (address, ())
            page = flight = None
            usable = fill = False
            try:
                shelf = self.shelves.get(address)
                if shelf is not None:
                    key = (address, values_of(visit.arrival.scope, shelf.names))
                    page = shelf.pages.get(key[1])
                    if page is not None and not page.fits(
                        visit.site.names, visit.site.selectors
                    ):
                        page = None
                usable = page is not None and page.usable(now)
                if usable and page is not None and page.due(now):
                    self._renew(visit, key, page)
                fill = not usable and self._fills(visit, shelf, now)
                flight = self._flights.get(key)
            except Exception as error:
                # Our own fault, whatever it is: the app answers.
                self._fault(error)
            if usable and page is not None:
                return await self._serve(visit, page, receive, send, now)
            if not fill:
                return False
            if flight is None or flight.late:
                return await self._fill(visit, key, page, receive, send)
            if not await flight.wait():
                return False
            self._count("waited")
        return False

    def _fills(self, visit: Visit, shelf: Shelf | None, now: float) -> bool:
        """Whether the app's answer to this request is worth keeping."""
        if visit.arrival.scope["method"] == "HEAD":
            return False  # it may be without the page
        if shelf is not None and now < shelf.passing:
            return False
        given = self._cache.lifetime(visit.arrival.path)
        if given is None:
            return shelf is not None and shelf.wanted
        return given.fresh > 0

    async def _serve(
        self,
        visit: Visit,
        page: StoredPage,
        receive: Receive,
        send: Send,
        now: float,
    ) -> bool:
        self._count("hit" if now < page.fresh_until else "stale")
        # Whoever is logged in shows it by a cookie or a header, and does not get here.
        visit.lookup.skip_customer()
        return await Replay(visit, send, receive).send(page, int(now - page.born))

    # -- filling ---------------------------------------------------------------------------

    async def _fill(
        self,
        visit: Visit,
        key: Key,
        before: StoredPage | None,
        receive: Receive,
        send: Send,
    ) -> bool:
        """Let this request bring the page for all; False: the app has to be asked once more."""
        try:
            stranger, inner = self._stranger(visit.arrival.scope)
            given = self._cache.lifetime(visit.arrival.path)
        except Exception as error:
            # Our own fault, whatever it is: the app answers.
            self._fault(error)
            return False
        answering = Response(visit, send, receive)

        async def forward(message: Message) -> None:
            visit.lookup.skip_customer()  # as in _serve: all get the same
            visit.marked = stranger.marked
            await answering.send(message)

        async def spare() -> bool:
            now = monotonic()
            if before is None or now >= before.error_until:
                return False
            return await self._serve(visit, before, receive, send, now)

        flight = self._take_off(key)
        verdict = partial(self._settle, key, flight, before)
        filling = Filling(
            stranger, inner, given, self.shelves.largest, verdict, forward, spare
        )
        token = serving.set(stranger)
        try:
            await self._app(inner, receive, filling.send)
        except Exception:
            # The app's fault, of whatever kind: it is raised again below.
            filling.failed = True
            filling.refuse("could not be made")
            if not filling.started:
                await spare()
            raise  # the shop wants to know, though the visitor may have a page
        finally:
            serving.reset(token)
            stranger.arrival.over()
            filling.refuse(INCOMPLETE)
            self._land(key, flight)
            if answering.broken_off:
                self._window.counters["page broken off"] += 1
        return not filling.again

    def _stranger(self, scope: Scope) -> tuple[Stranger, Scope]:
        inner = of_nobody(scope)
        arrival = Arrival(inner, time(), self._window.production)
        stranger = Stranger(self._window, arrival)
        inner["state"]["shopwindow"] = stranger
        return stranger, inner

    def _take_off(self, key: Key) -> Flight:
        """A new flight, in the place of a late one if there is one: nobody waits twice."""
        before = self._flights.get(key)
        if before is not None:
            self._overtaken.add((key, before))
        flight = Flight(self._cache.wait, awaited=before is None)
        self._flights[key] = flight
        return flight

    def _settle(
        self, key: Key, flight: Flight, before: StoredPage | None, filling: Filling
    ) -> None:
        """It is clear what becomes of an answer."""
        address, now = key[0], monotonic()
        again = True  # for those who wait: look once more
        if flight.void or self._is_newer(key, flight):
            pass
        elif filling.page is not None:
            self._count("filled")
            values = values_of(filling.scope, filling.names)
            self.shelves.keep(address, filling.names, values, filling.page)
        elif filling.failed:
            if before is not None:
                before.failed(now)
            again = before is not None and before.usable(now)
        elif filling.odd:
            again = False
        elif filling.why != INCOMPLETE:  # that says nothing of the page
            self.shelves.give_up(address, now)
            again = False
            if filling.given is not None and not filling.passing:
                path, why = filling.scope["path"], filling.why
                message = "the page %s is not kept: it %s"
                self._window.warn(f"unkept {path}", message, path, why)
        flight.over(again)
        self._land(key, flight)

    def _is_newer(self, key: Key, flight: Flight) -> bool:
        """Whether a later flight has brought the page already."""
        if (key, flight) not in self._overtaken:
            return False
        shelf = self.shelves.get(key[0])
        return shelf is not None and bool(shelf.pages)

    def _land(self, key: Key, flight: Flight) -> None:
        flight.over(False)
        self._overtaken.discard((key, flight))
        if self._flights.get(key) is flight:
            del self._flights[key]

    # -- renewing --------------------------------------------------------------------------

    def _renew(self, visit: Visit, key: Key, page: StoredPage) -> None:
        """Fetch the page anew, while visitors still get this one."""
        if key in self._flights:
            return
        given = self._cache.lifetime(visit.arrival.path)
        flight = self._flights[key] = Flight(self._cache.wait)
        landing = partial(self._land, key, flight)
        fetching = self._fetch(visit.arrival.scope, key, flight, page, given)
        if not self._window.errands.start(fetching, landing):
            landing()

    async def _fetch(
        self,
        scope: Scope,
        key: Key,
        flight: Flight,
        before: StoredPage,
        given: Lifetime | None,
    ) -> None:
        asked = False

        async def receive() -> Message:
            nonlocal asked
            if asked:
                await Event().wait()  # nobody is there who could go away
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}

        verdict = partial(self._settle, key, flight, before)
        try:
            stranger, inner = self._stranger(scope)
            filling = Filling(stranger, inner, given, self.shelves.largest, verdict)
            serving.set(stranger)
            async with timeout(FETCHING):
                await self._app(inner, receive, filling.send)
            failed = filling.page is None and not filling.why
        except Exception as error:
            # The shop's own fault or ours: visitors still have the page of before.
            message = "renewing the page %s failed: %r"
            self._window.warn("renewing", message, key[0].path, error)
            failed = True
        if failed:
            before.failed(monotonic())

    # -- dropping --------------------------------------------------------------------------

    def drop(self, address: Address) -> None:
        """Keep nothing of an address, nor what is on its way from there."""
        self.shelves.drop(address)
        for key, flight in [*self._flights.items(), *self._overtaken]:
            if key[0] == address:
                flight.void = True
                self._flights.pop(key, None)

    def _hear_change(self, visit: Visit, start: Message) -> None:
        """What a request has changed is not shown any more: RFC 9111, 4.4."""
        arrival = visit.arrival
        try:
            if start["status"] < 400:
                for address in changed(
                    arrival.scope, arrival, start.get("headers", ())
                ):
                    self.drop(address)
        except Exception as error:
            # Our own fault, whatever it is: the answer leaves.
            self._fault(error)

    def _hear_wish(self, address: Address, start: Message) -> None:
        """An answer that asks to be kept is, from the next request on."""
        try:
            if start["status"] == 200 and wanted(start.get("headers", ())):
                self.shelves.want(address)
        except Exception as error:
            # As above.
            self._fault(error)

"""PersonalizationMiddleware: settings here, one :class:`Visit` per request."""

import os
import sys
from time import time
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import endpoints
from .context import CONDITIONAL, Arrival
from .guise import Guise
from .inward import MARK, without_bypasses
from .lookup import CustomerOf
from .previews import PARAMETER, without_ticket
from .response.headers import leaving
from .response.responder import Response
from .routes import excluded
from .telemetry.timing import MayKnow, Timing, may_know
from .visit import Visit, serving
from .window import Shopwindow

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from .pagecache import PageCache
    from .pagecache.hearing import Hearing
    from .pagecache.pages import Pages
    from .site import Site
    from .telemetry.tracing import Tracing

_ENDS = (
    "lifespan.startup.failed",
    "lifespan.shutdown.complete",
    "lifespan.shutdown.failed",
)


class PersonalizationMiddleware:
    """Wraps any ASGI app and tailors its pages.

    ``site`` is the editors' folder, or a :class:`Shopwindow` made of it. ``customer`` gets
    the scope and says who is logged in now; it is asked at the first slot of a page, after
    the app's own authentication. ``cache`` says which of the app's pages are kept for all; none
    by default. ``timing`` says which answers tell how long things took, see
    :mod:`.telemetry.timing`: by default those to previews, and to a browser on this machine outside of production.
    ``tracer`` is one of OpenTelemetry, or True for the global one; see :mod:`.telemetry.tracing`. Raises as
    :class:`Shopwindow` does, and :class:`ImportError` for a tracer without ``shopwindow[otel]``.
    """

    def __init__(
        self,
        app: ASGIApp,
        site: "str | os.PathLike[str] | Shopwindow | Site",
        *,
        customer: CustomerOf | None = None,
        cache: "PageCache | None" = None,
        timing: MayKnow = None,
        tracer: "Tracer | bool | None" = None,
    ) -> None:
        self.app = app
        self.window = site if isinstance(site, Shopwindow) else Shopwindow(site)
        self.customer = customer or self.window.customer
        self.pages = None if cache is None else _pages(cache, self.window, app)
        self._timing = timing
        self._tracing: Tracing | None = None
        if tracer:
            from .telemetry import tracing  # an extra: for those who ask for it

            self._tracing = tracing.Tracing(tracer)
        self._asks = bool(timing) or self._tracing is not None

    def __repr__(self) -> str:
        return f"<PersonalizationMiddleware {self.window!r}>"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if MARK in scope:  # mounted twice: the outer one does the work
                await self.app(scope, receive, send)
            else:
                await self._request(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        visit = await self._arrive(scope)
        if visit is None:
            await self.app(scope, receive, send)
            return
        token = serving.set(visit)
        timing = visit.timing
        if timing is not None:
            send = timing.begin(visit, send)
        try:
            if visit.arrival.path.startswith(endpoints.PREFIX):
                await endpoints.answer(visit, receive, send)
            elif self.pages is not None:
                await self.pages.answer(visit, receive, send, self._ask)
            else:
                await self._ask(visit, receive, send)
        finally:
            serving.reset(token)
            visit.lookup.abandon()
            visit.arrival.over()
            self.window.stats.over(visit)
            if timing is not None:
                timing.end(visit, sys.exception())

    async def _ask(
        self,
        visit: Visit,
        receive: Receive,
        send: Send,
        heard: "Hearing | None" = None,
    ) -> None:
        """Let the app answer; what it sends goes through ``heard`` first."""
        inner = self._inner(visit)
        answering: Response | _Plain
        if visit.arrival.navigation:
            answering = Response(visit, send, receive)
        else:
            answering = _Plain(visit, send)
        sending = answering.send
        try:
            await self.app(inner, receive, heard(sending) if heard else sending)
        finally:
            if answering.broken_off:
                self.window.counters["page broken off"] += 1

    async def _arrive(self, scope: Scope) -> Visit | None:
        """The visit of a request; whatever fails in here, the page goes out with its own content."""
        window = self.window
        try:
            now = time()
            if not window.started:
                await window.start_within(window.site.settings.profile_ms / 1000)
            arrival = Arrival(scope, now, window.production)
            guise = None
            if PARAMETER in scope.get("query_string", b"") and arrival.navigation:
                guise = await self._previewed(arrival)
            timing = None
            if self._asks or guise is not None or not arrival.secure:
                timing = self._clock(arrival, guise is not None)
            return Visit(window, arrival, self.customer, guise, timing)
        except Exception as error:
            # Our own fault, whatever it is: the shop answers as if we were not there.
            path = scope.get("path")
            window.warn("request", "shopwindow failed on %s: %r", path, error)
            return None

    def _clock(self, arrival: Arrival, preview: bool) -> Timing | None:
        """What takes the time of a request; None: nobody may know it."""
        try:
            header = may_know(self._timing, arrival, preview)
        except Exception as error:
            # The shop's own function: its fault must not take its page down through us.
            self.window.warn("timing", "the timing function failed: %r", error)
            header = False
        tracing = self._tracing if arrival.navigation else None
        return Timing(header, tracing) if header or tracing is not None else None

    async def _previewed(self, arrival: Arrival) -> Guise | None:
        """Through whose eyes a link wants the page to be seen; None: it is an ordinary view."""
        if arrival.path.startswith(endpoints.PREFIX):
            return None
        guise = await self.window.previews.open(self.window, arrival)
        if guise is not None:
            query = without_ticket(arrival)
            arrival.scope = {**arrival.scope, "query_string": query}
        return guise

    def _inner(self, visit: Visit) -> Scope:
        """The scope that the app sees."""
        scope = visit.arrival.scope
        inner = dict(scope)
        inner[MARK] = True
        state: dict[str, Any] | None = inner.get("state")
        if state is None:
            inner["state"] = {"shopwindow": visit}
        else:
            state["shopwindow"] = visit
        arrival = visit.arrival
        # What the app's own middleware adds is what ``customer`` wants to see.
        arrival.scope = inner
        if not arrival.navigation:
            return inner
        known = False
        try:
            visit.aside = excluded(arrival.path, visit.site)
            known = visit.window.routes.has_none(arrival.path)
        except Exception as error:
            # Our own fault, whatever it is: a page that is not known may have slots.
            visit.window.warn("routes", "finding %s failed: %r", arrival.path, error)
        if visit.aside:
            return inner
        extensions = scope.get("extensions")
        if extensions:
            inner["extensions"] = without_bypasses(extensions)
        if not known and not CONDITIONAL.isdisjoint(arrival.headers):
            inner["headers"] = [
                pair for pair in scope["headers"] if pair[0] not in CONDITIONAL
            ]
        return inner

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Start and stop around the app's own lifespan."""

        async def receiving() -> Message:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self.window.start()
                except Exception as error:
                    # The shop starts without us; the first request tries again.
                    self.window.warn("start", "shopwindow cannot start: %r", error)
            return message

        async def sending(message: Message) -> None:
            if message["type"] in _ENDS:
                try:
                    await self.window.stop()
                except Exception as error:
                    # The shop stops all the same.
                    self.window.warn("stop", "shopwindow cannot stop: %r", error)
            await send(message)

        await self.app(scope, receiving, sending)


def _pages(cache: "PageCache", window: Shopwindow, app: ASGIApp) -> "Pages":
    from .pagecache import PageCache
    from .pagecache.pages import Pages  # many shops have a cache of their own, or none

    if not isinstance(cache, PageCache):
        raise TypeError(
            f'cache is a PageCache({{"/": 60}}), and no {type(cache).__name__}'
        )
    return Pages(cache, window, app)


class _Plain:
    """An answer that is not a page view: only cookies and stored events concern us, and what
    its handler says that it shows."""

    __slots__ = ("_visit", "_send", "_status")
    broken_off = False  # nothing is counted that could be undone

    def __init__(self, visit: Visit, send: Send) -> None:
        self._visit = visit
        self._send = send
        self._status = 0

    async def send(self, message: Message) -> None:
        visit = self._visit
        if message["type"] == "http.response.start":
            self._status = message["status"]
            message = await leaving(visit, message)
        await self._send(message)
        if visit.display.exposed.decisions and self._status == 200:
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self._count()

    def _count(self) -> None:
        visit, self._status = self._visit, 0
        if visit.arrival.prefetch:
            return  # nobody is looking yet
        try:
            visit.delivered()
        except Exception as error:
            # The answer has left already; what is lost is one showing.
            visit.window.warn("delivered", "counting a view failed: %r", error)

"""How long the steps of one request took, for those who may know: a header, or a trace.

``Server-Timing`` is what browsers show beside a page's other timings::

    server-timing: sw-profile;dur=0.214;desc="known", sw-decide;dur=0.031;desc="home.hero=shown"

It holds what is known when the headers leave: all of a page that left in one message, of a streamed
one what happened so far. Timings tell strangers whether a visitor is known, so that by default only
two kinds of requests get them: previews, and those that a browser on this very machine sends to a shop
that is not in production. Answers that a cache may keep never have the header.
"""

import asyncio
from collections.abc import Callable
from time import perf_counter_ns, time_ns
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.types import Message, Scope, Send

from ...rules.facts import Decision
from ..context import Arrival
from ..display import Display
from ..lookup import Lookup

if TYPE_CHECKING:
    from ...fragments.rewrite import Hole
    from ..visit import Visit
    from .tracing import Page, Tracing

MOST = 40  # entries of one header: proxies refuse large ones
_LOOPBACK = ("127.0.0.1", "::1")

#: True: every request; False: none; a function of the scope: those that it names; None: previews, and
#: browsers on this machine outside of production.
MayKnow = Callable[[Scope], bool] | bool | None


def may_know(timing: MayKnow, arrival: Arrival, preview: bool) -> bool:
    """Whether the answer to a request may tell how long things took."""
    if timing is None:
        client = arrival.scope.get("client")
        here = client is not None and client[0] in _LOOPBACK
        # Insecure is only what neither comes through a proxy nor runs in production; and only
        # browsers show the header, and say where their requests come from.
        browser = b"sec-fetch-dest" in arrival.headers
        return preview or (here and browser and not arrival.secure)
    return timing if isinstance(timing, bool) else bool(timing(arrival.scope))


class Took(NamedTuple):
    """From when to when, in nanoseconds of ``perf_counter_ns``."""

    began: int
    ended: int


class Timing:
    """The clock of one request. ``profile`` is None while nothing has come of the store."""

    __slots__ = (
        *("decided", "profile", "rendered", "status"),
        *("_began", "_header", "_page", "_tracing", "_wall"),
    )

    def __init__(self, header: bool, tracing: "Tracing | None" = None) -> None:
        self._header = header
        self._tracing = tracing
        self._page: Page | None = None
        self._began = perf_counter_ns()
        self._wall = time_ns()
        self.profile: Took | None = None
        self.decided: dict[str, Took] = {}
        self.rendered: dict[str, Took] = {}
        self.status = 0

    def wall(self, moment: int | None = None) -> int:
        """A moment, by default that of the request, in nanoseconds since 1970."""
        return self._wall + (0 if moment is None else moment - self._began)

    def begin(self, visit: "Visit", send: Send) -> Send:
        """The request goes to the app; what it sends has to go this way."""
        if self._tracing is not None:
            try:
                self._page = self._tracing.begin(self, visit)
            except Exception as error:
                # The shop's own tracer: its fault must not take its page down through us.
                visit.window.warn("tracing", "beginning a span failed: %r", error)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                if self._header:
                    message = self._told(visit, message)
            await send(message)

        return sending

    def end(self, visit: "Visit", failed: BaseException | None) -> None:
        """The request is over; ``failed`` is what the app raised."""
        if self._page is not None:
            try:
                self._page.end(self, visit, failed)
            except Exception as error:
                # As in begin.
                visit.window.warn("tracing", "ending a span failed: %r", error)

    # -- the header ------------------------------------------------------------------------

    def _told(self, visit: "Visit", start: Message) -> Message:
        try:
            headers = list(start.get("headers", ()))
            said = self.header(visit)
            if said and any(map(_is_private, headers)):
                start = {**start, "headers": [*headers, (b"server-timing", said)]}
        except Exception as error:
            # Our own fault, whatever it is: the answer leaves without.
            visit.window.warn("timing", "telling timings failed: %r", error)
        return start

    def header(self, visit: "Visit") -> bytes:
        """What is known so far, as the value of ``Server-Timing``; empty: nothing."""
        entries = []
        if self.profile is not None:
            entries.append(_entry("sw-profile", self.profile, outcome(visit)))
        outcomes = visit.display.outcome()
        for slot, took in self.decided.items():
            if slot in outcomes:
                said = f"{slot}={outcomes[slot].reason}"
                entries.append(_entry("sw-decide", took, said))
        for slot, took in self.rendered.items():
            entries.append(_entry("sw-render", took, slot))
        return ", ".join(entries[:MOST]).encode()


def outcome(visit: "Visit") -> str:
    """What came of asking the store: known, stranger, late, error; empty: nothing yet."""
    lookup = visit.lookup
    if lookup.failed or not lookup.fetched:
        return lookup.failed
    return "stranger" if lookup.profile is None else "known"


def _entry(name: str, took: Took, said: str) -> str:
    entry = f"{name};dur={(took.ended - took.began) / 1e6:.3f}"
    return f'{entry};desc="{_quotable(said)}"' if said else entry


def _quotable(text: str) -> str:
    """What may stand between the quotes of a header's value."""
    plain = "".join(c if " " <= c <= "~" else "?" for c in text)
    return plain.replace("\\", "\\\\").replace('"', '\\"')


def _is_private(header: tuple[bytes, bytes]) -> bool:
    name, value = header
    return name.lower() == b"cache-control" and value.lower().startswith(b"private")


# -- what is timed -------------------------------------------------------------------------


class TimedLookup(Lookup):
    """Says how long the store took to answer, or the page to give it up."""

    __slots__ = ("_timing", "_started")

    def __init__(self, timing: Timing, *asked: Any) -> None:
        super().__init__(*asked)
        self._timing = timing
        self._started = 0

    def _over(self, _: "asyncio.Future[Any] | None" = None) -> None:
        if self._timing.profile is None:
            self._timing.profile = Took(self._started, perf_counter_ns())

    def start(self, visitor: str) -> None:
        self._started = perf_counter_ns()
        super().start(visitor)
        if self._task is None:
            self._over()
        else:
            self._task.add_done_callback(self._over)

    async def settle(self) -> None:
        waited = self._task is not None
        await super().settle()
        if (
            waited
        ):  # at the deadline the task is not over yet, but our waiting for it is
            self._over()


class TimedDisplay(Display):
    """Says how long each slot took to be decided and rendered."""

    __slots__ = ("_timing",)

    def __init__(self, timing: Timing, visit: "Visit") -> None:
        self._timing = timing
        super().__init__(visit)

    def _decide(self, slot: str) -> Decision:
        began = perf_counter_ns()
        try:
            return super()._decide(slot)
        finally:
            self._timing.decided[slot] = Took(began, perf_counter_ns())

    def fill(self, hole: "Hole", charset: str) -> bytes | None:
        self.decision(hole.slot)  # is not part of rendering
        began = perf_counter_ns()
        content = super().fill(hole, charset)
        if content is not None:
            self._timing.rendered[hole.slot] = Took(began, perf_counter_ns())
        return content

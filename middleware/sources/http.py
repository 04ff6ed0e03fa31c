"""What another service knows about a customer, read over HTTP under the page's deadline."""

import asyncio
import logging
from collections import Counter as Tally
from collections.abc import Awaitable, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from cachetools import LRUCache

from ...rules.typed import Attribute
from ..breaker import Breaker
from ..remote.outgoing import Outgoing, told
from .paths import at, read_path
from .tables import SourceSettings
from .values import fitting

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("shopwindow")

LARGEST = 262_144  # bytes of an answer
LONGEST = (
    2.0  # seconds that a question may go on in the background after the page has left
)
CUSTOMERS = 10_000  # remembered per worker
MOST = 200  # questions at the same time
AGAIN = 5.0  # seconds before a customer whose question failed is asked about once more

Values = Mapping[str, Any]
NOTHING: Values = {}


class _Known(msgspec.Struct):
    """An answer: until ``fresh`` nobody asks again, until ``end`` it is good enough."""

    values: Values
    fresh: float
    end: float


class HttpSource:
    """One [sources.NAME] of site.toml.

    ``fetch`` returns remembered values at once, else an awaitable. It never raises: what
    does not answer, or answers nonsense, leaves its attributes unknown. A page that could
    not wait gets nothing this time; the question goes on, and the next page finds the answer.
    Values are only remembered, in this process: no store ever has them. ``ill_typed`` counts,
    by attribute, those that were not of their type.
    """

    def __init__(
        self,
        settings: SourceSettings,
        allowed_hosts: frozenset[str],
        client: "httpx.AsyncClient | None" = None,
    ) -> None:
        self.name = settings.name
        self._settings = settings
        self._server = Outgoing(settings.url, allowed_hosts, client)
        if not self.allowed:
            log.error(
                "source %s: %s, so it is never asked",
                settings.name,
                self._server.refusal,
            )
        self._known: LRUCache[str, _Known] = LRUCache(CUSTOMERS)
        self._asking: dict[str, asyncio.Task[Values]] = {}
        self.breaker = Breaker()
        self.failures = 0  # questions that brought no answer
        self.ill_typed: Tally[str] = Tally()
        self._paths = {
            name: path
            for name, written in settings.map.items()
            if (path := read_path(written)) is not None
        }

    def __repr__(self) -> str:
        return f"<HttpSource {self.name} {self._settings.url}>"

    @property
    def allowed(self) -> bool:
        return self._server.allowed

    def fetch(self, customer: str) -> Values | Awaitable[Values]:
        """The attributes of ``customer``, or an awaitable of them. Shared by concurrent requests.

        An answer that has aged is given at once, and asked for anew behind the page.
        """
        known = self._known.get(customer)
        now = monotonic()
        if known is not None:
            if now < known.fresh:
                return known.values
            if now < known.end:
                self._ask_soon(customer)
                return known.values
        if not self.allowed:
            return NOTHING
        task = self._ask_soon(customer)
        if task is None:
            return NOTHING
        # The page's deadline must not cancel what other pages wait for.
        return asyncio.shield(task)

    def _ask_soon(self, customer: str) -> "asyncio.Task[Values] | None":
        """The question about ``customer``, the same for all who have it; None: not now."""
        task = self._asking.get(customer)
        if task is None:
            if len(self._asking) >= MOST or not self.breaker.allows():
                return None
            task = asyncio.get_running_loop().create_task(self._ask(customer))
            self._asking[customer] = task
            task.add_done_callback(lambda _: self._asking.pop(customer, None))
        return task

    async def _ask(self, customer: str) -> Values:
        started = monotonic()
        try:
            answer = await self._answer(customer)
        except Exception as error:
            # The service may answer anything, and the client may be the shop's own: whatever
            # went wrong in there, the page goes on without.
            self.breaker.failed()
            self.failures += 1
            log.warning(
                "source %s gave no answer after %.0f ms: %s",
                self.name,
                (monotonic() - started) * 1000,
                told(error),
            )
            known = self._known.get(customer)
            if known is None:
                return NOTHING
            known.fresh = monotonic() + AGAIN  # better what is there than nothing
            return known.values if known.fresh < known.end else NOTHING
        self.breaker.succeeded()
        values = self._mapped(answer)
        fresh = monotonic() + self._settings.cache
        self._known[customer] = _Known(values, fresh, fresh + self._settings.stale)
        return values

    def _mapped(self, answer: Any) -> Values:
        raw = {
            name: value
            for name, path in self._paths.items()
            if (value := at(answer, path)) is not None
        }
        attributes = self._settings.attributes
        return fitting(raw, attributes, self._ill_typed) if attributes else raw

    def _ill_typed(self, attribute: Attribute) -> None:
        """Say it once for each attribute, without what stood there: it is about a person."""
        self.ill_typed[attribute.name] += 1
        if self.ill_typed[attribute.name] == 1:
            log.warning(
                'source %s: "%s" came as no %s; it counts as unknown',
                self.name,
                attribute.name,
                attribute.type,
            )

    async def _answer(self, customer: str) -> Any:
        settings = self._settings
        url = settings.url.replace("{customer}", quote(customer, safe=""))
        body = _inserted(settings.body, customer) if settings.body else b""
        answer = await self._server.ask(
            settings.method, url, settings.header, body, most=LARGEST, seconds=LONGEST
        )
        if answer.status == 404:
            return {}  # a customer whom the service does not know: an answer like any other
        if answer.status != 200:
            raise ValueError(f"it answered with status {answer.status}")
        return msgspec.json.decode(answer.body)

    async def close(self) -> None:
        for task in list(self._asking.values()):
            task.cancel()
        await self._server.close()


def _inserted(body: str, customer: str) -> bytes:
    """``body`` with the customer's id, which stands within a JSON text."""
    id = msgspec.json.encode(customer)[1:-1].decode()
    return body.replace("{customer}", id).encode()

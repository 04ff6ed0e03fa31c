"""What another service knows about a customer, read over HTTP under the page's deadline."""

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from cachetools import TTLCache

from ..breaker import Breaker
from ..settings import SourceSettings

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("shopwindow")

LARGEST = 262_144  # bytes of an answer
LONGEST = (
    2.0  # seconds that a question may go on in the background after the page has left
)
CUSTOMERS = 10_000  # remembered per worker

Values = Mapping[str, Any]
NOTHING: Values = {}


class HttpSource:
    """One [sources.NAME] of site.toml.

    ``fetch`` returns remembered values at once, else an awaitable. It never raises: what
    does not answer, or answers nonsense, leaves its attributes unknown. A page that could
    not wait gets nothing this time; the question goes on, and the next page finds the answer.
    """

    def __init__(
        self,
        settings: SourceSettings,
        allowed_hosts: frozenset[str],
        client: "httpx.AsyncClient | None" = None,
    ) -> None:
        import httpx  # a tenth of a second: at start, and only for shops with sources

        self.name = settings.name
        self._settings = settings
        self._client = client
        self._owned = client is None
        try:
            # The reader of addresses that will also connect: two could differ.
            host = httpx.URL(settings.url).host.lower()
        except httpx.InvalidURL:
            host = ""
        self.allowed = bool(host) and host in allowed_hosts
        if not self.allowed:
            log.error(
                "source %s: its host %r is not in SHOPWINDOW_ALLOWED_HOSTS, so it is never asked",
                settings.name,
                host,
            )
        self._known: TTLCache[str, Values] = TTLCache(CUSTOMERS, settings.cache)
        self._asking: dict[str, asyncio.Task[Values]] = {}
        self.breaker = Breaker()
        self.failures = 0  # questions that brought no answer
        self._paths = {name: path[2:].split(".") for name, path in settings.map.items()}

    def __repr__(self) -> str:
        return f"<HttpSource {self.name} {self._settings.url}>"

    def fetch(self, customer: str) -> Values | Awaitable[Values]:
        """The attributes of ``customer``, or an awaitable of them. Shared by concurrent requests."""
        known = self._known.get(customer)
        if known is not None:
            return known
        if not self.allowed:
            return NOTHING
        task = self._asking.get(customer)
        if task is None:
            if not self.breaker.allows():
                return NOTHING
            task = asyncio.get_running_loop().create_task(self._ask(customer))
            self._asking[customer] = task
            task.add_done_callback(lambda _: self._asking.pop(customer, None))
        # The page's deadline must not cancel what other pages wait for.
        return asyncio.shield(task)

    async def _ask(self, customer: str) -> Values:
        started = monotonic()
        try:
            async with asyncio.timeout(LONGEST):
                answer = await self._get(customer)
        except Exception as error:
            # The service may answer anything, and the client may be the shop's own: whatever
            # went wrong in there, the page goes on without.
            self.breaker.failed()
            self.failures += 1
            log.warning(
                "source %s gave no answer after %.0f ms: %s",
                self.name,
                (monotonic() - started) * 1000,
                type(error).__name__,
            )
            return NOTHING
        self.breaker.succeeded()
        values = {
            name: value
            for name, path in self._paths.items()
            if (value := _at(answer, path)) is not None
        }
        self._known[customer] = values
        return values

    async def _get(self, customer: str) -> Any:
        import httpx

        if self._client is None:
            # Not the environment's proxies and no redirects: the address was allowed, no other.
            self._client = httpx.AsyncClient(
                trust_env=False, follow_redirects=False, timeout=LONGEST
            )
        url = self._settings.url.replace("{customer}", quote(customer, safe=""))
        body = bytearray()
        async with self._client.stream(
            "GET",
            url,
            # Fifty kilobytes may unpack to fifty megabytes while every page waits.
            headers={**self._settings.header, "Accept-Encoding": "identity"},
            follow_redirects=False,  # a client of the shop's own may do so otherwise
        ) as response:
            if response.status_code == 404:
                return {}  # a customer whom the service does not know: an answer like any other
            response.raise_for_status()
            if response.headers.get("content-encoding", "identity") != "identity":
                raise ValueError("the answer is compressed")
            async for part in response.aiter_bytes():
                body += part
                if len(body) > LARGEST:
                    raise ValueError("the answer is too large")
        return msgspec.json.decode(body)

    async def close(self) -> None:
        for task in list(self._asking.values()):
            task.cancel()
        if self._client is not None and self._owned:
            await self._client.aclose()
            self._client = None


def _at(answer: Any, path: list[str]) -> Any:
    """The value at a JSON path of names and list positions, or None."""
    for part in path:
        if isinstance(answer, dict):
            answer = answer.get(part)
        elif isinstance(answer, list) and part.isdecimal() and int(part) < len(answer):
            answer = answer[int(part)]
        else:
            return None
    return answer

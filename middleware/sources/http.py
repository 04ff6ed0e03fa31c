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
from ..remote.outgoing import Outgoing, told
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
        self.name = settings.name
        self._settings = settings
        self._server = Outgoing(settings.url, allowed_hosts, client)
        if not self.allowed:
            log.error(
                "source %s: %s, so it is never asked",
                settings.name,
                self._server.refusal,
            )
        self._known: TTLCache[str, Values] = TTLCache(CUSTOMERS, settings.cache)
        self._asking: dict[str, asyncio.Task[Values]] = {}
        self.breaker = Breaker()
        self.failures = 0  # questions that brought no answer
        self._paths = {name: path[2:].split(".") for name, path in settings.map.items()}

    def __repr__(self) -> str:
        return f"<HttpSource {self.name} {self._settings.url}>"

    @property
    def allowed(self) -> bool:
        return self._server.allowed

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
                told(error),
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
        url = self._settings.url.replace("{customer}", quote(customer, safe=""))
        header = self._settings.header
        answer = await self._server.get(url, header, most=LARGEST, seconds=LONGEST)
        if answer.status == 404:
            return {}  # a customer whom the service does not know: an answer like any other
        if answer.status != 200:
            raise ValueError(f"it answered with status {answer.status}")
        return msgspec.json.decode(answer.body)

    async def close(self) -> None:
        for task in list(self._asking.values()):
            task.cancel()
        await self._server.close()


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

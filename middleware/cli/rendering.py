"""A page of the real app, rendered in this process for somebody who is not there."""

import secrets
from collections.abc import Mapping

import httpx
import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from ...rules.facts import Decision
from ..asgi import PersonalizationMiddleware
from ..context import Arrival
from ..guise import Guise
from ..previews import PARAMETER, Previews
from ..site import Site
from ..stores.memory import MemoryStore
from ..visit import Visit, current
from ..window import Shopwindow
from .lifespan import lifespan

_BROWSER = {
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "accept-encoding": "identity",  # a compressor outside of the app's own middleware
}


class Rendered(msgspec.Struct, frozen=True):
    """What the app answered, and what was decided on the way, by slot of the page."""

    status: int
    path: str
    body: bytes
    decisions: Mapping[str, Decision]


async def render(app: ASGIApp, site: Site, guise: Guise, address: str) -> Rendered:
    """The page at ``address`` of ``app`` as ``guise`` would see it, redirects followed.

    The app may have shopwindow mounted or not: this site's decisions count, and what happens is
    kept nowhere. Raises what the app raises.
    """
    window = Shopwindow(site, store=MemoryStore(), keys=(secrets.token_bytes(32),))
    window.previews = _Always(guise)
    last: list[Visit] = []

    async def shop(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (visit := current()) is not None:
            last[:] = [visit]
        await app(scope, receive, send)

    # The outermost one does the work: what the app has mounted passes everything on.
    dressed = PersonalizationMiddleware(shop, window)

    async def previewed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            query = scope["query_string"] + b"&" + PARAMETER
            scope = {**scope, "query_string": query, "state": dict(state)}
        await dressed(scope, receive, send)

    async with window, lifespan(previewed) as state:
        transport = httpx.ASGITransport(app=previewed)
        async with httpx.AsyncClient(
            transport=transport,
            base_url="http://localhost",
            headers=_BROWSER,
            follow_redirects=True,
        ) as client:
            answer = await client.get(address)
    decisions = last[0].display.decisions if last else {}
    return Rendered(
        answer.status_code, answer.url.path, answer.content, dict(decisions)
    )


class _Always(Previews):
    """Opens every page through the same eyes."""

    def __init__(self, guise: Guise) -> None:
        self._guise = guise

    async def open(self, window: Shopwindow, arrival: Arrival) -> Guise:
        return self._guise

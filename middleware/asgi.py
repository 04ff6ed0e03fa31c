"""PersonalizationMiddleware: settings here, one :class:`Visit` per request."""

import os
from time import time
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import endpoints
from .context import Arrival
from .response import Response, leaving
from .routes import excluded
from .visit import Visit, _current
from .window import CustomerOf, Shopwindow

if TYPE_CHECKING:
    from .site import Site

_MARK = "shopwindow.visit"
# For a page they would bring bytes past us, or a part of an old page.
_CONDITIONAL = frozenset(
    (
        b"range",
        b"if-range",
        b"if-none-match",
        b"if-modified-since",
        b"if-match",
        b"if-unmodified-since",
    )
)
_BYPASSES = ("http.response.pathsend", "http.response.zerocopysend")


class PersonalizationMiddleware:
    """Wraps any ASGI app and tailors its pages.

    ``site`` is the editors' folder, or a :class:`Shopwindow` made of it. ``customer`` gets
    the scope and says who is logged in now; it is asked at the first slot of a page, after
    the app's own authentication. Raises :class:`SiteError` if the site cannot be used.
    """

    def __init__(
        self,
        app: ASGIApp,
        site: "str | os.PathLike[str] | Shopwindow | Site",
        *,
        customer: CustomerOf | None = None,
    ) -> None:
        self.app = app
        self.window = (
            site
            if isinstance(site, Shopwindow)
            else Shopwindow(site, customer=customer)
        )
        if customer is not None:
            self.window.customer = customer

    def __repr__(self) -> str:
        return f"<PersonalizationMiddleware {self.window!r}>"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if _MARK in scope:  # mounted twice: the outer one does the work
                await self.app(scope, receive, send)
            else:
                await self._request(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        window = self.window
        try:
            if not window.started:
                await window.start()
            visit = Visit(window, Arrival(scope, time()))
            inner, answering = self._prepare(scope, visit, send)
        except Exception as error:
            # Whatever fails in here, the page goes out with its own default content.
            window.warn(
                "request", "shopwindow failed on %s: %r", scope.get("path"), error
            )
            await self.app(scope, receive, send)
            return
        token = _current.set(visit)
        try:
            if visit.arrival.path.startswith(endpoints.PREFIX):
                await endpoints.answer(visit, receive, send)
            else:
                await self.app(inner, receive, answering)
        finally:
            _current.reset(token)
            visit.leave()

    def _prepare(self, scope: Scope, visit: Visit, send: Send) -> tuple[Scope, Send]:
        """The scope the app sees, and the ``send`` it answers to."""
        inner = dict(scope)
        inner[_MARK] = True
        state: dict[str, Any] | None = inner.get("state")
        if state is None:
            inner["state"] = {"shopwindow": visit}
        else:
            state["shopwindow"] = visit
        arrival = visit.arrival
        if not arrival.navigation or excluded(arrival.path, visit.site):
            visit.arrival.navigation = False
            return inner, _Plain(visit, send).send
        extensions = scope.get("extensions")
        if extensions and any(name in extensions for name in _BYPASSES):
            inner["extensions"] = {
                name: value
                for name, value in extensions.items()
                if name not in _BYPASSES
            }
        if not visit.window.routes.has_none(arrival.path):
            headers = scope["headers"]
            if any(name in _CONDITIONAL for name, _ in headers):
                inner["headers"] = [
                    pair for pair in headers if pair[0] not in _CONDITIONAL
                ]
        return inner, Response(visit, send).send

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Start and stop around the app's own lifespan."""

        async def receiving() -> Message:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.window.start()
            return message

        async def sending(message: Message) -> None:
            if message["type"] in (
                "lifespan.shutdown.complete",
                "lifespan.shutdown.failed",
            ):
                await self.window.stop()
            await send(message)

        await self.app(scope, receiving, sending)


class _Plain:
    """An answer that is not a page view: only cookies and stored events concern us."""

    __slots__ = ("_visit", "_send")

    def __init__(self, visit: Visit, send: Send) -> None:
        self._visit = visit
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message = await leaving(self._visit, message)
        await self._send(message)

"""Litestar: ``Litestar(plugins=[ShopwindowPlugin("personalization")])``.

Litestar builds its middleware once for every route, routes before any middleware, and keeps
its compressor and its cache of responses around the handlers. So one :class:`Shopwindow` is
shared by all routes and started with the app, our own addresses get a route, and the
compressor is moved to where it sees pages that are finished.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from litestar import Litestar, route
from litestar.config.app import AppConfig
from litestar.enums import HttpMethod
from litestar.exceptions import NotFoundException
from litestar.middleware import DefineMiddleware
from litestar.plugins import InitPluginProtocol
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from litestar.utils.scope.state import ScopeState

from .asgi import PersonalizationMiddleware
from .endpoints import PREFIX
from .lookup import CustomerOf
from .telemetry.timing import MayKnow
from .window import Shopwindow

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from .site import Site


class ShopwindowPlugin(InitPluginProtocol):
    """Tailors the pages of all routes of an app, 404s of unknown addresses excepted.

    Arguments and what is raised are those of :class:`PersonalizationMiddleware`, without ``cache``:
    Litestar has a middleware per route, and a POST to one would not drop what another keeps; wrap
    the whole app for that. Handlers find the visit as ``request.scope["state"]["shopwindow"]``, or
    by ``shopwindow.current()``.
    """

    def __init__(
        self,
        site: "str | os.PathLike[str] | Shopwindow | Site",
        *,
        customer: CustomerOf | None = None,
        timing: MayKnow = None,
        tracer: "Tracer | bool | None" = None,
    ) -> None:
        self.window = site if isinstance(site, Shopwindow) else Shopwindow(site)
        self._asked = {"customer": customer, "timing": timing, "tracer": tracer}

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Mount: called by Litestar while the app is made."""
        ours = DefineMiddleware(
            PersonalizationMiddleware,  # type: ignore[arg-type]  # it takes any ASGI app
            site=self.window,
            **self._asked,
        )
        app_config.middleware.insert(0, ours)
        compression = app_config.compression_config
        if compression is not None:
            # It would stand inside us, where it makes every page unreadable.
            outside = DefineMiddleware(compression.middleware_class, config=compression)
            app_config.middleware[:0] = [outside, _news]
            app_config.compression_config = None
        app_config.route_handlers.append(_answered_before)
        app_config.lifespan.insert(0, self._lifespan)
        return app_config

    @asynccontextmanager
    async def _lifespan(self, app: Litestar) -> AsyncIterator[None]:
        try:
            await self.window.start()
        except Exception as error:
            # The shop starts without us; the first request tries again.
            self.window.warn("start", "shopwindow cannot start: %r", error)
        try:
            yield
        finally:
            try:
                await self.window.stop()
            except Exception as error:
                # The shop stops all the same.
                self.window.warn("stop", "shopwindow cannot stop: %r", error)


def _news(app: ASGIApp) -> ASGIApp:
    """Between the compressor and us: what came out of Litestar's cache has been changed since.

    Else the compressor takes every part of it for a whole answer that it made itself.
    """

    async def fresh(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            ScopeState.from_scope(scope).is_cached = False
            await send(message)

        await app(scope, receive, sending)

    return fresh


@route(
    PREFIX + "{rest:path}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD, HttpMethod.POST],
    include_in_schema=False,
    sync_to_thread=False,
    # Consent is for visitors who are not logged in, too, and looks at Sec-Fetch-Site itself.
    opt={"exclude_from_auth": True, "exclude_from_csrf": True},
)
def _answered_before() -> None:
    """The middleware of this route answers; this is there so that the route exists."""
    raise NotFoundException

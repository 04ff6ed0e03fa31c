"""Django's ASGI application, with a lifespan that Django itself does not have."""

from starlette.types import Message, Receive, Scope, Send

from ..asgi import PersonalizationMiddleware


class PersonalizedDjango(PersonalizationMiddleware):
    """Wraps what ``get_asgi_application()`` returned; arguments as its base class.

    Views find the visit as ``request.scope["state"]["shopwindow"]``, or by
    ``shopwindow.current()``, also in synchronous views.
    """

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Start with the server and stop with it: Django raises when it hears of either."""
        starting_and_stopping = PersonalizationMiddleware(_silent, self.window)
        await starting_and_stopping._lifespan(scope, receive, send)


async def _silent(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that has nothing to start or to stop."""
    message: Message = {"type": ""}
    while message["type"] != "lifespan.shutdown":
        message = await receive()
        await send({"type": message["type"] + ".complete"})

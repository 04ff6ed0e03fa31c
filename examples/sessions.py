"""Starlette's session, whose answers say ``Vary: Cookie`` once.

Starlette appends the word without looking whether it is there already, and a page that
shopwindow has dressed says it, too.
"""

from starlette.datastructures import MutableHeaders
from starlette.middleware.sessions import SessionMiddleware
from starlette.types import Message, Receive, Scope, Send


class Sessions(SessionMiddleware):
    """To be mounted, and used, like :class:`SessionMiddleware`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if vary := headers.get("vary"):
                    names = [name.strip() for name in vary.split(",")]
                    headers["vary"] = ", ".join({n.lower(): n for n in names}.values())
            await send(message)

        await super().__call__(scope, receive, sending)

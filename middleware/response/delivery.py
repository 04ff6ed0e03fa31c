"""One answer on its way to the visitor: its start is held back, and its end counts."""

from starlette.types import Message, Receive, Send

from ..visit import Visit
from .headers import leaving


class Delivery:
    """The ``send`` of one page view, as far as all of them are alike.

    ``_start`` is the start while it is held, None once it has left; ``_step`` is what becomes
    of the next body message.
    """

    __slots__ = (
        *("_gone", "_html", "_receive", "_send"),
        *("_start", "_status", "_step", "_visit"),
    )

    def __init__(self, visit: Visit, send: Send, receive: Receive) -> None:
        self._visit = visit
        self._send = send
        self._receive = receive
        self._start: Message | None = None
        self._status = 0  # nothing has come from the app
        self._html = False
        self._gone = False  # the client was, before the end of the page
        self._step: Send = self._pass

    @property
    def broken_off(self) -> bool:
        """Whether the answer has begun and not ended: the app failed, or nobody was there any more."""
        return self._status != 0 and self._step is not self._send

    async def _release(self) -> None:
        """Send the held start, with the cookies that this answer changes."""
        start, self._start = self._start, None
        if start is not None:
            await self._send(await leaving(self._visit, start))

    async def _pass(self, message: Message) -> None:
        await self._send(message)
        if not message.get("more_body", False):
            self._finish()

    def _finish(self) -> None:
        """The last byte has left."""
        self._step = self._send
        if self._gone or self._visit.arrival.bot:
            return
        if self._status == 200 and self._html:
            try:
                self._visit.delivered()
            except Exception as error:
                # The page has left already; what is lost is one view.
                self._visit.window.warn(
                    "delivered", "counting a view failed: %r", error
                )

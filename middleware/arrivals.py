"""The remote fragments of one page: asked for together, and awaited within one deadline."""

import asyncio
from time import monotonic

from ..fragments.views import FragmentError
from ..rules.facts import Decision
from .remote import Content


class Arrivals:
    """What other servers were asked for a page.

    ``seconds`` is how long the page waits for all of them together. They come while it works
    and while the browser takes what is there; only what it waits for counts.
    """

    __slots__ = ("_left", "_of")

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._of: dict[str, tuple[Decision, Content | asyncio.Task[Content]]] = {}

    def asked(self, decision: Decision) -> bool:
        """Whether what this very decision shows was asked for."""
        known = self._of.get(decision.slot)
        return known is not None and known[0] is decision

    def put(self, decision: Decision, answer: Content | asyncio.Task[Content]) -> None:
        self._of[decision.slot] = (decision, answer)

    def waiting(self, slot: str) -> bool:
        """Whether the page would have to wait for ``slot``, and may."""
        _, answer = self._of[slot]
        return isinstance(answer, asyncio.Task) and not answer.done() and self._left > 0

    async def wait(self, slot: str) -> None:
        """Wait for ``slot``, as long as the page may."""
        _, answer = self._of[slot]
        if isinstance(answer, asyncio.Task) and not answer.done() and self._left > 0:
            began = monotonic()
            await asyncio.wait((answer,), timeout=self._left)
            self._left -= monotonic() - began

    def take(self, slot: str) -> bytes:
        """The HTML for ``slot`` in UTF-8, empty for nothing. Raises :class:`FragmentError`."""
        decision, answer = self._of[slot]
        if isinstance(answer, asyncio.Task):
            if not answer.done():
                answer = Content(reason="late", why="it did not come in time")
            elif answer.cancelled():
                answer = Content(reason="error", why="shopwindow is being stopped")
            else:
                answer = answer.result()
        if answer.reason:
            raise FragmentError(decision.fragment or "", answer.why, answer.reason)
        return answer.html

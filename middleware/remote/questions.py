"""The remote fragments of one page: asked for together, and awaited within one deadline."""

import asyncio
from typing import TYPE_CHECKING

from ...fragments.remote import Unshowable, in_charset
from ...fragments.views import FragmentError
from ...rules.facts import Decision
from . import Content, Remotes
from .deadline import Deadline

if TYPE_CHECKING:
    from ..site import Site


class Questions:
    """What other servers were asked for a page.

    They come while the page works and while the browser takes what is there; only what it waits
    for counts against its ``deadline``.
    """

    __slots__ = ("_deadline", "_of")

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._of: dict[str, tuple[Decision, Content | asyncio.Task[Content]]] = {}

    def asked(self, decision: Decision) -> bool:
        """Whether what this very decision shows was asked for."""
        known = self._of.get(decision.slot)
        return known is not None and known[0] is decision

    def ask(
        self, remotes: Remotes, site: "Site", decision: Decision, language: str
    ) -> None:
        """Ask for what ``decision`` shows. Raises :class:`FragmentError`: it has no address."""
        remote = site.remotes[decision.fragment or ""]
        address = site.renderer.address(
            remote, decision.parameters, language, things=decision.bound
        )
        allowed = site.settings.allowed_hosts
        answer = remotes.fetch(remote, address, language, allowed)
        self._of[decision.slot] = (decision, answer)

    def waiting(self, slot: str) -> bool:
        """Whether the page would have to wait for ``slot``, and may."""
        _, answer = self._of[slot]
        return isinstance(answer, asyncio.Task) and self._deadline.waits_for((answer,))

    async def wait(self, slot: str) -> None:
        """Wait for ``slot``, as long as the page may."""
        _, answer = self._of[slot]
        if isinstance(answer, asyncio.Task):
            await self._deadline.wait((answer,))

    def take(self, slot: str, charset: str = "utf-8") -> bytes | None:
        """The HTML for ``slot``, None for nothing to show. Raises :class:`FragmentError`."""
        decision, answer = self._of[slot]
        fragment = decision.fragment or ""
        if isinstance(answer, asyncio.Task):
            if not answer.done():
                answer = Content(reason="late", why="it did not come in time")
            elif answer.cancelled():
                answer = Content(reason="error", why="shopwindow is being stopped")
            else:
                answer = answer.result()
        if answer.reason:
            raise FragmentError(fragment, answer.why, answer.reason)
        try:
            return in_charset(answer.html, charset) or None
        except Unshowable as error:
            raise FragmentError(fragment, str(error), "unsupported") from None

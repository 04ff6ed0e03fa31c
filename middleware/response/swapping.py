"""A page with slots leaving: what stands before the first one never waits for an answer."""

from typing import Protocol

from ...fragments.rewrite import Hole, Kept, Piece, inside
from ..decisionids import without_decision
from ..remote.arriving import arriving
from .delivery import Delivery
from .start import with_length
from .validators import revalidated


class Source(Protocol):
    """What the page is made of."""

    @property
    def charset(self) -> str:
        """Its encoding, empty if nothing can be written in it."""

    @property
    def length(self) -> int:
        """Its bytes, as the app made them."""


class Swapping(Delivery):
    """Sends the pieces of a page, each slot with what it shows to this visitor."""

    __slots__ = ("_source",)

    _source: Source  # set once it is known that the answer is a page

    async def _swap(self, pieces: list[Piece], more: bool) -> None:
        """Send the pieces; what stands before the first slot never waits for an answer."""
        first = next((n for n, p in enumerate(pieces) if isinstance(p, Hole)), -1)
        kept = not more and self._start is not None and self._may_be_kept()
        if first >= 0 and not self._default_only() and not self._ready():
            if not kept:  # else its tag depends on the last byte
                await self._leave(self._filled(pieces[:first]))
                pieces = pieces[first:]
            await self._settle()
        if first >= 0 and self._visit.site.asks and not self._default_only():
            leave = None if kept else self._leave
            parts = await arriving(self._visit, pieces, self._filled, leave)
        else:
            parts = self._filled(pieces)
        body = b"".join(parts)
        if self._start is not None:
            head_only = self._visit.arrival.scope["method"] == "HEAD"
            if kept and self._revalidate(body):
                head_only, body = True, b""  # the browser has it
            self._set_length(None if more or head_only else len(body))
            await self._release()
        if body or not more:
            await self._send(
                {"type": "http.response.body", "body": body, "more_body": more}
            )
        if not more:
            self._finish()

    def _default_only(self) -> bool:
        return self._status != 200 or not self._html or self._visit.arrival.bot

    def _filled(self, pieces: list[Piece]) -> list[bytes]:
        """The bytes of ``pieces``, each slot with what it shows to this visitor."""
        visit = self._visit
        out: list[bytes] = []
        for piece in pieces:
            if isinstance(piece, bytes):
                out.append(piece)
                continue
            content = None
            try:
                if isinstance(piece, Kept):
                    visit.display.kept(piece.slot, piece.reason)
                elif not self._default_only():
                    if charset := self._source.charset:
                        content = visit.display.fill(piece, charset)
                    else:
                        visit.display.kept(piece.slot, "encoding")
            except Exception as error:
                # Our own fault, whatever it is: this slot keeps its default content.
                visit.display.failed(piece.slot, error)
            if content is not None:
                out.append(content)
            elif isinstance(piece, Hole):
                out += self._filled(inside(piece))
        return out

    # -- waiting for what is known about the visitor ---------------------------------------

    def _ready(self) -> bool:
        try:
            return self._visit.collect()
        except Exception as error:
            # Our own fault, whatever it is: decisions then fail one by one, to their defaults.
            self._visit.window.warn("visit", "looking up a visitor failed: %r", error)
            return True

    async def _settle(self) -> None:
        try:
            await self._visit.settle()
        except Exception as error:
            # As in _ready.
            self._visit.window.warn("visit", "looking up a visitor failed: %r", error)

    async def _leave(self, parts: list[bytes]) -> None:
        """Send what is there: the page has to wait for what follows."""
        if self._start is not None:
            self._set_length(None)
            await self._release()
        if head := b"".join(parts):
            await self._send(
                {"type": "http.response.body", "body": head, "more_body": True}
            )

    # -- its headers -----------------------------------------------------------------------

    def _set_length(self, length: int | None) -> None:
        assert self._start is not None
        self._start = with_length(self._start, length)

    def _may_be_kept(self) -> bool:
        """Whether the browser may keep the page, if it asks each time."""
        visit = self._visit
        if not visit.site.settings.revalidate or self._status != 200 or not self._html:
            return False
        # What changes an id, and what a handler decided, is for this moment.
        return not (visit.cookies or visit.decided)

    def _revalidate(self, body: bytes) -> bool:
        """Make the headers those of a page that may be kept; whether the browser has it."""
        assert self._start is not None
        try:
            asked = self._visit.arrival.headers.get(b"if-none-match", b"")
            # The answer to a HEAD may be without the page.
            page = None
            if self._source.length:
                page = without_decision(body, self._visit.display.exposed.id)
            self._start, has = revalidated(self._start, page, asked)
        except Exception as error:
            # Our own fault, whatever it is: the page leaves, and nobody keeps it.
            self._visit.window.warn("validators", "making a tag failed: %r", error)
            return False
        return has

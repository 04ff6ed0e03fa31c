"""A page as it comes from the app: fed to the rewriter, message by message."""

from typing import TYPE_CHECKING

from starlette.types import Message

from ...fragments.blocks import cut
from ...fragments.rewrite import Piece, Rewriter
from ..visit import Visit
from .charsets import HEAD, charset_in
from .unsent import Unsent

if TYPE_CHECKING:
    from ...fragments.selectors import Selecting


class Feed:
    """What has come of one page. ``found``: a slot is in it; ``length``: bytes of it so far."""

    __slots__ = (
        *("found", "length", "_charset", "_head"),
        *("_rewriter", "_unsent", "_visit"),
    )

    def __init__(self, visit: Visit, charset: str | None) -> None:
        """``charset``: what the page's header names; None: nothing."""
        self._visit = visit
        self.found = False
        self.length = 0
        self._charset = charset
        self._head = b""  # the beginning of a page that has to say these things itself
        # Not for the most frequent pages.
        self._rewriter: Rewriter | Selecting | None = None
        self._unsent: Unsent | None = None

    @property
    def charset(self) -> str:
        """The encoding of the page, empty if nothing can be written in it."""
        if self._charset is None:
            self._charset = charset_in(self._head)
        return self._charset

    def take(self, message: Message) -> list[Piece]:
        """What the rewriter makes of the next body message."""
        body, more = message.get("body", b""), message.get("more_body", False)
        if not isinstance(body, bytes):
            body = bytes(body)
        visit = self._visit
        if self.length < HEAD and (self._charset is None or visit.polyglot):
            self._head += body[: HEAD - self.length]
            if visit.polyglot:
                visit.listen(self._head)
        whole = not more and not self.length  # all in one message
        self.length += len(body)
        site, marker = visit.site, visit.window.marker
        if whole and site.selectors is None:
            simple = cut(body, site.names, marker)
            if simple is not None:
                self.found = len(simple) > 1
                return simple
            scanner = visit.window.familiar.scanner(visit.arrival.path, body)
            self._rewriter = Rewriter(site.names, marker, scanner=scanner)
        elif self._rewriter is None:
            history = visit.window.recurring.history(visit.arrival.path)
            self._rewriter = Rewriter(site.names, marker, history=history)
            if site.selectors is not None:
                self._rewriter = site.selectors.over(self._rewriter, self.charset)
        rewriter = self._rewriter
        if not whole:
            if self._unsent is None:
                self._unsent = Unsent(marker)
            self._unsent.fed(body)
        pieces = rewriter.feed(body)
        if not more:
            pieces += rewriter.close()
        self.found = rewriter.found
        if self._unsent is not None:
            self._unsent.came(pieces)
        return pieces

    @property
    def held(self) -> int:
        """Bytes of a page in several messages that the rewriter has not given back."""
        return 0 if self._unsent is None else self._unsent.left

    def rest(self) -> bytes | None:
        """What it has not given back, for when it fails; None: the page came in one message."""
        return None if self._unsent is None else self._unsent.rest()

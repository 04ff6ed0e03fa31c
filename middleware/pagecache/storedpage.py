"""A page as everybody sees it, cut at its slots and kept for the next visitors."""

from typing import TYPE_CHECKING

from ...fragments.blocks import cut
from ...fragments.rewrite import Hole, Piece, Rewriter
from ...fragments.slots import Marker, SlotNames
from ..context import LANG
from ..response.charsets import HEAD
from ..response.headers import private
from .storable import Lifetime

if TYPE_CHECKING:
    from ...fragments.selectors import Selecting, Selectors

OVERHEAD = 2_000  # bytes that a page costs besides its content, about
RETRY = 1.0  # seconds after a failure until the app is asked again

Headers = list[tuple[bytes, bytes]]


class StoredPage:
    """One answer of the app, kept. Times are of the monotonic clock, sizes in bytes.

    ``pieces`` are what a rewriter makes of it; a page without ``slots`` has its whole
    ``body`` instead. ``length`` is that of what the app sent, ``head`` the part of it that says
    its language.
    """

    __slots__ = (
        "body",
        "born",
        "charset",
        "dressed",
        "error_until",
        "fresh_until",
        "head",
        "headers",
        "length",
        "names",
        "pieces",
        "retry_at",
        "selectors",
        "size",
        "slots",
        "stale_until",
    )

    def __init__(
        self,
        headers: Headers,
        body: bytes,
        charset: str,
        names: SlotNames,
        marker: Marker,
        selectors: "Selectors | None" = None,
        *,
        marked: bool = False,
    ) -> None:
        """``marked``: the page has slots, even if none is found in it."""
        self.headers = headers
        self.charset = charset
        self.names = names
        self.selectors = selectors
        self.length = len(body)
        said = LANG.search(body, 0, HEAD)
        self.head = said[0] if said else b""
        self.body = b""
        pieces = cut(body, names, marker) if selectors is None else None
        self.slots = marked or pieces is not None and len(pieces) > 1
        if pieces is None:
            plain = Rewriter(names, marker)
            rewriter: Rewriter | Selecting = plain
            if selectors is not None:
                rewriter = selectors.over(plain, charset)
            pieces = rewriter.feed(body) + rewriter.close()
            self.slots = self.slots or rewriter.found
        self.dressed: Headers = []
        if self.slots:
            self.pieces = pieces
            self.dressed = private(headers)
        else:
            self.pieces = []
            # Without stray marks of template blocks.
            self.body = b"".join(piece for piece in pieces if isinstance(piece, bytes))
            if len(self.body) != len(body):
                self.headers = [
                    (n, b"%d" % len(self.body) if n.lower() == b"content-length" else v)
                    for n, v in headers
                ]
        written = sum(len(n) + len(v) + 100 for n, v in (*headers, *self.dressed))
        content = len(self.body) + sum(map(_size, self.pieces))
        self.size = content + written + len(self.head) + OVERHEAD
        self.born = self.fresh_until = self.stale_until = self.error_until = 0.0
        self.retry_at = 0.0

    def live(self, lifetime: Lifetime, age: float, now: float) -> None:
        """From ``now`` on it is kept, ``age`` seconds old already."""
        self.born = now - age
        self.fresh_until = now + lifetime.fresh
        self.stale_until = self.fresh_until + lifetime.stale
        self.error_until = self.fresh_until + lifetime.error

    def failed(self, now: float) -> None:
        """The app has failed to make it anew: it is not asked again at once."""
        self.retry_at = now + RETRY

    def usable(self, now: float) -> bool:
        """Whether visitors may get it without the app being asked first."""
        if now < self.fresh_until or now < self.stale_until:
            return True
        return now < self.retry_at and now < self.error_until

    def due(self, now: float) -> bool:
        """Whether another one should be fetched meanwhile."""
        return now >= self.fresh_until and now >= self.retry_at

    def fits(self, names: SlotNames, selectors: "Selectors | None") -> bool:
        """Whether it is cut as a site with these slots wants it."""
        if self.names is names and self.selectors is selectors:
            return True
        if self.names.by_bytes != names.by_bytes or self.names.search != names.search:
            return False
        if self.selectors != selectors:
            return False
        self.names, self.selectors = names, selectors  # editors have saved other things
        return True

    def aged(self, age: int) -> Headers:
        """The app's headers, and how old the answer is."""
        return [*self.headers, (b"age", b"%d" % age)]


def _size(piece: Piece) -> int:
    if isinstance(piece, bytes):
        return len(piece) + 50
    if isinstance(piece, Hole):
        return len(piece.default) + sum(map(_size, piece.within)) + 200
    return 200

"""The part of a page that went into the rewriter and has not come out."""

from collections.abc import Sequence

from ...fragments.rewrite import Hole, Piece
from ...fragments.slots import SIGN, Marker


class Unsent:
    """Keeps a streamed page's own bytes until they have left, so that a fault loses none of them."""

    __slots__ = ("_chunks", "_due", "_marker", "_out", "_size")

    def __init__(self, marker: Marker) -> None:
        self._marker = marker
        self._chunks: list[bytes] = []
        self._size = 0  # bytes of them
        self._out = 0  # of these came out, template block comments not counted
        self._due = 0  # when so many bytes are kept, it is time to look what is left

    def fed(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._size += len(chunk)

    def came(self, pieces: Sequence[Piece]) -> None:
        """The rewriter gave ``pieces``; a hole stands for its default content."""
        for piece in pieces:
            if isinstance(piece, bytes):
                self._out += len(piece)
            elif isinstance(piece, Hole):
                self._out += len(piece.default)
        # Joining costs: it is done whenever twice as much is kept as the last time.
        if self._size >= self._due and pieces and self._out:
            rest = self.rest()
            self._chunks = [rest] if rest else []
            self._size, self._out = len(rest), 0
            self._due = 2 * len(rest)

    @property
    def left(self) -> int:
        """About as many bytes are left to send."""
        return max(0, self._size - self._out)

    def rest(self) -> bytes:
        """What is left to send."""
        return self._without_markers(b"".join(self._chunks))[self._out :]

    def _without_markers(self, page: bytes) -> bytes:
        out: list[bytes] = []
        at = 0
        sign = page.find(SIGN)
        while sign >= 0:
            begin = sign - 4  # a marker's sign stands behind <!--
            mark = self._marker.match(page, begin) if begin >= at else None
            if mark is not None:
                out.append(page[at:begin])
                at = mark.end()
            sign = page.find(SIGN, max(at, sign + 1))
        return b"".join((*out, page[at:])) if out else page

"""What of a page went by without a literal: its scanner reads it when the next literal comes."""

from collections.abc import Iterator

HISTORY = 1_048_576  # bytes of a page without a literal that the scanner goes through
KEPT = 57_344  # bytes of them that are kept for it, besides the last chunk
OVERHEAD = 48  # bytes that Python needs for each of them


class History:
    """Bytes of one page that its scanner has not read.

    ``size``: how many. ``kept``: the memory that they take for this page alone. ``recurs``: some may be those of an
    earlier page.
    """

    __slots__ = ("_parts", "kept", "recurs", "size")

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.kept = 0
        self.recurs = False
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._parts)

    def recall(self, data: bytes) -> bool:
        """Add ``data`` if that is known to be without a literal, and without a template block comment; else False."""
        return False

    def add(self, data: bytes) -> None:
        """``data`` is without a literal, and without a template block comment."""
        self._parts.append(data)
        self.kept += len(data) + OVERHEAD
        self.size += len(data)

    def clear(self) -> None:
        """The scanner has read them, or never will."""
        self._parts.clear()
        self.kept = self.size = 0

    def end(self, plain: bool) -> None:
        """The page has come to its end; ``plain``: without a literal."""

"""Chunks that the pages of an address have in common, held once for all the answers that stream them.

A shop's pages come from templates: most chunks of a streamed page are those of the last page
of its address, byte for byte. Until a literal turns up nobody has to read them, but then all of
them are needed. So the history of a page refers to the remembered chunk wherever it is equal,
and keeps a chunk of its own only where it is not.

Nothing of a remembered page reaches another one: what is referred to is equal, and only
scanned. Of pages with a literal nothing is remembered: they are read anyway. What is not in the
next page of its address is forgotten with that one, and all of it when the room is needed for
another address.
"""

import sys

from cachetools import LRUCache

from .history import HISTORY, History

LONGEST = 512  # characters of an address
ADDRESSES = 4_096  # that are remembered at most
ROOM = 8 * 1024 * 1024  # bytes of chunks
ALONE = 28_672  # bytes at which a page begins to look: shorter ones are neither compared nor remembered
SMALLEST, LARGEST = 256, 65_536  # bytes of a chunk that is remembered
PORTION = 32_768  # bytes at which a page adds no more to what is remembered: it holds them as long as it is on its way
AHEAD = 8  # remembered chunks among which the next one is looked for
OVERHEAD = 160  # bytes that a chunk takes besides its text
NEVER = sys.maxsize
REFERENCE = 16  # bytes that a page needs to refer to it


class Room:
    """``used``: bytes of all chunks that anybody refers to."""

    __slots__ = ("used",)

    def __init__(self) -> None:
        self.used = 0


class Chunk:
    """Consecutive bytes of a page; they take their room until nobody refers to them."""

    __slots__ = ("_room", "text")

    def __init__(self, text: bytes, room: Room) -> None:
        self.text = text
        self._room = room
        room.used += len(text) + OVERHEAD

    def __del__(self) -> None:
        self._room.used -= len(self.text) + OVERHEAD


class Page:
    """The chunks of the last page of an address; the next one brings them up to date as it goes by."""

    __slots__ = ("chunks", "_size")

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []
        self._size = 0  # bytes of them

    def insert(self, at: int, chunk: Chunk) -> None:
        self.chunks.insert(at, chunk)
        self._size += len(chunk.text)
        while self._size > HISTORY:  # of several pages that go by at the same time
            self.cut(len(self.chunks) - 1)

    def cut(self, begin: int, end: int | None = None) -> None:
        """These are not in the page that goes by."""
        self._size -= sum(len(chunk.text) for chunk in self.chunks[begin:end])
        del self.chunks[begin:end]


class Recurring:
    """The chunks of the last page of addresses that were streamed more than once, without a literal.

    ``room``: the most bytes that they take, with those that only answers on their way refer to.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._pages: LRUCache[str, Page] = LRUCache(ADDRESSES)
        self._room = Room()
        self._most = room

    def __repr__(self) -> str:
        return f"<Recurring {len(self._pages)} pages, {self._room.used} bytes>"

    def history(self, address: str) -> History:
        """For the :class:`Rewriter` of a page of this address that comes in chunks."""
        return _Shared(self, address) if len(address) <= LONGEST else History()

    def page(self, address: str) -> Page | None:
        """The last page of the address; None: not known."""
        return self._pages.get(address)

    def expect(self, address: str) -> None:
        """The address may be asked for again: most are so once in a long while, and remembering takes room."""
        self._pages.setdefault(address, Page())

    def forget(self, address: str) -> None:
        """Its pages are scanned anyway."""
        self._pages.pop(address, None)

    def chunk(self, text: bytes) -> Chunk | None:
        """To be remembered; None: there is no room."""
        most = self._most - len(text) - OVERHEAD
        if most < 0:
            return None
        while self._room.used > most and self._pages:
            self._pages.popitem()
        return None if self._room.used > most else Chunk(text, self._room)


class _Shared(History):
    """Refers to remembered chunks where it can."""

    __slots__ = (
        *("_added", "_address", "_alone", "_begun", "_chunks"),
        *("_next", "_page", "_recurring"),
    )

    def __init__(self, recurring: Recurring, address: str) -> None:
        super().__init__()
        self._recurring = recurring
        self._address = address
        self._begun = False
        self._alone = ALONE
        self._added = 0  # bytes that this page lets others remember, and that it counts as its own
        self._page = Page()
        self._next = 0  # of the page's chunks
        self._chunks: list[Chunk] = []  # so that they count as long as they are here

    def recall(self, data: bytes) -> bool:
        page, at = self._page, self._next
        for skipped, chunk in enumerate(page.chunks[at : at + AHEAD]):
            if chunk.text == data:
                if skipped:
                    page.cut(at, at + skipped)
                self._next = at + 1
                self._parts.append(chunk.text)
                self._chunks.append(chunk)
                self.kept += REFERENCE
                self.size += len(data)
                return True
        return False

    def add(self, data: bytes) -> None:
        # Not for pages that come in one piece: nothing of them is read anyway.
        if not self.recurs and self._begun and self.kept + len(data) > self._alone:
            page = self._recurring.page(self._address)
            if page is None:
                self._alone = NEVER
            else:
                self._page, self.recurs = page, True
        self._begun = True
        if not self.recurs or not SMALLEST <= len(data) <= LARGEST:
            super().add(data)
        elif not self.recall(data):
            super().add(data)
            if self._added < PORTION and (chunk := self._recurring.chunk(data)):
                self._page.insert(self._next, chunk)
                self._next += 1
                self._added += len(data)

    def clear(self) -> None:
        super().clear()
        self._chunks.clear()
        self.kept = self._added

    def end(self, plain: bool) -> None:
        if not plain:
            self._recurring.forget(self._address)
        elif self.recurs:
            self._page.cut(self._next)
        elif self._alone == NEVER:
            self._recurring.expect(self._address)

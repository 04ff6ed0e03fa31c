"""The room that a page cache has, and what stands where in it."""

from cachetools import LRUCache

from .addresses import Address, Values
from .storedpage import OVERHEAD, StoredPage

PASSING = 30.0  # seconds in which a page that cannot be kept is not tried again
SHARE = 8  # a page takes at most this part of the room
VARIANTS = 64  # pages of one address, by what Vary names


class Shelf:
    """All that is known of one address: its pages, or that there are none.

    ``names`` are the request headers that its last answer depended on, ``passing`` the moment
    until which none is tried to be kept, ``wanted`` says that an answer has asked for it.
    """

    __slots__ = ("names", "pages", "passing", "wanted", "_address")

    def __init__(self, address: Address) -> None:
        self._address = address.size
        self.names: tuple[bytes, ...] = ()
        self.pages: dict[Values, StoredPage] = {}
        self.passing = 0.0
        self.wanted = False

    @property
    def size(self) -> int:
        values = sum(len(one or b"") for said in self.pages for one in said)
        pages = sum(page.size for page in self.pages.values())
        return OVERHEAD + self._address + values + pages


class Shelves:
    """At most ``room`` bytes of pages; those that nobody has asked for longest go first."""

    def __init__(self, room: int) -> None:
        self._shelves: LRUCache[Address, Shelf] = LRUCache(
            max(1, room), getsizeof=lambda shelf: shelf.size
        )
        self.largest = room // SHARE
        self.get = self._shelves.get

    def __len__(self) -> int:
        return sum(len(shelf.pages) for shelf in self._shelves.values())

    @property
    def size(self) -> int:
        """The bytes that are kept."""
        return int(self._shelves.currsize)

    def keep(
        self,
        address: Address,
        names: tuple[bytes, ...],
        values: Values,
        page: StoredPage,
    ) -> None:
        """Keep ``page`` for requests that say ``values`` in the headers ``names``."""
        before = self._shelves.get(address)
        shelf = before
        if shelf is None or shelf.names != names:
            shelf = Shelf(address)
            shelf.names = names
            shelf.wanted = before is not None and before.wanted
        shelf.passing = 0.0
        shelf.pages.pop(values, None)
        shelf.pages[values] = page
        while len(shelf.pages) > VARIANTS or (
            shelf.pages and shelf.size > 2 * self.largest
        ):
            del shelf.pages[next(iter(shelf.pages))]  # the oldest
        self._put(address, shelf)

    def give_up(self, address: Address, now: float) -> None:
        """Its page cannot be kept: it is not tried again for a while."""
        shelf = Shelf(address)
        shelf.passing = now + PASSING
        self._put(address, shelf)

    def want(self, address: Address) -> None:
        """An answer has asked to be kept."""
        shelf = self._shelves.get(address) or Shelf(address)
        if not shelf.wanted:
            shelf.wanted = True
            self._put(address, shelf)

    def drop(self, address: Address) -> None:
        self._shelves.pop(address, None)

    def _put(self, address: Address, shelf: Shelf) -> None:
        if shelf.size <= self._shelves.maxsize:
            self._shelves[address] = shelf

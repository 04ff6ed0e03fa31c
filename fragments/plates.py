"""What a fragment's place on the page takes: bytes, and the visitor's own cards between them."""

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

from .library import Version
from .parameters import Things
from .recommendations.reasons import Reason

# Counted for each kept value besides its bytes: key, tuple, table entry.
OVERHEAD = 300
#: The longest shelf that a plate keeps whole, in bytes.
WHOLE = 8192


class Deck:
    """The cards of one card fragment, in one language and encoding.

    ``ready`` holds the finished ones by product id, or by product id and reason where the
    card tells the reason (``reasoned``).
    """

    __slots__ = ("charset", "language", "ready", "reasoned", "version")

    def __init__(self, version: Version, language: str, charset: str) -> None:
        self.version = version
        self.language = language
        self.charset = charset
        self.reasoned = version.mentions.reason
        self.ready: dict[str | tuple[str, Reason], bytes] = {}


class Cards:
    """All decks, and together at most ``limit`` bytes of cards in them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._decks: dict[tuple[str, ...], Deck] = {}
        #: The cards in the order in which they were made.
        self.kept: dict[tuple[Deck, str | tuple[str, Reason]], bytes] = {}
        self._lock = Lock()

    def deck(self, version: Version, shelf: str, language: str, charset: str) -> Deck:
        """The deck of one fragment; ``shelf`` where cards differ from shelf to shelf."""
        key = (version.fragment, shelf, language, charset)
        with self._lock:
            deck = self._decks.get(key)
            if deck is None:
                deck = self._decks[key] = Deck(version, language, charset)
            return deck

    def put(self, deck: Deck, key: str | tuple[str, Reason], card: bytes) -> None:
        size = len(card) + OVERHEAD
        with self._lock:
            # First in, first out: a card that is still wanted is soon made again.
            while self.kept and self._size + size > self._limit:
                oldest = next(iter(self.kept))
                self._size -= len(self.kept.pop(oldest)) + OVERHEAD
                del oldest[0].ready[oldest[1]]
            if size <= self._limit and (deck, key) not in self.kept:
                self.kept[deck, key] = deck.ready[key] = card
                self._size += size


#: Bytes, or bytes and the cards that stand between them.
Rendered = bytes | tuple[bytes | Deck, ...]


def size(rendered: Rendered) -> int:
    """The bytes that keeping it costs, the cards not included."""
    if isinstance(rendered, bytes):
        return len(rendered) + OVERHEAD
    return sum(len(p) if isinstance(p, bytes) else 100 for p in rendered) + OVERHEAD


class Plate:
    """One fragment with its parameters, in one language and encoding, ready to be served.

    ``content`` is what all visitors see, if that is the same; None: the fragment has
    product cards, or mentions the visitor (``personal``).
    """

    __slots__ = (
        "charset",
        "content",
        "language",
        "parameters",
        "personal",
        "rendered",
        "things",
        "version",
        "whole",
    )

    def __init__(
        self,
        version: Version,
        parameters: Mapping[str, Any],
        things: Things,
        language: str,
        charset: str,
        personal: bool,
        rendered: Rendered | None,
    ) -> None:
        """``rendered`` is None where it depends on the visitor or on the items' names."""
        self.version = version
        self.parameters = parameters
        self.things = things
        self.language = language
        self.charset = charset
        self.personal = personal
        self.rendered = rendered
        self.content = rendered if isinstance(rendered, bytes) else None
        #: The shelf as it was served last, for these very ids and reasons: most visitors
        #: of a shop see the same "trending" one.
        self.whole: tuple[Sequence[str], Sequence[Reason], bytes] = ((), (), b"")

    @property
    def size(self) -> int:
        """The bytes that keeping it costs at most, the cards not included."""
        rendered = self.rendered
        if rendered is None:
            return OVERHEAD
        return OVERHEAD + size(rendered) + (WHOLE if self.content is None else 0)

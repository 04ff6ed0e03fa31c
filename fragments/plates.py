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


class Pieces(tuple[bytes, ...]):
    """Bytes in pieces, cut where links that count begin: what goes there is the page's."""

    __slots__ = ()


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
        self.ready: dict[str | tuple[str, Reason], Pieces] = {}


class Cards:
    """All decks, and together at most ``limit`` bytes of cards in them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._decks: dict[tuple[str, ...], Deck] = {}
        #: The cards in the order in which they were made.
        self.kept: dict[tuple[Deck, str | tuple[str, Reason]], Pieces] = {}
        self._lock = Lock()

    def deck(self, version: Version, shelf: str, language: str, charset: str) -> Deck:
        """The deck of one fragment; ``shelf`` where cards differ from shelf to shelf."""
        key = (version.fragment, shelf, language, charset)
        with self._lock:
            deck = self._decks.get(key)
            if deck is None:
                deck = self._decks[key] = Deck(version, language, charset)
            return deck

    def put(self, deck: Deck, key: str | tuple[str, Reason], card: Pieces) -> None:
        cost = size(card)
        with self._lock:
            # First in, first out: a card that is still wanted is soon made again.
            while self.kept and self._size + cost > self._limit:
                oldest = next(iter(self.kept))
                self._size -= size(self.kept.pop(oldest))
                del oldest[0].ready[oldest[1]]
            if cost <= self._limit and (deck, key) not in self.kept:
                self.kept[deck, key] = deck.ready[key] = card
                self._size += cost


#: What a template made, or that and the cards that stand between it.
Rendered = Pieces | tuple[Pieces | Deck, ...]


def size(rendered: Rendered) -> int:
    """The bytes that keeping it costs, the cards not included."""
    return sum(_length(piece) for piece in rendered) + OVERHEAD


def _length(piece: bytes | Pieces | Deck) -> int:
    if isinstance(piece, Deck):
        return 100
    return len(piece) if isinstance(piece, bytes) else sum(map(len, piece)) + 100


class Whole:
    """A shelf that was joined: with these very ``ids`` and ``reasons`` it is ``content``."""

    __slots__ = ("content", "ids", "pieces", "reasons")

    def __init__(
        self, ids: Sequence[str], reasons: Sequence[Reason], content: bytes
    ) -> None:
        self.ids = ids
        self.reasons = reasons
        self.content = content
        self.pieces: Pieces | None = None  # until somebody has asked for them

    def cut(self, lead: bytes) -> Pieces:
        """The content, cut where links begin with ``lead``, which is always the same."""
        pieces = self.pieces
        if pieces is None:
            pieces = self.pieces = Pieces(self.content.split(lead))
        return pieces


class Plate:
    """One fragment with its parameters, in one language and encoding, ready to be served.

    ``content`` is what all visitors see, if that is the same, and ``pieces`` that cut where its
    links begin; None: the fragment has product cards, or mentions the visitor (``personal``).
    """

    __slots__ = (
        "charset",
        "content",
        "language",
        "parameters",
        "personal",
        "pieces",
        "rendered",
        "seen",
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
        content: bytes | None,
    ) -> None:
        """``rendered`` is None where it depends on the visitor or on the items' names."""
        self.version = version
        self.parameters = parameters
        self.things = things
        self.language = language
        self.charset = charset
        self.personal = personal
        self.rendered = rendered
        self.content = content
        self.pieces = rendered if isinstance(rendered, Pieces) else None
        #: The shelf as it was served last, for these very ids and reasons: most visitors
        #: of a shop see the same "trending" one.
        self.whole: Whole | None = None
        #: The ids that it was served with last, if they were a tuple.
        self.seen: tuple[str, ...] | None = None

    @property
    def size(self) -> int:
        """The bytes that keeping it costs at most, the cards not included."""
        rendered = self.rendered
        if rendered is None:
            return OVERHEAD
        # Twice: as it is, and in pieces.
        whole = 2 * WHOLE if self.content is None else len(self.content)
        return OVERHEAD + size(rendered) + whole

"""Everything that a shelf may hold now, by number, as look-ups that are made once."""

from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from ..catalog import Catalog
from ..items import Item
from .caps import FEW_CATEGORIES, USUAL, CategoryCap
from .content import Overlap
from .model import Model, article_key, kind_and_id
from .reasons import Reason
from .recommender import parameters
from .rows import Kept
from .scoring import Parameters

if TYPE_CHECKING:
    from .selection import Selection

#: Filters that one shop's rules ask for: so many are kept, and of large shops fewer.
FILTERS_KEPT = 200
_BYTES_KEPT = 32_000_000
_NUMBERS_KEPT = 50_000
_NOTHING = -1
_LARGE = 100_000  # items
_FEW = 8  # one of so many items of a model is offered, at most: then a list is a waste

#: What products must have: a dimension (category, brand, tag, kind) and its keys; or price or stock
#: and bounds, as ``("at-most", 50.0)``.
Filter = Mapping[str, Sequence[Any]]


class Wish(Protocol):
    """What a rule asks for, as ``shopwindow.rules.facts.Recommend`` says it."""

    @property
    def strategies(self) -> Sequence[str]: ...
    @property
    def limit(self) -> int: ...
    @property
    def only(self) -> Filter: ...
    @property
    def excluded(self) -> Filter: ...
    @property
    def pinned(self) -> Sequence[str]: ...
    @property
    def boosted(self) -> Filter: ...
    @property
    def buried(self) -> Filter: ...
    @property
    def discovery(self) -> float: ...
    @property
    def minimum_score(self) -> float: ...


class _Offered(dict[int, str | None]):
    """The keys of few among many."""

    def __missing__(self, number: int) -> None:
        return None


#: Keys by number, None where nothing is offered; a list, or a dictionary where it would be empty.
Ids = list[str | None] | _Offered


class Assortment:
    """The products in stock and the articles of one catalogue, as a model numbers them.

    An item's number is the model's; those that it does not know come after its own. ``ids`` are
    their keys (an article's as :func:`.model.article_key` makes it), None where the shop does not
    offer what the model knows. ``shares`` say how popular each is, 0 to 1. Made in the
    background, then only read, by many threads.
    """

    def __init__(
        self,
        catalog: Catalog,
        scores: Mapping[str, float] | None = None,
        model: Model | None = None,
        cap: CategoryCap = USUAL,
    ) -> None:
        """``scores`` maps product ids to anything that grows with popularity, for example
        weighted events of the last days; without any, the model's are taken. Equal ones:
        newest product first.
        """
        self.catalog = catalog
        self.model = model
        self.parameters = parameters(model) if model is not None else Parameters()
        size = model.size if model is not None else 0
        self.size = size  # of what the model knows, and of what it does not
        offered = len(catalog.newest) + len(catalog.articles)
        few = offered < size // _FEW
        self.ids: Ids = _Offered() if few else [None] * (size + offered)
        self._beyond: dict[str, int] = {}  # what the model does not know
        self._numbers: dict[str, int] = {}  # the others, as they are asked for
        self.newest = array("i", map(self._offer, catalog.newest))
        self.articles = array(
            "i", (self._offer(article_key(id)) for id in catalog.articles)
        )
        self._group_of: dict[str, int] = {}
        self.groups = array("h" if offered < 2**15 else "i", [_NOTHING]) * self.size
        self.categories: list[str] = []
        for number in (*self.newest, *self.articles):
            category = self.item(number).category
            if category:
                group = self._group_of.setdefault(category, len(self.categories))
                if group == len(self.categories):
                    self.categories.append(category)
                self.groups[number] = group
        various = len({self.groups[number] for number in self.newest} - {_NOTHING})
        self.cap = cap if cap.strict or various >= FEW_CATEGORIES else None
        #: How well articles fit somebody's interests.
        self.overlap = Overlap(catalog)
        self._because: dict[tuple[str, str], Reason] = {}
        self._adopt(scores or {})

    def _offer(self, key: str) -> int:
        number = self.model.number(key) if self.model is not None else None
        if number is None:
            number = self._beyond[key] = self.size
            self.size += 1
        self.ids[number] = key
        return number

    def _adopt(self, scores: Mapping[str, float]) -> None:
        self.shares = self._popularity(scores)
        by_share = self.shares.__getitem__
        everything = (*self.newest, *self.articles)
        self.trending = array("i", sorted(everything, key=by_share, reverse=True))
        self._selections: dict[object, Selection] = {}
        self._of_wish: dict[int, tuple[Wish, Selection]] = {}
        #: Rows of the model for all selections: they share the memory.
        self.rows = Kept()
        self._retired = False
        self._having: dict[tuple[str, str], frozenset[str]] = {}

    def _popularity(self, scores: Mapping[str, float]) -> "array[float]":
        # Of a large model, half the memory counts more than the last digits.
        shares = array("d" if self.size < _LARGE else "f", [0.0]) * self.size
        highest = max(scores.values(), default=0.0)
        if highest > 0:
            for id, score in scores.items():
                number = self.number(id)
                if number is not None and self.ids[number] is not None:
                    shares[number] = max(0.0, score / highest)
            return shares
        values = self.model.array("trending") if self.model is not None else None
        if values is not None and len(values) <= len(shares):
            highest = max(values, default=0.0)
            for number, value in enumerate(values) if highest > 0 else ():
                shares[number] = max(0.0, value / highest)
        return shares

    def refreshed(self, scores: Mapping[str, float]) -> "Assortment":
        """The same with new popularity, and ready for the same rules."""
        fresh = object.__new__(Assortment)
        fresh.__dict__.update(self.__dict__)
        fresh._adopt(scores)
        for selection in list(self._selections.values()):
            fresh.selection(selection.wish)
        return fresh

    # -- one item --------------------------------------------------------------------------

    def number(self, key: str) -> int | None:
        """An item's number, also of one that is not offered; None: nobody knows it."""
        known = self._numbers.get(key)
        if known is None:
            known = self._beyond.get(key)
            if known is not None:
                return known
            asked = self.model.number(key) if self.model is not None else None
            known = _NOTHING if asked is None else asked
            if len(self._numbers) >= _NUMBERS_KEPT:
                self._numbers = {}  # as a whole: other threads may be reading
            self._numbers[key] = known
        return None if known == _NOTHING else known

    def known(self, keys: Iterable[str]) -> list[int]:
        """The numbers of those that the model knows, in their order."""
        size = self.model.size if self.model is not None else 0
        numbers = map(self.number, keys)
        return [number for number in numbers if number is not None and number < size]

    def item(self, number: int) -> Item:
        """What the catalogue says of one that is offered."""
        key = self.ids[number]
        assert key is not None
        kind, id = kind_and_id(key)
        found = self.catalog.item(kind, id)
        assert found is not None  # ids come from there
        return found

    def key(self, number: int) -> str:
        """The key of any item, offered or not."""
        key = self.ids[number]
        if key is None:
            assert self.model is not None
            return self.model.key(number)
        return key

    def group(self, category: str) -> int | None:
        """The number of a category that items are in."""
        return self._group_of.get(category)

    def because(self, kind: str, key: str) -> Reason:
        """The reason that ``key`` gives: the same object for everybody."""
        found = self._because.get((kind, key))
        if found is None:
            if len(self._because) >= _NUMBERS_KEPT:
                self._because = {}
            found = self._because[kind, key] = Reason(kind, key)
        return found

    # -- what rules ask for ----------------------------------------------------------------

    def selection(self, wish: Wish) -> "Selection":
        """The part that a rule asks for; made once, at best before the first visitor comes."""
        known = self._of_wish.get(id(wish))
        if known is not None and known[0] is wish:
            return known[1]
        asked: object = None  # most rules have no filters
        if wish.only or wish.excluded or wish.boosted or wish.buried:
            filters = (wish.only, wish.excluded, wish.boosted, wish.buried)
            asked = tuple(
                tuple((name, *keys) for name, keys in one.items()) for one in filters
            )
        found = self._selections.get(asked)
        if found is None:
            from .selection import Selection

            found = Selection(self, wish)
            kept = min(FILTERS_KEPT, max(10, _BYTES_KEPT // (5 * self.size + 1)))
            if len(self._selections) >= kept:
                self._selections, self._of_wish = {}, {}  # as a whole, as above
            if not self._retired:
                self._selections[asked] = found
        if not self._retired:
            if len(self._of_wish) >= FILTERS_KEPT:
                self._of_wish = {}
            # It holds the wish, too: nobody else has its id meanwhile.
            self._of_wish[id(wish)] = wish, found
        return found

    def retire(self) -> None:
        """Another one is served: keep no more selections, which refer to us as we do to them.

        Pages that hold this one go on. The last of them frees it, with the model that it maps: a
        circle would stay until the garbage collector has time for everything.
        """
        self._retired = True
        self._selections, self._of_wish = {}, {}

    def having(self, unwanted: Mapping[str, Collection[str]]) -> Collection[str]:
        """The keys of all items that have one of these: those a visitor never wants to see.

        ``unwanted`` maps a dimension (category, brand, tag, product, article) to its keys.
        """
        if not unwanted:
            return ()
        own = {*unwanted.get("product", ())}
        own.update(map(article_key, unwanted.get("article", ())))
        pairs = [
            (name, key)
            for name, keys in unwanted.items()
            if name not in ("product", "article")
            for key in keys
        ]
        if not pairs:
            return own
        known = self._having
        missing = {pair for pair in pairs if pair not in known}
        if missing:
            found: dict[tuple[str, str], set[str]] = {pair: set() for pair in missing}
            for number in (*self.newest, *self.articles):
                key = self.key(number)
                relatives = self.catalog.relatives(*kind_and_id(key))
                for pair in missing.intersection(relatives):
                    found[pair].add(key)
            if len(known) >= FILTERS_KEPT:
                known = {pair: known[pair] for pair in pairs if pair in known}
            known = known | {pair: frozenset(ids) for pair, ids in found.items()}
            self._having = known  # as a whole, as above
        if len(pairs) == 1 and not own:
            return known[pairs[0]]
        return own.union(*(known[pair] for pair in pairs))

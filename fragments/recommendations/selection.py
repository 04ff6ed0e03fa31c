"""The part of an assortment that one rule asks for, in the orders that strategies go by."""

import operator
from array import array
from collections.abc import Callable, Collection, Iterable, Sequence
from math import inf
from typing import NamedTuple

from ..items import Item
from .assortment import Assortment, Filter, Wish
from .reasons import Reason
from .rows import Rows

#: What a boosted score is multiplied by, and one that is buried.
BOOST, BURY = 2.0, 0.25
#: Of each category so many may be drawn for discovery: the most popular, and the newest.
POPULAR, NEW = 8, 4
#: The group of what a rule does not ask for.
REFUSED = -2
TRENDING = Reason("trending")
_PICKED = {"", "no", "false", "nein", "n", "0"}
_CATEGORIES_KEPT = 2_000
_BOUNDS = ("price", "stock")
_Quantifier = Callable[[Iterable[object]], bool]  # all, any


class First(NamedTuple):
    """The most popular ones: the same objects for everybody, to be recognised."""

    ids: tuple[str, ...]
    reasons: tuple[Reason, ...]
    scores: tuple[float, ...]
    names: frozenset[str]


class Pool(NamedTuple):
    """What may be drawn for discovery: ``numbers`` and their ``keys``, the category of each key, and
    how many there are of each category."""

    numbers: "array[int]"
    keys: tuple[str, ...]
    category: dict[str, str]
    of_category: dict[str, int]


class Selection:
    """What ``only`` and ``except`` leave of an assortment, with ``boost`` and ``bury`` in its orders.

    ``groups`` has the number of each such item's category, -1 for none, and :data:`REFUSED` for all
    other items; ``factors`` what scores are multiplied by, where that is not 1.
    """

    def __init__(self, assortment: Assortment, wish: Wish) -> None:
        self.assortment = assortment
        self.wish = wish
        self.groups = self._allow(wish.only, wish.excluded)
        self.factors = self._tilt(wish.boosted, wish.buried)
        self.tilted = frozenset(self.factors)
        #: A shelf of categories that its rule names is full of them: no cap.
        self.cap = None if "category" in wish.only else assortment.cap
        self.trending = self._popular(assortment.trending)
        self._first: dict[tuple[int, int], First] = {}
        self._in: dict[str, Sequence[int]] = {}
        self._new: Sequence[int] | None = None
        self._picks: Sequence[int] | None = None
        self._pool: Pool | None = None
        self._rows: dict[str, Rows | None] = {}

    # -- filters ---------------------------------------------------------------------------

    def _allow(self, only: Filter, excluded: Filter) -> "array[int]":
        assortment = self.assortment
        groups = assortment.groups
        allowed = array(groups.typecode, [REFUSED]) * len(groups)
        kinds = only.get("kind", ("product",))
        numbers: list[int] = []
        if "product" in kinds:
            numbers += assortment.newest
        if "article" in kinds:
            numbers += assortment.articles
        wanted = {name: keys for name, keys in only.items() if name != "kind"}
        if not wanted and not excluded:
            for number in numbers:
                allowed[number] = groups[number]
            return allowed
        for number in numbers:
            item = assortment.item(number)
            if self._has(item, wanted, all) and not self._has(item, excluded, any):
                allowed[number] = groups[number]
        return allowed

    def _has(self, item: Item, filter: Filter, how: _Quantifier) -> bool:
        pairs = self.assortment.catalog.relatives(item.kind, item.id)
        fits = (
            within(item, name, keys)
            if name in _BOUNDS
            else any((name, key) in pairs for key in keys)
            for name, keys in filter.items()
        )
        return how(fits)

    def _tilt(self, boosted: Filter, buried: Filter) -> dict[int, float]:
        if not boosted and not buried:
            return {}
        factors: dict[int, float] = {}
        for number, group in enumerate(self.groups):
            if group != REFUSED:
                item = self.assortment.item(number)
                factor = BOOST if self._has(item, boosted, any) else 1.0
                if self._has(item, buried, any):
                    factor *= BURY
                if factor != 1.0:
                    factors[number] = factor
        return factors

    def rows(self, name: str) -> Rows | None:
        """What is left of the model's table of that name, if it has it."""
        if name not in self._rows:
            model = self.assortment.model
            table = model.table(name) if model is not None else None
            self._rows[name] = table and Rows(
                table, self.groups, REFUSED, self.factors, self.assortment.rows
            )
        return self._rows[name]

    # -- orders ----------------------------------------------------------------------------

    def _popular(self, numbers: Iterable[int]) -> "array[int]":
        """Those that are allowed, in their order, but what is boosted or buried in its new one."""
        groups, factors = self.groups, self.factors
        kept = [number for number in numbers if groups[number] != REFUSED]
        if factors:
            shares, factor = self.assortment.shares, factors.get
            kept.sort(key=lambda n: shares[n] * factor(n, 1.0), reverse=True)
        return array("i", kept)

    def popular_in(self, category: str) -> Sequence[int]:
        """The products of a category and of those below it, the most popular first."""
        found = self._in.get(category)
        if found is None:
            assortment = self.assortment
            numbers = map(
                assortment.number, assortment.catalog.newest_in.get(category, ())
            )
            known = [number for number in numbers if number is not None]
            known.sort(key=assortment.shares.__getitem__, reverse=True)
            if len(self._in) >= _CATEGORIES_KEPT:
                self._in = {}  # as a whole: other threads may be reading
            found = self._in[category] = self._popular(known)
        return found

    @property
    def new(self) -> Sequence[int]:
        """The newest first, of those whose ``added`` the catalogue tells."""
        if self._new is None:
            assortment = self.assortment
            dated = (n for n in assortment.newest if assortment.item(n).added)
            self._new = self._sorted(dated)
        return self._new

    @property
    def picks(self) -> Sequence[int]:
        """What the catalogue's column ``pick`` names: numbers in their order, then every yes."""
        if self._picks is None:
            ranked = []
            for number in self.assortment.trending:
                word = self.assortment.item(number).extra.get("pick", "").strip()
                if word.lower() not in _PICKED:
                    place = int(word) if word.isdecimal() else 10**9
                    ranked.append((place, number))
            ranked.sort(key=lambda one: one[0])  # stable: then the most popular first
            self._picks = self._sorted(number for _, number in ranked)
        return self._picks

    def _sorted(self, numbers: Iterable[int]) -> Sequence[int]:
        """An order in which there are no scores: what is boosted stands first, what is buried last."""
        factor = self.factors.get
        kept = [number for number in numbers if self.groups[number] != REFUSED]
        if self.factors:
            kept.sort(key=lambda number: -factor(number, 1.0))
        return array("i", kept)

    def first(self, limit: int, places: int) -> First:
        """The most popular ``limit`` products, at most ``places`` of one category; 0: no cap."""
        found = self._first.get((limit, places))
        if found is None:
            # Bounded: there are only so many products.
            limit = max(0, min(limit, len(self.trending)))
            numbers = self._capped(limit, places)
            assortment = self.assortment
            ids = tuple(key for n in numbers if (key := assortment.ids[n]))
            scores = tuple(assortment.shares[number] for number in numbers)
            made = First(ids, (TRENDING,) * len(ids), scores, frozenset(ids))
            found = self._first.setdefault((limit, places), made)
        return found

    def _capped(self, limit: int, places: int) -> list[int]:
        if not places:
            return list(self.trending[:limit])
        groups, counts = self.groups, dict[int, int]()
        kept: list[int] = []
        for number in self.trending:
            if len(kept) >= limit:
                break
            group = groups[number]
            counts[group] = counts.get(group, 0) + 1
            if group < 0 or counts[group] <= places:
                kept.append(number)
        return kept

    @property
    def pool(self) -> Pool:
        """What may be drawn for discovery: of each category some popular and some new ones."""
        if self._pool is None:
            groups, chosen = self.groups, dict[int, None]()
            for order, each in ((self.trending, POPULAR), (self.new, NEW)):
                counts: dict[int, int] = {}
                for number in order:
                    group = groups[number]
                    counts[group] = counts.get(group, 0) + 1
                    if counts[group] <= each:
                        chosen[number] = None
            assortment = self.assortment
            category = {
                assortment.key(number): assortment.item(number).category
                for number in chosen
            }
            of_category: dict[str, int] = {}
            for name in category.values():
                of_category[name] = of_category.get(name, 0) + 1
            keys = tuple(category)
            self._pool = Pool(array("i", chosen), keys, category, of_category)
        return self._pool

    def pinned(self, wished: Collection[str]) -> list[int]:
        """Those of ``wished`` that are offered, whatever else is asked; each once."""
        assortment = self.assortment
        numbers = map(assortment.number, dict.fromkeys(wished))
        return [n for n in numbers if n is not None and assortment.ids[n] is not None]


def within(item: Item, name: str, bounds: Sequence[tuple[str, float]]) -> bool:
    """Whether the price of an item, or how many of it are in stock, keeps to all ``bounds``.

    What has no price keeps to none. Where the catalogue says that something is in stock, but not how
    many, there are enough.
    """
    value: float | None = item.price
    if name == "stock":
        value = (
            item.pieces if item.pieces is not None else (inf if item.in_stock else 0.0)
        )
    if value is None:
        return False
    return all(_COMPARED[bound](value, limit) for bound, limit in bounds)


_COMPARED = {
    "at-least": operator.ge,
    "at-most": operator.le,
    "more-than": operator.gt,
    "less-than": operator.lt,
}

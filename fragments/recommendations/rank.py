"""Which products fill a visitor's shelf: simple strategies over presorted lists."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from ..catalog import Catalog
from .candidates import ENGINE, Candidate

#: What editors may name under ``recommend: {strategy: ...}``.
STRATEGIES = frozenset({"viewed-again", "similar", "trending"})
#: Recently viewed products whose categories "similar" looks into.
RECENT = 5
#: The strategies that go by what the visitor viewed.
PERSONAL = frozenset({"viewed-again", "similar"})

_WORDS = {
    "viewed-again": {
        "en": "You looked at this recently",
        "de": "Zuletzt angesehen",
    },
    "similar": {
        "en": "Because you viewed {title}",
        "de": "Weil Sie {title} angesehen haben",
    },
    "trending": {
        "en": "Popular in this shop",
        "de": "Beliebt in diesem Shop",
    },
    "engine": {
        "en": "Recommended for you",
        "de": "Für Sie empfohlen",
    },
}


class Reason(msgspec.Struct, frozen=True):
    """Why a product is on the shelf: the strategy, and the product it follows from.

    ``words`` are those of an engine that proposed it, where it has any.
    """

    kind: str
    product: str = ""
    words: str = ""

    def text(self, catalog: Catalog, language: str) -> str:
        """The reason in words; English where the language has none."""
        if self.words:
            return self.words
        words = _WORDS.get(self.kind, {})
        sentence = words.get(language.partition("-")[0], words.get("en", ""))
        if "{title}" not in sentence:
            return sentence
        product = catalog.item("product", self.product, language)
        return sentence.replace("{title}", str(product)) if product else ""


class Recommendation(msgspec.Struct, frozen=True):
    """One product for the shelf; ``score`` (0 to 1) is comparable within a strategy."""

    id: str
    score: float
    reason: Reason


#: Filters that one shop's rules ask for: so many lists are kept.
FILTERS_KEPT = 200
#: What products must have: a dimension (category, brand, tag) and its keys.
Filter = Mapping[str, Sequence[str]]

_PINNED = Reason("pinned")
_AGAIN = Reason("viewed-again")
_TRENDING = Reason("trending")
_ENGINE = Reason("engine")
_ONLY_TRENDING = ("trending",)
NOBODY_PROPOSES: Mapping[str, Sequence[Candidate]] = {}

#: Product ids, and for each of them why it was chosen.
Chosen = tuple[Sequence[str], Sequence[Reason]]
Similar = tuple[tuple[str, ...], Reason]


class Popularity:
    """The shop's products from most to least popular, as a whole and per category."""

    def __init__(self, catalog: Catalog, scores: Mapping[str, float]) -> None:
        """``scores`` maps product ids to anything that grows with popularity, for example
        weighted events of the last days. Equal ones: newest product first. Build it anew
        when traffic has changed; it is then only read.
        """
        highest = max(scores.values(), default=0.0) or 1.0
        shares = {id: max(0.0, scores.get(id, 0.0) / highest) for id in catalog.newest}

        def ordered(ids: Iterable[str]) -> tuple[str, ...]:
            return tuple(sorted(ids, key=shares.__getitem__, reverse=True))

        by_category = {
            category: ordered(ids) for category, ids in catalog.newest_in.items()
        }
        self._fill(catalog, shares, ordered(catalog.newest), by_category)

    def _fill(
        self,
        catalog: Catalog,
        shares: Mapping[str, float],
        all: tuple[str, ...],
        by_category: Mapping[str, tuple[str, ...]],
    ) -> None:
        self.catalog = catalog
        self.shares = shares
        self.all = all
        self.by_category = by_category
        self._first: dict[int, _First] = {}
        self._among: dict[object, Popularity] = {}
        self._having: dict[tuple[str, str], frozenset[str]] = {}
        #: A product's id -> the products of its category, and the reason that tells it.
        self.similar: Mapping[str, Similar] = _Similarities(catalog, by_category)

    def among(self, only: Filter, excluded: Filter) -> "Popularity":
        """The same for fewer products: those that have one of the keys in every dimension of
        ``only``, and none of ``excluded``. A category has its children's products too."""
        if not only and not excluded:
            return self
        asked = (
            tuple((name, *keys) for name, keys in only.items()),
            tuple((name, *keys) for name, keys in excluded.items()),
        )
        found = self._among.get(asked)
        if found is None:
            found = self._fewer(only, excluded)
            if len(self._among) >= FILTERS_KEPT:
                self._among = {}  # as a whole: other threads may be reading
            self._among[asked] = found
        return found

    def having(self, unwanted: Mapping[str, Collection[str]]) -> Collection[str]:
        """The ids of all products that have one of the keys: those a visitor never wants to see.

        ``unwanted`` maps a dimension (category, brand, tag, product) to its keys.
        """
        if not unwanted:
            return ()
        pairs = [(name, key) for name, keys in unwanted.items() for key in keys]
        known = self._having
        missing = {pair for pair in pairs if pair not in known}
        if missing:
            found: dict[tuple[str, str], set[str]] = {pair: set() for pair in missing}
            for id in self.shares:
                for pair in missing.intersection(self.catalog.relatives("product", id)):
                    found[pair].add(id)
            if len(known) >= FILTERS_KEPT:
                known = {pair: known[pair] for pair in pairs if pair in known}
            known = known | {pair: frozenset(ids) for pair, ids in found.items()}
            self._having = known  # as a whole, as in among
        return frozenset().union(*(known[pair] for pair in pairs))

    def _fewer(self, only: Filter, excluded: Filter) -> "Popularity":
        relatives = self.catalog.relatives
        wanted = [{(name, key) for key in keys} for name, keys in only.items()]
        refused = {(name, key) for name, keys in excluded.items() for key in keys}

        def fits(id: str) -> bool:
            pairs = relatives("product", id)
            return refused.isdisjoint(pairs) and not any(
                one.isdisjoint(pairs) for one in wanted
            )

        shares = {id: share for id, share in self.shares.items() if fits(id)}

        def kept(ids: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(id for id in ids if id in shares)

        fewer = Popularity.__new__(Popularity)
        by_category = {name: kept(ids) for name, ids in self.by_category.items()}
        fewer._fill(self.catalog, shares, kept(self.all), by_category)
        return fewer

    def first(self, limit: int) -> "_First":
        """The most popular ``limit`` products: the same object every time."""
        found = self._first.get(limit)
        if found is None:
            # Bounded: there are only so many products.
            limit = max(0, min(limit, len(self.all)))
            ids = self.all[:limit]
            made = _First(ids, (_TRENDING,) * limit, frozenset(ids))
            found = self._first.setdefault(limit, made)
        return found


class _First(NamedTuple):
    ids: tuple[str, ...]
    reasons: tuple[Reason, ...]
    names: frozenset[str]


class _Similarities(dict[str, Similar]):
    """Filled as visitors come; at most one entry per product."""

    def __init__(
        self, catalog: Catalog, by_category: Mapping[str, tuple[str, ...]]
    ) -> None:
        self._products = catalog.products
        self._by_category = by_category

    def __missing__(self, id: str) -> Similar:
        product = self._products.get(id)
        if product is None:
            return (), Reason("similar", id)
        group = self._by_category.get(product.category, ())
        found = self[id] = (group, Reason("similar", id))
        return found


def rank(
    strategies: Sequence[str],
    limit: int,
    *,
    catalog: Catalog,
    popularity: Popularity,
    viewed: Sequence[str] = (),
    bought: Collection[str] = (),
    exclude: Collection[str] = (),
) -> list[Recommendation]:
    """As :func:`choose`, with scores; ``catalog`` is the one ``popularity`` was made of."""
    chosen = choose(
        strategies, limit, popularity, viewed=viewed, bought=bought, exclude=exclude
    )
    shares = popularity.shares
    return [
        Recommendation(
            id, 1 / (1 + viewed.index(id)) if reason is _AGAIN else shares[id], reason
        )
        for id, reason in zip(*chosen, strict=True)
    ]


def choose(
    strategies: Sequence[str],
    limit: int,
    popularity: Popularity,
    *,
    viewed: Sequence[str] = (),
    bought: Collection[str] = (),
    exclude: Collection[str] = (),
    pinned: Sequence[str] = (),
    candidates: Mapping[str, Sequence[Candidate]] = NOBODY_PROPOSES,
) -> Chosen:
    """Up to ``limit`` products: the ``pinned`` ones, whatever else is asked, then each strategy fills what the one before left open.

    ``viewed`` holds product ids, latest first; only the :data:`PERSONAL` strategies look at
    it. ``bought`` and ``exclude`` are left out, and so is what is out of stock or unknown; what
    is pinned only ``exclude`` takes away. ``candidates`` are what other engines propose, by the
    strategy that stands for one; one that is not among them proposes nothing.
    Nothing appears twice. Both lists may be empty. Raises ValueError for an unknown
    strategy. What everybody gets are the same two tuples for everybody, to be recognised.
    """
    if strategies == _ONLY_TRENDING and not exclude and not pinned:
        first = popularity.first(limit)
        if first.names.isdisjoint(bought):
            return first.ids, first.reasons
    chosen = [id for id in pinned if id not in exclude] if exclude else pinned
    ids: list[str] = list(dict.fromkeys(chosen))[:limit]
    reasons: list[Reason] = [_PINNED] * len(ids)
    for strategy in strategies:
        proposed = candidates.get(strategy)
        if proposed is None and strategy not in STRATEGIES:
            if strategy.startswith(ENGINE):
                continue
            raise ValueError(f"unknown strategy {strategy!r}")
        if len(ids) >= limit:
            break
        taken = set(bought)
        if exclude:
            taken.update(exclude)
        if ids:
            taken.update(ids)
        if proposed is not None:
            for id, _, words in proposed:
                if id not in taken and id in popularity.shares:
                    taken.add(id)
                    ids.append(id)
                    reasons.append(Reason("engine", words=words) if words else _ENGINE)
                    if len(ids) == limit:
                        break
        elif strategy == "trending":
            left = limit - len(ids)
            # So many that enough are left when all that is taken is among them.
            popular = popularity.all[: left + len(taken)]
            ids += [id for id in popular if id not in taken][:left]
            reasons += [_TRENDING] * (len(ids) - len(reasons))
        elif strategy == "similar":
            taken.update(viewed)  # no discovery; "viewed-again" is there for it
            _similar(ids, reasons, taken, limit, popularity.similar, viewed)
        else:
            known = popularity.shares
            for id in viewed:
                if id not in taken and id in known:
                    taken.add(id)
                    ids.append(id)
                    if len(ids) == limit:
                        break
            reasons += [_AGAIN] * (len(ids) - len(reasons))
    return ids, reasons


def _similar(
    ids: list[str],
    reasons: list[Reason],
    taken: set[str],
    limit: int,
    similar: Mapping[str, Similar],
    viewed: Sequence[str],
) -> None:
    # One list per category, each beginning with the most popular; the latest interest
    # first, then in turn, so that one category does not fill the whole shelf.
    groups: list[tuple[str, ...]] = []
    waiting: list[tuple[Iterator[str], Reason]] = []
    for id in viewed[:RECENT]:
        group, reason = similar[id]
        if group not in groups:
            groups.append(group)
            waiting.append((iter(group), reason))
    add, append, tell = taken.add, ids.append, reasons.append
    open = limit - len(ids)
    while waiting:
        left = []
        for source in waiting:
            for id in source[0]:
                if id not in taken:
                    add(id)
                    append(id)
                    tell(source[1])
                    left.append(source)
                    open -= 1
                    if not open:
                        return
                    break
        waiting = left

"""Which products fill a visitor's shelf: simple strategies over presorted lists."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from ..catalog import Catalog

#: What editors may name under ``recommend: {strategy: ...}``.
STRATEGIES = frozenset({"viewed-again", "similar", "trending"})
#: Recently viewed products whose categories "similar" looks into.
RECENT = 5

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
}


class Reason(msgspec.Struct, frozen=True):
    """Why a product is on the shelf: the strategy, and the product it follows from."""

    kind: str
    product: str = ""

    def text(self, catalog: Catalog, language: str) -> str:
        """The reason in words; English where the language has none."""
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


class Popularity:
    """The shop's products from most to least popular, as a whole and per category."""

    def __init__(self, catalog: Catalog, scores: Mapping[str, float]) -> None:
        """``scores`` maps product ids to anything that grows with popularity, for example
        weighted events of the last days. Equal ones: newest product first. Build it anew
        when traffic has changed; it is then only read.
        """
        highest = max(scores.values(), default=0.0) or 1.0
        self.shares: Mapping[str, float] = {
            id: max(0.0, scores.get(id, 0.0) / highest) for id in catalog.newest
        }
        shares = self.shares

        def ordered(ids: Iterable[str]) -> tuple[str, ...]:
            return tuple(sorted(ids, key=shares.__getitem__, reverse=True))

        self.all = ordered(catalog.newest)
        self.by_category: Mapping[str, tuple[str, ...]] = {
            category: ordered(ids) for category, ids in catalog.newest_in.items()
        }


_AGAIN = Reason("viewed-again")
_TRENDING = Reason("trending")


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
    """Up to ``limit`` products; each strategy fills what the one before left open.

    ``viewed`` holds product ids, latest first. ``bought`` and ``exclude`` are left out,
    and so is what is out of stock or unknown. Nothing appears twice. The list may be
    empty. Raises ValueError for an unknown strategy.
    """
    shares = popularity.shares
    found: list[Recommendation] = []
    taken: set[str] = set(bought)
    taken.update(exclude)
    for strategy in strategies:
        if strategy not in STRATEGIES:
            raise ValueError(f"unknown strategy {strategy!r}")
        if len(found) >= limit:
            break
        if strategy == "viewed-again":
            for place, id in enumerate(viewed):
                if len(found) >= limit:
                    break
                if id not in taken and id in shares:
                    taken.add(id)
                    found.append(Recommendation(id, 1 / (1 + place), _AGAIN))
        elif strategy == "similar":
            _similar(found, taken, limit, catalog, popularity, viewed)
        else:
            for id in popularity.all:
                if len(found) >= limit:
                    break
                if id not in taken:
                    taken.add(id)
                    found.append(Recommendation(id, shares[id], _TRENDING))
    return found


def _similar(
    found: list[Recommendation],
    taken: set[str],
    limit: int,
    catalog: Catalog,
    popularity: Popularity,
    viewed: Sequence[str],
) -> None:
    # One list per category, each beginning with the most popular; the latest interest
    # first, then in turn, so that one category does not fill the whole shelf.
    sources: dict[str, tuple[Reason, Iterator[str]]] = {}
    for id in viewed[:RECENT]:
        product = catalog.products.get(id)
        if product is not None and product.category not in sources:
            ids = iter(popularity.by_category.get(product.category, ()))
            sources[product.category] = (Reason("similar", id), ids)
    shares = popularity.shares
    waiting = list(sources.values())
    # What was seen already is no discovery; "viewed-again" is there for it.
    seen = set(viewed)
    while waiting and len(found) < limit:
        left = []
        for source in waiting:
            reason, ids = source
            for id in ids:
                if id not in taken and id not in seen:
                    taken.add(id)
                    found.append(Recommendation(id, shares[id], reason))
                    left.append(source)
                    break
            if len(found) >= limit:
                return
        waiting = left

"""One shelf for one visitor: what a rule asks for, of what the shop has, for who is there."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from .assortment import Wish
from .candidates import ENGINE, Candidate
from .discovery import Luck, discovered, drawn, expected
from .filling import PINNED, Entry, Filling
from .reasons import Reason, Recommendation
from .selection import First, Selection
from .shopper import Shopper
from .strategies import STRATEGIES, trending

DISCOVERY = Reason("discovery")
_ONLY_TRENDING = ("trending",)

Candidates = Mapping[str, Sequence[Candidate]]
NO_CANDIDATES: Candidates = {}


class Shelf(NamedTuple):
    """What stands on a shelf: keys of items, why each is there, and its score.

    ``discovered`` says of those that luck has brought how probable that was.
    """

    ids: Sequence[str] = ()
    reasons: Sequence[Reason] = ()
    scores: Sequence[float] = ()
    discovered: Mapping[str, float] = {}

    @property
    def recommendations(self) -> list[Recommendation]:
        """The same, item by item."""
        return list(map(Recommendation, self.ids, self.scores, self.reasons))


def fill(
    selection: Selection,
    wish: Wish,
    shopper: Shopper,
    *,
    taken: Collection[str] = (),
    slot: str = "",
    candidates: Candidates = NO_CANDIDATES,
) -> Shelf:
    """Up to ``wish.limit`` items: the pinned ones, whatever else is asked, then each strategy fills
    what the one before left open.

    Left out is what the visitor bought (unless they need it again), sent away or never wants to
    see, what other shelves of the page show (``taken``), what is out of stock or unknown, and what
    scores too little. What is pinned only the visitor's own wish and other shelves take away. The
    share ``wish.discovery`` of the places has what this visitor does not usually see, drawn by luck
    that is the same for the same ``slot`` and ``shopper.chance``. A chain that ends with "for-you"
    is filled up with what is trending. ``candidates`` are what engines answered, by their strategy;
    one that has not is passed over.

    Nothing appears twice. What everybody gets are the same two tuples for everybody, to be
    recognised. Raises ValueError for an unknown strategy.
    """
    strategies = tuple(wish.strategies)
    if strategies == _ONLY_TRENDING and (first := _same_for_all(selection, wish)):
        names = first.names
        if (
            names.isdisjoint(shopper.bought)
            and names.isdisjoint(taken)
            and not shopper.unwanted
            and names.isdisjoint(shopper.dismissed)
        ):
            return Shelf(first.ids, first.reasons, first.scores)
    filling = Filling(selection, wish, shopper, taken)
    if wish.pinned:
        filling.pin()
    if not wish.discovery:
        _strategies(filling, strategies, candidates)
        return _stood(filling.entries)
    luck = Luck(f"{shopper.chance} {slot}")
    drawing = next(luck)
    places = expected(wish.discovery, wish.limit)
    count = min(drawn(places, drawing), wish.limit - len(filling.entries))
    filling.until = wish.limit - count
    _strategies(filling, strategies, candidates)
    usual = len(filling.entries)
    if (
        usual < filling.until
    ):  # it is a shorter shelf: the share is of what stands there
        places = expected(wish.discovery, wish.limit, usual)
        count = drawn(places, drawing)
    filling.until = min(wish.limit, usual + count)
    found = _discover(filling, count, places, luck)
    if len(found) < count:  # there was not enough to discover
        filling.until = wish.limit
        _strategies(filling, strategies, candidates)
    return _woven(filling, found, luck)


def _same_for_all(selection: Selection, wish: Wish) -> First | None:
    """What is trending, if that is all there is to it."""
    if wish.discovery or wish.pinned or wish.minimum_score:
        return None
    cap = selection.cap
    return selection.first(wish.limit, cap.places(wish.limit) if cap else 0)


def _strategies(
    filling: Filling, strategies: Sequence[str], candidates: Candidates
) -> None:
    for name in strategies:
        strategy = STRATEGIES.get(name)
        if strategy is not None:
            if not filling.full:
                strategy(filling)
        elif not name.startswith(ENGINE):
            raise ValueError(f"unknown strategy {name!r}")
        elif not filling.full and (answered := candidates.get(name)):
            _engine(filling, answered)
    if strategies and strategies[-1] == "for-you" and not filling.full:
        trending(filling)


def _engine(filling: Filling, answered: Sequence[Candidate]) -> None:
    """What another server answered, in its order."""
    scores: dict[int, float] = {}
    reasons: dict[int, Reason] = {}
    for candidate in answered:
        number = filling.assortment.number(candidate.id)
        if number is not None and number not in scores:
            scores[number] = candidate.score
            reasons[number] = Reason("engine", words=candidate.words)
    filling.place(scores, scores, reasons)


def _discover(
    filling: Filling, count: int, places: float, luck: Luck
) -> dict[str, float]:
    """Place ``count`` items that the visitor does not usually see: key -> propensity."""
    found: dict[str, float] = {}
    if count <= 0:
        return found
    shares, shopper = filling.assortment.shares, filling.shopper
    out = (filling.left_out, filling.bought, shopper.viewed, filling.never)
    drawing = discovered(filling.selection, shopper.usual, out, places, luck)
    for number, propensity in drawing:
        id = filling.put(number, DISCOVERY, shares[number])
        if id is not None:
            found[id] = propensity
            if len(found) == count:
                break
    return found


def _stood(entries: Sequence[Entry], found: Mapping[str, float] = {}) -> Shelf:
    if not entries:
        return Shelf()
    ids, reasons, scores = zip(*entries, strict=True)
    return Shelf(list(ids), list(reasons), list(scores), found)


def _woven(filling: Filling, found: Mapping[str, float], luck: Luck) -> Shelf:
    """The shelf with what luck has brought between the rest, behind the first and what is pinned."""
    entries = filling.entries
    if not found:
        return _stood(entries)
    order = [entry for entry in entries if entry[1] is not DISCOVERY]
    first = 1
    while first < len(order) and order[first][1] is PINNED:
        first += 1
    for entry in entries:
        if entry[1] is DISCOVERY:
            order.insert(first + int(next(luck) * (len(order) + 1 - first)), entry)
    return _stood(order, found)

"""How products are found, by the names that rule files use."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice

from .content import CONTENT, add_unknown
from .filling import Filling
from .model import article_key, kind_and_id
from .reasons import Reason
from .scoring import BOUGHT, VIEWED, Most, added, weights
from .selection import TRENDING
from .together import goes_with

#: Recently viewed products whose categories "similar" looks into.
RECENT = 5

AGAIN, AGAIN_SOON = Reason("viewed-again"), Reason("buy-again")
NEW, PICK = Reason("new"), Reason("editors-pick")
INTEREST = Reason("interest")

_PATIENCE = 30  # items of a category in a row that may not stand on a shelf

Strategy = Callable[[Filling], None]


def for_you(filling: Filling) -> None:
    """What goes with all that was viewed lately; of what the model does not know, what is similar."""
    if filling.assortment.model is not None:
        _with_viewed(filling)
    if not filling.full and "article" in filling.wish.only.get("kind", ()):
        _of_interest(filling)
    if not filling.full:
        similar(filling)


def _with_viewed(filling: Filling) -> None:
    """What goes with the last clicks, by what was learned of them."""
    assortment, shopper = filling.assortment, filling.shopper
    assert assortment.model is not None
    parameters = assortment.parameters
    latest = assortment.known(shopper.lately[: parameters.clicks])
    found, why = _going_with(filling, latest, VIEWED)
    if (content := filling.selection.rows(CONTENT)) is not None:
        seen = latest[::-1]  # the oldest first
        add_unknown(assortment.model, seen, parameters, found, why, content)
    filling.place_scored(found, "for-you", why, without=shopper.viewed)


def _going_with(
    filling: Filling, latest: Sequence[int], table: str
) -> tuple[dict[int, float], Most]:
    """What goes with items, the last one first, by a table: as :func:`.scoring.scores` says it, of
    what the shelf may hold."""
    rows, parameters = filling.selection.rows(table), filling.assortment.parameters
    if rows is None:
        return {}, Most((), (), ())
    steps = weights(parameters.clicks, parameters.click_decay)
    clicks = list(dict.fromkeys(latest))[: parameters.clicks]
    ready = [rows[click] for click in clicks]
    return added(ready, steps, parameters.joint), Most(clicks, ready, steps)


def _of_interest(filling: Filling) -> None:
    """Articles that share tags, categories and brands with what the visitor leans to."""
    assortment, viewed = filling.assortment, set(filling.shopper.viewed)
    fits = assortment.overlap.fits(filling.shopper.interests)
    scores: dict[int, float] = {}
    for id in sorted(fits, key=lambda id: (-fits[id].score, id)):
        key = article_key(id)
        number = assortment.number(key)
        if number is not None and key not in viewed:
            scores[number] = fits[id].score
    filling.place(scores, scores, INTEREST, capped=False)


def because_you_viewed(filling: Filling) -> None:
    """What goes with one product: the one viewed last that anything goes with."""
    assortment, before = filling.assortment, len(filling.entries)
    viewed = filling.shopper.viewed
    for key in viewed:
        if assortment.model is not None and (seen := assortment.known([key])):
            found, why = _going_with(filling, seen, VIEWED)
            filling.place_scored(
                found, "because-you-viewed", why, without=viewed, capped=False
            )
        if len(filling.entries) == before:
            _of_categories(filling, [key], "because-you-viewed")
        if len(filling.entries) > before:
            return


def viewed_again(filling: Filling) -> None:
    """What was viewed, the latest first."""
    assortment = filling.assortment
    places: dict[int, float] = {}
    for key in filling.shopper.viewed:
        number = assortment.number(key)
        if number is not None:
            places.setdefault(number, 1 / (1 + len(places)))
    filling.place(places, places, AGAIN, capped=False)


def similar(filling: Filling) -> None:
    """What is like the things viewed last: by the catalogue's words, else of their categories."""
    assortment, shopper = filling.assortment, filling.shopper
    model = assortment.model
    if model is not None and model.table(CONTENT) is not None:
        seen = assortment.known(shopper.viewed)
        found, why = _going_with(filling, seen, CONTENT)
        for number in seen:
            found.pop(number, None)
        filling.place_scored(found, "similar", why, capped=False)
    if not filling.full:
        _of_categories(filling, shopper.viewed[:RECENT], "similar")


def bought_together(filling: Filling) -> None:
    """What others bought with what is in the cart, or if nothing is, with what was bought last; for
    whom neither is known, what those bought who looked at the same."""
    assortment, shopper = filling.assortment, filling.shopper
    if assortment.model is None:
        return
    if not shopper.cart and not shopper.ordered:
        latest = assortment.known(shopper.lately[: assortment.parameters.clicks])
        found, most = _going_with(filling, latest, BOUGHT)
        filling.place_scored(found, "viewed-bought", most, without=shopper.viewed)
        return
    kind = "goes-with-cart" if shopper.cart else "goes-with-order"
    basket = assortment.known(shopper.cart or shopper.ordered)
    found, why = goes_with(assortment.model, basket)
    filling.tilt(found)
    filling.place_scored(found, kind, why, without=shopper.cart or shopper.ordered)


def buy_again(filling: Filling) -> None:
    """What was bought and is used up soon, the most probable first."""
    due = filling.shopper.due
    known: dict[int, float] = {}
    for id in sorted(due, key=due.__getitem__, reverse=True):
        number = filling.assortment.number(id)
        if number is not None:
            known[number] = due[id]
    filling.place(known, known, AGAIN_SOON, capped=False)


def trending(filling: Filling) -> None:
    """What the whole shop looks at now."""
    shares = filling.assortment.shares
    filling.place(filling.selection.trending, shares, TRENDING)


def new(filling: Filling) -> None:
    """What was added last."""
    filling.place(filling.selection.new, _Places(), NEW)


def editors_pick(filling: Filling) -> None:
    """What the catalogue's column ``pick`` names."""
    filling.place(filling.selection.picks, _Places(), PICK)


def dormant(filling: Filling) -> None:
    """The most popular of the categories that were liked long ago."""
    selection, assortment = filling.selection, filling.assortment
    sources = [
        (selection.popular_in(category), assortment.because("dormant", category))
        for category in filling.shopper.dormant
    ]
    reasons: dict[int, Reason] = {}
    turns = _in_turn(filling, sources, reasons, (), capped=True)
    filling.place(turns, assortment.shares, reasons)


class _Places(dict[int, float]):
    """Scores of an order that has none: 1, 1/2, 1/3, as numbers are asked for."""

    def __missing__(self, number: int) -> float:
        score = self[number] = 1 / (1 + len(self))
        return score


def _of_categories(filling: Filling, viewed: Sequence[str], kind: str) -> None:
    # One list per category, each beginning with the most popular; the latest interest
    # first, then in turn, so that one category does not fill the whole shelf.
    selection, assortment = filling.selection, filling.assortment
    products, articles = assortment.catalog.products, assortment.catalog.articles
    sources: dict[str, Reason] = {}
    for key in viewed:
        what, id = kind_and_id(key)
        item = (products if what == "product" else articles).get(id)
        if item is not None and item.category and item.category not in sources:
            reason = kind if what == "product" else "because-you-read"
            sources[item.category] = assortment.because(reason, key)
    seen = {assortment.number(key) for key in filling.shopper.viewed}
    lists = [
        (selection.popular_in(category), reason) for category, reason in sources.items()
    ]
    reasons: dict[int, Reason] = {}
    turns = _in_turn(filling, lists, reasons, seen, capped=False)
    filling.place(turns, assortment.shares, reasons, capped=False)


def _in_turn(
    filling: Filling,
    sources: Sequence[tuple[Sequence[int], Reason]],
    reasons: dict[int, Reason],
    seen: Collection[int | None],
    capped: bool,
) -> Iterator[int]:
    """One of each source that may stand on the shelf, and again; ``reasons`` become theirs."""
    waiting = [(iter(numbers), reason) for numbers, reason in sources]
    # A category that has all its places, or is all bought, need not be read to its end.
    patience = _PATIENCE + len(filling.bought) + len(filling.left_out) + len(seen)
    while waiting:
        left = []
        for source in waiting:
            for number in islice(source[0], patience):
                if number not in seen and number not in reasons:
                    if filling.fits(number, capped):
                        reasons[number] = source[1]
                        left.append(source)
                        yield number
                        break
        waiting = left


STRATEGIES: Mapping[str, Strategy] = {
    "for-you": for_you,
    "viewed-again": viewed_again,
    "because-you-viewed": because_you_viewed,
    "bought-together": bought_together,
    "buy-again": buy_again,
    "similar": similar,
    "trending": trending,
    "new": new,
    "dormant": dormant,
    "editors-pick": editors_pick,
}

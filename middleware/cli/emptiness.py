"""Why a shelf has nothing on it, in words for whoever writes its rule."""

from collections.abc import Collection, Iterator

from ...fragments.recommendations.assortment import Wish
from ...fragments.recommendations.filling import Filling
from ...fragments.recommendations.selection import REFUSED, Selection
from ...fragments.recommendations.shopper import Shopper

#: Strategies that always find something, if anything may stand on the shelf.
_FOR_EVERYBODY = ("trending", "for-you")


def why_empty(
    selection: Selection, wish: Wish, shopper: Shopper, taken: Collection[str]
) -> str:
    """What took everything away from a shelf that :func:`~...shelf.fill` left empty."""
    kind = " or ".join(f"{name}s" for name in wish.only.get("kind", ("product",)))
    numbers = [n for n, group in enumerate(selection.groups) if group != REFUSED]
    if not numbers:
        filters = any(name != "kind" for name in wish.only) or wish.excluded
        asked = " that `only` and `except` ask for" if filters else ""
        return f"the catalogue has no {kind}{asked}, or they are sold out"
    filling = Filling(selection, wish, shopper, taken)
    keys = {key for n in numbers if (key := selection.assortment.ids[n]) is not None}
    gone = ", ".join(f"{len(ids)} {why}" for why, ids in _gone(filling, taken, keys))
    left = sum(filling.fits(number, capped=False) for number in numbers)
    found = f"of {len(keys):,} {kind} that may stand here {gone}" if gone else ""
    if not left:
        return found
    least = wish.minimum_score
    scoring = f" with a score of {least:g} or more (minimum-score)" if least else ""
    words = f"{', '.join(wish.strategies)} found nothing for this visitor{scoring}"
    if wish.strategies[-1:] and wish.strategies[-1] not in _FOR_EVERYBODY:
        words += "; trending at the end of `strategy` would fill the shelf"
    return f"{words}; {found}" if found else words


def _gone(
    filling: Filling, taken: Collection[str], keys: set[str]
) -> Iterator[tuple[str, set[str]]]:
    """Those of ``keys`` that may not stand on the shelf, each for the first reason that holds."""
    shopper, left = filling.shopper, set(keys)
    bought = {key for key in left.intersection(filling.bought) if not filling.due(key)}
    for why, ids in (
        ("were bought", bought),
        ("were sent away", left.intersection(shopper.dismissed)),
        ("are never wanted", left.intersection(filling.never)),
        ("stand elsewhere on the page", left.intersection(taken)),
    ):
        if here := ids & left:
            left -= here
            yield why, here

"""What an event teaches: a profile and an event go in, a new profile comes out."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from msgspec.structs import replace

from .answers import ANSWERABLE, answered
from .counters import add_counts
from .events import (
    ARTICLE_VIEWED,
    ATTRIBUTES_SET,
    LIST_VIEWED,
    ORDER_COMPLETED,
    PREFERENCE_SET,
    PRODUCT_ADDED,
    PRODUCT_REMOVED,
    PRODUCT_VIEWED,
    PRODUCTS_SEARCHED,
    PROMOTION_CLICKED,
    PROMOTION_DISMISSED,
    PROMOTION_VIEWED,
    SAYS,
    SOURCE,
    VISITED,
)
from .facts import (
    ANSWERS,
    BOUGHT_KEPT,
    KEYS_KEPT,
    TEXT_KEPT,
    Answer,
    Event,
    Profile,
    Told,
)
from .holdout import EVERYTHING, HOLDOUT
from .interests import WEIGHTS, Pair, add_interests
from .precedence import tell
from .storable import storable

VISIT_PAUSE = 30 * 60  # seconds without an event, after which a new visit starts
ORDERS_KEPT = 5
VISITS_KEPT = 12  # whose beginning is known
QUANTITY_KEPT = 9_999


class Relatives(Protocol):
    """All (dimension, key) pairs an event on one thing counts for; the thing itself first.

    ``kind`` is product, category or article. Empty: the catalogue does not know it.
    """

    def __call__(self, kind: str, id: str) -> tuple[Pair, ...]: ...


# -- events --------------------------------------------------------------------------------

Changes = dict[str, Any]


def learn(profile: Profile | None, event: Event, relatives: Relatives) -> Profile:
    """``profile`` (None: the first event) after ``event``; unchanged parts are shared.

    Events may come late; properties of a wrong type are passed over. Nothing raises. A page's
    "Visited" comes before its other events, else these already belong to the old visit.
    """
    time = int(event.time)
    old = Profile(first_seen=time) if profile is None else profile
    changes: Changes = {}
    if (lesson := _LESSONS.get(event.name)) is not None:
        lesson(old, event, relatives, changes)
    if time > old.last_seen and not (old.visits and _elsewhere(event)):
        changes["last_seen"] = time
    if time < old.first_seen or not old.first_seen:
        changes["first_seen"] = time
    return replace(old, **changes)


def _elsewhere(event: Event) -> bool:
    """Whether somebody else tells it: then nobody was here who is known from their visits."""
    source = event.properties.get(SOURCE)
    return isinstance(source, str) and source.startswith(("import:", "webhook:"))


def _text(event: Event, name: str) -> str | None:
    return _as_text(event.properties.get(name))


def _as_text(value: object) -> str | None:
    if isinstance(value, str):
        return (value if len(value) <= TEXT_KEPT else value[:TEXT_KEPT]) or None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return str(value)  # shops number their products
    return None


def _quantity(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return min(value, QUANTITY_KEPT)
    return 1


def _money(value: object) -> float | None:
    try:
        amount = float(value) if isinstance(value, (int, float, str)) else math.nan
    except (ValueError, OverflowError):
        return None
    return amount if math.isfinite(amount) and 0.0 <= amount < 1e12 else None


def _remember(
    old: Profile, event: Event, changes: Changes, verb: str, pairs: Sequence[Pair]
) -> None:
    """Counts ``pairs`` under ``verb`` and, if the verb weighs something, as an interest."""
    if not pairs:
        return
    counts = changes.get("counts", old.counts)
    changes["counts"] = add_counts(counts, verb, pairs, event)
    if weight := WEIGHTS.get(verb):
        interests = changes.get("interests", old.interests)
        changes["interests"] = add_interests(interests, weight, pairs, event.time)


def _seen(name: str) -> "Lesson":
    """Counts the one thing that the event ``name`` is about."""
    verbs, kind, property, _ = SAYS[name]

    def lesson(
        old: Profile, event: Event, relatives: Relatives, changes: Changes
    ) -> None:
        if id := _text(event, property):
            pairs = relatives(kind, id)
            for verb in verbs:
                _remember(old, event, changes, verb, pairs)

    return lesson


def _searched(
    old: Profile, event: Event, relatives: Relatives, changes: Changes
) -> None:
    if query := search_key(_text(event, "query") or ""):
        _remember(old, event, changes, "searched", (("query", query),))


def search_key(query: str) -> str:
    """The form under which a search is counted: lower case, one space between words."""
    return " ".join(query.lower().split())[:TEXT_KEPT]


def _added(old: Profile, event: Event, relatives: Relatives, changes: Changes) -> None:
    product = _text(event, "product_id")
    if not product or not (pairs := relatives("product", product)):
        return
    _remember(old, event, changes, "added-to-cart", pairs)
    cart = dict(old.cart)
    quantity = cart.pop(product, 0) + _quantity(event.properties.get("quantity"))
    cart[product] = min(quantity, QUANTITY_KEPT)
    if len(cart) > KEYS_KEPT:
        del cart[next(iter(cart))]
    changes["cart"] = cart
    if not old.cart:
        changes["cart_since"] = int(event.time)


def _removed(
    old: Profile, event: Event, relatives: Relatives, changes: Changes
) -> None:
    product = _text(event, "product_id")
    if product is None or product not in old.cart:
        return
    cart = dict(old.cart)
    # Without a quantity the whole line goes, as in the Segment specification.
    if "quantity" in event.properties:
        cart[product] -= _quantity(event.properties["quantity"])
    if "quantity" not in event.properties or cart[product] <= 0:
        del cart[product]
    changes["cart"] = cart
    if not cart:
        changes["cart_since"] = 0.0


def _completed(
    old: Profile, event: Event, relatives: Relatives, changes: Changes
) -> None:
    if order := _text(event, "order_id"):
        if order in old.recent_orders:
            return
        changes["recent_orders"] = (*old.recent_orders, order)[-ORDERS_KEPT:]
    listed = event.properties.get("products")
    lines = (
        [line for line in listed if isinstance(line, Mapping)]
        if isinstance(listed, (list, tuple))
        else []
    )
    value = 0.0
    for line in lines[:BOUGHT_KEPT]:
        if product := _as_text(line.get("product_id")):
            _remember(old, event, changes, "bought", relatives("product", product))
        value += (_money(line.get("price")) or 0.0) * _quantity(line.get("quantity"))
    revenue = _money(event.properties.get("revenue"))
    changes["orders"] = old.orders + 1
    changes["order_value"] = round(
        old.order_value + (value if revenue is None else revenue), 2
    )
    changes["last_order"] = max(old.last_order, int(event.time))
    if event.time >= old.cart_since:  # a late order does not empty the cart of today
        changes["cart"], changes["cart_since"] = {}, 0.0


def _promotion(name: str) -> "Lesson":
    """A page tells all that it showed in one event, as a list of ``promotions``."""
    (verb,), kind, property, _ = SAYS[name]

    def lesson(
        old: Profile, event: Event, relatives: Relatives, changes: Changes
    ) -> None:
        properties = event.properties
        listed = properties.get("promotions")
        pairs: list[Pair] = []
        drawn: dict[str, str] = {}
        for each in listed if isinstance(listed, (list, tuple)) else (properties,):
            if type(each) is not dict and not isinstance(each, Mapping):
                continue
            if "failed" in each:
                continue  # nobody saw it
            if fragment := _as_text(each.get(property)):
                pairs.append((kind, fragment))
            if name == PROMOTION_CLICKED:
                continue
            # Counted for the rule's cap; a rule that was dismissed makes a pause.
            if rule := _as_text(each.get("rule")):
                pairs.append(("rule", rule))
            if name == PROMOTION_DISMISSED and (
                product := _as_text(each.get("product_id"))
            ):
                pairs.append(("product", product))
            if name != PROMOTION_VIEWED:
                continue
            if each.get("held") == HOLDOUT:
                drawn[EVERYTHING] = HOLDOUT
            experiment = _as_text(each.get("experiment"))
            if experiment and (variant := _as_text(each.get("variant"))):
                drawn[experiment] = variant
        _remember(old, event, changes, verb, pairs)
        if not drawn.keys() <= old.variants.keys():
            # The first one stays; the newest experiments do.
            known = list((drawn | old.variants).items())
            known.sort(key=lambda one: one[0] in drawn)  # stable
            changes["variants"] = dict(known[-KEYS_KEPT:])

    return lesson


def _attributes_set(
    old: Profile, event: Event, relatives: Relatives, changes: Changes
) -> None:
    source = _text(event, SOURCE) or "app"
    fresh = {
        name: storable(raw) for name, raw in event.properties.items() if name != SOURCE
    }
    changes["attributes"], changes["told"] = tell(
        old.attributes, old.told, fresh, Told(source, int(event.time))
    )


def _preferred(
    old: Profile, event: Event, relatives: Relatives, changes: Changes
) -> None:
    dimension, key = _text(event, "dimension"), _text(event, "key")
    wish = event.properties.get("answer")
    if dimension in ANSWERABLE and key and isinstance(wish, str):
        said = Answer(wish if wish in ANSWERS else "", int(event.time))
        changes["answers"] = answered(old.answers, dimension, key, said)


# Property of the event -> name in the profile.
_OF_VISIT = {"path": "entry-page", "campaign": "campaign", "referrer": "referrer"}


def _visited(
    old: Profile, event: Event, relatives: Relatives, changes: Changes
) -> None:
    visits, before = old.visits, old.last_seen
    if visits:
        if event.time - before <= VISIT_PAUSE:
            return
        changes["previous_visit"] = before
    changes["visits"] = visits + 1
    changes["visit_starts"] = (*old.visit_starts, int(event.time))[-VISITS_KEPT:]
    visit = changes["visit"] = {}
    for said, value in event.properties.items():  # most visits have one of three
        if said in _OF_VISIT and (text := _as_text(value)):
            visit[_OF_VISIT[said]] = text


Lesson = Callable[[Profile, Event, Relatives, Changes], None]

_LESSONS: dict[str, Lesson] = {
    VISITED: _visited,
    ATTRIBUTES_SET: _attributes_set,
    PREFERENCE_SET: _preferred,
    PRODUCTS_SEARCHED: _searched,
    PRODUCT_ADDED: _added,
    PRODUCT_REMOVED: _removed,
    ORDER_COMPLETED: _completed,
    **{name: _seen(name) for name in (PRODUCT_VIEWED, LIST_VIEWED, ARTICLE_VIEWED)},
    **{
        name: _promotion(name)
        for name in (PROMOTION_VIEWED, PROMOTION_CLICKED, PROMOTION_DISMISSED)
    },
}

"""The events that teach something, and what each says of which thing."""

from collections.abc import Mapping
from typing import Any, NamedTuple

# In the words of the Segment specification, where it has some.
PRODUCT_VIEWED = "Product Viewed"
LIST_VIEWED = "Product List Viewed"
ARTICLE_VIEWED = "Article Viewed"
PRODUCTS_SEARCHED = "Products Searched"
PRODUCT_ADDED = "Product Added"
PRODUCT_REMOVED = "Product Removed"
ORDER_COMPLETED = "Order Completed"
PROMOTION_VIEWED = "Promotion Viewed"
PROMOTION_CLICKED = "Promotion Clicked"
PROMOTION_DISMISSED = "Promotion Dismissed"
PROMOTION_RATED = "Promotion Rated"
LEAD_GENERATED = "Lead Generated"
# Our own: a page was opened; attributes of the visitor were told; the visitor said what they
# want of a thing: {dimension, key, answer: "more", "less", "never", or "" to take it back}.
VISITED = "Visited"
ATTRIBUTES_SET = "Attributes Set"
PREFERENCE_SET = "Preference Set"
SOURCE = "$source"  # no attribute's name begins like that: who told those of the event


def told(attributes: Mapping[str, Any], source: str) -> dict[str, Any]:
    """The properties of ATTRIBUTES_SET, for values that ``source`` tells: ``app``,
    ``preference``, ``source:NAME``, ``import:NAME`` or ``webhook:NAME``.

    A value of None takes the attribute back. Without a source it is the app that tells.
    """
    return {**attributes, SOURCE: source}


class Says(NamedTuple):
    """What an event counts as: each of ``verbs``, of the thing that ``property`` names.

    ``kind`` is the thing's dimension. ``listed`` is the property that holds several things,
    each a map with ``property`` in it; empty where the event is about one thing.
    """

    verbs: tuple[str, ...]
    kind: str
    property: str
    listed: str = ""


SAYS: Mapping[str, Says] = {
    PRODUCT_VIEWED: Says(("viewed",), "product", "product_id"),
    LIST_VIEWED: Says(("viewed",), "category", "category"),
    ARTICLE_VIEWED: Says(("viewed", "read"), "article", "article_id"),
    PRODUCTS_SEARCHED: Says(("searched",), "query", "query"),
    PRODUCT_ADDED: Says(("added-to-cart",), "product", "product_id"),
    ORDER_COMPLETED: Says(("bought",), "product", "product_id", "products"),
    PROMOTION_VIEWED: Says(("shown",), "fragment", "promotion_id", "promotions"),
    PROMOTION_CLICKED: Says(("clicked",), "fragment", "promotion_id"),
    PROMOTION_DISMISSED: Says(("dismissed",), "fragment", "promotion_id"),
}
OF_PAGES = (PRODUCT_VIEWED, LIST_VIEWED, ARTICLE_VIEWED, PRODUCTS_SEARCHED)
"""The events that opening a page can stand for."""


def event_that_says(verb: str, kind: str) -> str:
    """The event that counts as ``verb`` of a thing of this kind, else of any thing."""
    names = [name for name, says in SAYS.items() if verb in says.verbs]
    return next((name for name in names if SAYS[name].kind == kind), names[0])

"""What happened, in the words of Google Analytics 4.

See https://developers.google.com/analytics/devguides/collection/ga4/reference/events.
"""

import re
from collections.abc import Mapping
from typing import Any

from .events import (
    ARTICLE_VIEWED,
    LIST_VIEWED,
    ORDER_COMPLETED,
    PRODUCT_ADDED,
    PRODUCT_REMOVED,
    PRODUCT_VIEWED,
    PRODUCTS_SEARCHED,
    PROMOTION_CLICKED,
    PROMOTION_DISMISSED,
    PROMOTION_RATED,
    PROMOTION_VIEWED,
)
from .exported import OF_RULES, Line

GA4_NAMES: Mapping[str, str] = {
    PRODUCT_VIEWED: "view_item",
    LIST_VIEWED: "view_item_list",
    PRODUCTS_SEARCHED: "search",
    ARTICLE_VIEWED: "select_content",
    PRODUCT_ADDED: "add_to_cart",
    PRODUCT_REMOVED: "remove_from_cart",
    ORDER_COMPLETED: "purchase",
    PROMOTION_VIEWED: "view_promotion",
    PROMOTION_CLICKED: "select_promotion",
    PROMOTION_DISMISSED: "dismiss_promotion",  # GA4 has no name of its own
    PROMOTION_RATED: "rate_promotion",  # nor for this
}
GA4_HELD = "withhold_promotion"
"""What somebody of a control group was not shown; GA4 has no name for it, either."""
GA4_FAILED = "fail_promotion"
"""What could not be shown."""

_GA4_NAME_KEPT = 40  # characters of an event's name
_GA4_ITEM = {
    "product_id": "item_id",
    "name": "item_name",
    "brand": "item_brand",
    "category": "item_category",
    "variant": "item_variant",
    "price": "price",
    "quantity": "quantity",
    "coupon": "coupon",
    "position": "index",
}
_GA4_PARAMETERS: Mapping[str, Mapping[str, str]] = {
    LIST_VIEWED: {"list_id": "item_list_id", "category": "item_list_name"},
    PRODUCTS_SEARCHED: {"query": "search_term"},
    ARTICLE_VIEWED: {"article_id": "content_id"},
    ORDER_COMPLETED: {
        "order_id": "transaction_id",
        "tax": "tax",
        "shipping": "shipping",
        "coupon": "coupon",
    },
    **dict.fromkeys(
        (PROMOTION_VIEWED, PROMOTION_CLICKED, PROMOTION_DISMISSED, PROMOTION_RATED),
        {
            "promotion_id": "promotion_id",
            "name": "promotion_name",
            "creative": "creative_name",
            "slot": "creative_slot",
            "experiment": "experiment",
            "held": "held",
            "failed": "failed",
            "rating": "rating",
        },
    ),
}
_OF_ONE_PRODUCT = (PRODUCT_VIEWED, PRODUCT_ADDED, PRODUCT_REMOVED)
_OF_PRODUCTS = (LIST_VIEWED, ORDER_COMPLETED)


def ga4_name(line: Line) -> str:
    """GA4's name of what happened; of the shop's own events its name in GA4's spelling."""
    if line.name == PROMOTION_VIEWED:
        if "held" in line.properties:
            return GA4_HELD
        if "failed" in line.properties:
            return GA4_FAILED
    known = GA4_NAMES.get(line.name)
    if known is not None:
        return known
    spelt = re.sub(r"[^a-z0-9]+", "_", line.name.lower()).strip("_")
    # A name begins with a letter.
    return (spelt if spelt[:1].isalpha() else f"event_{spelt}")[:_GA4_NAME_KEPT]


def ga4_parameters(line: Line, currency: str) -> dict[str, Any]:
    """GA4's parameters of what happened; ``currency`` is that of prices without one."""
    known = line.properties
    told: dict[str, Any]
    if line.name not in GA4_NAMES:
        plain = (str, int, float)  # GA4 takes nothing else from an event of one's own
        told = {key: value for key, value in known.items() if isinstance(value, plain)}
    else:
        names = _GA4_PARAMETERS.get(line.name, {})
        told = {ours: known[key] for key, ours in names.items() if key in known}
    if line.name == ARTICLE_VIEWED:
        told["content_type"] = "article"
    if line.name in (*_OF_ONE_PRODUCT, *_OF_PRODUCTS):
        told |= _sold(line, str(known.get("currency") or currency))
    elif line.name == PROMOTION_VIEWED:
        told["items"] = _items(known.get("products"))
    for name in ("decision", *OF_RULES):
        if value := getattr(line, name):
            told[name] = value
    return told


def _sold(line: Line, currency: str) -> dict[str, Any]:
    known = line.properties
    if line.name in _OF_ONE_PRODUCT:
        items = _items([known])
    else:
        items = _items(known.get("products"))
    told: dict[str, Any] = {"items": items}
    value = known.get("revenue") if line.name == ORDER_COMPLETED else None
    if not _is_number(value):
        priced = [item for item in items if _is_number(item.get("price"))]
        value = sum(item["price"] * _quantity(item) for item in priced)
        value = round(value, 2) if priced else None
    if value is not None:
        told |= {"currency": currency, "value": value}
    return told


def _items(products: object) -> list[dict[str, Any]]:
    if not isinstance(products, list):
        return []
    items = (
        {ours: one[key] for key, ours in _GA4_ITEM.items() if one.get(key) is not None}
        for one in products
        if isinstance(one, Mapping)
    )
    # GA4 has to know which: by the id, or by the name.
    return [item for item in items if "item_id" in item or "item_name" in item]


def _quantity(item: Mapping[str, Any]) -> float:
    quantity = item.get("quantity", 1)
    return quantity if _is_number(quantity) else 1


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)

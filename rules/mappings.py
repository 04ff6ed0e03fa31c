"""The log in the words of others: Segment, Google Analytics 4, CloudEvents.

Event names and properties of the log are those of Segment's specification of e-commerce events
(https://segment.com/docs/connections/spec/ecommerce/v2/), so that mapping only has to rename
them where GA4 has other words
(https://developers.google.com/analytics/devguides/collection/ga4/reference/events), or to put
them into an envelope (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

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
    PROMOTION_VIEWED,
)
from .facts import Event

_CUSTOMER = "c."  # what a customer's pseudonym begins with; a stranger's mark does not
_LISTED = "promotions"
_OWN_COLUMNS = ("rule", "variant", "revision")


class Line(msgspec.Struct, frozen=True):
    """One thing that happened, as it is exported.

    What a page showed in several slots is one event of the log and several lines. ``visitor``
    is a stranger's mark or a customer's pseudonym. ``decision`` is the id of what was decided
    for a page; with ``rule``, ``variant`` and ``revision`` it is empty where nothing was.
    """

    id: str
    time: float
    visitor: str
    name: str
    decision: str
    rule: str
    variant: str
    revision: str
    properties: Mapping[str, Any]

    @property
    def customer(self) -> bool:
        """Whether the visitor has logged in, so that the same name means the same person."""
        return self.visitor.startswith(_CUSTOMER)

    @property
    def timestamp(self) -> str:
        """The time in UTC, to the millisecond, as RFC 3339 writes it."""
        moment = datetime.fromtimestamp(self.time, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def lines(event: Event) -> Iterator[Line]:
    """The lines of ``event``: one, or one for each slot of a page that it tells of."""
    own = dict(event.properties)
    listed = own.get(_LISTED)
    if event.name != PROMOTION_VIEWED or not isinstance(listed, list):
        yield _line(event, event.id, own)
        return
    own.pop(_LISTED)
    for number, one in enumerate(listed):
        if isinstance(one, Mapping):
            yield _line(event, f"{event.id}.{number}", {**own, **one})


def _line(event: Event, id: str, properties: Mapping[str, Any]) -> Line:
    decision = _text(properties.get("decision"))
    if not decision and event.name == PROMOTION_VIEWED:
        decision = event.id
    rule, variant, revision = (_text(properties.get(name)) for name in _OWN_COLUMNS)
    # What is unknown is left out: nobody has to tell it from what is empty.
    known = {key: value for key, value in properties.items() if value is not None}
    return Line(
        id,
        event.time,
        event.visitor,
        event.name,
        decision,
        rule,
        variant,
        revision,
        known,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


class Names(NamedTuple):
    """One way to name things. ``columns`` and ``row`` are for tables, ``message`` for JSON.

    A value of a row is text, or a map that a table holds as JSON.
    """

    columns: tuple[str, ...]
    row: Callable[[Line], tuple[str | Mapping[str, Any], ...]]
    message: Callable[[Line], dict[str, Any]]


# -- Segment: the columns of its warehouses, the messages of its HTTP API --------------------

_SEGMENT = (
    "id", "timestamp", "anonymous_id", "user_id", "event",
    "decision", "rule", "variant", "revision", "properties",
)  # fmt: skip


def _segment_row(line: Line) -> tuple[str | Mapping[str, Any], ...]:
    anonymous, user = ("", line.visitor) if line.customer else (line.visitor, "")
    return (
        line.id, line.timestamp, anonymous, user, line.name,
        line.decision, line.rule, line.variant, line.revision, line.properties,
    )  # fmt: skip


def _segment_message(line: Line) -> dict[str, Any]:
    properties = dict(line.properties)
    if line.decision:
        properties["decision"] = line.decision
    return {
        "type": "track",
        "messageId": line.id,
        "timestamp": line.timestamp,
        "userId" if line.customer else "anonymousId": line.visitor,
        "event": line.name,
        "properties": properties,
    }


# -- Google Analytics 4: the messages of its Measurement Protocol ----------------------------

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
}
GA4_HELD = "withhold_promotion"
"""What somebody of a control group was not shown; GA4 has no name for it, either."""

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
        (PROMOTION_VIEWED, PROMOTION_CLICKED, PROMOTION_DISMISSED),
        {
            "promotion_id": "promotion_id",
            "name": "promotion_name",
            "creative": "creative_name",
            "slot": "creative_slot",
            "experiment": "experiment",
            "held": "held",
        },
    ),
}
_OF_ONE_PRODUCT = (PRODUCT_VIEWED, PRODUCT_ADDED, PRODUCT_REMOVED)
_OF_PRODUCTS = (LIST_VIEWED, ORDER_COMPLETED)
_GA4_COLUMNS = ("timestamp_micros", "client_id", "user_id", "name", "params")


def ga4_name(line: Line) -> str:
    """GA4's name of what happened; of the shop's own events its name in GA4's spelling."""
    if line.name == PROMOTION_VIEWED and "held" in line.properties:
        return GA4_HELD
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
    for name in ("decision", *_OWN_COLUMNS):
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


def _ga4(currency: str) -> Names:
    def row(line: Line) -> tuple[str | Mapping[str, Any], ...]:
        client, user = ("", line.visitor) if line.customer else (line.visitor, "")
        return (
            str(round(line.time * 1_000_000)), client, user,
            ga4_name(line), ga4_parameters(line, currency),
        )  # fmt: skip

    def message(line: Line) -> dict[str, Any]:
        told: dict[str, Any] = {"client_id": line.visitor}
        if line.customer:
            told["user_id"] = line.visitor
        told["timestamp_micros"] = round(line.time * 1_000_000)
        params = ga4_parameters(line, currency)
        told["events"] = [{"name": ga4_name(line), "params": params}]
        return told

    return Names(_GA4_COLUMNS, row, message)


# -- CloudEvents 1.0: the JSON format of one event -------------------------------------------

_CLOUD_COLUMNS = (
    "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data",
)  # fmt: skip


def cloud_type(name: str) -> str:
    """``Product Viewed`` -> ``shopwindow.product-viewed``."""
    return "shopwindow." + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _cloudevents(source: str) -> Names:
    def message(line: Line) -> dict[str, Any]:
        data = dict(line.properties)
        if line.decision:
            data["decision"] = line.decision
        return {
            "specversion": "1.0",
            "id": line.id,
            "source": source,
            "type": cloud_type(line.name),
            "subject": line.visitor,
            "time": line.timestamp,
            "datacontenttype": "application/json",
            "data": data,
        }

    def row(line: Line) -> tuple[str | Mapping[str, Any], ...]:
        return tuple(message(line).values())

    return Names(_CLOUD_COLUMNS, row, message)


NAMES = ("segment", "ga4", "cloudevents")


def names(kind: str, currency: str, source: str) -> Names:
    """The one of :data:`NAMES` that is called ``kind``.

    ``currency`` is the shop's, ``source`` the URI reference that CloudEvents name it by.
    """
    if kind == "ga4":
        return _ga4(currency)
    if kind == "cloudevents":
        return _cloudevents(source)
    return Names(_SEGMENT, _segment_row, _segment_message)

"""What the log tells that is counted: rows of it, read into types."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from ..events import (
    ORDER_COMPLETED,
    PROMOTION_CLICKED,
    PROMOTION_DISMISSED,
    PROMOTION_RATED,
    PROMOTION_VIEWED,
)
from ..experiments import CONTROL
from ..holdout import HOLDOUT

LINES = 400  # of an order that are read
LARGEST = 1e12  # more money than that is a mistake
UNITS = 9_999  # of one product in one order


class Entry(msgspec.Struct, gc=False):
    """One slot of a page that was decided: what it showed, or what held it back."""

    promotion_id: str | int | None = None
    held: str | None = None
    failed: str | None = None
    slot: str | None = None
    rule: str | None = None
    decision: str | None = None
    experiment: str | None = None
    variant: str | None = None
    unit: str | None = None
    of: str | None = None


class Showing(msgspec.Struct, gc=False):
    """All that a page decided, and for whom."""

    promotions: list[Entry] = []
    stage: str | None = None
    campaign: str | None = None
    segments: list[str] = []
    uncounted: bool = False  # who sees it has not agreed to statistics


class Response(msgspec.Struct, gc=False):
    """A click, a dismissal or a rating."""

    promotion_id: str | int | None = None
    decision: str | None = None
    rating: str | None = None


class Order(msgspec.Struct, gc=False):
    """An order as shops report it: whatever they like."""

    order_id: Any = None
    revenue: Any = None
    products: Any = None

    @property
    def key(self) -> str:
        """What tells it from other orders; empty: it does not say."""
        id = self.order_id
        if isinstance(id, str):
            return id
        if isinstance(id, int) and not isinstance(id, bool):
            return str(id) if abs(id) < 10**18 else ""
        return ""

    @property
    def cents(self) -> int:
        """Its revenue in hundredths; what does not say so is worth its lines."""
        told = money(self.revenue)
        if told is not None:
            return told
        lines = self.products
        if not isinstance(lines, (list, tuple)):
            return 0
        return sum(_worth(line) for line in lines[:LINES])


def money(value: object) -> int | None:
    """An amount in hundredths; None: it is none, or one below zero."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        amount = float(value)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(amount) or not 0.0 <= amount < LARGEST:
        return None
    return round(amount * 100)


def _worth(line: object) -> int:
    if not isinstance(line, Mapping):
        return 0
    quantity = line.get("quantity")
    if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
        quantity = 1
    return (money(line.get("price")) or 0) * min(quantity, UNITS)


_TYPES = {
    PROMOTION_CLICKED: Response,
    PROMOTION_DISMISSED: Response,
    PROMOTION_RATED: Response,
    ORDER_COMPLETED: Order,
}
READS = frozenset(_TYPES) | {PROMOTION_VIEWED}
"""The events whose properties are looked at; of all others the name and the time are enough."""

Read = Callable[[Any], Any]
FROM_JSON: Mapping[str, Read] = {
    name: msgspec.json.Decoder(type).decode for name, type in _TYPES.items()
}
FROM_PROPERTIES: Mapping[str, Read] = {
    name: partial(msgspec.convert, type=type) for name, type in _TYPES.items()
}
UNREADABLE = (msgspec.MsgspecError, ValueError, TypeError, RecursionError)
"""What reading a row of wrong types, or of no JSON at all, may raise."""


def drawn(entry: Entry) -> str:
    """The arm of the entry's experiment that was drawn; empty: none, as for all in the holdout."""
    if entry.held == HOLDOUT or not entry.experiment:
        return ""
    return entry.variant or (CONTROL if entry.held else "")

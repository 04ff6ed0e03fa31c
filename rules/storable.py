"""What a profile can hold of an attribute's raw value."""

import math
from datetime import date
from decimal import Decimal

from .facts import KEYS_KEPT, TEXT_KEPT

ATTRIBUTE_KEPT = 500  # characters of an attribute's text


def storable(value: object) -> object | None:
    """A raw attribute as a profile can hold it; None, what no attribute can be, is not kept."""
    match value:
        case bool():
            return value
        case int():
            return value if abs(value) < 1 << 63 else None
        case Decimal():
            return storable(float(value)) if value.is_finite() else None
        case float():
            return value if math.isfinite(value) else None
        case str():
            return value if len(value) <= ATTRIBUTE_KEPT else None
        case date():
            return value.isoformat()
        case list() | tuple() | set() | frozenset():
            texts = all(
                isinstance(text, str) and len(text) <= TEXT_KEPT for text in value
            )
            return list(value) if texts and len(value) <= KEYS_KEPT else None
    return None

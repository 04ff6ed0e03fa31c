"""What others say about a customer, as values of the attributes that site.toml declares."""

from collections.abc import Callable, Mapping
from typing import Any

from ...rules.typed import Attribute, typed


def fitting(
    raw: Mapping[str, Any],
    attributes: Mapping[str, Attribute],
    wrong: Callable[[Attribute], None],
) -> dict[str, Any]:
    """Those values of ``raw`` that have their attribute's type, as they came.

    ``wrong`` is called with the attribute of each other one: its value may be anybody's data,
    and is not passed on.
    """
    values = {}
    for name, value in raw.items():
        attribute = attributes.get(name)
        if attribute is None:
            continue
        if typed(attribute, value) is None:
            wrong(attribute)
        else:
            values[name] = value
    return values

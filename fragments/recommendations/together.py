"""What goes with a basket: the rows of its items, added up."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .model import Model

TOGETHER = "together"


def goes_with(
    model: "Model", basket: Sequence[int]
) -> tuple[dict[int, float], dict[int, int]]:
    """Score of each item that belongs into the basket, and which item of the basket gave most to it.

    ``basket`` holds item numbers in any order; one that is there twice counts once. What is in the
    basket is not in the result. A model without the table, or an empty basket, gives nothing.
    """
    found: dict[int, float] = {}
    why: dict[int, int] = {}
    rows = model.table(TOGETHER)
    if rows is None:
        return found, why
    ptr, idx, val = rows
    most: dict[int, float] = {}
    get = found.get
    inside = dict.fromkeys(basket)
    for item in inside:
        begin, end = ptr[item], ptr[item + 1]
        pairs = zip(idx[begin:end].tolist(), val[begin:end].tolist(), strict=True)
        for other, value in pairs:
            before = get(other)
            if before is None:
                found[other] = most[other] = value
                why[other] = item
            else:
                found[other] = before + value
                if value > most[other]:
                    most[other] = value
                    why[other] = item
    for item in inside:
        found.pop(item, None)
        why.pop(item, None)
    return found, why

"""How well items go with what a visitor looked at: the one formula of ``for-you``.

It is the same for a page and for the measuring of a new model, and runs on plain Python: a table
row of each of the last clicks is read, weighed by how long ago the click was, and added up. What
the visitor looked at comes back as a reminder, as strong as this shop's visitors return.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from .model import Model

VIEWED = "viewed-viewed"


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """What is chosen when a model is trained, and stored in it under ``parameters``.

    The first seven say how pairs of events are counted: pairs up to ``farthest`` steps apart, each
    ``distance_decay`` steps divide their weight by e, those against the order of clicks weigh
    ``backward`` times as much; a session that is ``recency`` of the history old weighs 1/e. The
    sum for i and j is divided by count(i) ** ``power_of`` and count(j) ** ``power_to``, and the
    best ``keep`` of a row stay.

    The others say how rows are added up for a visitor: the last ``clicks`` count, each
    ``click_decay`` clicks divide their weight by e. What was looked at gets ``reminder`` times the
    best score on top, divided by e each ``reminder_decay`` clicks.
    """

    farthest: int = 20
    distance_decay: float = 2.0
    backward: float = 0.8
    recency: float = 0.4
    power_of: float = 0.6
    power_to: float = 0.2
    keep: int = 50
    clicks: int = 5
    click_decay: float = 1.5
    reminder: float = 2.0
    reminder_decay: float = 2.0


@lru_cache(maxsize=64)
def weights(count: int, decay: float) -> tuple[float, ...]:
    """What the last click weighs, the one before it, and so on."""
    return tuple(math.exp(-step / decay) for step in range(count))


#: The clicks that may be reminded of.
REMEMBERED = 20


def scores(
    model: "Model",
    seen: Sequence[int],
    parameters: Parameters,
    table: str = VIEWED,
    remind: bool = True,
) -> tuple[dict[int, float], dict[int, int]]:
    """Score of each item that goes with what was seen, and which seen one gave most to it.

    ``seen`` holds item numbers, oldest first. With ``remind`` the seen ones get their reminder, too
    (they may be in the result without it: leave out what is not to be shown again).
    A model without the table, or nothing seen, gives nothing.
    """
    found: dict[int, float] = {}
    why: dict[int, int] = {}
    rows = model.table(table)
    if rows is None or not seen:
        return found, why
    ptr, idx, val = rows
    most: dict[int, float] = {}
    get = found.get
    latest = seen[: -parameters.clicks - 1 : -1]
    for item, weight in zip(
        latest, weights(parameters.clicks, parameters.click_decay), strict=False
    ):
        begin, end = ptr[item], ptr[item + 1]
        for other, value in zip(
            idx[begin:end].tolist(), val[begin:end].tolist(), strict=True
        ):
            value *= weight
            before = get(other)
            if before is None:
                found[other] = most[other] = value
                why[other] = item
            else:
                found[other] = before + value
                if value > most[other]:
                    most[other] = value
                    why[other] = item
    if remind and parameters.reminder > 0:
        _remind(found, why, seen, parameters)
    return found, why


def _remind(
    found: dict[int, float],
    why: dict[int, int],
    seen: Sequence[int],
    parameters: Parameters,
) -> None:
    strength = parameters.reminder * (max(found.values()) if found else 1.0)
    steps = weights(REMEMBERED, parameters.reminder_decay)
    done: set[int] = set()
    for item, weight in zip(seen[: -REMEMBERED - 1 : -1], steps, strict=False):
        if item not in done:
            done.add(item)
            found[item] = found.get(item, 0.0) + strength * weight
            why[item] = item

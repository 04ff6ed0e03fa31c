"""How well items go with what a visitor looked at: the one formula of ``for-you``.

It is the same for a page and for the measuring of a new model, and runs on plain Python: a table
row of each of the last clicks is read, weighed by how long ago the click was, and added up. What
the visitor looked at comes back as a reminder, as strong as this shop's visitors return.
"""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

import msgspec

if TYPE_CHECKING:
    from .model import Model

VIEWED = "viewed-viewed"
BOUGHT = "viewed-bought"

# What comes out of a file is no more than a page can add up.
_Clicks = Annotated[int, msgspec.Meta(ge=0, le=1_000)]
_Decay = Annotated[float, msgspec.Meta(gt=0)]
_Weight = Annotated[float, msgspec.Meta(ge=0, le=1e6)]


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """What is chosen when a model is trained, and stored in it under ``parameters``.

    How pairs of events are counted: pairs up to ``farthest`` steps apart, each
    ``distance_decay`` steps divide their weight by e, those against the order of clicks weigh
    ``backward`` times as much; a session that is ``recency`` of the history old weighs 1/e. The
    sum for i and j is divided by count(i) ** ``power_of`` and count(j) ** ``power_to``, and the
    best ``keep`` of a row stay. What goes with those that go with an item is added with a
    weight of ``wider``, so that items that were seldom seen have a full row, too.

    How rows are added up for a visitor: the last ``clicks`` different items count, each
    ``click_decay`` of them divide their weight by e. What several of them lead to grows by
    ``joint`` for each but the first. A clicked item gives to itself ``again`` times what its
    visitors give to a second look at it, and ``reminder`` times the best score, divided by e each
    ``reminder_decay`` items; the one clicked last only ``last`` times that, as some shops' visitors
    return to what they saw before, but their logs never name an item twice in a row.
    """

    farthest: int = 10
    distance_decay: float = 2.0
    backward: float = 0.5
    recency: float = 0.6
    power_of: float = 0.7
    power_to: float = 0.15
    keep: int = 50
    wider: float = 0.5
    clicks: _Clicks = 5
    click_decay: _Decay = 0.8
    joint: _Weight = 0.25
    again: _Weight = 1.5
    reminder: _Weight = 0.5
    reminder_decay: _Decay = 2.0
    last: _Weight = 1.0


@lru_cache(maxsize=64)
def weights(count: int, decay: float) -> tuple[float, ...]:
    """What the last click weighs, the one before it, and so on."""
    return tuple(math.exp(-step / decay) for step in range(count))


@lru_cache(maxsize=64)
def reminders(parameters: Parameters) -> tuple[float, ...]:
    """What the item clicked last is reminded of with, the one before it, and so on: shares of the
    best score."""
    last, *others = weights(REMEMBERED, parameters.reminder_decay)
    return tuple(
        parameters.reminder * weight for weight in (last * parameters.last, *others)
    )


#: The clicks that may be reminded of.
REMEMBERED = 20
#: The array of how much a second look at an item weighs.
AGAIN = "again"


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
    # Different items, the one clicked last first.
    latest = list(dict.fromkeys(seen[: -REMEMBERED - 1 : -1]))
    steps = weights(parameters.clicks, parameters.click_decay)
    # The last click weighs 1, and a row names an item once: nothing to be added up yet.
    last = latest[0]
    begin, end = ptr[last], ptr[last + 1]
    others = idx[begin:end].tolist()
    found = dict(zip(others, val[begin:end].tolist(), strict=True))
    why = dict.fromkeys(others, last)
    most = found.copy()
    get = found.get
    joint: list[int] = []  # once for each click but the first that leads to it
    for item, weight in zip(latest[1:], steps[1:], strict=False):
        begin, end = ptr[item], ptr[item + 1]
        pairs = zip(idx[begin:end].tolist(), val[begin:end].tolist(), strict=True)
        for other, value in pairs:
            score = value * weight
            before = get(other)
            if before is None:
                found[other] = most[other] = score
                why[other] = item
            else:
                found[other] = before + score
                joint.append(other)
                if score > most[other]:
                    most[other] = score
                    why[other] = item
    growth = 1 + parameters.joint
    for other in joint:
        found[other] *= growth
    if remind:
        _remind(model, found, why, latest, parameters)
    return found, why


def added(
    rows: Sequence[Mapping[int, float]], steps: Sequence[float], joint: float
) -> dict[int, float]:
    """What :func:`scores` finds without reminders, of rows that are at hand.

    They are those of different items, the one clicked last first; each weighs its part of ``steps``.
    """
    if not rows:
        return {}
    found = {**rows[0]}
    several: list[int] = []  # once for each click but the first that leads to it
    for row, weight in zip(rows[1:], steps[1:], strict=False):
        for other, value in row.items():
            if other in found:
                found[other] += value * weight
                several.append(other)
            else:
                found[other] = value * weight
    growth = 1 + joint
    for other in several:
        found[other] *= growth
    return found


class Most(dict[int, int]):
    """Which click gave most to an item that :func:`added` has found, worked out when it is asked."""

    __slots__ = ("_clicks",)

    def __init__(
        self,
        clicks: Sequence[int],
        rows: Sequence[Mapping[int, float]],
        steps: Sequence[float],
    ) -> None:
        self._clicks = tuple(zip(clicks, rows, steps, strict=False))

    def __missing__(self, number: int) -> int:
        most, best = -math.inf, self._clicks[0][0]
        for click, row, step in self._clicks:
            if number in row and (score := row[number] * step) > most:
                most, best = score, click
        self[number] = best
        return best


def _remind(
    model: "Model",
    found: dict[int, float],
    why: dict[int, int],
    latest: Sequence[int],
    parameters: Parameters,
) -> None:
    """Add what the items of ``latest``, all different, get for being seen."""
    get = found.get
    own = model.array(AGAIN)
    if own is not None and parameters.again:
        steps = weights(parameters.clicks, parameters.click_decay)
        for item, weight in zip(latest, steps, strict=False):
            if own[item]:
                found[item] = get(item, 0.0) + parameters.again * weight * own[item]
                why[item] = item
    best = max(found.values(), default=0.0) or 1.0
    for item, share in zip(latest, reminders(parameters), strict=False):
        if share:
            found[item] = get(item, 0.0) + best * share
            why[item] = item

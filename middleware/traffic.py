"""What the whole shop's visitors look at: the yardstick for one visitor's interests."""

from collections.abc import Callable, Iterable, Mapping
from math import isfinite
from time import monotonic, time

from ..rules.events import SAYS
from ..rules.facts import Event
from ..rules.interests import WEIGHTS as INTEREST_WEIGHTS
from ..rules.interests import Traffic
from .stores import Weights

HALF_LIFE = 14 * 86_400.0  # seconds after which a view counts half
EPOCH = 1_767_225_600.0  # 2026-01-01; weights grow from here
AHEAD = 86_400.0  # seconds that an event may be ahead of the writer's clock
LARGEST = 1_000.0  # half-lives since the epoch; a number has room for 1024

_began = time() - monotonic()
_NOTHING: Weights = {}

Relatives = Callable[[str, str], tuple[tuple[str, str], ...]]


def clock() -> float:
    """Seconds since 1970 by a clock that went on evenly since this process began.

    If the machine's clock jumps ahead, and back later, its traffic is not spoiled for ever.
    """
    return _began + monotonic()


def weigh(event: Event, relatives: Relatives, now: float) -> Weights:
    """What ``event`` adds to the shop's traffic: (dimension, key) -> weight.

    Forward decay (Cormode et al., 2009): instead of halving everything that is old, a new
    view weighs ``2 ** (age of the epoch / half-life)``. Sums of these compare like decayed
    sums at any later moment, and several processes can simply add to them.

    An event more than a day after ``now`` weighs as one a day after it. Only what the
    catalogue knows counts: in a shop that gave none, every address would be one more row.
    """
    says = SAYS.get(event.name)
    weight = INTEREST_WEIGHTS.get(says.verbs[0]) if says else None
    if says is None or weight is None:
        return _NOTHING
    age = (min(now + AHEAD, event.time) - EPOCH) / HALF_LIFE
    weight *= 2.0 ** min(LARGEST, age)
    things = event.properties.get(says.listed) if says.listed else [event.properties]
    weights: dict[tuple[str, str], float] = {}
    for thing in things if isinstance(things, list) else ():
        if isinstance(thing, dict):
            for pair in _pairs(relatives, says.kind, thing.get(says.property)):
                weights[pair] = weights.get(pair, 0.0) + weight
    return weights


def _pairs(relatives: Relatives, kind: str, id: object) -> tuple[tuple[str, str], ...]:
    """As learning sees it: shops number their products, other values are not ids."""
    if isinstance(id, bool) or not isinstance(id, (str, int)) or id == "":
        return ()
    if relatives(kind, ""):  # it knows nothing of this kind, so it answers for any id
        return ()
    return relatives(kind, str(id))


def weigh_all(
    events: Iterable[Event], relatives: Relatives, now: float | None = None
) -> Weights:
    """What all of ``events`` add together; ``now`` is that of :func:`clock` by default."""
    now = clock() if now is None else now
    total: dict[tuple[str, str], float] = {}
    for event in events:
        for key, weight in weigh(event, relatives, now).items():
            total[key] = total.get(key, 0.0) + weight
    return total


def shares(weights: Weights) -> Traffic:
    """Every dimension's weights as shares that sum to 1."""
    tables: dict[str, dict[str, float]] = {}
    for (dimension, key), weight in weights.items():
        tables.setdefault(dimension, {})[key] = weight
    return Traffic(
        {
            dimension: {key: weight / total for key, weight in table.items()}
            for dimension, table in tables.items()
            if (total := sum(table.values())) > 0 and isfinite(total)
        }
    )


def popularity(traffic: Traffic) -> Mapping[str, float]:
    """Product id -> share of the shop's views."""
    return traffic.shares.get("product", {})

"""What the whole shop's visitors look at: the yardstick for one visitor's interests."""

from collections.abc import Callable, Iterable, Mapping

from ..rules.facts import Event
from ..rules.interests import WEIGHTS as INTEREST_WEIGHTS
from ..rules.interests import Traffic
from .stores import Weights

HALF_LIFE = 14 * 86_400.0  # seconds after which a view counts half
EPOCH = 1_767_225_600.0  # 2026-01-01; weights grow from here

_NOTHING: Weights = {}
_SUBJECTS = {
    "Product Viewed": ("viewed", "product", "product_id"),
    "Product List Viewed": ("viewed", "category", "category"),
    "Article Viewed": ("viewed", "article", "article_id"),
    "Product Added": ("added-to-cart", "product", "product_id"),
}

Relatives = Callable[[str, str], tuple[tuple[str, str], ...]]


def weigh(event: Event, relatives: Relatives) -> Weights:
    """What ``event`` adds to the shop's traffic: (dimension, key) -> weight.

    Forward decay (Cormode et al., 2009): instead of halving everything that is old, a new
    view weighs ``2 ** (age of the epoch / half-life)``. Sums of these compare like decayed
    sums at any later moment, and several processes can simply add to them.
    """
    now = 2.0 ** ((event.time - EPOCH) / HALF_LIFE)
    if event.name == "Order Completed":
        weights: dict[tuple[str, str], float] = {}
        products = event.properties.get("products")
        for product in products if isinstance(products, list) else ():
            if isinstance(product, dict):
                for pair in _pairs(relatives, "product", product.get("product_id")):
                    weights[pair] = (
                        weights.get(pair, 0.0) + INTEREST_WEIGHTS["bought"] * now
                    )
        return weights
    subject = _SUBJECTS.get(event.name)
    if subject is None:
        return _NOTHING
    verb, kind, key = subject
    weight = INTEREST_WEIGHTS[verb] * now
    return dict.fromkeys(_pairs(relatives, kind, event.properties.get(key)), weight)


def _pairs(relatives: Relatives, kind: str, id: object) -> tuple[tuple[str, str], ...]:
    """As learning sees it: shops number their products, other values are not ids."""
    if isinstance(id, bool) or not isinstance(id, (str, int)) or id == "":
        return ()
    return relatives(kind, str(id))


def weigh_all(events: Iterable[Event], relatives: Relatives) -> Weights:
    """What all of ``events`` add together."""
    total: dict[tuple[str, str], float] = {}
    for event in events:
        for key, weight in weigh(event, relatives).items():
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
            if (total := sum(table.values())) > 0
        }
    )


def popularity(traffic: Traffic) -> Mapping[str, float]:
    """Product id -> share of the shop's views."""
    return traffic.shares.get("product", {})

"""All of the training, one part after the other: from events to what a model holds."""

import importlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...catalog import Catalog
from ..model import article_key
from ..scoring import Parameters
from . import popularity
from .events import ADDED, BOUGHT, VIEWED, Events
from .here import Here
from .part import Say, arrays_of
from .reading import Read
from .table import Table

if TYPE_CHECKING:
    from types import ModuleType

    from .sql import Counting
    from .tables import Tables

VERSION = 1


class Trained(NamedTuple):
    """What :func:`~..writing.write` writes: the items' keys, the arrays by name, and ``meta``."""

    keys: list[str]
    arrays: dict[str, NDArray[np.generic]]
    meta: dict[str, Any]


def train(
    read: Read,
    catalog: Catalog | None = None,
    until: float | None = None,
    say: Say | None = None,
    counting: "Counting | Tables | None" = None,
) -> Trained:
    """What ``read`` teaches; with a ``catalog`` also about what nobody has done anything with yet.

    ``until``, in seconds since 1970, is the moment up to which events were read. With a
    ``counting`` the tables and what is popular come from there, of all events of a log, and
    ``read`` holds only the newest of them, for all else.
    """
    say = say or _nobody
    events = read.events
    if catalog is not None:
        events = with_items(events, keys_of(catalog))
    parameters, metrics = Parameters(), {}
    if len(events.item) and (tuning := _part("tuning")) is not None:
        parameters, metrics = tuning.tune(events, say)
    if counting is not None:
        parameters = counting.settled(parameters)
        until = counting.until if until is None else until
    arrays: dict[str, NDArray[np.generic]] = {}
    learned: dict[str, Any] = dict(metrics)
    counted = counting or Here(events)
    for name, table in tables(counted, parameters, say).items():
        arrays |= arrays_of(name, table)
    if (together := _part("together")) is not None:
        arrays |= arrays_of("together", together.together(events, say))
    if catalog is not None and (content := _part("content")) is not None:
        arrays |= arrays_of("content", content.similar(catalog, events.keys, say))
    say("popularity", 0, 1)
    popular, trending = counted.popular(), counted.trending()
    arrays |= {
        "popular": popular.scores,
        "popular-order": popular.order,
        "trending": trending.scores,
        "trending-order": trending.order,
    }
    names: list[str] = []
    if catalog is not None:
        found = popularity.by_category(trending, events.keys, _categories(catalog))
        names = found.names
        arrays |= {"category.ptr": found.ptr, "category.idx": found.idx}
    say("popularity", 1, 1)
    if (replenishment := _part("replenishment")) is not None:
        single = {} if catalog is None else _single(catalog)
        fitted = replenishment.fit(events, say, single)
        arrays |= fitted.arrays
        learned["replenishment"] = fitted.metrics
    meta = {
        "until": _written(events, until),
        "parameters": msgspec.to_builtins(parameters),
        "metrics": learned,
        "counts": counts(read) | ({} if counting is None else counting.counts()),
        "categories": names,
    }
    return Trained(events.keys, arrays, meta)


def tables(
    counted: "Here | Counting | Tables", parameters: Parameters, say: Say
) -> dict[str, Table]:
    """The tables that are counted by pairs of a session, by their names in a model."""
    return {
        "viewed-viewed": counted.table(
            parameters, VIEWED, VIEWED, _step(say, "counting what is viewed")
        ),
        "viewed-bought": counted.table(
            parameters, VIEWED, BOUGHT, _step(say, "counting what is bought")
        ),
    }


def counts(read: Read) -> dict[str, Any]:
    """How much was read, and what of it is no event."""
    events = read.events
    return {
        "lines": events.lines,
        "events": len(events.item),
        "viewed": int((events.verb == VIEWED).sum()),
        "added": int((events.verb == ADDED).sum()),
        "bought": int((events.verb == BOUGHT).sum()),
        "visitors": len(np.unique(events.visitor[events.visitor >= 0])),
        "sessions": events.sessions,
        "items": len(events.keys),
        "later": read.later,
        "rejected": dict(events.rejected.most_common()),
    }


def with_items(events: Events, keys: list[str]) -> Events:
    """The same events, among more items."""
    known = set(events.keys)
    whole = sorted(known.union(keys))
    if len(whole) == len(known):
        return events
    places = {key: number for number, key in enumerate(whole)}
    renamed = np.array([places[key] for key in events.keys], np.int32)
    return events._replace(item=renamed[events.item], keys=whole)


def keys_of(catalog: Catalog) -> list[str]:
    """The keys of all that a catalogue has."""
    return [*catalog.products, *map(article_key, catalog.articles)]


def _categories(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    """The categories of each product, with those above them."""
    return {
        id: tuple(catalog.line(item.category))
        for id, item in catalog.products.items()
        if item.category
    }


def _single(catalog: Catalog) -> dict[str, str]:
    return {id: item.category for id, item in catalog.products.items() if item.category}


def _written(events: Events, until: float | None) -> str | None:
    if until is None:
        if not events.timed:
            return None
        until = float(events.time.max())
    return datetime.fromtimestamp(until, UTC).isoformat()


def _step(say: Say, step: str) -> Say:
    return lambda _, done, of: say(step, done, of)


def _nobody(step: str, done: int, of: int) -> None:
    return None


def _part(name: str) -> "ModuleType | None":
    try:
        return importlib.import_module(f"{__package__}.{name}")
    except ModuleNotFoundError:
        return None

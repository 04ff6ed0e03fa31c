"""All of the training, one part after the other: from events to what a model holds."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...catalog import Catalog
from ..model import article_key
from ..scoring import AGAIN
from . import content, popularity, replenishment
from .events import ADDED, BOUGHT, VIEWED, Events
from .here import Here
from .part import Say, arrays_of, silent
from .reading import Read
from .together import together
from .tuning import tune
from .widening import widened

if TYPE_CHECKING:
    from .sql import Counting
    from .tables import Tables

VIEWS, ORDERS = "counting what is viewed", "counting what is bought"
Arrays = dict[str, NDArray[np.generic]]


class Trained(NamedTuple):
    """What :func:`~..writing.write` writes: the items' keys, the arrays by name, and ``meta``."""

    keys: list[str]
    arrays: Arrays
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
    say = say or silent
    events = read.events
    if catalog is not None:
        events = with_items(events, keys_of(catalog))
    parameters, metrics = tune(events, say)
    if counting is not None:
        parameters = counting.settled(parameters)
        until = counting.until if until is None else until
    counted = counting or Here(events)
    views = counted.table(parameters, VIEWED, VIEWED, _step(say, VIEWS))
    views = widened(views, parameters.wider, parameters.keep)
    arrays = arrays_of("viewed-viewed", views)
    arrays[AGAIN] = counted.again(parameters)
    bought = counted.table(parameters, VIEWED, BOUGHT, _step(say, ORDERS))
    arrays |= arrays_of("viewed-bought", bought)
    if len(events.item) or counting is None:
        arrays |= arrays_of("together", together(events, say))
    else:  # tables of a log that nobody has here
        arrays |= arrays_of("together", counting.cosine())
    say("popularity", 0, 1)
    trending = counted.trending()
    arrays |= _popularity("popular", counted.popular())
    arrays |= _popularity("trending", trending)
    names: list[str] = []
    if catalog is not None:
        alike = content.similar(catalog, events.keys, say)
        arrays |= arrays_of("content", alike)
        arrays["content-weight"] = content.worth(counted.looked_at(), views)
        found = popularity.by_category(trending, events.keys, _categories(catalog))
        names = found.names
        arrays |= {"category.ptr": found.ptr, "category.idx": found.idx}
    replenished = replenishment.fit(
        events, say, None if catalog is None else _category(catalog)
    )
    arrays |= replenished.arrays
    meta = {
        "until": _written(events, until),
        "parameters": msgspec.to_builtins(parameters),
        "metrics": {**metrics, "replenishment": replenished.metrics},
        "counts": counts(read) | ({} if counting is None else counting.counts()),
        "categories": names,
    }
    return Trained(events.keys, arrays, meta)


def _popularity(name: str, found: popularity.Popularity) -> Arrays:
    return {name: found.scores, f"{name}-order": found.order}


def counts(read: Read) -> dict[str, Any]:
    """How much was read, and what of it is no event."""
    events = read.events
    return {
        "lines": events.lines,
        "events": len(events.item),
        "viewed": int((events.verb == VIEWED).sum()),
        "added": int((events.verb == ADDED).sum()),
        "bought": int((events.verb == BOUGHT).sum()),
        # Of millions, many times as quick as sorting them.
        "visitors": int((np.bincount(events.visitor[events.visitor >= 0]) > 0).sum()),
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


def _category(catalog: Catalog) -> dict[str, str]:
    return {id: item.category for id, item in catalog.products.items() if item.category}


def _written(events: Events, until: float | None) -> str | None:
    if until is None:
        if not events.timed:
            return None
        until = float(events.time.max())
    return datetime.fromtimestamp(until, UTC).isoformat()


def _step(say: Say, step: str) -> Say:
    return lambda _, done, of: say(step, done, of)

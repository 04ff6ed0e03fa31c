"""All of the training, one part after the other: from events to what a model holds."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...catalog import Catalog
from ..model import article_key
from ..scoring import AGAIN, Parameters
from . import content, covisitation, popularity, replenishment
from .again import again
from .events import ADDED, BOUGHT, VIEWED, Events
from .part import Say, arrays_of
from .reading import Read
from .table import Table
from .together import together
from .tuning import tune, views_of
from .widening import widened

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
) -> Trained:
    """What ``read`` teaches; with a ``catalog`` also about what nobody has done anything with yet.

    ``until``, in seconds since 1970, is the moment up to which events were read.
    """
    say = say or _nobody
    events = read.events
    if catalog is not None:
        events = with_items(events, _keys(catalog))
    parameters, metrics = tune(events, say)
    counted = tables(events, parameters, say)
    views = widened(counted["viewed-viewed"], parameters.wider, parameters.keep)
    arrays = arrays_of("viewed-viewed", views)
    arrays |= arrays_of("viewed-bought", counted["viewed-bought"])
    arrays |= arrays_of("together", together(events, say))
    arrays[AGAIN] = again(views_of(events), parameters)
    say("popularity", 0, 1)
    trending = popularity.trending(events)
    arrays |= _popularity("popular", popularity.popular(events))
    arrays |= _popularity("trending", trending)
    names: list[str] = []
    if catalog is not None:
        arrays |= _content(catalog, events, views, say)
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
        "counts": counts(read),
        "categories": names,
    }
    return Trained(events.keys, arrays, meta)


def _content(catalog: Catalog, events: Events, views: Table, say: Say) -> Arrays:
    """What is alike, for items that nobody or few have seen."""
    counts = np.bincount(views_of(events).item, minlength=len(events.keys))
    alike = arrays_of("content", content.similar(catalog, events.keys, say))
    return alike | {"content-weight": content.worth(counts, views)}


def _popularity(name: str, found: popularity.Popularity) -> Arrays:
    return {name: found.scores, f"{name}-order": found.order}


def tables(events: Events, parameters: Parameters, say: Say) -> dict[str, Table]:
    """The tables that are counted by pairs of a session, by their names in a model."""
    return {
        "viewed-viewed": covisitation.table(
            views_of(events),
            parameters,
            VIEWED,
            VIEWED,
            _step(say, "counting what is viewed"),
        ),
        "viewed-bought": covisitation.table(
            events, parameters, VIEWED, BOUGHT, _step(say, "counting what is bought")
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


def _keys(catalog: Catalog) -> list[str]:
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


def _nobody(step: str, done: int, of: int) -> None:
    return None

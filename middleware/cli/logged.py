"""The shop's own log of events, as training reads events."""

import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from ...fragments.recommendations.model import article_key
from ...rules.events import (
    ARTICLE_VIEWED,
    ORDER_COMPLETED,
    PRODUCT_ADDED,
    PRODUCT_VIEWED,
    SAYS,
)
from ...rules.facts import DAY, Event

if TYPE_CHECKING:
    from ...fragments.recommendations.training.batch import Batch
    from ...fragments.recommendations.training.part import Say
    from ...fragments.recommendations.training.reading import Read
    from ..site import Site

AHEAD = float(DAY)  # seconds that clocks may be ahead
AT_ONCE = 2_000  # what becomes of them fits into a cache of the processor
_VERBS = {
    PRODUCT_VIEWED: "viewed",
    ARTICLE_VIEWED: "viewed",
    PRODUCT_ADDED: "added",
    ORDER_COMPLETED: "bought",
}

Row = tuple[str, None, str, str, float, str | None, int]


def read_log(site: "Site", url: str | None, until: float | None, say: "Say") -> "Read":
    """The events of the shop's log. Raises :class:`StoreError`, or ``Unreadable`` if there are
    none."""
    from ...fragments.recommendations.training.gathering import Gathering
    from ...fragments.recommendations.training.reading import read_of

    gathering = Gathering(until, time.time())
    for batch, size in log_of(site, url, until):
        gathering.add(batch)
        say("reading", batch.done, size)
    return read_of(gathering, "the log", until)


def log_of(
    site: "Site", url: str | None, until: float | None
) -> "Iterator[tuple[Batch, int]]":
    """The batches of the log in the store at ``url``, else in that of ``site``, each with how many
    events the log has. Raises :class:`StoreError`."""
    from ..stores.opening import open_keeper
    from .records import address_of

    with open_keeper(address_of(site, url), site.context.day) as keeper:
        size = keeper.sizes()["events"]
        for batch in batches(keeper.events(*window(until))):
            yield batch, size


def window(until: float | None) -> tuple[float, float]:
    """From when until when events are read, in seconds since 1970."""
    return 0.0, time.time() + AHEAD if until is None else until


def batches(events: Iterable[Event]) -> "Iterator[Batch]":
    """What visitors viewed, put into the cart and ordered; other events are no business of it.

    A line's number is the event's place in the log.
    """
    from ...fragments.recommendations.training.batch import Batch

    rows = _rows(events)
    while part := list(islice(rows, AT_ONCE)):
        *values, lines = zip(*part, strict=True)
        yield Batch(values, lines, lines[-1])


def _rows(events: Iterable[Event]) -> Iterator[Row]:
    for place, event in enumerate(events, 1):
        verb = _VERBS.get(event.name)
        if verb is None:
            continue
        order = _id(event.properties.get("order_id")) or None
        says = SAYS[event.name]
        things = event.properties.get(says.listed) if says.listed else None
        if not isinstance(things, list | tuple):
            things = (event.properties,)
        for thing in things:
            id = _id(thing.get(says.property)) if isinstance(thing, dict) else ""
            if id:
                key = article_key(id) if says.kind == "article" else id
                yield event.visitor, None, verb, key, event.time, order, place


def _id(value: object) -> str:
    if isinstance(value, str):
        return value
    # JSON's true is no id, though Python counts it among numbers.
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number else ""

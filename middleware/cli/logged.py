"""The shop's own log of events, as training reads events."""

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from ...fragments.recommendations.model import article_key
from ...rules.events import (
    ARTICLE_VIEWED,
    ORDER_COMPLETED,
    PRODUCT_ADDED,
    PRODUCT_VIEWED,
    SAYS,
)
from ...rules.facts import DAY, Event
from ..stores import Keeper, LogRow, Told

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


_ONE_PRODUCT = frozenset((PRODUCT_VIEWED, PRODUCT_ADDED))


class _Properties(msgspec.Struct, gc=False):
    product_id: Any = None
    article_id: Any = None
    order_id: Any = None
    products: Any = None


_decoder = msgspec.json.Decoder(list[_Properties])
_Thing = tuple[str, str, str, float, str | None, int]
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
        size = length_of(keeper)
        for batch in log_batches(keeper, *window(until)):
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


def log_batches(keeper: Keeper, since: float, until: float) -> "Iterator[Batch]":
    """:func:`batches` of what a keeper has between two moments."""
    if not isinstance(keeper, Told):
        yield from batches(keeper.events(since, until))
        return
    from ...fragments.recommendations.training.batch import Batch

    done = 0
    for step in keeper.rows(since, until, _VERBS):
        columns = _simple(step, done) or list(zip(*_things(step, done), strict=True))
        done += len(step)
        if columns:
            *values, lines = columns
            yield Batch([values[0], [None] * len(lines), *values[1:]], lines, done)


def length_of(keeper: Keeper) -> int:
    """How many events a keeper has."""
    return keeper.length() if isinstance(keeper, Told) else keeper.sizes()["events"]


def _simple(step: Sequence[LogRow], done: int) -> list[Sequence[Any]] | None:
    """The columns, where each event is about one product, in no order; None where not."""
    _, names, owners, moments, texts = zip(*step, strict=True)
    if not _ONE_PRODUCT.issuperset(names):
        return None
    properties = _decoder.decode(f"[{','.join(texts)}]")
    keys = [said.product_id for said in properties]
    if set(map(type, keys)) != {str} or "" in keys:
        return None
    if any(said.order_id is not None for said in properties):
        return None
    verbs = list(map(_VERBS.__getitem__, names))
    lines = range(done + 1, done + len(step) + 1)
    return [owners, verbs, keys, moments, [None] * len(step), lines]


def _things(step: Sequence[LogRow], done: int) -> Iterator[_Thing]:
    rows = [
        (place, row) for place, row in enumerate(step, done + 1) if row[4] is not None
    ]
    properties = _decoder.decode(f"[{','.join([str(row[4]) for _, row in rows])}]")
    for (place, (_, name, owner, moment, _)), said in zip(
        rows, properties, strict=True
    ):
        order = _id(said.order_id) or None
        if name == ORDER_COMPLETED and isinstance(said.products, list):
            for thing in said.products:
                id = _id(thing.get("product_id")) if isinstance(thing, dict) else ""
                if id:
                    yield owner, "bought", id, moment, order, place
        elif name == ARTICLE_VIEWED:
            if id := _id(said.article_id):
                yield owner, "viewed", article_key(id), moment, order, place
        elif id := _id(said.product_id):
            yield owner, _VERBS[name], id, moment, order, place


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

"""Which items go together in a session: pairs are counted, the near and the recent ones more.

The pairs are made for some items at a time, all of them in both directions, so that a part of
the table is finished, and its best kept, before the next one begins: memory depends on the size
of a part, not on how many pairs there are. Weights are whole numbers, so that the sums are the
same in whichever order they are added up.
"""

from collections.abc import Iterator
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from ..scoring import Parameters
from .events import VIEWED, Events
from .part import Say
from .table import Table, empty
from .weights import BUCKETS, UNIT, distances, recencies, scales

#: Pairs that are held at once, at about 50 bytes.
PAIRS = 500_000

_Ints = NDArray[np.int64]
_Places = NDArray[np.int32]
_BELOW = 0x7FFF_FFFF  # what the bits of a positive float32 are at most
_STEPS = 128  # of scores, when the best are looked for


def table(
    events: Events,
    parameters: Parameters,
    of: int = VIEWED,
    to: int = VIEWED,
    say: Say | None = None,
) -> Table:
    """What was done as ``to`` in the sessions in which something was done as ``of``, best first.

    A session's places are counted over its events of these two verbs. ``say`` hears how many of
    the items are done. Where nothing was done as one of the two, the table has no pairs.
    """
    items = len(events.keys)
    line = _Line(events, parameters, of, to)
    if not len(line.items) or not line.of_counts.any() or not line.to_counts.any():
        return empty(items)
    counts = np.zeros(items, np.int64)
    columns: list[NDArray[np.int32]] = []
    values: list[NDArray[np.float32]] = []
    for first, last, places in line.parts():
        # A part is cut again where one item alone would be too much.
        sums = reduce(add, (line.pairs(some, first, last) for some in places))
        rows, best, scores = line.best(sums, first)
        counts[first:last] = np.bincount(rows, minlength=last - first)
        columns.append(best)
        values.append(scores)
        if say is not None:
            say("counting", last, items)
    ptr = np.zeros(items + 1, np.int64)
    np.cumsum(counts, out=ptr[1:])
    return Table(ptr, np.concatenate(columns), np.concatenate(values))


class _Line:
    """The events of two verbs, session after session, and what their pairs weigh."""

    def __init__(
        self, events: Events, parameters: Parameters, of: int, to: int
    ) -> None:
        verb, items, session = events.verb, events.item, events.session
        chosen = (verb == of) | (verb == to)
        if not chosen.all():
            verb, items, session = verb[chosen], items[chosen], session[chosen]
        number = len(events.keys)
        self.items, self.session = items, session
        self.of, self.to = (verb == of), (verb == to)
        self.of_counts = np.bincount(items[self.of], minlength=number)
        self.to_counts = np.bincount(items[self.to], minlength=number)
        self.scale_of = scales(self.of_counts, parameters.power_of) * UNIT**-2
        self.scale_to = scales(self.to_counts, parameters.power_to)
        self.recency = recency(events, parameters.recency)
        self.farthest = parameters.farthest
        self.keep = parameters.keep
        forward, backward = distances(
            parameters.farthest, parameters.distance_decay, parameters.backward
        )
        # By steps from the farthest before to the farthest after.
        self.distance = np.array([*backward[:0:-1], *forward], np.int64)
        edges = np.flatnonzero(np.diff(session)) + 1
        starts = np.concatenate(([0], edges)).astype(np.int32)
        ends = np.concatenate((edges, [len(session)])).astype(np.int32)
        lengths = ends - starts
        place = np.arange(len(session), dtype=np.int32)
        farthest = np.int32(self.farthest)
        begin = np.maximum(place - farthest, np.repeat(starts, lengths))
        end = np.minimum(place + farthest + 1, np.repeat(ends, lengths))
        # What an event is paired with is a slice of these places.
        self.others: _Places | None = None
        if of != to:
            self.others = place[self.to]
            reached = np.zeros(len(place) + 1, np.int32)
            np.cumsum(self.to, out=reached[1:])
            begin, end = reached[begin], reached[end]
        self.begin, self.number = begin, end - begin
        # Those of one item together: these are the rows that a part makes.
        places = np.flatnonzero(self.of & (self.number > 0))
        order = items[places].astype(np.int64) << 32 | places
        order.sort()
        self.places = (order & 0xFFFF_FFFF).astype(np.int32)
        self.each = np.bincount(items[places], minlength=number)

    def parts(self) -> Iterator[tuple[int, int, list[_Places]]]:
        """Items from a first one up to a last one, and the places of their events in pieces."""
        number = len(self.of_counts)
        width = max(1, (number - 1).bit_length())
        tall = 1 << max(0, min(20, 64 - 31 - width))
        places = self.places
        work = np.zeros(len(places) + 1, np.int64)
        np.cumsum(self.number[places], out=work[1:])
        starts = np.zeros(number + 1, np.int64)
        np.cumsum(self.each, out=starts[1:])
        before = work[starts]
        first = 0
        while first < number:
            begin = starts[first]
            last = int(np.searchsorted(before, work[begin] + PAIRS, "right")) - 1
            last = min(max(last, first + 1), first + tall, number)
            end = starts[last]
            pieces = []
            while begin < end:
                stop = int(np.searchsorted(work, work[begin] + PAIRS, "right")) - 1
                stop = min(max(stop, int(begin) + 1), int(end))
                pieces.append(places[begin:stop])
                begin = stop
            yield first, last, pieces or [places[:0]]
            first = last

    def pairs(self, places: _Places, first: int, last: int) -> csr_matrix:
        """What the pairs of these events weigh, by item (from ``first``) and the other item; those
        of an item with itself are among them."""
        number = self.number[places]
        begins = np.zeros(len(places) + 1, np.int32)
        np.cumsum(number, out=begins[1:])
        other = np.arange(begins[-1], dtype=np.int32)
        other += np.repeat(self.begin[places] - begins[:-1], number)
        if self.others is not None:
            other = self.others[other]
        columns = self.items[other]
        # The step to itself is among them, and weighs nothing.
        other += np.repeat(self.farthest - places, number)
        weights = self.distance[other]
        near = csr_matrix(
            (weights, columns, begins), shape=(len(places), len(self.of_counts))
        )
        # Adds up the rows of an item's places; a product needs no sorting, as merging does.
        edges = np.searchsorted(self.items[places], np.arange(first, last + 1))
        recency = self.recency[self.session[places]]
        own = csr_matrix(
            (recency, np.arange(len(places), dtype=np.int32), edges),
            shape=(last - first, len(places)),
        )
        return own @ near

    def best(
        self, sums: csr_matrix, first: int
    ) -> tuple[_Ints, NDArray[np.int32], NDArray[np.float32]]:
        """Rows (from 0), columns and scores of what is kept, as a table has them."""
        height, width = sums.shape
        rows = np.repeat(np.arange(height), np.diff(sums.indptr))
        others = sums.indices != rows + first
        rows, columns = rows[others], sums.indices[others]
        scores = sums.data[others].astype(np.float64)
        scores *= self.scale_of[rows + first]
        scores *= self.scale_to[columns]
        return sorted_rows(rows, scores.astype(np.float32), columns, width, self.keep)


def sorted_rows(
    rows: _Ints,
    scores: NDArray[np.float32],
    columns: NDArray[np.integer],
    width: int,
    keep: int,
) -> tuple[_Ints, NDArray[np.int32], NDArray[np.float32]]:
    """The best ``keep`` of each row, as a table has them; rows come in rising order."""
    if len(rows) and len(rows) > keep * int(rows[-1] + 1):
        likely = _likely(rows, scores, keep)
        rows, scores, columns = rows[likely], scores[likely], columns[likely]
    lengths = np.bincount(rows)
    # One number that sorts by row, falling score and column.
    bits = max(1, (width - 1).bit_length())
    key = rows.astype(np.uint64)
    key <<= np.uint64(31)
    key |= np.uint64(_BELOW) - scores.view(np.uint32)
    key <<= np.uint64(bits)
    key |= columns.astype(np.uint64)
    key.sort()
    begins = np.cumsum(lengths) - lengths
    key = key[np.arange(len(key)) - np.repeat(begins, lengths) < keep]
    chosen = (key & np.uint64((1 << bits) - 1)).astype(np.int32)
    key >>= np.uint64(bits)
    short = (np.uint64(_BELOW) - (key & np.uint64(_BELOW))).astype(np.uint32)
    kept = (key >> np.uint64(31)).astype(np.int64)
    return kept, chosen, short.view(np.float32)


def _likely(rows: _Ints, scores: NDArray[np.float32], keep: int) -> NDArray[np.intp]:
    """The places of all that can be among the best ``keep`` of their rows: sorting these alone is
    quicker."""
    # Steps of a quarter of a power of two, and none for what is far below the best.
    step = (scores.view(np.uint32) >> np.uint32(21)).astype(np.int64)
    step -= int(step.max()) - _STEPS + 1
    np.maximum(step, 0, out=step)
    step += rows * _STEPS
    above = np.bincount(step, minlength=(int(rows[-1]) + 1) * _STEPS)
    above = above.reshape(-1, _STEPS)[:, ::-1].cumsum(axis=1)
    # The step that the last of the best is in; the lowest one where there are not so many.
    least = np.maximum(_STEPS - 1 - (above < keep).sum(axis=1), 0)
    least += np.arange(len(least)) * _STEPS
    return np.flatnonzero(step >= least[rows])


def recency(events: Events, decay: float) -> _Ints:
    """What each session weighs, by the age of its last event."""
    weights = np.array(recencies(decay), np.int64)
    if not len(events.time):
        return weights[:0]
    ends = np.flatnonzero(np.diff(events.session, append=events.sessions))
    ended = np.zeros(events.sessions)  # what has no events any more weighs nothing
    ended[events.session[ends]] = events.time[ends]
    first, last = events.time.min(), events.time.max()
    if first == last:
        return np.full(events.sessions, weights[-1])
    bucket = np.floor((ended - first) / (last - first) * BUCKETS)
    each: _Ints = weights[np.clip(bucket, 0, BUCKETS - 1).astype(np.int64)]
    return each

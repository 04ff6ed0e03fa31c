"""Sums over the units that saw the same: exact, so that they can be added and taken off again."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

import msgspec

from ..statistics.samples import Mean, Ratio, Share
from .buckets import bucket, largest
from .metrics import ADDED_UP
from .quantities import RATINGS
from .terms import before

MOMENTS = 8  # of each metric: y, yy, d, dd, yd, x, xx, xy
_Key = TypeVar("_Key", str, int)

CAPPED_AT = (999, 1_000)  # the share of all units that lies below the cap


class Cell(NamedTuple):
    """What units are added up by: whoever was exposed first on the same day, to the same.

    ``day`` is in the site's time zone, since 1970-01-01. ``kind`` is site, experiment, rule, slot,
    segment, stage or campaign, and ``name`` its name; empty of the site. ``context`` is empty for
    all; of experiments also ``segment:ID``, of slots also ``stage:NAME``. ``arm`` is the variant
    or ``control`` of experiments, of rules ``shown`` or ``held``; else ``holdout``, or ``shown`` for
    all who are not in it.
    """

    day: int
    kind: str
    name: str
    context: str
    arm: str


class Tally(msgspec.Struct, array_like=True):
    """Sums over ``n`` units.

    ``moments`` maps a metric to the sums of y, y², d, d², y·d, x, x², x·y over all units: y is the
    quantity above the line, d the one below it, x the same as y before the exposure. A metric all
    of whose sums are 0 is not there. ``buckets`` maps a metric whose largest values are cut to
    bucket of y -> the number of units there and their sums of y, y², x, x², x·y; units with a y of
    0 are in no bucket.
    """

    n: int = 0
    moments: dict[str, list[int]] = {}
    buckets: dict[str, dict[int, list[int]]] = {}

    def add(self, other: "Tally", sign: int = 1) -> None:
        """Add ``other``; with a ``sign`` of -1 take it off."""
        self.n += sign * other.n
        _add_all(self.moments, other.moments, sign)
        for metric, theirs in other.buckets.items():
            ours = self.buckets.setdefault(metric, {})
            _add_all(ours, theirs, sign)
            if not ours:
                del self.buckets[metric]

    def count(self, quantities: Mapping[str, int], times: int = 1) -> None:
        """Add ``times`` units with these quantities; with a number below 0 take them off."""
        self.add(_of_one(quantities), times)

    def sample(self, metric: str, cap: int | None = None) -> Mean | Share | Ratio:
        """What the statistics compare; values above ``cap`` count as ``cap``.

        A ``cap`` is one that :func:`cap` gave. Raises KeyError for a metric that nobody knows.
        """
        known = ADDED_UP[metric]
        y, yy, d, dd, yd, x, xx, xy = self.moments.get(metric) or (0,) * MOMENTS
        if known.kind == "ratio":
            return Ratio(self.n, y, yy, d, dd, yd)
        if known.kind == "share":
            return Share(self.n, y, x, xy)
        if cap is not None:
            for number, (n, of_y, of_yy, of_x, _, of_xy) in self.buckets.get(
                metric, {}
            ).items():
                if largest(number) > cap:
                    y += n * cap - of_y
                    yy += n * cap * cap - of_yy
                    xy += of_x * cap - of_xy
        return Mean(self.n, y, yy, x, xx, xy)

    def encode(self) -> bytes:
        """As JSON, the same for equal tallies; its numbers may have more than 64 bits."""
        buckets = {
            metric: dict(sorted(numbers.items()))
            for metric, numbers in sorted(self.buckets.items())
        }
        return _encode(Tally(self.n, dict(sorted(self.moments.items())), buckets))

    @classmethod
    def decode(cls, text: bytes | str) -> "Tally":
        """Raises :class:`msgspec.DecodeError` for what is no tally."""
        return _decoder.decode(text)


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Tally)


def _add_all(
    ours: dict[_Key, list[int]], theirs: dict[_Key, list[int]], sign: int
) -> None:
    """What has become 0 goes: then nothing is left of what was added and taken off again."""
    for key, values in tuple(theirs.items()):
        known = ours.get(key)
        if known is None:
            total = [sign * value for value in values]
        else:
            total = [a + sign * b for a, b in zip(known, values, strict=True)]
        if any(total):
            ours[key] = total
        elif known is not None:
            del ours[key]


def _of_one(quantities: Mapping[str, int]) -> Tally:
    """The tally of one unit."""

    def told(name: str) -> int:
        if name == RATINGS:
            return told("thumbs-up") + told("thumbs-down")
        return quantities.get(name, 0)

    tally = Tally(1)
    for name, metric in ADDED_UP.items():
        past = before(metric)
        y, x = told(metric.over), told(past) if past else 0
        d = told(metric.under) if metric.under else 0
        if y or d or x:
            tally.moments[name] = [y, y * y, d, d * d, y * d, x, x * x, x * y]
        if y and metric.capped:
            tally.buckets[name] = {bucket(y): [1, y, y * y, x, x * x, x * y]}
    return tally


def cap(tallies: Iterable[Tally], metric: str) -> int | None:
    """Where the largest values of a metric are cut: at the 99.9th percentile of all together.

    It is the upper end of the bucket that the percentile lies in. None: nothing is cut, since the
    metric is not one of those, or fewer units than one in a thousand have a value above 0.
    """
    if not ADDED_UP[metric].capped:
        return None
    units = 0
    numbers: dict[int, int] = {}
    for tally in tallies:
        units += tally.n
        for number, values in tally.buckets.get(metric, {}).items():
            numbers[number] = numbers.get(number, 0) + values[0]
    share, whole = CAPPED_AT
    above = units * (whole - share)  # in units / whole: as many may lie above the cap
    for number in sorted(numbers, reverse=True):
        if number <= 0:
            return None
        above -= numbers[number] * whole
        if above < 0:
            return largest(number)
    return None

"""Weights that follow what variants earn: Thompson's rule, from the sums over their visitors.

A variant gets the part of the visitors that is its chance to be the best one, above a floor
that everybody keeps. Visitors who came long ago count less, those who came so lately that they
had no time to be paid do not count yet. Where weights go by segments, what is known of the
other visitors is where a segment begins, and the more its own visitors differ the less it
counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from typing import Literal, NamedTuple

from ..experiments import Adapting, Split
from ..facts import DAY
from ..measurement.cells import Cell, Tally, cap
from ..measurement.metrics import METRICS, Metric
from ..statistics.posteriors import Posterior, chances
from ..statistics.samples import Ratio, Share
from .evidence import NOTHING, Days, Evidence

MINIMUM = 100  # visitors of a variant, before its weight is moved
DIFFER = (
    0.1  # how much, of their value, variants may differ from segment to segment anyway
)
_UNRIPE = 0.2  # of a day's visitors may have come within the delay
_SURE = 100.0  # visitors as whom the spread of all variants counts: few look too alike

Weights = dict[str, dict[str, float]]
"""Context (``segment:ID``; "" for everybody else) -> variant -> its share of the visitors."""


class Seen(NamedTuple):
    """The visitors of one variant who were first shown it on ``day``; ``context``: "" (all) or
    ``segment:ID``."""

    day: int
    context: str
    arm: str
    evidence: Evidence


def learned(split: Split, cells: Iterable[tuple[Cell, Tally]], now: float) -> Weights:
    """The weights of an adaptive ``split`` by the ``cells`` of its experiment; ``now`` is in days
    since 1970, in the site's time zone, as the days of cells are. Raises nothing that a site may
    cause: its metric was looked at when the rules were read."""
    assert split.adapt is not None  # whoever asks has looked
    metric = METRICS[split.adapt.metric]
    return adapted(split, split.adapt, metric, seen(cells, metric.name), now)


def seen(cells: Iterable[tuple[Cell, Tally]], metric: str) -> list[Seen]:
    """What ``cells`` of one experiment say of a metric. The largest values are cut at one height
    for all of them."""
    known = list(cells)
    most = cap((tally for cell, tally in known if not cell.context), metric)
    found = []
    for cell, tally in known:
        sample = tally.sample(metric, most)
        if isinstance(sample, Ratio):
            evidence = Evidence(*sample)
        elif isinstance(sample, Share):
            evidence = Evidence(sample.n, sample.y, sample.y)
        else:
            evidence = Evidence(sample.n, sample.y, sample.yy)
        found.append(Seen(cell.day, cell.context, cell.arm, evidence))
    return found


def adapted(
    split: Split, adapt: Adapting, metric: Metric, seen: Iterable[Seen], now: float
) -> Weights:
    """The weights of each context: the segments of ``adapt.by``, and "".

    Variants whose written weight is 0 keep it. The weights of a context sum up to 1; those of a
    variant that fewer than :data:`MINIMUM` visitors have seen, or whose metric says nothing (clicks
    per showing, where nothing is shown), are as written. ``now`` is in days
    since 1970, as the days of ``seen``.
    """
    arms = {each.name: each.weight for each in split.variants if each.weight > 0}
    ratio = metric.kind == "ratio"
    days = _by_context(arms, adapt, ratio, seen, now)
    everybody = days.get("", Days(ratio))
    parts = [f"segment:{name}" for name in adapt.by]
    taken = [(days[part], -1.0) for part in parts if part in days]
    # For whom no segment holds. Segments may overlap: then less is left than there was.
    days[""] = Days.of(ratio, (everybody, 1.0), *taken)
    weights = {}
    for context in ("", *parts):
        own = days.get(context, Days(ratio))
        rest = Days.of(ratio, (everybody, 1.0), (own, -1.0)) if parts else None
        weights[context] = _weights(arms, adapt.floor, metric, (own, rest, everybody))
        for each in split.variants:
            weights[context].setdefault(each.name, 0.0)
    return weights


def _by_context(
    arms: Mapping[str, float],
    adapt: Adapting,
    ratio: bool,
    seen: Iterable[Seen],
    now: float,
) -> dict[str, Days]:
    wanted = {"", *(f"segment:{name}" for name in adapt.by)}
    days: dict[str, Days] = {}
    for day, context, arm, evidence in seen:
        if context not in wanted or arm not in arms:
            continue
        if not _ripe(now - day, adapt.delay / DAY):
            continue
        over = max(now - day - 1, 0.0) * DAY  # seconds since that day was over
        worth = 0.5 ** (over / adapt.half_life) if adapt.half_life else 1.0
        days.setdefault(context, Days(ratio)).add(day, arm, evidence, worth)
    return days


def _ripe(age: float, delay: float) -> bool:
    """Whether most visitors of a day that began ``age`` days ago came ``delay`` days ago, or
    earlier, if they came evenly. Of a day's visitors, those of a variant that has just become
    heavier are younger: with many of them unripe it would look worse than it is."""
    youngest = max(age - 1, 0.0)
    young = min(delay, age) - youngest
    return young <= _UNRIPE * (age - youngest)


def _weights(
    arms: Mapping[str, float],
    floor: float,
    metric: Metric,
    seen: tuple[Days, Days | None, Days],
) -> dict[str, float]:
    """``seen`` are the context's own visitors, all others, and everybody."""
    own, rest, everybody = seen
    total = sum(arms.values())
    shares = {name: weight / total for name, weight in arms.items()}
    known = [
        name
        for name in arms
        if everybody.visitors.get(name, 0) >= MINIMUM
        # Of a variant that shows nothing there is no rate of clicks.
        and everybody.size(everybody.total(name)) > 0
    ]
    if len(known) > 1:
        found = _posteriors(known, metric.kind, own, rest)
        part = sum(shares[name] for name in known)
        best = chances(found, less=metric.better == "less")
        for name, chance in zip(known, best, strict=True):
            shares[name] = chance * part
    return _floored(shares, floor)


def _floored(shares: Mapping[str, float], floor: float) -> dict[str, float]:
    """``shares`` of the visitors, of which nobody has less than ``floor``."""
    floor = min(floor, 1 / len(shares))
    free = 1 - floor * len(shares)
    return {name: floor + free * share for name, share in shares.items()}


# -- what is believed ----------------------------------------------------------------------


class _Belief(NamedTuple):
    """A value, and how sure that is: its variance, in parts of the value squared."""

    value: float
    variance: float


def _posteriors(
    arms: Sequence[str], kind: str, own: Days, rest: Days | None
) -> list[Posterior]:
    """What is believed of each variant by its ``own`` visitors, and by the ``rest``."""
    look = _Look(arms, kind, own)
    before = look.even()
    if rest is not None:
        others = _Look(arms, kind, rest)
        elsewhere = [others.posterior(*each) for each in enumerate(others.even())]
        if min(each.mean for each in elsewhere) > 0:
            before = look.carried(elsewhere)
    return [look.posterior(*each) for each in enumerate(before)]


class _Look:
    """The evidence of one context, summed up."""

    def __init__(self, arms: Sequence[str], kind: str, days: Days) -> None:
        sizes = days.sizes(arms)
        self.kind = kind
        self.sizes = [sizes[arm] for arm in arms]
        self.totals = [days.total(arm) for arm in arms]
        self.together = NOTHING
        for each in self.totals:
            self.together = self.together.plus(each)

    def even(self) -> list[_Belief]:
        """The same for all variants, and worth about as much as one success."""
        size = sum(self.sizes)
        value = self.together.y / size if size > 0 else 0.0
        return [_Belief(value, 1.0)] * len(self.sizes)

    def carried(self, elsewhere: Sequence[Posterior]) -> list[_Belief]:
        """What other visitors are like, brought to the level of these, and as unsure as these
        are unlike them."""
        y = self.together.y
        one = self.together.yy / y if y > 0 else 0.0
        expected = sum(
            size * each.mean for size, each in zip(self.sizes, elsewhere, strict=True)
        )
        level = (y + one) / (expected + one) if y > 0 and expected > 0 else 1.0
        beliefs = [
            _Belief(each.mean * level, each.variance / each.mean**2)
            for each in elsewhere
        ]
        unlike = self._unlike(beliefs)
        return [_Belief(each.value, each.variance + unlike) for each in beliefs]

    def _unlike(self, beliefs: Sequence[_Belief]) -> float:
        """The variance between contexts, by moments as DerSimonian and Laird (1986) estimate it."""
        away, weights = [], []
        for at, (value, variance) in enumerate(beliefs):
            if (size := self.sizes[at]) > 0:
                away.append(self.totals[at].y / size / value - 1)
                noise = self._noise(at, self.together.spread) / value**2
                weights.append(1 / (noise + variance))
        least, total = DIFFER**2, sum(weights)
        if len(away) < 2:
            return least
        middle = sum(w * x for w, x in zip(weights, away, strict=True)) / total
        found = sum(w * (x - middle) ** 2 for w, x in zip(weights, away, strict=True))
        scale = total - sum(w * w for w in weights) / total
        # Chance alone makes it as large as its degrees of freedom, give or take their root.
        free = len(away) - 1
        beyond = found - free - sqrt(2 * free)
        return max(least, beyond / scale) if scale > 0 else least

    def _noise(self, at: int, spread: float) -> float:
        """The variance of a variant's value, if its visitors vary by ``spread``."""
        return spread * self.totals[at].n / self.sizes[at] ** 2

    def posterior(self, at: int, before: _Belief) -> Posterior:
        """What is believed of a variant that was ``before`` believed to be so."""
        seen, size = self.totals[at], self.sizes[at]
        mean, variance = before
        if self.kind == "share":
            if not 0 < mean < 1:
                return Posterior("normal", mean, 0.0)  # nobody, or everybody
            strong = max((1 - mean) / (mean * variance) - 1, 0.0)
            lost = max(size - seen.y, 0.0)
            whole = strong + seen.y + lost
            mean = (mean * strong + seen.y) / whole
            return Posterior("beta", mean, mean * (1 - mean) / (whole + 1))
        spread = self.together.spread
        loose = variance * max(mean * mean, spread / _SURE)
        if size > 0 and loose > 0:
            part = seen.n / (seen.n + _SURE)
            noise = self._noise(at, part * seen.spread + (1 - part) * spread)
            if noise > 0:
                precision = 1 / loose + 1 / noise
                mean = (mean / loose + seen.y / size / noise) / precision
                loose = 1 / precision
        family: Literal["gamma", "normal"] = (
            "gamma" if self.kind == "ratio" and mean > 0 else "normal"
        )
        return Posterior(family, mean, loose)

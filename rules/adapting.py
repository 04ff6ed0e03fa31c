"""Weights that follow what variants earn: Thompson's rule, from the sums over their visitors.

A variant gets the part of the visitors that is its chance to be the best one, above a floor
that everybody keeps. Visitors who came long ago count less, those who came so lately that they
had no time to be paid do not count yet. Where weights go by segments, what is known of the
other visitors is where a segment begins, and the more its own visitors differ the less it
counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from .evidence import NOTHING, Days, Evidence
from .facts import DAY
from .posteriors import Posterior, chances

MINIMUM = 100  # visitors of a variant, before its weight is moved
DIFFER = 0.1  # how much, of their value, variants may differ from segment to segment anyway
_SURE = 100.0  # visitors as whom the spread of all variants counts: few look too much alike

Kind = Literal["mean", "share", "ratio"]


class Aim(NamedTuple):
    """What the weights go by. ``floor`` is the least share of a variant; ``delay`` and
    ``half_life`` are in seconds, no ``half_life`` forgets nothing. ``by``: segments with weights of
    their own."""

    kind: Kind
    less: bool = False
    floor: float = 0.05
    delay: float = DAY
    half_life: float = 14 * DAY
    by: tuple[str, ...] = ()


class Seen(NamedTuple):
    """The visitors of one variant who were first shown it on ``day``; ``context``: "" (all) or
    ``segment:ID``."""

    day: int
    context: str
    arm: str
    evidence: Evidence


def adapted(
    written: Mapping[str, float], aim: Aim, seen: Iterable[Seen], now: float
) -> dict[str, dict[str, float]]:
    """The weights of each context (the segments of ``aim.by`` and "", for everybody else).

    ``written`` are the weights of the rule file; variants of weight 0 keep it. ``now`` is in days
    since 1970, as the days of ``seen``. The weights of a context sum up to 1; those of a variant
    that fewer than :data:`MINIMUM` visitors have seen are as written.
    """
    arms = {name: weight for name, weight in written.items() if weight > 0}
    days = _by_context(arms, aim, seen, now)
    ratio = aim.kind == "ratio"
    parts = [f"segment:{name}" for name in aim.by]
    everybody = days.get("", Days(ratio))
    taken = [(days[part], -1.0) for part in parts if part in days]
    # For whom no segment holds. Segments may overlap: then less is left than there was.
    days["others"] = Days.of(ratio, (everybody, 1.0), *taken)
    weights = {}
    for context in ("", *parts):
        own = days.get(context if context else "others", Days(ratio))
        rest = Days.of(ratio, (everybody, 1.0), (own, -1.0)) if parts else None
        if not context and not parts:
            own = everybody
        weights[context] = _weights(arms, aim, own, rest, everybody)
    for found in weights.values():
        found.update(dict.fromkeys(written.keys() - arms.keys(), 0.0))
    return weights


def _by_context(
    arms: Mapping[str, float], aim: Aim, seen: Iterable[Seen], now: float
) -> dict[str, Days]:
    wanted = {"", *(f"segment:{name}" for name in aim.by)}
    days: dict[str, Days] = {}
    for day, context, arm, evidence in seen:
        if context not in wanted or arm not in arms:
            continue
        if aim.delay and (day + 1) * DAY + aim.delay > now * DAY:
            continue
        age = max(now - 1 - day, 0.0) * DAY
        worth = 0.5 ** (age / aim.half_life) if aim.half_life else 1.0
        place = days.setdefault(context, Days(aim.kind == "ratio"))
        place.add(day, arm, evidence, worth)
    return days


def _weights(
    arms: Mapping[str, float], aim: Aim, own: Days, rest: Days | None, all: Days
) -> dict[str, float]:
    total = sum(arms.values())
    shares = {name: weight / total for name, weight in arms.items()}
    known = [name for name in arms if all.total(name).n >= MINIMUM]
    if len(known) < 2:
        return _floored(shares, aim.floor)
    found = _posteriors(known, aim.kind, own, rest)
    part = sum(shares[name] for name in known)
    for name, chance in zip(known, chances(found, less=aim.less), strict=True):
        shares[name] = chance * part
    return _floored(shares, aim.floor)


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
    arms: Sequence[str], kind: Kind, own: Days, rest: Days | None
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

    def __init__(self, arms: Sequence[str], kind: Kind, days: Days) -> None:
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
        """The variance between contexts (DerSimonian and Laird's estimate by moments)."""
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
        return max(least, (found - (len(away) - 1)) / scale if scale > 0 else 0.0)

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

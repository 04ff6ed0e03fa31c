"""What each arm does to each metric, out of the tallies of its visitors."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from ..measurement.cells import Tally, cap
from ..measurement.metrics import METRICS, Metric
from ..statistics.discoveries import adjusted
from ..statistics.samples import Mean, Ratio, Sample, Share
from ..statistics.sequences import Sequential
from ..statistics.simultaneous import confidence_of_each, raised
from ..statistics.strata import Sums, standardised
from ..statistics.uplift import Uplift, uplift
from .judgements import Reach
from .report import Effect

Role = Literal["goal", "guardrail", "other"]

#: Looking every day is allowed: intervals and p hold at all times.
ALWAYS = Sequential()
CONFIDENCE = 0.95  # that none of the intervals of one subject's arms misses


class Raw(NamedTuple):
    """An effect whose p is not yet seen beside those of all others. ``rivals`` arms are compared with
    ``base``, this one among them: the interval is one that holds for all of them together."""

    metric: Metric
    arm: str
    base: str
    role: Role
    uplift: Uplift
    samples: tuple[Sample, Sample]
    rivals: int = 1

    @property
    def confidence(self) -> float:
        """That of the interval by itself."""
        return confidence_of_each(CONFIDENCE, self.rivals)


def samples(arms: Mapping[str, Tally], metric: Metric) -> dict[str, Sample]:
    """The sample of each arm; the largest values of all together are cut at one height."""
    height = cap(arms.values(), metric.name) if metric.capped else None
    return {name: tally.sample(metric.name, height) for name, tally in arms.items()}


def value(sample: Sample, metric: Metric) -> float | None:
    """The metric itself, in currency, seconds or as a number; None where there is none."""
    under = sample.d if isinstance(sample, Ratio) else sample.n
    return sample.y / under / scale(metric) if under else None


def scale(metric: Metric) -> int:
    return 100 if metric.measure == "money" else 1


def compared(
    arms: Mapping[str, Tally],
    base: str,
    roles: Mapping[str, Role],
    strata: Iterable[Mapping[str, Tally]] = (),
) -> tuple[list[Raw], dict[str, dict[str, float | None]]]:
    """The effects of all arms but ``base``, and the values of each arm.

    ``roles`` are the metrics that are asked for. A metric of what is shown itself has no value
    in an arm that is shown nothing: the first other one takes its place there. With ``strata`` the
    arms are compared within each: their shares of the visitors differ from one to another.
    """
    strata = list(strata)
    raws: list[Raw] = []
    values: dict[str, dict[str, float | None]] = {name: {} for name in arms}
    for name, role in roles.items():
        metric = METRICS[name]
        each = samples(arms, metric)
        for arm, sample in each.items():
            values[arm][name] = value(sample, metric)
        known = [arm for arm in arms if values[arm][name] is not None]
        against = base if base in known else next(iter(known), "")
        rivals = _rivals(arms, role, base, against)
        for arm in known:
            if arm == against or not base:
                continue
            pair = each[against], each[arm]
            if strata:
                alike = _alike(strata, against, arm, arms, metric)
                if alike is None:
                    continue
                pair = alike
            found = _uplift(*pair, confidence_of_each(CONFIDENCE, rivals))
            if found is not None:
                raws.append(Raw(metric, arm, against, role, found, pair, rivals))
    return raws, values


def _rivals(arms: Mapping[str, Tally], role: Role, *bases: str) -> int:
    """How many arms somebody has met and may claim something of, besides those that they are
    compared with. What may do harm is not to hide among many: guardrails stand each for itself."""
    if role == "guardrail":
        return 1
    return max(1, sum(bool(arms[arm].n) for arm in arms if arm not in bases))


def _uplift(control: Sample, treated: Sample, confidence: float) -> Uplift | None:
    """Where nobody of an arm did it, it is taken as if one had: without any there would be no
    spread to compare with, and the worst of all arms would look as if nothing were known."""
    if isinstance(treated, Share) and not treated.y and treated.n:
        treated = treated._replace(y=1)
    return uplift(control, treated, confidence=confidence, sequential=ALWAYS)


def _alike(
    strata: Iterable[Mapping[str, Tally]],
    base: str,
    arm: str,
    arms: Mapping[str, Tally],
    metric: Metric,
) -> tuple[Sample, Sample] | None:
    """The samples of two arms with their strata put together alike; None without such strata."""
    height = cap(arms.values(), metric.name) if metric.capped else None
    sums = [
        {
            name: _sums(tally.sample(metric.name, height))
            for name, tally in stratum.items()
            if name in (base, arm)
        }
        for stratum in strata
    ]
    found = standardised(sums, (base, arm))
    if not found:
        return None
    return _sample(metric, found[base]), _sample(metric, found[arm])


def _sample(metric: Metric, sums: Sums) -> Sample:
    n, a, aa, b, bb, ab = sums
    kind = Ratio if metric.kind == "ratio" else Mean
    return kind(round(n), a, aa, b, bb, ab)


def _sums(sample: Sample) -> Sums:
    if isinstance(sample, Share):  # of 0 and 1 the squares are the same
        n, y, x, xy = sample
        return Sums(n, y, y, x, x, xy)
    return Sums(*sample)


def settled(groups: Sequence[Sequence[Raw]]) -> list[tuple[Raw, float]]:
    """All effects of one kind with their adjusted p, in the order given.

    Two things are asked of what is called sure, and the larger p of the two is the adjusted one. Among
    the arms of one subject none may be a false one (95 %): Bonferroni's, as in their intervals. Of
    all that is shown of a kind few may be: Benjamini and Hochberg's, made once over what verdicts
    rest on, once over all the rest, so that looking at many other metrics does not weaken what was
    asked for. Guardrails are left as they are: what may do harm is not to hide among many.
    """
    raws = [raw for group in groups for raw in group]
    found = [raw.uplift.p for raw in raws]
    for role in ("goal", "other"):
        places = [at for at, raw in enumerate(raws) if raw.role == role]
        for at, p in zip(places, adjusted([found[at] for at in places]), strict=True):
            found[at] = max(p, raised(raws[at].uplift.p, raws[at].rivals))
    return list(zip(raws, found, strict=True))


def effect(
    raw: Raw,
    p: float,
    detectable: float | None = None,
    wait: tuple[float | None, Reach] = (None, ""),
) -> Effect:
    """As it is shown."""
    found, metric = raw.uplift, raw.metric
    by = scale(metric)
    return Effect(
        metric.name,
        raw.arm,
        raw.base,
        raw.role,
        metric.better,
        metric.measure,
        found.relative,
        found.low,
        found.high,
        found.p,
        p,
        found.absolute / by,
        found.absolute_low / by,
        found.absolute_high / by,
        found.control / by,
        found.treated / by,
        detectable,
        *wait,
    )


def asked(goal: str, guardrails: Iterable[str], only: str = "") -> dict[str, Role]:
    """The metrics that are looked at, in the catalogue's order, each with its role."""
    guards = set(guardrails)
    return {
        name: "goal" if name == goal else "guardrail" if name in guards else "other"
        for name in METRICS
        if not only or name == goal or name in guards
    }

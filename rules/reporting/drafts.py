"""One subject of a report, before its numbers were seen beside those of the others."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from ..experiments import CONTROL, Adapting, Split
from ..goals import Guardrail
from ..levels import LEVELS
from ..measurement.cells import Tally
from ..rule import Rule
from ..statistics.samples import Ratio
from .asked import Asked
from .effects import Raw, asked, compared
from .gathering import Gathered
from .patience import Pace
from .report import Counts, Funnel, Mode, SampleRatio
from .sampleratios import intended, ratio

#: Whose shares of the visitors move from day to day.
MOVING = ("adapt", "rollout")
#: What is looked at where nobody named a goal.
USUAL, USUAL_OF_SITE = "conversion-rate", "revenue-per-visitor"


class Draft(msgspec.Struct, frozen=True):
    """``arms`` are in the order in which they are shown, ``base`` the one to compare with."""

    kind: str
    name: str
    context: str
    arms: Mapping[str, Tally]
    base: str
    metric: str
    raws: list[Raw]
    values: Mapping[str, Mapping[str, float | None]]
    pace: Pace
    rule: Rule | None = None
    guardrails: tuple[Guardrail, ...] = ()
    ratio: SampleRatio | None = None

    @property
    def split(self) -> Split | None:
        return None if self.rule is None else self.rule.split


class _Aim(NamedTuple):
    metric: str
    guardrails: tuple[Guardrail, ...]


def drafted(
    found: Gathered,
    kind: str,
    name: str,
    ask: Asked,
    rule: Rule | None = None,
    context: str = "",
) -> Draft:
    """What is known of one subject. ``rule`` is the rule itself, or one of an experiment's."""
    split = rule.split if rule is not None and kind == "experiment" else None
    arms = _ordered(found.arms(kind, name, context), kind, split)
    base = "" if by_account(kind, rule) else _base(arms, kind, split)
    aim = _aim(kind, rule, ask)
    guards = [rail.metric for rail in aim.guardrails]
    only = aim.metric if context else ask.metric
    roles = asked(aim.metric, guards, only)
    moved = kind == "experiment" and (mode(split) in MOVING or name in ask.moved)
    strata = _strata(found, name, context, split) if moved else []
    raws, values = compared(arms, base, roles, strata)
    last = ask.counted_until
    first = found.firsts.get((kind, name, context), last)
    newest = found.lasts.get((kind, name, context), last)
    return Draft(
        kind,
        name,
        context,
        arms,
        base,
        aim.metric,
        raws,
        values,
        Pace(max(1, last - first + 1), max(0, last - newest)),
        rule,
        aim.guardrails,
        None if context else _ratio(arms, kind, split, ask),
    )


def by_account(kind: str, rule: Rule | None) -> bool:
    """Whether its visitors were dealt their arms together with others: then they are no units."""
    split = None if rule is None else rule.split
    return kind == "rule" and split is not None and split.unit == "account"


def contexts(found: Gathered, name: str, rule: Rule | None) -> list[str]:
    """The segments by which an experiment is told apart. Where weights go by segments, only these:
    within any other one they differ from visitor to visitor."""
    seen = found.contexts("experiment", name)
    adapt = None if rule is None or rule.split is None else rule.split.adapt
    if adapt is None or not adapt.by:
        return seen
    return [context for context in seen if context in _by(adapt)]


def _by(adapt: Adapting) -> list[str]:
    return [f"segment:{segment}" for segment in adapt.by]


def _strata(
    found: Gathered, name: str, context: str, split: Split | None
) -> list[Mapping[str, Tally]]:
    """The visitors who were dealt arms by the same weights: those of a day, and where weights go
    by segments, those of a segment. Segments may overlap: then it is nearly so."""
    days = found.daily.get(("experiment", name, context), {})
    by = _by(split.adapt) if split is not None and split.adapt is not None else []
    if context or not by:
        return list(days.values())
    strata: list[Mapping[str, Tally]] = []
    for day, arms in days.items():
        rest = {arm: Tally() for arm in arms}
        for arm, tally in arms.items():
            rest[arm].add(tally)
        for each in by:
            part = found.daily.get(("experiment", name, each), {}).get(day, {})
            for arm, tally in part.items():
                rest[arm].add(tally, -1)
            strata.append(part)
        strata.append(rest)
    return strata


def funnel(tally: Tally) -> Funnel:
    """How many of the visitors clicked, put something into the cart, ordered."""
    return Funnel(
        tally.n,
        *(int(tally.sample(one).y) for one in ("clicked", "add-to-cart", USUAL)),
    )


def counts(tally: Tally) -> Counts:
    """What they did, as whole numbers."""

    def over(metric: str) -> int:
        return int(tally.sample(metric).y)

    def under(metric: str) -> int:
        sample = tally.sample(metric)
        return int(sample.d) if isinstance(sample, Ratio) else 0

    return Counts(
        impressions=under("click-rate"),
        clicks=over("click-rate"),
        dismissals=over("dismissals"),
        thumbs_up=over("approval"),
        thumbs_down=under("approval") - over("approval"),
        orders=under("average-order-value"),
        revenue=over("average-order-value") / 100,
        opt_outs=over("opt-outs"),
    )


def _aim(kind: str, rule: Rule | None, ask: Asked) -> _Aim:
    goal = None if rule is None else rule.goal
    # Those of an experiment's rules are kept by the experiment.
    own = rule is not None and (kind == "experiment" or rule.split is None)
    guards = rule.guardrails if rule is not None and own else ()
    usual = USUAL_OF_SITE if kind == "site" else USUAL
    return _Aim(ask.metric or (usual if goal is None else goal.metric), guards)


def _ordered(
    arms: Mapping[str, Tally], kind: str, split: Split | None
) -> dict[str, Tally]:
    """The arms as they are read: control first, variants as they are written, those of a level
    experiment from the least personal on. Variants that nobody has met yet are there, too."""
    if kind != "experiment":
        return {name: arms[name] for name in sorted(arms, key=_shown_last)}
    held = CONTROL in arms or (split is not None and split.control)
    names = [CONTROL] if held else []
    if split is not None:
        variants = list(split.variants)
        if mode(split) == "level":
            variants.sort(key=lambda one: LEVELS.index(one.level))
        names += [one.name for one in variants]
    names += sorted((name for name in arms if name not in names), key=_shown_last)
    return {name: arms.get(name) or Tally() for name in names}


def _shown_last(name: str) -> tuple[bool, str]:
    return name not in (CONTROL, "held", "holdout"), name


def _base(arms: Mapping[str, Tally], kind: str, split: Split | None) -> str:
    """Who is shown the default, also where a control group has nobody in it yet; else the first
    variant."""
    if split is not None and split.control:
        return CONTROL
    for name in (CONTROL, "held", "holdout"):
        if name in arms and arms[name].n:
            return name
    if kind != "experiment" or len(arms) < 2:
        return ""
    if split is not None:
        default = [one.name for one in split.variants if one.level == "none"]
        if default:
            return default[0]
    return next((name for name in arms if name != CONTROL), "")


def mode(split: Split | None) -> Mode:
    """How the shares of its visitors, or what it tries, differ from a plain experiment."""
    if split is None:
        return ""
    if split.adapt is not None:
        return "adapt"
    if split.rollout is not None:
        return "rollout"
    if any(one.level != "individual" for one in split.variants):
        return "level"
    return ""


def _ratio(
    arms: Mapping[str, Tally], kind: str, split: Split | None, ask: Asked
) -> SampleRatio | None:
    counts = {name: tally.n for name, tally in arms.items()}
    if kind == "site" and ask.holdout:
        return ratio(counts, {"holdout": ask.holdout, "shown": 1 - ask.holdout})
    if kind == "experiment" and split is not None:
        shares = intended(split)
        return None if shares is None else ratio(counts, shares)
    return None

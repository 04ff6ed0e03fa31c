"""One subject of a report, with its verdict."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from ..experiments import Split
from ..measurement.cells import Tally
from ..measurement.metrics import METRICS
from ..statistics.samples import Ratio
from .asked import Asked
from .drafts import USUAL, Draft, by_account, counts, funnel, mode
from .effects import Raw, effect
from .gathering import Gathered
from .judgements import Guard, Verdict
from .patience import detectable_by, wait, wait_for_least
from .report import Arm, Effect, Rates, Rolling, SampleRatio, Subject
from .responses import response, touch, touched
from .targets import aimed, expected, guarded
from .verdicts import (
    DEFAULT,
    LEAST_VISITORS,
    alone,
    judged,
    overall,
    too_few,
    unread,
)


def finished(
    draft: Draft,
    raws: Sequence[tuple[Raw, float]],
    found: Gathered,
    ask: Asked,
    broken: Mapping[str, SampleRatio],
) -> Subject:
    """``draft`` with its effects, whose p are adjusted. ``broken`` are the experiments that are
    not to be read, and "" if it is the holdout."""
    effects = tuple(_effects(draft, raws))
    goals = [one for one in effects if one.role == "goal"]
    enough = [raw for raw, _ in raws if not _few(draft, raw)]
    guards = guarded(draft.guardrails, enough, ask.write, lambda arm: _who(draft, arm))
    arms = _arms(draft, found)
    blocked = verdict = _blocked(draft, ask, broken)
    if verdict is None:
        arms = tuple(
            _with_verdict(arm, draft, arms, goals, guards, ask) for arm in arms
        )
        verdict = overall(arms, effects) if any(arm.verdict for arm in arms) else None
    rule = draft.rule
    goal = None
    # What few visitors did reaches nothing, nor what is not to be read.
    many = [one for one in goals if not _few(draft, one)] if blocked is None else []
    # What rules of an experiment are for is told of the experiment, once.
    whole = not draft.context and (draft.kind == "experiment" or draft.split is None)
    if whole and rule is not None and rule.goal is not None:
        target = rule.goal.target if rule.goal.metric == draft.metric else None
        goal = aimed(draft.metric, target, many, _rivals(draft, goals), ask.write)
    text = "" if rule is None else rule.about.get("hypothesis", "")
    hypothesis = None
    if text and whole:
        aim = goal or aimed(draft.metric, None, many, _rivals(draft, goals), ask.write)
        hypothesis = expected(text, aim, many)
    return Subject(
        draft.kind,
        draft.name,
        draft.context,
        draft.base,
        draft.metric,
        arms,
        effects,
        verdict or _unmet(draft, ask),
        response(draft, found),
        goal,
        hypothesis,
        guards,
        draft.ratio,
        touch(draft, found),
        found.total(draft.kind, draft.name, "crossed"),
        "visitor" if draft.split is None else draft.split.unit,
        mode(draft.split) if draft.kind == "experiment" else "",
        _rolling(draft, ask),
        "" if rule is None else rule.slot,
        "" if rule is None else rule.about.get("owner", ""),
        draft.kind == "rule" and (rule is None or rule.off),
        "" if rule is None else rule.about.get("goal", ""),
    )


def _rivals(draft: Draft, goals: Sequence[Effect]) -> list[str]:
    """The arms that may reach a goal: whom somebody met, and whom none is compared with."""
    bases = {draft.base, *(one.base for one in goals)}
    return [name for name, tally in draft.arms.items() if tally.n and name not in bases]


def _unmet(draft: Draft, ask: Asked) -> Verdict:
    name = draft.name or "the site"
    if any(tally.n for tally in draft.arms.values()):
        return _alone(draft, name, ask)
    return Verdict("too-few", f"No visitor has met {name} on these days.")


def _alone(draft: Draft, name: str, ask: Asked) -> Verdict:
    if draft.split is not None and by_account(draft.kind, draft.rule):
        words = f"It is dealt to accounts, not to visitors: see the experiment {draft.split.experiment}."
        return Verdict("alone", words)
    # A roll-out holds back by itself.
    rolled = draft.split is not None and draft.split.rollout is not None
    split = draft.kind in ("experiment", "rule") and not rolled
    return alone(name, draft.metric, beside=False, split=split, due=_due(draft, ask))


def _due(draft: Draft, ask: Asked) -> bool:
    """Whether somebody is meant to be held back from it."""
    split = draft.split
    held = split is not None and bool(split.control)
    if split is not None and split.rollout is not None:
        standing = ask.standings.get(split.experiment)
        held = standing is None or standing.share(split.rollout) < 1
    # Nobody of the holdout is in an experiment.
    return held or (bool(ask.holdout) and draft.kind != "experiment")


def _rolling(draft: Draft, ask: Asked) -> Rolling | None:
    standing = ask.standings.get(draft.name)
    split = draft.split
    if draft.kind != "experiment" or draft.context or split is None or standing is None:
        return None
    if split.rollout is None:
        return None
    share = standing.share(split.rollout)
    return Rolling(share, standing.since, standing.back, standing.waits)


def _effects(draft: Draft, raws: Sequence[tuple[Raw, float]]) -> list[Effect]:
    told = []
    for raw, p in raws:
        if raw.role == "goal":
            more = wait(raw, _sought(draft), draft.pace)
            told.append(effect(raw, p, detectable_by(raw), more))
        else:
            told.append(effect(raw, p))
    return told


def _sought(draft: Draft) -> float | None:
    """The uplift that is looked for: the goal's target, if there is one."""
    goal = None if draft.rule is None else draft.rule.goal
    if goal is None or goal.metric != draft.metric or not goal.target:
        return None
    return abs(goal.target)


def _arms(draft: Draft, found: Gathered) -> tuple[Arm, ...]:
    split = draft.split if draft.kind == "experiment" else None
    weights: Mapping[str, float] = {} if draft.ratio is None else draft.ratio.shares
    levels = _levels(split) if mode(split) == "level" else {}
    arms = []
    for name, tally in draft.arms.items():
        steps = funnel(tally)
        rates = Rates(*map(steps.rate, (steps.clicked, steps.added, steps.ordered)))
        arms.append(
            Arm(
                name,
                steps,
                rates,
                counts(tally),
                draft.values.get(name, {}),
                levels.get(name, ""),
                weights.get(name),
                touch=touched(found, "experiment", [f"{draft.name}/{name}"])
                if draft.kind == "experiment" and not draft.context
                else None,
            )
        )
    return tuple(arms)


def _levels(split: Split | None) -> dict[str, str]:
    return {} if split is None else {one.name: one.level for one in split.variants}


def _blocked(
    draft: Draft, ask: Asked, broken: Mapping[str, SampleRatio]
) -> Verdict | None:
    """The verdict where the numbers are not to be read at all."""
    if draft.kind == "experiment":
        names = [draft.name]  # nobody of the holdout is in it
    elif draft.split is not None:
        names = [draft.split.experiment, ""]
    else:
        names = [""]
    ratio = next((broken[name] for name in names if name in broken), None)
    if ratio is None or not (draft.base or draft.ratio is ratio):
        return None  # there is nothing to compare
    return unread(ratio, ask.write)


def _with_verdict(
    arm: Arm,
    draft: Draft,
    arms: Sequence[Arm],
    goals: Sequence[Effect],
    guards: Sequence[Guard],
    ask: Asked,
) -> Arm:
    own = next((one for one in goals if one.arm == arm.name), None)
    base = draft.base if own is None else own.base
    if arm.name == base or (own is None and arm.name in DEFAULT):
        return arm
    if not draft.base:
        if not any(tally.n for tally in draft.arms.values()):
            return arm
        return replace(arm, verdict=_alone(draft, _who(draft, arm.name), ask))
    other = next(one for one in arms if one.name == base)
    values = (arm.values.get(draft.metric), other.values.get(draft.metric))
    verdict: Verdict
    several = len(_rivals(draft, goals)) > 1
    if own is None and None in values and arm.funnel.exposed and other.funnel.exposed:
        verdict = alone(_who(draft, arm.name), draft.metric, beside=True)
    elif own is None or _few(draft, own):
        did = _seen(draft, arm.name), _seen(draft, base)
        more = wait_for_least(draft.pace, *did)
        who = _who(draft, arm.name)
        verdict = too_few(who, base, did, more, ask.write, several=several)
    else:
        who = _who(draft, arm.name)
        verdict = judged(own, guards, ask.write, who, several=several)
    return replace(arm, verdict=verdict)


def _who(draft: Draft, arm: str) -> str:
    """What the visitors of an arm saw."""
    words = {
        "site": "something personal",
        "experiment": arm,
        "slot": f"something in {draft.name}",
        "segment": f"something personal in segment {draft.name}",
        "stage": f"something personal in stage {draft.name}",
        "campaign": f"campaign {draft.name}",
    }
    return words.get(draft.kind, draft.name)


def _few(draft: Draft, one: Effect | Raw) -> bool:
    """Whether it says nothing yet: of few who did what counts there is no effect at all."""
    return any(
        (draft.arms.get(arm) or Tally()).n < LEAST_VISITORS
        for arm in (one.arm, one.base)
    )


def _seen(draft: Draft, arm: str) -> tuple[int, int]:
    """Visitors of an arm, and how many of them, or how often, did what the metric counts: of
    money who ordered, of times what was timed."""
    tally = draft.arms.get(arm) or Tally()
    metric = METRICS[draft.metric]
    if metric.measure == "money":
        return tally.n, int(tally.sample(USUAL).y)
    sample = tally.sample(draft.metric)
    if isinstance(sample, Ratio) and metric.measure == "seconds":
        return tally.n, int(sample.d)
    return tally.n, int(sample.y)

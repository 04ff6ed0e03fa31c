"""What an editor aimed at: goals reached, guardrails kept, hypotheses confirmed."""

from collections.abc import Callable, Iterable, Sequence

from ..allocating.guarding import change
from ..allocating.rollout import confidence
from ..goals import Guardrail
from .effects import Raw
from .judgements import Goal, Guard, Hypothesis, State
from .phrases import phrase, said
from .report import Effect
from .writing import Writing

Who = Callable[[str], str]
"""What the visitors of an arm saw."""


def aimed(
    metric: str, target: float | None, effects: Iterable[Effect], write: Writing
) -> Goal:
    """Whether the best of ``effects`` on ``metric`` reaches ``target``, a relative uplift.

    Without a target it is reached where there surely is an uplift the right way.
    """
    own = [effect for effect in effects if effect.metric == metric]
    noun = phrase(metric).noun
    aim = (
        "any sure improvement" if target is None else write.percent(target, signed=True)
    )
    if not own:
        return Goal(
            metric,
            target,
            "open",
            f"Goal: {aim} in {noun}. Nothing can be compared yet.",
        )
    best = max(
        own, key=lambda one: one.relative if one.better == "more" else -one.relative
    )
    edge = target or 0.0
    low, high = best.low, best.high
    ahead, behind = low >= edge, high < edge
    if (target is not None and target < 0) or (
        target is None and best.better == "less"
    ):
        ahead, behind = high <= edge, low > edge
    if target is None:
        ahead = ahead and best.sure
    reached: State = "yes" if ahead else "no" if behind else "open"
    found = (
        f"{write.percent(best.relative, signed=True)} "
        f"({write.between(low, high, signed=True)})"
    )
    ends = {
        "yes": "Reached",
        "no": "Not reached",
        "open": "Open: it may be reached or not",
    }
    whose = "" if best.arm == "shown" else f" with {best.arm}"
    words = f"Goal: {aim} in {noun}. {ends[reached]}; it is {found}{whose}."
    return Goal(metric, target, reached, words, best.relative, low, high, best.arm)


def guarded(
    guardrails: Sequence[Guardrail],
    raws: Iterable[Raw],
    write: Writing,
    who: Who,
) -> tuple[Guard, ...]:
    """Each guardrail for each arm that can be compared, by the same bounds as roll-outs go by."""
    level = confidence(guardrails)
    raws = list(raws)
    found = []
    for rail in guardrails:
        bounds = (("at-most", rail.at_most), ("at-least", rail.at_least))
        for raw in raws:
            if raw.metric.name != rail.metric:
                continue
            between = change(*raw.samples, level)
            found += [
                _guard(limit, side == "at-most", raw, between, write, who(raw.arm))
                for side, limit in bounds
                if limit is not None
            ]
    return tuple(found)


def _guard(
    limit: float,
    most: bool,
    raw: Raw,
    between: tuple[float, float] | None,
    write: Writing,
    who: str,
) -> Guard:
    relative = raw.uplift.relative
    state: State = "open"
    interval = "between what bounds is not known yet"
    if between is not None:
        low, high = between
        if low > limit if most else high < limit:
            state = "yes"
        elif high <= limit if most else low >= limit:
            state = "no"
        if relative < 0:
            low, high = -high, -low
        interval = write.between(low, high, signed=low < 0)
    what = said(raw.metric.name, who, relative, write.percent(abs(relative)))
    side = "at most" if most else "at least"
    allowed = f"{side} {write.percent(limit, signed=True)} is allowed"
    return Guard(
        raw.metric.name,
        limit,
        "at-most" if most else "at-least",
        raw.arm,
        state,
        f"{what} ({interval}); {allowed}.",
    )


def expected(text: str, goal: Goal, effects: Iterable[Effect]) -> Hypothesis:
    """Whether what an editor expected came: an uplift the right way that is no luck confirms it;
    one the wrong way, or a target that is surely missed, refutes it."""
    own = [effect for effect in effects if effect.metric == goal.metric]
    if any(effect.sure and effect.good for effect in own) and goal.reached != "no":
        return Hypothesis(text, "yes")
    if own and (
        goal.reached == "no" or all(effect.sure and not effect.good for effect in own)
    ):
        return Hypothesis(text, "no")
    return Hypothesis(text, "open")

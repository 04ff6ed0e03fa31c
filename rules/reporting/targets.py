"""What an editor aimed at: goals reached, guardrails kept, hypotheses confirmed."""

from collections.abc import Callable, Collection, Iterable, Sequence

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
    metric: str,
    target: float | None,
    effects: Iterable[Effect],
    rivals: Collection[str],
    write: Writing,
) -> Goal:
    """Whether any of ``effects`` on ``metric`` reaches ``target``, a relative uplift; without one,
    whether there surely is an uplift the right way.

    ``rivals`` are the arms that may reach it. What is claimed of one is claimed of the best of
    several: their intervals hold for all together, and it has to be sure among all that is
    compared, as verdicts have to be. Missed it is where all of them surely miss it.
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
    edge = target or 0.0
    falls = edge < 0 or (target is None and own[0].better == "less")

    def ahead(one: Effect) -> bool:
        return one.sure and (one.high <= edge if falls else one.low >= edge)

    def behind(one: Effect) -> bool:
        return one.low > edge if falls else one.high < edge

    best = max(
        own, key=lambda one: (ahead(one), -one.relative if falls else one.relative)
    )
    missed = {one.arm for one in own if behind(one)}
    reached: State = "open"
    if ahead(best):
        reached = "yes"
    elif missed.issuperset(rivals):
        reached = "no"
    found = (
        f"{write.percent(best.relative, signed=True)} "
        f"({write.between(best.low, best.high, signed=True)})"
    )
    ends = {
        "yes": "Reached",
        "no": "Not reached",
        "open": "Open: it may be reached or not",
    }
    whose = "" if best.arm == "shown" else f" with {best.arm}"
    words = f"Goal: {aim} in {noun}. {ends[reached]}; it is {found}{whose}."
    return Goal(
        metric, target, reached, words, best.relative, best.low, best.high, best.arm
    )


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

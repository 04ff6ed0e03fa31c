"""The verdict about one arm, in one plain sentence."""

from collections.abc import Iterable, Sequence

from ..measurement.metrics import METRICS
from ..statistics.sequences import LEAST
from .judgements import Guard, Reach, Verdict
from .phrases import phrase, said
from .report import Arm, Effect, SampleRatio
from .waiting import lever, until_it_counts, until_it_shows
from .writing import Writing

#: No verdict from less: visitors in each of the two arms, and of those who did what counts.
LEAST_VISITORS, LEAST_EVENTS = 100, round(LEAST)
#: Arms that keep the default content.
DEFAULT = frozenset({"control", "held", "holdout"})
_RANK = ("guardrail", "keep", "stop", "open", "too-few", "alone", "sample-ratio")


def unread(ratio: SampleRatio, write: Writing) -> Verdict:
    """The verdict where the arms hold other shares of the visitors than they were meant to."""
    total = sum(ratio.counts.values())
    parts = [
        f"{name} {write.percent(count / total)} instead of {write.percent(ratio.shares[name])}"
        for name, count in ratio.counts.items()
    ]
    words = (
        f"Do not read this: the arms do not hold the visitors they should ({', '.join(parts)}), "
        "so something treats them differently before they are counted; if their shares were "
        "changed, read from that day on with `--since`."
    )
    return Verdict("sample-ratio", words)


def alone(
    name: str, metric: str, *, beside: bool, split: bool = False, due: bool = False
) -> Verdict:
    """The verdict where there is nobody to compare with; ``beside``: but there are arms. ``split``:
    a control group would do, too. ``due``: somebody is held back, but nobody has come yet."""
    if due:
        words = (
            f"There is nobody yet to compare the visitors of {name} with: those who are held "
            "back come by and by."
        )
    elif beside and METRICS[metric].of_showings:
        words = (
            f"{phrase(metric).noun.capitalize()} says nothing about who did not see {name}: "
            "give it a second variant, or a goal such as conversion-rate."
        )
    else:
        group = "its split a control group, or the site" if split else "the site"
        words = f"There is nobody to compare the visitors of {name} with: give {group} a holdout."
    return Verdict("alone", words)


def too_few(
    name: str,
    base: str,
    did: tuple[tuple[int, int], tuple[int, int]],
    wait: tuple[float | None, Reach],
    write: Writing,
    *,
    several: bool = False,
) -> Verdict:
    """The verdict from numbers that say nothing yet. ``did``: how many saw ``name``, and
    ``base``, each with how many of them did what counts. ``several`` arms are compared."""
    (seen, acted), (other, others_acted) = did
    both = f"{write.count(seen)} saw {name} and {write.count(other)} {_others(base)}, "
    if min(seen, other) < LEAST_VISITORS:
        least = f"{write.count(LEAST_VISITORS)} of each, {LEAST_EVENTS} of whom did what counts"
        words = f"Too few visitors to say anything: {both}and it takes {least}"
    elif min(acted, others_acted) < LEAST_EVENTS:
        words = (
            f"Too few did what counts to say anything: {both}{write.count(acted)} and "
            f"{write.count(others_acted)} of whom did it, and it takes {LEAST_EVENTS} of each"
        )
    else:
        words = (
            f"Too uneven to say anything: {both}and what they did differs too much from one to "
            "the other for so few"
        )
    return Verdict(
        "too-few", words + until_it_counts(*wait, lever(base, several), write), *wait
    )


def judged(
    effect: Effect,
    guards: Iterable[Guard],
    write: Writing,
    who: str,
    *,
    several: bool = False,
) -> Verdict:
    """The verdict about the arm of ``effect``, whose metric is what it is there for; ``who`` is
    what its visitors saw. ``several`` arms are compared."""
    broken = [
        guard for guard in guards if guard.arm == effect.arm and guard.broken == "yes"
    ]
    if broken:
        return Verdict(
            "guardrail", f"Guardrail broken: {broken[0].words} Take it back."
        )
    if effect.sure:
        words = sentence(effect, write, who)
        if effect.good:
            return Verdict("keep", f"{words} Keep it.")
        return Verdict("stop", f"{words} Stop it.")
    noun = phrase(effect.metric).noun
    interval = write.between(effect.low, effect.high, signed=True)
    words = (
        f"No difference yet in {noun} between visitors who saw {who} and those who "
        f"{_others(effect.base)} ({interval})"
    )
    if effect.low > 0 or effect.high < 0:
        words += ": among all that is compared here it may be luck"
    if effect.detectable is not None:
        least = write.percent(effect.detectable)
        words += f"; a difference of {least} would show by now"
    ways = lever(effect.base, several)
    rest = until_it_shows(effect.days, effect.reach, ways, write)
    return Verdict("open", f"{words}. {rest}", effect.days, effect.reach)


def sentence(effect: Effect, write: Writing, who: str) -> str:
    """``Visitors who saw cosy ordered 4.1 % more often (0.9 to 7.4 %).``"""
    low, high = effect.low, effect.high
    if effect.relative < 0:
        low, high = -high, -low
    much = write.percent(abs(effect.relative))
    words = said(effect.metric, who, effect.relative, much)
    if effect.base not in DEFAULT:
        words += f" than with {effect.base}"
    return f"{words} ({write.between(low, high, signed=low < 0)})."


def overall(arms: Sequence[Arm], effects: Sequence[Effect]) -> Verdict | None:
    """That of all ``arms`` together: what needs a hand first, then the best one."""
    goals = {effect.arm: effect for effect in effects if effect.role == "goal"}

    def order(arm: Arm) -> tuple[int, float]:
        effect = goals.get(arm.name)
        gain = 0.0 if effect is None else effect.relative
        less = effect is not None and METRICS[effect.metric].better == "less"
        verdict = arm.verdict
        rank = len(_RANK) if verdict is None else _RANK.index(verdict.judgement)
        return rank, gain if less else -gain

    return min(
        (arm for arm in arms if arm.verdict is not None), key=order, default=arms[0]
    ).verdict


def _others(base: str) -> str:
    return "did not" if base in DEFAULT else f"saw {base}"

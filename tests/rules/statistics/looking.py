"""Experiments whose effect is known, looked at once at their end and on each of their days."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from shopwindow.rules.statistics.samples import Mean, Ratio, Sample, Share
from shopwindow.rules.statistics.sequences import Sequential
from shopwindow.rules.statistics.uplift import Uplift, uplift

Sums = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
Size = tuple[int, ...]
Draw = Callable[[np.random.Generator, Size, float], tuple[Sums, Sums, Sums]]


class World(NamedTuple):
    """``draw``: what each visitor did (value, what it is divided by, and what it was before).

    ``effect`` raises the mean of the value by so much, relative, and changes nothing else.
    """

    draw: Draw
    sample: Callable[[int, list[int]], Sample]


def _revenue(
    chance: np.random.Generator, size: Size, effect: float
) -> tuple[Sums, Sums, Sums]:
    """One in five buys, for some 40.00; the effect is that more of them buy."""
    buys = chance.random(size) < 0.2 * (1 + effect)
    y = np.rint(buys * chance.lognormal(8, 0.7, size)).astype(np.int64)
    return y, y * 0, y * 0


def _ordered(
    chance: np.random.Generator, size: Size, effect: float
) -> tuple[Sums, Sums, Sums]:
    y = (chance.random(size) < 0.08 * (1 + effect)).astype(np.int64)
    return y, y * 0, y * 0


def _rare(
    chance: np.random.Generator, size: Size, effect: float
) -> tuple[Sums, Sums, Sums]:
    y = (chance.random(size) < 0.02 * (1 + effect)).astype(np.int64)
    return y, y * 0, y * 0


def _clicks(
    chance: np.random.Generator, size: Size, effect: float
) -> tuple[Sums, Sums, Sums]:
    """Impressions and clicks of visitors of whom some come often and some click gladly."""
    impressions = 1 + chance.poisson(chance.gamma(1.5, 2, size))
    likes = chance.beta(2, 10, size) * (1 + effect)
    return chance.binomial(impressions, likes), impressions, impressions * 0


def _pages(
    chance: np.random.Generator, size: Size, effect: float
) -> tuple[Sums, Sums, Sums]:
    """Who looked at many pages before will again."""
    taste = chance.gamma(2, 2, size)
    y, x = chance.poisson(taste * (1 + effect)), chance.poisson(taste)
    return y, y * 0, x


def _mean(n: int, sums: list[int]) -> Sample:
    y, yy, _, _, _, x, xx, xy = sums
    return Mean(n, y, yy, x, xx, xy)


WORLDS: dict[str, World] = {
    "means": World(_revenue, _mean),
    "shares": World(_ordered, lambda n, sums: Share(n, sums[0])),
    "rare shares": World(_rare, lambda n, sums: Share(n, sums[0])),
    "ratios": World(_clicks, lambda n, sums: Ratio(n, *sums[:5])),
    "adjusted means": World(_pages, _mean),
}


class Plan(NamedTuple):
    """``visitors`` a day in each arm; ``effect`` is the relative one."""

    days: int
    visitors: int
    effect: float = 0.0


def looked(
    world: World,
    plan: Plan,
    experiments: int,
    seed: int,
    *,
    peek: bool = False,
    eager: bool = False,
    step: Callable[[], None] = lambda: None,
) -> Counter[str]:
    """How many experiments left the true effect out of their interval, and how.

    ``once``: that of the last day. ``daily``: that which holds at every look, on any day.
    ``peeked``, if asked: the one for one look, on any day all the same. ``eager``, if asked: the
    daily one if it spoke from the first success on. ``unsaid``: daily looks at which nothing was
    said.
    """
    found: Counter[str] = Counter()
    tuned = Sequential(2 * plan.days * plan.visitors)
    for control, treated in _books(world, plan, experiments, seed):
        days = range(plan.days)
        always = [uplift(control[day], treated[day], sequential=tuned) for day in days]
        found["unsaid"] += always.count(None)
        found["daily"] += any(_misses(one, plan.effect) for one in always)
        found["once"] += _misses(uplift(control[-1], treated[-1]), plan.effect)
        if peek:
            looks = (uplift(control[day], treated[day]) for day in days)
            found["peeked"] += any(_misses(one, plan.effect) for one in looks)
        if eager:
            at_once = tuned._replace(least=0)
            looks = (
                uplift(control[day], treated[day], sequential=at_once) for day in days
            )
            found["eager"] += any(_misses(one, plan.effect) for one in looks)
        step()
    return found


def _misses(found: Uplift | None, effect: float) -> bool:
    return found is not None and not found.low <= effect <= found.high


def _books(
    world: World, plan: Plan, experiments: int, seed: int
) -> Iterator[tuple[list[Sample], list[Sample]]]:
    """Of each experiment, control and treated: all that was known after each day."""
    chance = np.random.default_rng(seed)
    for _ in range(experiments):
        arms = []
        for effect in (0.0, plan.effect):
            y, d, x = world.draw(chance, (plan.days, plan.visitors), effect)
            kinds = (y, y * y, d, d * d, y * d, x, x * x, x * y)
            known = np.cumsum(np.stack([kind.sum(axis=1) for kind in kinds]), axis=1)
            arms.append(
                [
                    world.sample((day + 1) * plan.visitors, sums)
                    for day, sums in enumerate(known.T.tolist())
                ]
            )
        yield arms[0], arms[1]

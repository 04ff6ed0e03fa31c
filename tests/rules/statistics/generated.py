"""Cases for two engines to answer: arms of every kind and size, drawn by chance."""

import math
from random import Random
from typing import Any

from shopwindow.rules.statistics.samples import Mean, Ratio, Sample, Share

Arm = dict[str, int]


def cases(seed: int, count: int) -> list[dict[str, Any]]:
    """As JSON has them; one in ten has an arm that tells nothing, or a mean below 0."""
    chance = Random(seed)
    return [_case(chance) for _ in range(count)]


def _case(chance: Random) -> dict[str, Any]:
    kind = chance.choice(("mean", "share", "ratio"))
    centre = 10 ** chance.uniform(0.3, 5)
    if chance.random() < 0.05:
        centre = -centre
    both = [
        _arm(chance, kind, centre * effect)
        for effect in (1.0, chance.choice((1.0, chance.uniform(0.5, 2))))
    ]
    if chance.random() < 0.05:
        arm = chance.choice(both)
        told = _of_one(chance, kind, 3.0)
        arm.update(
            {name: arm["n"] * value for name, value in told.items()}
        )  # all alike
    elif chance.random() < 0.03:
        arm = chance.choice(both)
        arm.update(_of_one(chance, kind, centre), n=1)
    return {
        "kind": kind,
        "adjusted": kind != "ratio" and chance.random() < 0.5,
        "alpha": chance.choice(
            (0.05, 0.05, 0.01, 0.1, round(chance.uniform(0.001, 0.3), 4))
        ),
        "units": chance.choice((None, 5000, round(10 ** chance.uniform(2, 6)))),
        "control": both[0],
        "treated": both[1],
    }


def _arm(chance: Random, kind: str, centre: float) -> Arm:
    n = round(10 ** chance.uniform(1, 2.3))
    total = dict.fromkeys(("y", "yy", "d", "dd", "yd", "x", "xx", "xy"), 0)
    for _ in range(n):
        for name, value in _of_one(chance, kind, centre).items():
            total[name] += value
    # Many visitors are some of whom there are many.
    times = round(10 ** chance.uniform(0, 4))
    return {"n": n * times} | {name: times * value for name, value in total.items()}


def _of_one(chance: Random, kind: str, centre: float) -> Arm:
    taste = chance.lognormvariate(0, 0.5)
    if kind == "share":
        p = min(0.9, math.log1p(abs(centre)) / 15 * taste)
        y, x, d = (int(chance.random() < p) for _ in range(3))
    else:
        y, x = (round(centre * taste * chance.expovariate(1)) for _ in range(2))
        d = 1 + math.floor(taste * chance.expovariate(0.3))
    return {
        "y": y, "yy": y * y, "d": d, "dd": d * d, "yd": y * d,
        "x": x, "xx": x * x, "xy": x * y,
    }  # fmt: skip


def samples(case: dict[str, Any]) -> tuple[Sample, Sample]:
    """Of a case, control and treated."""
    control, treated = (
        _sample(case["kind"], case[arm]) for arm in ("control", "treated")
    )
    return control, treated


def _sample(kind: str, arm: Arm) -> Sample:
    if kind == "ratio":
        return Ratio(*(arm[name] for name in ("n", "y", "yy", "d", "dd", "yd")))
    if kind == "share":
        return Share(*(arm[name] for name in ("n", "y", "x", "xy")))
    return Mean(*(arm[name] for name in ("n", "y", "yy", "x", "xx", "xy")))
